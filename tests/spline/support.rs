//! Random models and rows for the tests of the spline.

use splinterp::data::{Dataset, Storage};
use splinterp::engine::{Operation, apply};
use splinterp::random::{Random, Stream};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};

/// All six activations.
pub fn activations(k: usize, threshold: f32) -> [Activation; 6] {
    [
        Activation::Relu,
        Activation::JumpRelu { threshold: Threshold::Shared(threshold) },
        Activation::TopK { k, by: TopKBy::Magnitude },
        Activation::TopK { k, by: TopKBy::Value },
        Activation::TopK { k, by: TopKBy::Positive },
        Activation::BatchTopK { k, threshold: Some(threshold.abs()) },
    ]
}

/// A random model of the activation, tied or not, with rows of ordinary size.
pub struct Case {
    pub random: Random,
    pub sae: Sae,
}

impl Case {
    /// The case of this number: its activation is one of the six.
    pub fn new(number: u32, most_inputs: u32, most_latents: u32) -> Self {
        let mut random = Random::new(u64::from(number), Stream::Generator);
        let d_in = 1 + random.below(most_inputs) as usize;
        let d_sae = 1 + random.below(most_latents) as usize;
        let k = 1 + random.below(d_sae.min(6) as u32) as usize;
        let threshold = random.between(-0.3, 0.6) as f32;
        let activation = match activations(k, threshold)[number as usize % 5].clone() {
            // Half of them as BatchTopK has its threshold: the same cells.
            Activation::JumpRelu { .. } if threshold >= 0.0 && number.is_multiple_of(2) => {
                Activation::BatchTopK { k, threshold: Some(threshold) }
            }
            other => other,
        };
        let mut sae = Sae::random(d_in, d_sae, activation, number.is_multiple_of(2), u64::from(number));
        let mut normal = |scale: f64| (scale * random.normal()) as f32;
        sae.w_enc.iter_mut().for_each(|w| *w = normal(1.0));
        sae.b_enc.iter_mut().for_each(|b| *b = normal(0.5));
        sae.b_dec.iter_mut().for_each(|b| *b = normal(0.2));
        sae.w_dec.iter_mut().flatten().for_each(|w| *w = normal(0.7));
        Self { random, sae }
    }

    /// A normal row.
    pub fn row(&mut self) -> Vec<f32> {
        (0..self.sae.d_in).map(|_| self.random.normal() as f32).collect()
    }

    /// A direction of length 1.
    pub fn direction(&mut self) -> Vec<f64> {
        let normal: Vec<f64> = (0..self.sae.d_in).map(|_| self.random.normal()).collect();
        let length = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        normal.into_iter().map(|v| v / length).collect()
    }

    /// Rows about a few centres, so that cells hold several.
    pub fn data(&mut self, rows: usize) -> Dataset {
        let centers: Vec<Vec<f32>> = (0..4).map(|_| self.row()).collect();
        let mut values = Vec::with_capacity(rows * self.sae.d_in);
        for row in 0..rows {
            values.extend(centers[row % 4].iter().map(|c| c + (0.3 * self.random.normal()) as f32));
        }
        Dataset::new(Storage::F32(values), self.sae.d_in).expect("finite rows")
    }
}

/// `row + distance · direction`, in float32 as the engine takes it.
pub fn moved(row: &[f32], direction: &[f64], distance: f64) -> Vec<f32> {
    row.iter().zip(direction).map(|(&x, d)| (f64::from(x) + distance * d) as f32).collect()
}

/// The codes of a row by the engine.
pub fn encode(sae: &Sae, row: &[f32]) -> Vec<f32> {
    apply(Operation::Encode, sae, row).expect("the row fits")
}

/// Active latents with the sign of their codes. A code of exactly 0 would be missed; random ones are none.
pub fn signed(z: &[f32]) -> Vec<(u32, bool)> {
    (0..).zip(z).filter(|(_, z)| **z != 0.0).map(|(latent, z)| (latent, *z > 0.0)).collect()
}

/// The latents alone.
pub fn active(z: &[f32]) -> Vec<u32> {
    signed(z).into_iter().map(|(latent, _)| latent).collect()
}
