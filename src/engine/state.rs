//! What training changes: parameters and the state of the optimiser.

use super::Variants;
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
    /// Of JumpReLU's thresholds where Adam trains them.
    pub threshold: Option<Moments>,
    /// Training rows seen since each latent was last active, `[d_sae]`, whole numbers up to
    /// [`MOST_IDLE_ROWS`](super::MOST_IDLE_ROWS); kept where AuxK asks for dead latents.
    pub idle: Option<Vec<f32>>,
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
            threshold: None,
            idle: None,
        }
    }

    /// The same, with what the variants of a step keep from step to step. Trained thresholds are one a latent.
    pub fn with_variants(mut self, variants: &Variants, d_sae: usize) -> Self {
        self.threshold = variants.thresholds().map(|_| Moments::zeros(d_sae));
        self.idle = variants.auxk().map(|_| vec![0.0; d_sae]);
        self
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

/// A decoder by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoder {
    /// `[d_sae, d_in]`.
    pub w_dec: Vec<f32>,
    /// `[d_in]`.
    pub b_dec: Vec<f32>,
}
