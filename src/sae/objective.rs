//! The objective F, which both halves of an epoch of PAM-SGD lower: the encoder's steps and the decoder's solve.
//!
//! ```text
//! F = mse + l1·mean_rows Σ|z| + α|W_dec|² + β|b_dec|²
//!     + μ_enc|W_enc − W_enc′|² + ν_enc|b_enc − b_enc′|² + μ_dec|W_dec − W_dec′|² + ν_dec|b_dec − b_dec′|²
//! ```
//! where `mse` is the mean over all elements and a prime marks the value at the start of the epoch.

/// Weights of the terms of F beside the mse.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Penalties {
    /// λ: weight of the mean over rows of `Σ|z|`.
    pub l1: f64,
    /// α: ridge on `W_dec`.
    pub alpha: f64,
    /// β: ridge on `b_dec`.
    pub beta: f64,
    /// μ_enc: proximal weight of `W_enc` towards its previous value.
    pub mu_enc: f64,
    /// ν_enc: the same for `b_enc`.
    pub nu_enc: f64,
    /// μ_dec: the same for `W_dec`.
    pub mu_dec: f64,
    /// ν_dec: the same for `b_dec`.
    pub nu_dec: f64,
}
