//! The quadratic form in `(W_dec, b_dec)` that the decoder half of PAM-SGD minimises.
//!
//! With N rows, all terms in units of raw sums (α′ = α·N·d_in and so on) and `c = N/(N + ν′ + β′)`:
//! `A = ZᵀZ − N c z̄ z̄ᵀ + (α′ + μ′) I`, `C = ZᵀX − c z̄ (N x̄ + ν′ b₀)ᵀ + μ′ W₀`, `W = A⁻¹ C`,
//! `b = (N (x̄ − z̄ W) + ν′ b₀) / (N + ν′ + β′)`. Everything is computed about the means, so that `N z̄ z̄ᵀ` never
//! cancels against `ZᵀZ` by more than the data make it.
//!
//! With the losses of P prefixes (Matryoshka) F sums `|x − b − Σ_{i<p} z_i W_i|²` over each prefix `p`, still a quadratic
//! form. With `c_i` the number of prefixes that hold latent `i`, `c_ij = min(c_i, c_j)` that of those which hold both, and
//! `T = P N + ν′ + β′`, its normal equations, the bias eliminated, are
//! `A_ij = c_ij (ZᵀZ)_ij − N² c_i c_j z̄_i z̄_j / T + (α′ + μ′) δ_ij`,
//! `C_i = c_i ((ZᵀX)_i − N z̄_i (P N x̄ + ν′ b₀) / T) + μ′ W₀_i`,
//! `b = (N (P x̄ − Σ c_i z̄_i W_i) + ν′ b₀) / T`. A is a sum over prefixes of the matrices of one loss, and so positive
//! semidefinite; one prefix of all latents gives the equations above.

use std::cmp::Ordering;

use super::cholesky::{DEPENDENT, solve_semidefinite};
use super::pass::{rows, upper_rows};
use super::product::{Product, Strip};
use super::strips::{BLOCK, Line, Strips};
use super::{DecoderPenalties, DecoderRef, NoPause, Pause};
use crate::data::DataMoments;
use crate::engine::{SufficientStats, VARIANTS_OFFERED};
use crate::error::{Error, Result};
use crate::memory::copy;
use crate::progress::run_now;

/// Rise of F, relative to the total variation of the data, that rounding alone explains.
const ROUNDING: f64 = 1e-9;
/// The share below which a pivot counts as noise where a solution with [`DEPENDENT`] raised F: above √ε, so that the
/// noise that a pivot leaves to later latents, ε over the pivot, lies below the share too.
const SURELY_INDEPENDENT: f64 = 1e-7;

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
    /// Mean squared errors of the prefixes but that of all latents, added up.
    pub shorter: f64,
    /// Latents found to depend on others; their decoder rows are 0, unless the decoder in use stayed.
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
    run_now(async {
        let problem = DecoderProblem::new(stats, data, penalties, &mut NoPause).await?;
        problem.solve(now, previous, &mut NoPause).await
    })
}

/// Multiply-adds of a solve: the factorisation, two substitutions, and half a product for each of `evaluations` of F.
pub fn solve_work(d_sae: usize, d_in: usize, evaluations: u32) -> f64 {
    let (n, m) = (d_sae as f64, d_in as f64);
    n * n * n / 6.0 + n * n * m * (1.0 + 0.5 * f64::from(evaluations))
}

/// The statistics about the means, in units of raw sums.
#[derive(Debug)]
pub struct DecoderProblem<'a> {
    n: f64,
    d_sae: usize,
    d_in: usize,
    /// `Σ(z − z̄)(z − z̄)ᵀ`, `[d_sae, d_sae]`; what is below the diagonal means nothing.
    zz: Vec<f64>,
    /// `Σ(z − z̄)(x − x̄)ᵀ`, `[d_sae, d_in]`.
    zx: Vec<f64>,
    pub(super) z_mean: Vec<f64>,
    data: &'a DataMoments,
    /// The weights times N·d_in.
    penalties: DecoderPenalties,
    /// Numbers of latents whose losses F has, that of all latents last.
    prefixes: Vec<usize>,
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
    ///
    /// # Errors
    /// What ends the pauses.
    pub async fn new(
        stats: SufficientStats,
        data: &'a DataMoments,
        penalties: &DecoderPenalties,
        pause: &mut dyn Pause,
    ) -> Result<Self> {
        let (n, d_sae, d_in) = (stats.rows as f64, stats.z.len(), data.mean.len());
        let SufficientStats { mut zz, mut zx, z, .. } = stats;
        let z_mean: Vec<f64> = z.iter().map(|sum| sum / n).collect();
        upper_rows(&mut zz, d_sae, pause, &mut |i, row| {
            row.iter_mut().zip(&z_mean[i..]).for_each(|(s, mean)| *s -= z[i] * mean);
        })
        .await?;
        rows(&mut zx, d_in, pause, &mut |i, row| {
            row.iter_mut().zip(&data.mean).for_each(|(s, mean)| *s -= z[i] * mean);
            limit(row, (zz[i * d_sae + i].max(0.0) * data.total_sum_of_squares).sqrt());
        })
        .await?;
        let penalties = penalties.times(n * d_in as f64);
        Ok(Self { n, d_sae, d_in, zz, zx, z_mean, data, penalties, prefixes: vec![d_sae] })
    }

    /// The same with the losses of these prefixes, ascending, of which the last has all latents; none are that one.
    pub fn with_prefixes(mut self, prefixes: &[usize]) -> Self {
        if !prefixes.is_empty() {
            self.prefixes = prefixes.to_vec();
        }
        self
    }

    /// P: losses of F.
    fn losses(&self) -> f64 {
        if VARIANTS_OFFERED { self.prefixes.len() as f64 } else { 1.0 }
    }

    /// `c_i`: prefixes that hold a latent.
    fn holders(&self, latent: usize) -> f64 {
        if !VARIANTS_OFFERED {
            return 1.0;
        }
        (self.prefixes.len() - self.prefixes.partition_point(|&end| end <= latent)) as f64
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
        let before = self.objective(now.w_dec, now.b_dec, Some(previous), pause).await?;
        let objective_before = before.objective;
        let mut noise = DEPENDENT;
        let (found, after) = loop {
            let found = self.minimise_above(noise, Some(previous), pause).await?;
            let after = self.objective(&found.w_dec, &found.b_dec, Some(previous), pause).await?;
            let objective = after.objective;
            let slack = ROUNDING
                * (self.data.total_sum_of_squares / self.elements() + objective_before.abs())
                + self.rounding_of_pulls(&found.w_dec, &found.b_dec);
            let rose = objective.partial_cmp(&(objective_before + slack)) != Some(Ordering::Less);
            if !rose || objective == objective_before {
                break (found, after);
            }
            // The minimiser cannot lie above: the solution is long along a latent that passed as independent by noise.
            if noise < SURELY_INDEPENDENT {
                noise = SURELY_INDEPENDENT;
                continue;
            }
            // The decoder in use may fit by the very latents that were left out now: it stays, below.
            if found.dependent > 0 && objective > objective_before {
                break (found, after);
            }
            return Err(Error::Diverged(format!(
                "the decoder half raised the objective from {objective_before} to {objective}: {} latents depend \
                 on others; a larger alpha keeps the solution bounded",
                found.dependent
            )));
        };
        let Minimiser { w_dec, b_dec, dependent } = found;
        // Where a better decoder is out of rounding's reach the decoder in use stays: F must not rise.
        let (w_dec, b_dec, after) = if after.objective > objective_before {
            (copy("W_dec", now.w_dec)?, copy("b_dec", now.b_dec)?, before)
        } else {
            (w_dec, b_dec, after)
        };
        let objective = after.objective;
        let (objective, objective_before) = (objective.max(0.0), objective_before.max(0.0));
        let DecoderLoss { mse, shorter, .. } = after;
        Ok(DecoderSolution { w_dec, b_dec, mse, objective, objective_before, shorter, dependent })
    }

    /// What the last bits of a decoder cost by the pull towards the one before: much, where both are long and it is strong.
    fn rounding_of_pulls(&self, w: &[f64], b: &[f64]) -> f64 {
        let bits = |v: &[f64]| v.iter().map(|v| (4.0 * f64::EPSILON * v).powi(2)).sum::<f64>();
        (self.penalties.mu_dec * bits(w) + self.penalties.nu_dec * bits(b)) / self.elements()
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
        self.minimise_above(DEPENDENT, previous, pause).await
    }

    /// The same where a latent whose pivot is below the share `noise` counts as dependent.
    async fn minimise_above(
        &self,
        noise: f64,
        previous: Option<DecoderRef<'_>>,
        pause: &mut dyn Pause,
    ) -> Result<Minimiser> {
        let DecoderPenalties { alpha, beta, mu_dec, nu_dec } = self.penalties;
        let w0 = |at: usize| previous.map_or(0.0, |previous| previous.w_dec[at]);
        let b0 = |col: usize| previous.map_or(0.0, |previous| previous.b_dec[col]);
        let losses = self.losses();
        let total = losses * self.n + nu_dec + beta;
        let c = self.n / total;
        let a = Strips::of_upper("ZᵀZ", &self.zz, self.d_sae, pause, &mut |i, row| {
            let own = self.holders(i);
            for (j, (a, z)) in (i..).zip(row[i..].iter_mut().zip(&self.z_mean[i..])) {
                // The centred sum plus what is left of the means: nothing but for ν and β, and for prefixes.
                let other = self.holders(j);
                let both = own.min(other);
                let weight = self.n * (both - own * other * c) * self.z_mean[i];
                *a = both * *a + weight * z;
            }
            row[i] += alpha + mu_dec;
        })
        .await?;
        let right = Strips::of("ZᵀX", &self.zx, self.d_in, pause, &mut |i, row| {
            let own = self.holders(i);
            for (j, w) in row.iter_mut().enumerate() {
                let shift = self.n * (1.0 - losses * c) * self.data.mean[j] - c * nu_dec * b0(j);
                *w = own * *w + (own * self.z_mean[i] * shift + mu_dec * w0(i * self.d_in + j));
            }
        })
        .await?;
        // What the centred sums cancelled from: a latent that is on everywhere with one value is not independent.
        let squares = self.zz.iter().step_by(self.d_sae + 1);
        let sums: Vec<f64> = squares.zip(&self.z_mean).map(|(zz, mean)| zz + self.n * mean * mean).collect();
        let (w, dependent) = solve_semidefinite(a, right, self.d_in, &sums, noise, pause).await?;
        let fit = self.mean_fit(&w, |latent| self.holders(latent));
        let b: Vec<f64> = (0..self.d_in)
            .map(|j| (self.n * (losses * self.data.mean[j] - fit[j]) + nu_dec * b0(j)) / total)
            .collect();
        if !w.iter().chain(&b).all(|value| value.is_finite()) {
            return Err(Error::Diverged(
                "the decoder in closed form is not finite; a larger alpha keeps the solution bounded".into(),
            ));
        }
        Ok(Minimiser { w_dec: w, b_dec: b, dependent })
    }

    /// `Σ weight_i z̄_i W_i`, `[d_in]`, over as many latents as there are rows.
    pub(super) fn mean_fit(&self, w: &[f64], weight: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut fit = vec![0.0; self.d_in];
        for (latent, (row, z)) in w.chunks_exact(self.d_in).zip(&self.z_mean).enumerate() {
            let weight = weight(latent) * z;
            fit.iter_mut().zip(row).for_each(|(fit, w)| *fit += weight * w);
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
    ) -> Result<DecoderLoss> {
        let quadratic = self.quadratic(w, pause).await?;
        let squares = self.squares(w, b, quadratic);
        let mut shorter = 0.0;
        if let (true, Some((_, prefixes))) = (VARIANTS_OFFERED, self.prefixes.split_last()) {
            for &latents in prefixes {
                let w = &w[..latents * self.d_in];
                shorter += self.squares(w, b, self.quadratic(w, pause).await?);
            }
        }
        let size = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>();
        let distance =
            |v: &[f64], v0: &[f64]| v.iter().zip(v0).map(|(v, v0)| (v - v0) * (v - v0)).sum::<f64>();
        let DecoderPenalties { alpha, beta, mu_dec, nu_dec } = self.penalties;
        let (w_moved, b_moved) = previous.map_or((0.0, 0.0), |previous| {
            (mu_dec * distance(w, previous.w_dec), nu_dec * distance(b, previous.b_dec))
        });
        let penalties = alpha * size(w) + beta * size(b) + w_moved + b_moved;
        Ok(DecoderLoss {
            mse: squares.max(0.0) / self.elements(),
            shorter: shorter.max(0.0) / self.elements(),
            objective: (squares + shorter + penalties) / self.elements(),
        })
    }

    /// `Σ|x − x̂|²` of the reconstruction by the first latents, whose decoder rows are `w`; `quadratic` is that of `w`.
    fn squares(&self, w: &[f64], b: &[f64], quadratic: f64) -> f64 {
        // Σ|x̃ − z̃W|² = Σ|x̃|² − 2 tr(Wᵀ C) + tr(Wᵀ A W).
        let linear: f64 = w.iter().zip(&self.zx).map(|(w, c)| w * c).sum();
        let explained = 2.0 * linear - quadratic;
        let fit = self.mean_fit(w, |_| 1.0);
        let offset: f64 =
            (0..self.d_in).map(|j| self.data.mean[j] - fit[j] - b[j]).map(|offset| offset * offset).sum();
        self.data.total_sum_of_squares - explained + self.n * offset
    }
}

/// What a decoder costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct DecoderLoss {
    /// Mean squared error of the reconstruction by all latents.
    pub mse: f64,
    /// Those by shorter prefixes, added up.
    pub shorter: f64,
    /// The terms of F that involve the decoder.
    pub objective: f64,
}

impl DecoderProblem<'_> {
    /// `tr(Wᵀ A W)` for the centred `A = Σ(z − z̄)(z − z̄)ᵀ` of the first latents, whose decoder rows are `w`. The upper
    /// triangle is enough.
    async fn quadratic(&self, w: &[f64], pause: &mut dyn Pause) -> Result<f64> {
        let (n, m) = (self.d_sae, self.d_in);
        let w = Strips::of("W_dec", w, m, pause, &mut |_, _| {}).await?;
        let latents = w.strips().next().map_or(0, <[Line]>::len);
        let mut product = Product::new((BLOCK, latents))?;
        let mut sum = 0.0;
        for first in (0..latents).step_by(BLOCK) {
            let end = (first + BLOCK).min(latents);
            let size = end - first;
            // −2 A[rows, after] W[after] − A[rows, rows] W[rows]
            let mut negative = vec![Line::ZERO; w.strips().count() * size];
            product.pack((size, latents - end), &|row, term| self.zz[(first + row) * n + end + term]);
            let strips = w.strips().zip(negative.chunks_exact_mut(size));
            let mut strips: Vec<Strip<'_>> = strips.map(|(w, out)| Strip { right: &w[end..], out }).collect();
            product.subtract(&mut strips, pause).await?;
            product.pack((size, size), &|i, j| self.zz[(first + i.min(j)) * n + first + i.max(j)]);
            for (strip, w) in strips.iter_mut().zip(w.strips()) {
                strip.out.iter_mut().flat_map(|line| &mut line.0).for_each(|value| *value *= 2.0);
                strip.right = &w[first..end];
            }
            product.subtract(&mut strips, pause).await?;
            let rows = (0..size)
                .flat_map(|row| strips.iter().map(move |strip| (&strip.right[row], &strip.out[row])));
            let products =
                rows.flat_map(|(w, negative)| w.0.iter().zip(&negative.0).map(|(w, negative)| w * negative));
            sum -= products.sum::<f64>();
        }
        Ok(sum)
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
