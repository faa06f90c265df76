//! The decoder half of PAM-SGD: the exact joint minimiser of F over `(W_dec, b_dec)` from sufficient statistics.
//!
//! - `problem`: the quadratic form, its minimiser and its value
//! - `cholesky`: the linear solver, of `product` (packed products) and `triangle` (blocks on the diagonal), on matrices in
//!   `strips`
//! - `dense`: the same from dense codes, for use outside training
//! - `paper_script`: the decoder of the paper's scripts, which is not that minimiser
//!
//! ```
//! use splinterp::train::decoder::{DecoderInput, DecoderPenalties, decoder_step};
//!
//! // x = 2 z + 1 exactly, nothing penalised.
//! let (z, x, zero) = ([0.0, 1.0, 3.0], [1.0, 3.0, 7.0], [0.0]);
//! let penalties = DecoderPenalties::default();
//! let (n, d_sae, d_in) = (3, 1, 1);
//! let found = decoder_step(&DecoderInput { z: &z, x: &x, w_dec0: &zero, b_dec0: &zero, n, d_sae, d_in, penalties })?;
//! assert!((found.w_dec[0] - 2.0).abs() < 1e-12 && (found.b_dec[0] - 1.0).abs() < 1e-12);
//! # Ok::<(), splinterp::Error>(())
//! ```

mod cholesky;
mod dense;
mod paper_script;
mod pass;
mod problem;
mod product;
mod strips;
mod triangle;

pub use dense::{DecoderInput, decoder_step};
pub use paper_script::script_decoder;
pub(crate) use problem::solve_work;
pub use problem::{DecoderProblem, DecoderSolution, Minimiser, solve_decoder};

use crate::error::Result;
use crate::progress::BoxedFuture;
use crate::sae::Penalties;
use crate::threads::Threads;

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
    /// How many threads may work between two calls.
    fn threads(&self) -> Threads {
        Threads::ONE
    }

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
