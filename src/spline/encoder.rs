//! The encoder in float64: margins and breakpoints are differences of pre-activations that may be nearly equal.

use super::products::{LANES, Lanes, dot, norm, pack, products};
use crate::error::{Error, Result};
use crate::sae::Sae;

/// Rows of W_encᵀ, the columns of W_enc.
pub(super) fn column(sae: &Sae, latent: usize) -> &[f32] {
    &sae.w_enc[latent * sae.d_in..(latent + 1) * sae.d_in]
}

/// A row of W_dec.
pub(super) fn direction(sae: &Sae, latent: usize) -> &[f32] {
    &sae.decoder()[latent * sae.d_in..(latent + 1) * sae.d_in]
}

/// `‖w_i‖` of every latent.
pub(super) fn column_norms(sae: &Sae) -> Vec<f64> {
    sae.w_enc.chunks_exact(sae.d_in).map(norm).collect()
}

/// Pre-activations of up to [`LANES`] rows, which the caller keeps from call to call.
#[derive(Default)]
pub(super) struct PreActivations {
    tile: Vec<Lanes>,
    /// `[rows, d_sae]`.
    pub values: Vec<f64>,
}

impl PreActivations {
    /// `pre [rows, d_sae]` of `rows [rows, d_in]`, at most [`LANES`] of them.
    pub fn set<T: Copy + Into<f64>>(&mut self, sae: &Sae, rows: &[T]) {
        let count = (rows.len() / sae.d_in).min(LANES);
        pack(rows, sae.d_in, &mut self.tile);
        self.values.clear();
        self.values.resize(count * sae.d_sae, 0.0);
        let latents = sae.w_enc.chunks_exact(sae.d_in).zip(&sae.b_enc).enumerate();
        for (latent, (column, &bias)) in latents {
            let found = products(column, &self.tile);
            for (pre, product) in self.values.iter_mut().skip(latent).step_by(sae.d_sae).zip(found) {
                *pre = product + f64::from(bias);
            }
        }
    }
}

/// `w_i · v` of every latent.
pub(super) fn slopes(sae: &Sae, v: &[f64]) -> Vec<f64> {
    sae.w_enc.chunks_exact(sae.d_in).map(|column| dot(column, v)).collect()
}

/// Checks that `row` is one row of the model's.
pub(super) fn check_row(name: &'static str, sae: &Sae, row: &[f32]) -> Result<()> {
    if row.len() != sae.d_in {
        return Err(Error::shape(
            format!("length of {name}"),
            row.len(),
            format!("{} as the model", sae.d_in),
        ));
    }
    match row.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(Error::option(name, format!("{} at {at}", row[at]), "finite numbers")),
        None => Ok(()),
    }
}
