//! The decoder as the paper's scripts solve for it.

use super::cholesky::{DEPENDENT, solve_semidefinite};
use super::problem::DecoderLoss;
use super::strips::Strips;
use super::{DecoderPenalties, DecoderProblem, DecoderSolution, Pause};
use crate::data::DataMoments;
use crate::engine::SufficientStats;
use crate::error::{Error, Result};

/// The decoder as the paper's MNIST script solves for it, in float64 where the script has float32:
/// `W = (ZᵀZ + ε I)⁻¹ ZᵀX` on raw sums, then the bias as the mean residual. Not the joint minimiser, so that F may rise.
///
/// # Errors
/// [`Error::Diverged`] if the result is not finite; what ends the pauses.
pub async fn script_decoder(
    stats: SufficientStats,
    data: &DataMoments,
    epsilon: f64,
    pause: &mut dyn Pause,
) -> Result<DecoderSolution> {
    let d_sae = stats.z.len();
    let d_in = data.mean.len();
    let a = Strips::of_upper("ZᵀZ", &stats.zz, d_sae, pause, &mut |i, row| row[i] += epsilon).await?;
    let right = Strips::of("ZᵀX", &stats.zx, d_in, pause, &mut |_, _| {}).await?;
    let sums: Vec<f64> = (0..d_sae).map(|i| a.at(i, i)).collect();
    let (w_dec, dependent) = solve_semidefinite(a, right, d_in, &sums, DEPENDENT, pause).await?;
    let problem = DecoderProblem::new(stats, data, &DecoderPenalties::default(), pause).await?;
    let fit = problem.mean_fit(&w_dec, |_| 1.0);
    let b_dec: Vec<f64> = data.mean.iter().zip(&fit).map(|(mean, fit)| mean - fit).collect();
    let DecoderLoss { mse, shorter, objective } = problem.objective(&w_dec, &b_dec, None, pause).await?;
    if !objective.is_finite() {
        return Err(Error::Diverged("the script's decoder is not finite".into()));
    }
    Ok(DecoderSolution { w_dec, b_dec, mse, objective, objective_before: f64::NAN, shorter, dependent })
}
