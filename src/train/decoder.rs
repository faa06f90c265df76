//! The decoder half of PAM-SGD: the exact joint minimiser of F over `(W_dec, b_dec)`.
//!
//! With N rows, all terms in units of raw sums (α′ = α·N·d_in and so on) and `c = N/(N + ν′ + β′)`:
//! `A = ZᵀZ − N c z̄ z̄ᵀ + (α′ + μ′) I`, `C = ZᵀX − c z̄ (N x̄ + ν′ b₀)ᵀ + μ′ W₀`, `W = A⁻¹ C`,
//! `b = (N (x̄ − z̄ W) + ν′ b₀) / (N + ν′ + β′)`. Everything is computed about the means, so that `N z̄ z̄ᵀ` never
//! cancels against `ZᵀZ` by more than the data make it.

use std::cmp::Ordering;

use super::factor::{solve_semidefinite, subtract_product};
use crate::data::DataMoments;
use crate::engine::SufficientStats;
use crate::error::{Error, Result};

/// Rise of F, relative to the total variation of the data, that rounding alone explains.
const ROUNDING: f64 = 1e-9;

/// Weights of the terms of F that involve the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ridge {
    /// α, on `W_dec`.
    pub alpha: f64,
    /// β, on `b_dec`.
    pub beta: f64,
    /// μ_dec, on `W_dec − W₀`.
    pub mu_dec: f64,
    /// ν_dec, on `b_dec − b₀`.
    pub nu_dec: f64,
}

/// A decoder with what it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderSolution {
    /// `[d_sae, d_in]`.
    pub w_dec: Vec<f64>,
    /// `[d_in]`.
    pub b_dec: Vec<f64>,
    /// Mean squared error over all elements of the rows behind the statistics.
    pub mse: f64,
    /// The terms of F that involve the decoder: mse, α, β, μ_dec, ν_dec.
    pub objective: f64,
    /// The same for the decoder before.
    pub objective_before: f64,
    /// Latents found to depend on others; their decoder rows are 0.
    pub dependent: usize,
}

/// Minimises F over the decoder, from the sufficient statistics. `now` is the decoder whose F must not be exceeded,
/// `previous` the one towards which μ_dec and ν_dec pull: each `(W_dec [d_sae, d_in], b_dec [d_in])`.
///
/// # Errors
/// [`Error::Diverged`] if F rose by more than rounding or is not finite.
pub fn solve_decoder(
    gram: &SufficientStats,
    data: &DataMoments,
    now: (&[f64], &[f64]),
    previous: (&[f64], &[f64]),
    ridge: &Ridge,
) -> Result<DecoderSolution> {
    Centred::new(gram, data, ridge).solve(now, previous)
}

/// The decoder as the paper's MNIST script solves for it, in float64 where the script has float32:
/// `W = (ZᵀZ + ε I)⁻¹ ZᵀX` on raw sums, then the bias as the mean residual. Not the joint minimiser, so that F may rise.
///
/// # Errors
/// [`Error::Diverged`] if the result is not finite.
pub fn script_decoder(gram: &SufficientStats, data: &DataMoments, epsilon: f64) -> Result<DecoderSolution> {
    let problem = Centred::new(gram, data, &Ridge::default());
    let mut a = gram.zz.clone();
    (0..problem.d_sae).for_each(|i| a[i * problem.d_sae + i] += epsilon);
    let mut w_dec = gram.zx.clone();
    let sums: Vec<f64> = a.iter().step_by(problem.d_sae + 1).copied().collect();
    let dependent = solve_semidefinite(&mut a, &mut w_dec, problem.d_sae, &sums);
    let fit = problem.mean_fit(&w_dec);
    let b_dec: Vec<f64> = data.mean.iter().zip(&fit).map(|(mean, fit)| mean - fit).collect();
    let (mse, objective) = problem.objective(&w_dec, &b_dec, &w_dec, &b_dec);
    if !objective.is_finite() {
        return Err(Error::Diverged("the script's decoder is not finite".into()));
    }
    Ok(DecoderSolution { w_dec, b_dec, mse, objective, objective_before: f64::NAN, dependent })
}

/// The statistics about the means, in units of raw sums.
struct Centred<'a> {
    n: f64,
    d_sae: usize,
    d_in: usize,
    /// `Σ(z − z̄)(z − z̄)ᵀ`, `[d_sae, d_sae]`.
    zz: Vec<f64>,
    /// `Σ(z − z̄)(x − x̄)ᵀ`, `[d_sae, d_in]`.
    zx: Vec<f64>,
    z_mean: Vec<f64>,
    data: &'a DataMoments,
    /// The ridges times N·d_in.
    ridge: Ridge,
}

impl<'a> Centred<'a> {
    fn new(gram: &SufficientStats, data: &'a DataMoments, ridge: &Ridge) -> Self {
        let (n, d_sae, d_in) = (gram.rows as f64, gram.z.len(), data.mean.len());
        let z_mean: Vec<f64> = gram.z.iter().map(|sum| sum / n).collect();
        let centre = |sums: &[f64], right_mean: &[f64]| -> Vec<f64> {
            let rows = sums.chunks_exact(right_mean.len()).zip(&gram.z);
            rows.flat_map(|(row, z_sum)| row.iter().zip(right_mean).map(move |(s, r)| s - z_sum * r))
                .collect()
        };
        let (zz, mut zx) = (centre(&gram.zz, &z_mean), centre(&gram.zx, &data.mean));
        for (i, row) in zx.chunks_exact_mut(d_in).enumerate() {
            limit(row, (zz[i * d_sae + i].max(0.0) * data.total_sum_of_squares).sqrt());
        }
        let unit = n * d_in as f64;
        let ridge = Ridge {
            alpha: ridge.alpha * unit,
            beta: ridge.beta * unit,
            mu_dec: ridge.mu_dec * unit,
            nu_dec: ridge.nu_dec * unit,
        };
        Self { n, d_sae, d_in, zz, zx, z_mean, data, ridge }
    }

    fn elements(&self) -> f64 {
        self.n * self.d_in as f64
    }

    /// The minimiser with its objective, which must not exceed that of `now`.
    fn solve(&self, now: (&[f64], &[f64]), (w0, b0): (&[f64], &[f64])) -> Result<DecoderSolution> {
        let (w_dec, b_dec, dependent) = self.minimise(w0, b0);
        let (_, objective_before) = self.objective(now.0, now.1, w0, b0);
        let (mse, objective) = self.objective(&w_dec, &b_dec, w0, b0);
        let slack = ROUNDING * (self.data.total_sum_of_squares / self.elements() + objective_before.abs());
        let rose = objective.partial_cmp(&(objective_before + slack)) != Some(Ordering::Less);
        if rose && objective != objective_before {
            return Err(Error::Diverged(format!(
                "the decoder half raised the objective from {objective_before} to {objective}: {dependent} \
                 latents depend on others; a larger alpha keeps the solution bounded"
            )));
        }
        let (objective, objective_before) = (objective.max(0.0), objective_before.max(0.0));
        Ok(DecoderSolution { w_dec, b_dec, mse, objective, objective_before, dependent })
    }

    /// The minimiser and the number of dependent latents.
    fn minimise(&self, w0: &[f64], b0: &[f64]) -> (Vec<f64>, Vec<f64>, usize) {
        let Ridge { alpha, beta, mu_dec, nu_dec } = self.ridge;
        let total = self.n + nu_dec + beta;
        let c = self.n / total;
        // ZᵀZ − N c z̄z̄ᵀ is the centred sum plus N (1 − c) z̄z̄ᵀ; likewise on the right,
        // ZᵀX − c z̄ (N x̄ + ν b₀)ᵀ = centred + z̄ (N (1 − c) x̄ − c ν b₀)ᵀ.
        let share = self.n * (1.0 - c);
        let mut a = self.zz.clone();
        for (i, row) in a.chunks_exact_mut(self.d_sae).enumerate() {
            let weight = share * self.z_mean[i];
            row.iter_mut().zip(&self.z_mean).for_each(|(a, z)| *a += weight * z);
            row[i] += alpha + mu_dec;
        }
        let mut w = self.zx.clone();
        for (i, row) in w.chunks_exact_mut(self.d_in).enumerate() {
            for (j, w) in row.iter_mut().enumerate() {
                let shift = share * self.data.mean[j] - c * nu_dec * b0[j];
                *w += self.z_mean[i] * shift + mu_dec * w0[i * self.d_in + j];
            }
        }
        // What the centred sums cancelled from: a latent that is on everywhere with one value is not independent.
        let squares = self.zz.iter().step_by(self.d_sae + 1);
        let sums: Vec<f64> = squares.zip(&self.z_mean).map(|(zz, mean)| zz + self.n * mean * mean).collect();
        let dependent = solve_semidefinite(&mut a, &mut w, self.d_sae, &sums);
        let fit = self.mean_fit(&w);
        let b = (0..self.d_in)
            .map(|j| (self.n * (self.data.mean[j] - fit[j]) + nu_dec * b0[j]) / total)
            .collect();
        (w, b, dependent)
    }

    /// `z̄ W`, `[d_in]`.
    fn mean_fit(&self, w: &[f64]) -> Vec<f64> {
        let mut fit = vec![0.0; self.d_in];
        for (row, z) in w.chunks_exact(self.d_in).zip(&self.z_mean) {
            fit.iter_mut().zip(row).for_each(|(fit, w)| *fit += z * w);
        }
        fit
    }

    /// mse and objective of a decoder. The objective is the quadratic form that the minimiser minimises: where the mse
    /// is 0, the rounding of the statistics may carry it below, and cutting it off there would hide a minimum.
    fn objective(&self, w: &[f64], b: &[f64], w0: &[f64], b0: &[f64]) -> (f64, f64) {
        // Σ|x̃ − z̃W|² = Σ|x̃|² − tr(Wᵀ (2 C − A W)) with R = C − A W: = Σ|x̃|² − tr(Wᵀ (C + R)).
        let mut residual = self.zx.clone();
        subtract_product(&mut residual, &self.zz, w, self.d_in, 0, &mut Vec::new());
        let explained: f64 = w.iter().zip(&self.zx).zip(&residual).map(|((w, c), r)| w * (c + r)).sum();
        let fit = self.mean_fit(w);
        let offset: f64 =
            (0..self.d_in).map(|j| self.data.mean[j] - fit[j] - b[j]).map(|offset| offset * offset).sum();
        let squares = self.data.total_sum_of_squares - explained + self.n * offset;
        let size = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>();
        let distance =
            |v: &[f64], v0: &[f64]| v.iter().zip(v0).map(|(v, v0)| (v - v0) * (v - v0)).sum::<f64>();
        let Ridge { alpha, beta, mu_dec, nu_dec } = self.ridge;
        let penalties =
            alpha * size(w) + beta * size(b) + mu_dec * distance(w, w0) + nu_dec * distance(b, b0);
        (squares.max(0.0) / self.elements(), (squares + penalties) / self.elements())
    }
}

/// Shortens a row of `ZᵀX` to what Cauchy and Schwarz allow, `|Σ(z − z̄)(x − x̄)|² ≤ Σ(z − z̄)² Σ|x − x̄|²`: the rest is
/// rounding of the sums, and all that there is where the data or the latent are constant.
fn limit(row: &mut [f64], longest: f64) {
    let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
    if length > longest {
        row.iter_mut().for_each(|v| *v *= longest / length);
    }
}

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
    pub ridge: Ridge,
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
    let mut gram = SufficientStats::new(d_in, d_sae);
    let (mut variation, mut dx) = (0.0, vec![0.0; d_in]);
    for (z, x) in z.chunks_exact(d_sae).zip(x.chunks_exact(d_in)) {
        dx.iter_mut().zip(x).zip(&x_mean).for_each(|((dx, x), mean)| *dx = x - mean);
        variation += dx.iter().map(|dx| dx * dx).sum::<f64>();
        let dz: Vec<f64> = z.iter().zip(&z_mean).map(|(z, mean)| z - mean).collect();
        for (i, weight) in dz.iter().enumerate() {
            let add = |sums: &mut [f64], right: &[f64]| {
                sums.iter_mut().zip(right).for_each(|(sum, r)| *sum += weight * r);
            };
            add(&mut gram.zz[i * d_sae..(i + 1) * d_sae], &dz);
            add(&mut gram.zx[i * d_in..(i + 1) * d_in], &dx);
        }
    }
    gram.rows = n as u64;
    let data = DataMoments { mean: x_mean, total_sum_of_squares: variation };
    let mut problem = Centred::new(&gram, &data, &input.ridge);
    problem.z_mean = z_mean;
    let before = (input.w_dec0, input.b_dec0);
    problem.solve(before, before)
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
        let Ridge { alpha, beta, mu_dec, nu_dec } = self.ridge;
        for (name, weight) in [("alpha", alpha), ("beta", beta), ("muDec", mu_dec), ("nuDec", nu_dec)] {
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(Error::option(name, weight, "a finite number, 0 or above"));
            }
        }
        Ok(())
    }
}
