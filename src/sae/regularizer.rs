//! The terms of F and of Adam that concern one parameter alone: which penalty acts on which parameter, stated once.

use super::{Penalties, Sae};

/// A trainable parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// `W_enc`.
    EncoderWeights,
    /// `b_enc`.
    EncoderBias,
    /// `W_dec` of an untied model.
    DecoderWeights,
    /// `b_dec`.
    DecoderBias,
}

impl Parameter {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::EncoderWeights, Self::EncoderBias, Self::DecoderWeights, Self::DecoderBias];
}

/// What is added to the gradient of a parameter θ: `2·ridge·θ + 2·proximal·(θ − θ′)`, and after clipping
/// `weight_decay·θ`, which is no part of F. θ′ is the value at the start of the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Regularizer {
    /// Weight of `|θ|²`.
    pub ridge: f64,
    /// Weight of `|θ − θ′|²`.
    pub proximal: f64,
    /// Adam's weight decay.
    pub weight_decay: f64,
}

impl Regularizer {
    /// `2·ridge` and `2·proximal`, the multiples of θ and θ − θ′ in the gradient.
    pub fn gradient_weights(&self) -> (f32, f32) {
        (2.0 * self.ridge as f32, 2.0 * self.proximal as f32)
    }
}

impl Penalties {
    /// The terms that concern `parameter`. The matrix of a tied model is encoder and decoder at once. Weight decay acts
    /// on the matrices, not on the biases.
    pub fn regularizer(&self, parameter: Parameter, tied: bool, weight_decay: f64) -> Regularizer {
        match parameter {
            Parameter::EncoderWeights if tied => {
                Regularizer { ridge: self.alpha, proximal: self.mu_enc + self.mu_dec, weight_decay }
            }
            Parameter::EncoderWeights => Regularizer { ridge: 0.0, proximal: self.mu_enc, weight_decay },
            Parameter::EncoderBias => Regularizer { proximal: self.nu_enc, ..Regularizer::default() },
            Parameter::DecoderWeights => {
                Regularizer { ridge: self.alpha, proximal: self.mu_dec, weight_decay }
            }
            Parameter::DecoderBias => {
                Regularizer { ridge: self.beta, proximal: self.nu_dec, weight_decay: 0.0 }
            }
        }
    }

    /// The terms of F that depend on the parameters alone: all but the mse and the l1 term.
    pub fn of(&self, sae: &Sae, previous: &Sae) -> f64 {
        let tied = sae.w_dec.is_none();
        let parameters = Parameter::ALL.map(|parameter| {
            (self.regularizer(parameter, tied, 0.0), sae.parameter(parameter), previous.parameter(parameter))
        });
        let ridges =
            parameters.iter().map(|(terms, now, _)| weighted(terms.ridge, now.iter().map(|&v| v.into())));
        let proximal = parameters.iter().map(|(terms, now, before)| {
            weighted(terms.proximal, now.iter().zip(*before).map(|(&a, &b)| f64::from(a) - f64::from(b)))
        });
        ridges.chain(proximal).sum()
    }
}

/// `weight · Σ value²`; nothing is computed for a weight of 0.
fn weighted(weight: f64, values: impl Iterator<Item = f64>) -> f64 {
    if weight == 0.0 { 0.0 } else { weight * values.map(|v| v.powi(2)).sum::<f64>() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::Activation;

    const WEIGHTS: Penalties =
        Penalties { l1: 7.0, alpha: 2.0, beta: 3.0, mu_enc: 5.0, nu_enc: 11.0, mu_dec: 13.0, nu_dec: 17.0 };

    #[test]
    fn every_term_acts_on_the_parameter_that_it_names() {
        let mut before = Sae::random(2, 1, Activation::Relu, false, 1);
        (before.w_enc, before.b_enc) = (vec![1.0, 0.0], vec![1.0]);
        (before.w_dec, before.b_dec) = (Some(vec![0.0, 1.0]), vec![0.0, 2.0]);
        let mut sae = before.clone();
        (sae.w_enc, sae.b_enc) = (vec![2.0, 1.0], vec![3.0]);
        (sae.w_dec, sae.b_dec) = (Some(vec![1.0, 3.0]), vec![1.0, 2.0]);
        // α·10 + β·5 + μ_enc·2 + ν_enc·4 + μ_dec·5 + ν_dec·1
        assert_eq!(WEIGHTS.of(&sae, &before), 20.0 + 15.0 + 10.0 + 44.0 + 65.0 + 17.0);
        (sae.w_dec, before.w_dec) = (None, None);
        // The tied matrix pays as both: α·5 + β·5 + (μ_enc + μ_dec)·2 + ν_enc·4 + ν_dec·1
        assert_eq!(WEIGHTS.of(&sae, &before), 10.0 + 15.0 + 36.0 + 44.0 + 17.0);
    }
}
