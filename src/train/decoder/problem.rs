//! The quadratic form in `(W_dec, b_dec)` that the decoder half of PAM-SGD minimises.
//!
//! With N rows, all terms in units of raw sums (α′ = α·N·d_in and so on) and `c = N/(N + ν′ + β′)`:
//! `A = ZᵀZ − N c z̄ z̄ᵀ + (α′ + μ′) I`, `C = ZᵀX − c z̄ (N x̄ + ν′ b₀)ᵀ + μ′ W₀`, `W = A⁻¹ C`,
//! `b = (N (x̄ − z̄ W) + ν′ b₀) / (N + ν′ + β′)`. Everything is computed about the means, so that `N z̄ z̄ᵀ` never
//! cancels against `ZᵀZ` by more than the data make it.

use std::cmp::Ordering;

use super::cholesky::{solve_semidefinite, subtract_product_in_pieces};
use super::{DecoderPenalties, DecoderRef, NoPause, Pause};
use crate::data::DataMoments;
use crate::engine::SufficientStats;
use crate::error::{Error, Result};
use crate::memory::copy;
use crate::progress::run_now;

/// Rise of F, relative to the total variation of the data, that rounding alone explains.
const ROUNDING: f64 = 1e-9;

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
    /// The same for the decoder in use before the solve.
    pub objective_before: f64,
    /// Latents found to depend on others; their decoder rows are 0.
    pub dependent: usize,
}

/// Minimises F over the decoder, from the sufficient statistics. `now` is the decoder whose F must not be exceeded,
/// `previous` the one towards which μ_dec and ν_dec pull.
///
/// # Errors
/// [`Error::Diverged`] if F rose by more than rounding or is not finite; [`Error::OutOfMemory`].
pub fn solve_decoder(
    stats: SufficientStats,
    data: &DataMoments,
    now: DecoderRef<'_>,
    previous: DecoderRef<'_>,
    penalties: &DecoderPenalties,
) -> Result<DecoderSolution> {
    run_now(DecoderProblem::new(stats, data, penalties).solve(now, previous, &mut NoPause))
}

/// Multiply-adds of a solve: the factorisation, two substitutions, and products for `evaluations` of F.
pub fn solve_work(d_sae: usize, d_in: usize, evaluations: u32) -> f64 {
    let (n, m) = (d_sae as f64, d_in as f64);
    n * n * n / 6.0 + n * n * m * (1.0 + f64::from(evaluations))
}

/// The statistics about the means, in units of raw sums.
#[derive(Debug)]
pub struct DecoderProblem<'a> {
    n: f64,
    d_sae: usize,
    d_in: usize,
    /// `Σ(z − z̄)(z − z̄)ᵀ`, `[d_sae, d_sae]`.
    zz: Vec<f64>,
    /// `Σ(z − z̄)(x − x̄)ᵀ`, `[d_sae, d_in]`.
    zx: Vec<f64>,
    pub(super) z_mean: Vec<f64>,
    data: &'a DataMoments,
    /// The weights times N·d_in.
    penalties: DecoderPenalties,
}

/// The minimiser of a problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimiser {
    /// `[d_sae, d_in]`.
    pub w_dec: Vec<f64>,
    /// `[d_in]`.
    pub b_dec: Vec<f64>,
    /// Latents found to depend on others; their decoder rows are 0.
    pub dependent: usize,
}

impl<'a> DecoderProblem<'a> {
    /// Centres the statistics in place.
    pub fn new(stats: SufficientStats, data: &'a DataMoments, penalties: &DecoderPenalties) -> Self {
        let (n, d_sae, d_in) = (stats.rows as f64, stats.z.len(), data.mean.len());
        let SufficientStats { mut zz, mut zx, z, .. } = stats;
        let z_mean: Vec<f64> = z.iter().map(|sum| sum / n).collect();
        let centre = |sums: &mut [f64], right_mean: &[f64]| {
            for (row, z_sum) in sums.chunks_exact_mut(right_mean.len()).zip(&z) {
                row.iter_mut().zip(right_mean).for_each(|(s, r)| *s -= z_sum * r);
            }
        };
        centre(&mut zz, &z_mean);
        centre(&mut zx, &data.mean);
        for (i, row) in zx.chunks_exact_mut(d_in).enumerate() {
            limit(row, (zz[i * d_sae + i].max(0.0) * data.total_sum_of_squares).sqrt());
        }
        Self { n, d_sae, d_in, zz, zx, z_mean, data, penalties: penalties.times(n * d_in as f64) }
    }

    fn elements(&self) -> f64 {
        self.n * self.d_in as f64
    }

    /// The minimiser with its objective, which must not exceed that of `now`.
    ///
    /// # Errors
    /// As [`solve_decoder`]; what ends the pauses.
    pub async fn solve(
        &self,
        now: DecoderRef<'_>,
        previous: DecoderRef<'_>,
        pause: &mut dyn Pause,
    ) -> Result<DecoderSolution> {
        let Minimiser { w_dec, b_dec, dependent } = self.minimise(Some(previous), pause).await?;
        let (_, objective_before) = self.objective(now.w_dec, now.b_dec, Some(previous), pause).await?;
        let (mse, objective) = self.objective(&w_dec, &b_dec, Some(previous), pause).await?;
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

    /// The minimiser alone. `previous` may be left out where μ_dec and ν_dec are 0.
    ///
    /// # Errors
    /// [`Error::Diverged`] if it is not finite; [`Error::OutOfMemory`]; what ends the pauses.
    pub async fn minimise(
        &self,
        previous: Option<DecoderRef<'_>>,
        pause: &mut dyn Pause,
    ) -> Result<Minimiser> {
        let DecoderPenalties { alpha, beta, mu_dec, nu_dec } = self.penalties;
        let w0 = |at: usize| previous.map_or(0.0, |previous| previous.w_dec[at]);
        let b0 = |col: usize| previous.map_or(0.0, |previous| previous.b_dec[col]);
        let total = self.n + nu_dec + beta;
        let c = self.n / total;
        // ZᵀZ − N c z̄z̄ᵀ is the centred sum plus N (1 − c) z̄z̄ᵀ; likewise on the right,
        // ZᵀX − c z̄ (N x̄ + ν b₀)ᵀ = centred + z̄ (N (1 − c) x̄ − c ν b₀)ᵀ.
        let share = self.n * (1.0 - c);
        let mut a = copy("ZᵀZ", &self.zz)?;
        for (i, row) in a.chunks_exact_mut(self.d_sae).enumerate() {
            let weight = share * self.z_mean[i];
            row.iter_mut().zip(&self.z_mean).for_each(|(a, z)| *a += weight * z);
            row[i] += alpha + mu_dec;
        }
        let mut w = copy("W_dec", &self.zx)?;
        for (i, row) in w.chunks_exact_mut(self.d_in).enumerate() {
            for (j, w) in row.iter_mut().enumerate() {
                let shift = share * self.data.mean[j] - c * nu_dec * b0(j);
                *w += self.z_mean[i] * shift + mu_dec * w0(i * self.d_in + j);
            }
        }
        // What the centred sums cancelled from: a latent that is on everywhere with one value is not independent.
        let squares = self.zz.iter().step_by(self.d_sae + 1);
        let sums: Vec<f64> = squares.zip(&self.z_mean).map(|(zz, mean)| zz + self.n * mean * mean).collect();
        let dependent = solve_semidefinite(&mut a, &mut w, self.d_sae, &sums, pause).await?;
        let fit = self.mean_fit(&w);
        let b: Vec<f64> = (0..self.d_in)
            .map(|j| (self.n * (self.data.mean[j] - fit[j]) + nu_dec * b0(j)) / total)
            .collect();
        if !w.iter().chain(&b).all(|value| value.is_finite()) {
            return Err(Error::Diverged(
                "the decoder in closed form is not finite; a larger alpha keeps the solution bounded".into(),
            ));
        }
        Ok(Minimiser { w_dec: w, b_dec: b, dependent })
    }

    /// `z̄ W`, `[d_in]`.
    pub(super) fn mean_fit(&self, w: &[f64]) -> Vec<f64> {
        let mut fit = vec![0.0; self.d_in];
        for (row, z) in w.chunks_exact(self.d_in).zip(&self.z_mean) {
            fit.iter_mut().zip(row).for_each(|(fit, w)| *fit += z * w);
        }
        fit
    }

    /// mse and objective of a decoder. The objective is the quadratic form that the minimiser minimises: where the mse
    /// is 0, the rounding of the statistics may carry it below, and cutting it off there would hide a minimum.
    pub(super) async fn objective(
        &self,
        w: &[f64],
        b: &[f64],
        previous: Option<DecoderRef<'_>>,
        pause: &mut dyn Pause,
    ) -> Result<(f64, f64)> {
        // Σ|x̃ − z̃W|² = Σ|x̃|² − tr(Wᵀ (2 C − A W)) with R = C − A W: = Σ|x̃|² − tr(Wᵀ (C + R)).
        let mut residual = copy("the residual of ZᵀX", &self.zx)?;
        subtract_product_in_pieces(&mut residual, &self.zz, w, self.d_in, 0, pause).await?;
        let explained: f64 = w.iter().zip(&self.zx).zip(&residual).map(|((w, c), r)| w * (c + r)).sum();
        let fit = self.mean_fit(w);
        let offset: f64 =
            (0..self.d_in).map(|j| self.data.mean[j] - fit[j] - b[j]).map(|offset| offset * offset).sum();
        let squares = self.data.total_sum_of_squares - explained + self.n * offset;
        let size = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>();
        let distance =
            |v: &[f64], v0: &[f64]| v.iter().zip(v0).map(|(v, v0)| (v - v0) * (v - v0)).sum::<f64>();
        let DecoderPenalties { alpha, beta, mu_dec, nu_dec } = self.penalties;
        let (w_moved, b_moved) = previous.map_or((0.0, 0.0), |previous| {
            (mu_dec * distance(w, previous.w_dec), nu_dec * distance(b, previous.b_dec))
        });
        let penalties = alpha * size(w) + beta * size(b) + w_moved + b_moved;
        Ok((squares.max(0.0) / self.elements(), (squares + penalties) / self.elements()))
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
