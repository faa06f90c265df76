//! The activation ρ: which latents of a row are active, and with which value.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Selection, TopK, TopKOrder};
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

    /// What is active: the one rule that engines, slices, margins and file formats match on.
    ///
    /// `d_sae` is the number of latents for which [`Activation::validate`] has passed.
    pub fn selection(&self, d_sae: usize) -> Selection<'_> {
        match self {
            Self::Relu => Selection::Above(Cow::Owned(vec![0.0; d_sae])),
            Self::JumpRelu { threshold: Threshold::Shared(threshold) } => {
                Selection::Above(Cow::Owned(vec![*threshold; d_sae]))
            }
            Self::JumpRelu { threshold: Threshold::PerLatent(thresholds) } => {
                Selection::Above(Cow::Borrowed(thresholds))
            }
            Self::TopK { k, by } => Selection::Largest(match by {
                TopKBy::Magnitude => TopK { k: *k, order: TopKOrder::Magnitude, positive_only: false },
                TopKBy::Value => TopK { k: *k, order: TopKOrder::Value, positive_only: false },
                TopKBy::Positive => TopK { k: *k, order: TopKOrder::Value, positive_only: true },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(k: usize, by: TopKBy) -> Activation {
        Activation::TopK { k, by }
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
