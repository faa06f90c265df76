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
    /// BatchTopK (Bussmann et al. 2024). A training step keeps the `k · rows` largest positive `pre` of its batch; outside
    /// of steps a row cannot depend on others, and latents are active where `pre > threshold`, as JumpReLU.
    #[cfg_attr(not(feature = "variants"), serde(skip))]
    BatchTopK {
        /// Active latents of a row, on average over a batch.
        k: usize,
        /// Moving average of the least active `pre` of a batch; none until a step has seen one, which acts as 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        threshold: Option<f32>,
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
    /// Its numbers: one or one for each latent.
    pub fn iter(&self) -> impl Iterator<Item = f32> + '_ {
        match self {
            Self::Shared(threshold) => std::slice::from_ref(threshold).iter().copied(),
            Self::PerLatent(thresholds) => thresholds.iter().copied(),
        }
    }

    /// One for each latent, `[d_sae]`.
    pub fn per_latent(&self, d_sae: usize) -> Vec<f32> {
        match self {
            Self::Shared(threshold) => vec![*threshold; d_sae],
            Self::PerLatent(thresholds) => thresholds.clone(),
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
            Self::TopK { k, .. } | Self::BatchTopK { k, .. } if !(1..=d_sae).contains(k) => {
                Err(Error::option("k", k, format!("from 1 to d_sae, here {d_sae}")))
            }
            Self::TopK { .. } => Ok(()),
            Self::BatchTopK { threshold: Some(t), .. } if !(t.is_finite() && *t >= 0.0) => {
                Err(Error::option("threshold", t, "a finite number, 0 or above"))
            }
            Self::BatchTopK { .. } => Ok(()),
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
        let shared = match self {
            Self::Relu => 0.0,
            Self::JumpRelu { threshold: Threshold::Shared(threshold) } => *threshold,
            Self::BatchTopK { threshold, .. } => threshold.unwrap_or(0.0),
            Self::JumpRelu { threshold: Threshold::PerLatent(thresholds) } => {
                return Selection::Above(Cow::Borrowed(thresholds));
            }
            Self::TopK { k, by } => {
                return Selection::Largest(match by {
                    TopKBy::Magnitude => TopK { k: *k, order: TopKOrder::Magnitude, positive_only: false },
                    TopKBy::Value => TopK { k: *k, order: TopKOrder::Value, positive_only: false },
                    TopKBy::Positive => TopK { k: *k, order: TopKOrder::Value, positive_only: true },
                });
            }
        };
        Selection::Above(Cow::Owned(vec![shared; d_sae]))
    }

    /// Takes the least active pre-activation of a batch into BatchTopK's threshold: the first becomes it, the others move
    /// it by `rate` of the way. A batch without active latents leaves it.
    pub(crate) fn follow(&mut self, least: Option<f32>, rate: f32) {
        if let (Self::BatchTopK { threshold, .. }, Some(least)) = (self, least) {
            *threshold = Some(threshold.map_or(least, |average| average + rate * (least - average)));
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
        let batch = |k, threshold| Activation::BatchTopK { k, threshold }.validate(4);
        assert!(batch(4, None).is_ok() && batch(1, Some(0.0)).is_ok());
        assert!(batch(0, None).is_err() && batch(5, None).is_err());
        assert!(batch(2, Some(-0.5)).is_err() && batch(2, Some(f32::INFINITY)).is_err());
    }

    #[test]
    fn a_threshold_begins_with_the_first_batch_that_has_active_latents() {
        let mut activation = Activation::BatchTopK { k: 1, threshold: None };
        activation.follow(None, 0.5);
        assert_eq!(activation, Activation::BatchTopK { k: 1, threshold: None });
        activation.follow(Some(2.0), 0.5);
        assert_eq!(activation, Activation::BatchTopK { k: 1, threshold: Some(2.0) });
        activation.follow(None, 0.5);
        activation.follow(Some(1.0), 0.25);
        assert_eq!(activation, Activation::BatchTopK { k: 1, threshold: Some(1.75) });
    }
}
