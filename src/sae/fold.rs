//! Affine maps of the input folded into a model's parameters.

use super::Sae;
use crate::data::Normalisation;
use crate::error::{Error, Result};

impl Sae {
    /// A model that takes stored activations and gives stored reconstructions where this one takes and gives
    /// normalised ones, `x = stored · scale + shift`. Codes stay the same; a tied model becomes untied.
    ///
    /// ```text
    /// W_enc′ = diag(scale) W_enc    b_enc′ = b_enc + shift W_enc
    /// W_dec′ = W_dec diag(1/scale)  b_dec′ = (b_dec − shift) / scale
    /// ```
    ///
    /// # Errors
    /// If the columns differ in number, or a parameter leaves the range of float32.
    ///
    /// ```
    /// use splinterp::data::Normalisation;
    /// use splinterp::engine::{Operation, apply};
    /// use splinterp::sae::{Activation, Sae};
    ///
    /// let sae = Sae::random(1, 2, Activation::Relu, true, 1);
    /// let stored = sae.for_stored(&Normalisation::Uniform { scale: 0.5, shift: -1.0 })?;
    /// let normalised = apply(Operation::Forward, &sae, &[2.0 * 0.5 - 1.0])?;
    /// assert!((apply(Operation::Forward, &stored, &[2.0])?[0] - (normalised[0] + 1.0) / 0.5).abs() < 1e-6);
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub fn for_stored(&self, normalisation: &Normalisation) -> Result<Self> {
        self.composed(&columns(normalisation, self.d_in)?)
    }

    /// The inverse of [`Sae::for_stored`]: takes normalised activations where this model takes stored ones.
    ///
    /// # Errors
    /// As [`Sae::for_stored`].
    pub fn for_normalised(&self, normalisation: &Normalisation) -> Result<Self> {
        let inverse = |(scale, shift): (f64, f64)| (1.0 / scale, -shift / scale);
        let columns = columns(normalisation, self.d_in)?;
        self.composed(&columns.into_iter().map(inverse).collect::<Vec<_>>())
    }

    /// The model before whose encoder `x · scale + shift` stands, and its inverse after the decoder.
    fn composed(&self, columns: &[(f64, f64)]) -> Result<Self> {
        let mut sae = Self { w_dec: Some(self.decoder().to_vec()), ..self.clone() };
        for (bias, weights) in sae.b_enc.iter_mut().zip(sae.w_enc.chunks_exact_mut(self.d_in)) {
            let mut sum = f64::from(*bias);
            for (weight, (scale, shift)) in weights.iter_mut().zip(columns) {
                sum += f64::from(*weight) * shift;
                *weight = (f64::from(*weight) * scale) as f32;
            }
            *bias = sum as f32;
        }
        for row in sae.w_dec.iter_mut().flat_map(|decoder| decoder.chunks_exact_mut(self.d_in)) {
            row.iter_mut()
                .zip(columns)
                .for_each(|(weight, (scale, _))| *weight = (f64::from(*weight) / scale) as f32);
        }
        for (bias, (scale, shift)) in sae.b_dec.iter_mut().zip(columns) {
            *bias = ((f64::from(*bias) - shift) / scale) as f32;
        }
        match sae.not_finite() {
            Some(value) => {
                Err(Error::shape("parameter of the folded model", value, "within the range of float32"))
            }
            None => Ok(sae),
        }
    }
}

/// Scale and shift of each column.
fn columns(normalisation: &Normalisation, d_in: usize) -> Result<Vec<(f64, f64)>> {
    let wide = |(&scale, &shift): (&f32, &f32)| (f64::from(scale), f64::from(shift));
    match normalisation {
        Normalisation::Uniform { scale, shift } => Ok(vec![wide((scale, shift)); d_in]),
        Normalisation::PerColumn { scale, shift } if scale.len() == d_in => {
            Ok(scale.iter().zip(shift).map(wide).collect())
        }
        Normalisation::PerColumn { scale, .. } => {
            Err(Error::shape("columns of the normalisation", scale.len(), format!("{d_in} as the model")))
        }
    }
}
