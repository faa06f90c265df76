//! The decoder half of PAM-SGD: the exact joint minimiser of F over `(W_dec, b_dec)` from sufficient statistics.
//!
//! - `problem`: the quadratic form, its minimiser and its value
//! - `cholesky`: the linear solver
//! - `dense`: the same from dense codes, for use outside training
//! - `paper_script`: the decoder of the paper's scripts, which is not that minimiser

mod cholesky;
mod dense;
mod paper_script;
mod problem;

pub use dense::{DecoderInput, decoder_step};
pub use paper_script::script_decoder;
pub(super) use problem::solve_work;
pub use problem::{DecoderProblem, DecoderSolution, solve_decoder};

use crate::error::Result;
use crate::progress::BoxedFuture;
use crate::sae::Penalties;

/// Weights of the terms of F that involve the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DecoderPenalties {
    /// α, on `W_dec`.
    pub alpha: f64,
    /// β, on `b_dec`.
    pub beta: f64,
    /// μ_dec, on `W_dec − W₀`.
    pub mu_dec: f64,
    /// ν_dec, on `b_dec − b₀`.
    pub nu_dec: f64,
}

impl From<&Penalties> for DecoderPenalties {
    fn from(penalties: &Penalties) -> Self {
        let Penalties { alpha, beta, mu_dec, nu_dec, .. } = *penalties;
        Self { alpha, beta, mu_dec, nu_dec }
    }
}

impl DecoderPenalties {
    /// All weights multiplied.
    fn times(self, factor: f64) -> Self {
        Self {
            alpha: self.alpha * factor,
            beta: self.beta * factor,
            mu_dec: self.mu_dec * factor,
            nu_dec: self.nu_dec * factor,
        }
    }
}

/// A decoder in float64: `W_dec [d_sae, d_in]` and `b_dec [d_in]`.
#[derive(Debug, Clone, Copy)]
pub struct DecoderRef<'a> {
    /// `[d_sae, d_in]`.
    pub w_dec: &'a [f64],
    /// `[d_in]`.
    pub b_dec: &'a [f64],
}

/// Hears of the work of a solve, some milliseconds at a time, so that others can run in between, and may end it.
pub trait Pause {
    /// So many multiply-adds were done since the last call.
    ///
    /// # Errors
    /// Whatever ends the solve.
    fn after(&mut self, multiply_adds: u64) -> BoxedFuture<'_, Result<()>>;
}

/// Never pauses.
#[derive(Debug, Clone, Copy)]
pub struct NoPause;

impl Pause for NoPause {
    fn after(&mut self, _multiply_adds: u64) -> BoxedFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
