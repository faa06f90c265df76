//! The decoder half on dense codes, for use outside training.

use super::{DecoderPenalties, DecoderProblem, DecoderRef, DecoderSolution, NoPause};
use crate::data::DataMoments;
use crate::engine::SufficientStats;
use crate::error::{Error, Result};
use crate::progress::run_now;

/// Inputs of [`decoder_step`], all row-major float64.
#[derive(Debug, Clone, Copy)]
pub struct DecoderInput<'a> {
    /// Codes, `[n, d_sae]`.
    pub z: &'a [f64],
    /// Data, `[n, d_in]`.
    pub x: &'a [f64],
    /// Decoder before, `[d_sae, d_in]`.
    pub w_dec0: &'a [f64],
    /// Decoder bias before, `[d_in]`.
    pub b_dec0: &'a [f64],
    /// Rows.
    pub n: usize,
    /// Latents.
    pub d_sae: usize,
    /// Columns of the data.
    pub d_in: usize,
    /// Weights of the penalties.
    pub penalties: DecoderPenalties,
}

/// The decoder half on dense codes: the minimiser of F over `(W_dec, b_dec)`.
///
/// # Errors
/// If a size does not fit, a value is not finite, a weight is negative, or the solution raises F.
pub fn decoder_step(input: &DecoderInput) -> Result<DecoderSolution> {
    input.validate()?;
    let DecoderInput { z, x, n, d_sae, d_in, .. } = *input;
    let mean = |values: &[f64], width: usize| -> Vec<f64> {
        let mut sums = vec![0.0; width];
        for row in values.chunks_exact(width) {
            sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        }
        sums.iter().map(|sum| sum / n as f64).collect()
    };
    // Sums about the means from the start: the sufficient statistics of centred values, with zero column sums.
    let (z_mean, x_mean) = (mean(z, d_sae), mean(x, d_in));
    let mut stats = SufficientStats::new(d_in, d_sae)?;
    let (mut variation, mut dx) = (0.0, vec![0.0; d_in]);
    for (z, x) in z.chunks_exact(d_sae).zip(x.chunks_exact(d_in)) {
        dx.iter_mut().zip(x).zip(&x_mean).for_each(|((dx, x), mean)| *dx = x - mean);
        variation += dx.iter().map(|dx| dx * dx).sum::<f64>();
        let dz: Vec<f64> = z.iter().zip(&z_mean).map(|(z, mean)| z - mean).collect();
        for (i, weight) in dz.iter().enumerate() {
            let add = |sums: &mut [f64], right: &[f64]| {
                sums.iter_mut().zip(right).for_each(|(sum, r)| *sum += weight * r);
            };
            add(&mut stats.zz[i * d_sae..(i + 1) * d_sae], &dz);
            add(&mut stats.zx[i * d_in..(i + 1) * d_in], &dx);
        }
    }
    stats.rows = n as u64;
    let data = DataMoments { mean: x_mean, total_sum_of_squares: variation };
    let mut problem = run_now(DecoderProblem::new(stats, &data, &input.penalties, &mut NoPause))?;
    problem.z_mean = z_mean;
    let before = DecoderRef { w_dec: input.w_dec0, b_dec: input.b_dec0 };
    run_now(problem.solve(before, before, &mut NoPause))
}

impl DecoderInput<'_> {
    fn validate(&self) -> Result<()> {
        for (name, size) in [("n", self.n), ("dSae", self.d_sae), ("dIn", self.d_in)] {
            if size == 0 {
                return Err(Error::option(name, size, "at least 1"));
            }
        }
        for (name, values, rows, cols) in [
            ("Z", self.z, self.n, self.d_sae),
            ("X", self.x, self.n, self.d_in),
            ("W_dec0", self.w_dec0, self.d_sae, self.d_in),
            ("b_dec0", self.b_dec0, 1, self.d_in),
        ] {
            if rows.checked_mul(cols) != Some(values.len()) {
                return Err(Error::shape(
                    format!("number of values in {name}"),
                    values.len(),
                    format!("{rows} · {cols}"),
                ));
            }
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite { row: at / cols, col: at % cols, value: values[at] });
            }
        }
        let DecoderPenalties { alpha, beta, mu_dec, nu_dec } = self.penalties;
        for (name, weight) in [("alpha", alpha), ("beta", beta), ("muDec", mu_dec), ("nuDec", nu_dec)] {
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(Error::option(name, weight, "a finite number, 0 or above"));
            }
        }
        Ok(())
    }
}
