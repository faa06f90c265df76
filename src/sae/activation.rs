//! The activation ρ: which latents of a row are active, and with which value.

use serde::{Deserialize, Serialize};

use super::SparseCodes;
use crate::error::{Error, Result};

/// ρ in `z = ρ(pre)`. An active latent passes `pre` on unchanged, so that ρ′ is 1 there and 0 elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Activation {
    /// `pre` where `pre > 0`.
    Relu,
    /// `pre` where `pre > threshold`.
    JumpRelu {
        /// One threshold for all latents or one each.
        threshold: Threshold,
    },
    /// The `k` largest of a row.
    TopK {
        /// How many latents stay active.
        k: usize,
        /// By which order.
        by: TopKBy,
    },
}

/// Threshold of JumpReLU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Threshold {
    /// The same for all latents.
    Shared(f32),
    /// One for each latent, `[d_sae]`.
    PerLatent(Vec<f32>),
}

impl Threshold {
    fn at(&self, latent: usize) -> f32 {
        match self {
            Self::Shared(threshold) => *threshold,
            Self::PerLatent(thresholds) => thresholds[latent],
        }
    }
}

/// What "largest" means for TopK. Ties go to the lower index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TopKBy {
    /// By `|pre|`, signs kept: the paper's code.
    #[default]
    Magnitude,
    /// By signed `pre`: the paper's theory, a K-th order power diagram.
    Value,
    /// By signed `pre`, then ReLU: SAELens and sparsify.
    Positive,
}

impl Activation {
    /// Checks the options against the number of latents.
    ///
    /// # Errors
    /// If `k` is 0 or above `d_sae`, or a threshold is not finite or their number differs from `d_sae`.
    pub fn validate(&self, d_sae: usize) -> Result<()> {
        match self {
            Self::Relu => Ok(()),
            Self::TopK { k, .. } if (1..=d_sae).contains(k) => Ok(()),
            Self::TopK { k, .. } => Err(Error::option("k", k, format!("from 1 to d_sae, here {d_sae}"))),
            Self::JumpRelu { threshold: Threshold::Shared(t) } if t.is_finite() => Ok(()),
            Self::JumpRelu { threshold: Threshold::Shared(t) } => {
                Err(Error::option("threshold", t, "a finite number"))
            }
            Self::JumpRelu { threshold: Threshold::PerLatent(ts) } => {
                if ts.len() != d_sae {
                    return Err(Error::shape(
                        "number of thresholds",
                        ts.len(),
                        format!("d_sae, here {d_sae}"),
                    ));
                }
                match ts.iter().position(|t| !t.is_finite()) {
                    Some(at) => Err(Error::option("threshold", ts[at], format!("finite at latent {at}"))),
                    None => Ok(()),
                }
            }
        }
    }

    /// Appends the codes of rows of pre-activations `pre [rows, d_sae]` to `codes`.
    pub fn select(&self, pre: &[f32], d_sae: usize, codes: &mut SparseCodes) {
        match self {
            Self::Relu => select_above(pre, d_sae, |_| 0.0, codes),
            Self::JumpRelu { threshold } => select_above(pre, d_sae, |latent| threshold.at(latent), codes),
            Self::TopK { k, by } => {
                let mut keys = Vec::with_capacity(d_sae);
                for row in pre.chunks_exact(d_sae) {
                    top_k(row, *k, *by, &mut keys, codes);
                }
            }
        }
    }
}

fn select_above(pre: &[f32], d_sae: usize, threshold: impl Fn(usize) -> f32, codes: &mut SparseCodes) {
    for row in pre.chunks_exact(d_sae) {
        for (latent, &pre) in row.iter().enumerate() {
            if pre > threshold(latent) {
                codes.push(latent as u32, pre);
            }
        }
        codes.end_row();
    }
}

/// One row: the k largest by quickselect on integer keys, then in order of their index.
fn top_k(row: &[f32], k: usize, by: TopKBy, keys: &mut Vec<u64>, codes: &mut SparseCodes) {
    keys.clear();
    // A larger value gives a smaller key, and among equal values the lower index wins.
    let key = |order: u32, latent: usize| (u64::from(!order) << 32) | latent as u64;
    match by {
        TopKBy::Magnitude => {
            keys.extend(row.iter().enumerate().map(|(latent, pre)| key(pre.abs().to_bits(), latent)));
        }
        TopKBy::Value | TopKBy::Positive => {
            keys.extend(row.iter().enumerate().map(|(latent, &pre)| key(ordered_bits(pre), latent)));
        }
    }
    if k < keys.len() {
        keys.select_nth_unstable(k - 1);
        keys.truncate(k);
    }
    let latents = keys.iter_mut();
    latents.for_each(|key| *key &= u64::from(u32::MAX));
    keys.sort_unstable();
    for &latent in keys.iter() {
        let pre = row[latent as usize];
        if by != TopKBy::Positive || pre > 0.0 {
            codes.push(latent as u32, pre);
        }
    }
    codes.end_row();
}

/// Bits whose unsigned order is the order of the numbers; −0 and 0 are equal.
fn ordered_bits(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 0 { bits | 0x8000_0000 } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn active(activation: &Activation, pre: &[f32]) -> Vec<(u32, f32)> {
        let mut codes = SparseCodes::new(pre.len());
        activation.select(pre, pre.len(), &mut codes);
        codes.row(0).collect()
    }

    fn top(k: usize, by: TopKBy) -> Activation {
        Activation::TopK { k, by }
    }

    const PRE: [f32; 6] = [0.5, -2.0, 1.0, -0.1, 0.0, 1.0];

    #[test]
    fn each_activation_keeps_what_its_definition_says() {
        assert_eq!(active(&Activation::Relu, &PRE), [(0, 0.5), (2, 1.0), (5, 1.0)]);
        let jump = Activation::JumpRelu { threshold: Threshold::Shared(0.5) };
        assert_eq!(active(&jump, &PRE), [(2, 1.0), (5, 1.0)]);
        assert_eq!(active(&top(2, TopKBy::Magnitude), &PRE), [(1, -2.0), (2, 1.0)]);
        assert_eq!(active(&top(3, TopKBy::Value), &PRE), [(0, 0.5), (2, 1.0), (5, 1.0)]);
        assert_eq!(active(&top(5, TopKBy::Value), &PRE).len(), 5);
        assert_eq!(active(&top(5, TopKBy::Positive), &PRE), [(0, 0.5), (2, 1.0), (5, 1.0)]);
    }

    #[test]
    fn ties_go_to_the_lower_index() {
        assert_eq!(active(&top(1, TopKBy::Value), &PRE), [(2, 1.0)]);
        assert_eq!(active(&top(2, TopKBy::Value), &[-0.0, 0.0, -0.0]), [(0, -0.0), (1, 0.0)]);
        assert_eq!(active(&top(1, TopKBy::Magnitude), &[1.0, -1.0]), [(0, 1.0)]);
    }

    #[test]
    fn options_out_of_range_are_named() {
        assert!(top(0, TopKBy::Value).validate(4).is_err());
        assert!(top(4, TopKBy::Value).validate(4).is_ok());
        let message = top(5, TopKBy::Value).validate(4).unwrap_err().to_string();
        assert_eq!(message, "k is 5, expected from 1 to d_sae, here 4");
        let thresholds = |t| Activation::JumpRelu { threshold: Threshold::PerLatent(t) };
        assert!(thresholds(vec![0.0; 3]).validate(4).is_err());
        assert!(thresholds(vec![0.0, f32::NAN, 0.0, 0.0]).validate(4).is_err());
    }
}
