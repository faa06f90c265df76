//! What a room holds and hands over: the trainable state and the statistics for the decoder.

use crate::sae::Sae;

/// First and second moments of one parameter's gradient.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Running mean of the gradient.
    pub m: Vec<f32>,
    /// Running mean of its square.
    pub v: Vec<f32>,
}

impl Moments {
    /// Zero moments of `len` values.
    pub fn zeros(len: usize) -> Self {
        Self { m: vec![0.0; len], v: vec![0.0; len] }
    }
}

/// Adam's state. A parameter without moments is not trained by Adam.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimiser {
    /// Updates taken.
    pub steps: u64,
    /// Of `W_enc`, by latent.
    pub w_enc: Moments,
    /// Of `b_enc`.
    pub b_enc: Moments,
    /// Of an untied `W_dec` that Adam trains.
    pub w_dec: Option<Moments>,
    /// Of `b_dec` where Adam trains it.
    pub b_dec: Option<Moments>,
}

impl Optimiser {
    /// A fresh optimiser: of the encoder alone, or of all parameters.
    pub fn new(sae: &Sae, trains_decoder: bool) -> Self {
        let zeros = |values: &Vec<f32>| Moments::zeros(values.len());
        Self {
            steps: 0,
            w_enc: zeros(&sae.w_enc),
            b_enc: zeros(&sae.b_enc),
            w_dec: sae.w_dec.as_ref().filter(|_| trains_decoder).map(zeros),
            b_dec: trains_decoder.then(|| zeros(&sae.b_dec)),
        }
    }
}

/// Everything that training changes.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Parameters.
    pub sae: Sae,
    /// Adam's moments.
    pub optimiser: Optimiser,
}

/// Sufficient statistics of codes and data for the decoder, as raw sums in float64.
#[derive(Debug, Clone, PartialEq)]
pub struct SufficientStats {
    /// Rows summed over, N.
    pub rows: u64,
    /// `ZᵀZ`, `[d_sae, d_sae]`, symmetric, written in full.
    pub zz: Vec<f64>,
    /// `ZᵀX`, `[d_sae, d_in]`.
    pub zx: Vec<f64>,
    /// Column sums of Z, `[d_sae]`.
    pub z: Vec<f64>,
    /// Rows on which each latent is active, `[d_sae]`.
    pub active: Vec<u64>,
    /// `Σ|z|`.
    pub l1: f64,
}

impl SufficientStats {
    /// Empty sums.
    pub fn new(d_in: usize, d_sae: usize) -> Self {
        Self {
            rows: 0,
            zz: vec![0.0; d_sae * d_sae],
            zx: vec![0.0; d_sae * d_in],
            z: vec![0.0; d_sae],
            active: vec![0; d_sae],
            l1: 0.0,
        }
    }
}
