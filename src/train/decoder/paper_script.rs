//! The decoder as the paper's scripts solve for it.

use super::cholesky::{DEPENDENT, solve_semidefinite};
use super::pass::copy_matrix;
use super::problem::DecoderLoss;
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
    let mut a = copy_matrix("ZᵀZ", &stats.zz, d_sae, pause).await?;
    (0..d_sae).for_each(|i| a[i * d_sae + i] += epsilon);
    let mut w_dec = copy_matrix("ZᵀX", &stats.zx, data.mean.len(), pause).await?;
    let sums: Vec<f64> = a.iter().step_by(d_sae + 1).copied().collect();
    let dependent = solve_semidefinite(&mut a, &mut w_dec, d_sae, &sums, DEPENDENT, pause).await?;
    let problem = DecoderProblem::new(stats, data, &DecoderPenalties::default(), pause).await?;
    let fit = problem.mean_fit(&w_dec, |_| 1.0);
    let b_dec: Vec<f64> = data.mean.iter().zip(&fit).map(|(mean, fit)| mean - fit).collect();
    let DecoderLoss { mse, shorter, objective } = problem.objective(&w_dec, &b_dec, None, pause).await?;
    if !objective.is_finite() {
        return Err(Error::Diverged("the script's decoder is not finite".into()));
    }
    Ok(DecoderSolution { w_dec, b_dec, mse, objective, objective_before: f64::NAN, shorter, dependent })
}
