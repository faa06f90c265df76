//! What training changes: parameters and the state of the optimiser.

use super::Variants;
use crate::memory::overwrite;
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

    fn copy_from(&mut self, other: &Self) {
        overwrite(&mut self.m, &other.m);
        overwrite(&mut self.v, &other.v);
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

impl State {
    /// Becomes a copy of another state of the same shape, in the memory that it has: new memory takes long to come by for a
    /// large model.
    pub fn copy_from(&mut self, other: &Self) {
        self.sae.copy_from(&other.sae);
        let Optimiser { steps, w_enc, b_enc, w_dec, b_dec, threshold, idle } = &other.optimiser;
        let to = &mut self.optimiser;
        to.steps = *steps;
        to.w_enc.copy_from(w_enc);
        to.b_enc.copy_from(b_enc);
        let pairs = [(&mut to.w_dec, w_dec), (&mut to.b_dec, b_dec), (&mut to.threshold, threshold)];
        for (own, others) in pairs {
            debug_assert_eq!(own.is_some(), others.is_some());
            if let (Some(own), Some(others)) = (own, others) {
                own.copy_from(others);
            }
        }
        if let (Some(own), Some(others)) = (&mut to.idle, idle) {
            overwrite(own, others);
        }
    }
}

/// A decoder by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoder {
    /// `[d_sae, d_in]`.
    pub w_dec: Vec<f32>,
    /// `[d_in]`.
    pub b_dec: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::Activation;

    #[test]
    fn a_copy_is_equal_in_everything_and_stays_where_it_was() {
        for tied in [true, false] {
            let state = |seed: u64| {
                let sae = Sae::random(
                    3,
                    4,
                    Activation::BatchTopK { k: 2, threshold: Some(seed as f32) },
                    tied,
                    seed,
                );
                let mut optimiser = Optimiser { steps: seed, ..Optimiser::new(&sae, true) };
                optimiser.threshold = Some(Moments::zeros(4));
                optimiser.idle = Some(vec![0.0; 4]);
                let mut state = State { sae, optimiser };
                let Optimiser { w_enc, b_enc, w_dec, b_dec, threshold, idle, .. } = &mut state.optimiser;
                let moments = [Some(w_enc), Some(b_enc), w_dec.as_mut(), b_dec.as_mut(), threshold.as_mut()];
                let moments =
                    moments.into_iter().flatten().flat_map(|moments| [&mut moments.m, &mut moments.v]);
                let biases = [&mut state.sae.b_enc, &mut state.sae.b_dec];
                let all = moments.chain(biases).chain(idle.as_mut()).flatten();
                all.zip(1u16..).for_each(|(value, at)| *value = f32::from(at) * seed as f32);
                state
            };
            let (mut copy, other) = (state(1), state(2));
            let place = copy.optimiser.w_enc.v.as_ptr();
            copy.copy_from(&other);
            assert!(copy == other);
            assert_eq!(copy.optimiser.w_enc.v.as_ptr(), place);
        }
    }
}
