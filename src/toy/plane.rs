//! A small SAE of the plane given by the sites of its latents, as a reader moves them.
//!
//! Latent `i` has the encoder column `s_i` and the bias `b_i = (ω_i − |s_i|²) / 2`, so that its site has the weight
//! `ω_i = |s_i|² + 2 b_i`: TopK by value then cuts the plane into the power diagram of the sites.

use crate::engine::{Operation, apply};
use crate::error::{Error, Result};
use crate::geometry::Bounds;
use crate::sae::{Activation, Sae};
use crate::train::decoder::{DecoderInput, DecoderPenalties, decoder_step};

/// Columns and rows of the grid of points on which a decoder is fitted.
const GRID: [u32; 2] = [24, 16];
/// Ridge on the decoder: it keeps latents that are never active on the grid at zero, and is too small to be seen.
const RIDGE: f64 = 1e-6;

/// The SAE with the sites `x0 y0 x1 y1 …` and a decoder of zeros.
///
/// # Errors
/// If there is no site, the lengths do not match, a number or what follows from it is no finite 32-bit float, or the
/// activation does not fit the number of sites.
///
/// ```
/// use splinterp::sae::Activation;
/// let sae = splinterp::toy::sae_of_sites(&[3.0, 4.0], &[1.0], Activation::Relu)?;
/// assert_eq!((sae.w_enc, sae.b_enc), (vec![3.0, 4.0], vec![-12.0]));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn sae_of_sites(sites: &[f64], weights: &[f64], activation: Activation) -> Result<Sae> {
    let d_sae = weights.len();
    if d_sae == 0 || sites.len() != 2 * d_sae {
        let expected = format!("{}, two for each of {d_sae} weights, at least one", 2 * d_sae);
        return Err(Error::shape("number of coordinates in sites", sites.len(), expected));
    }
    activation.validate(d_sae)?;
    let w_enc: Vec<f32> = sites.iter().map(|&v| v as f32).collect();
    let bias = |(s, weight): (&[f64], &f64)| ((weight - s[0] * s[0] - s[1] * s[1]) / 2.0) as f32;
    let b_enc: Vec<f32> = sites.chunks_exact(2).zip(weights).map(bias).collect();
    for (name, values, each) in [("sites", &w_enc, 2), ("weights", &b_enc, 1)] {
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::option(
                name,
                format!("too large or no number at site {}", at / each),
                "finite",
            ));
        }
    }
    let w_dec = Some(vec![0.0; 2 * d_sae]);
    Ok(Sae { d_in: 2, d_sae, activation, w_enc, b_enc, w_dec, b_dec: vec![0.0; 2] })
}

/// The same with the decoder that reconstructs a grid of points of the box best.
///
/// # Errors
/// As [`sae_of_sites`].
pub fn fitted_sae(sites: &[f64], weights: &[f64], activation: Activation, bounds: Bounds) -> Result<Sae> {
    let mut sae = sae_of_sites(sites, weights, activation)?;
    let rows = grid(bounds);
    let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
    let z = wide(&apply(Operation::Encode, &sae, &rows)?);
    let found = decoder_step(&DecoderInput {
        z: &z,
        x: &wide(&rows),
        w_dec0: &vec![0.0; 2 * sae.d_sae],
        b_dec0: &[0.0; 2],
        n: rows.len() / 2,
        d_sae: sae.d_sae,
        d_in: 2,
        penalties: DecoderPenalties { alpha: RIDGE, beta: 0.0, mu_dec: 0.0, nu_dec: 0.0 },
    })?;
    sae.w_dec = Some(found.w_dec.iter().map(|&v| v as f32).collect());
    sae.b_dec = found.b_dec.iter().map(|&v| v as f32).collect();
    Ok(sae)
}

/// The middles of the grid's cells, row by row.
pub(super) fn grid(bounds: Bounds) -> Vec<f32> {
    let [x0, y0, x1, y1] = bounds.to_array();
    let along = |i: u32, of: u32, low: f64, high: f64| {
        (low + (f64::from(i) + 0.5) / f64::from(of) * (high - low)) as f32
    };
    let [columns, rows] = GRID;
    (0..rows)
        .flat_map(|row| {
            (0..columns).flat_map(move |column| [along(column, columns, x0, x1), along(row, rows, y0, y1)])
        })
        .collect()
}
