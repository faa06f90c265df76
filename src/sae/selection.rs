//! Which latents of a row are active: the rule behind every activation, stated once.
//!
//! The match on [`Selection`] is exhaustive wherever the rule matters (both engines, slices, margins, file formats), so
//! that the compiler lists what a new activation must touch.

use std::borrow::Cow;

use super::SparseCodes;

/// The rule by which latents of a row are active. An active latent passes `pre` on unchanged.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection<'a> {
    /// The largest of a row.
    Largest(TopK),
    /// Those with `pre` above their threshold, `[d_sae]`.
    Above(Cow<'a, [f32]>),
}

/// The k largest of a row. Ties go to the lower index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopK {
    /// How many, from 1 to d_sae.
    pub k: usize,
    /// What "largest" compares.
    pub order: TopKOrder,
    /// Whether only those with `pre > 0` of them are active.
    pub positive_only: bool,
}

/// What TopK compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopKOrder {
    /// `|pre|`.
    Magnitude,
    /// `pre`.
    Value,
}

impl Selection<'_> {
    /// Appends the codes of rows of pre-activations `pre [rows, d_sae]` to `codes`.
    pub fn select(&self, pre: &[f32], d_sae: usize, codes: &mut SparseCodes) {
        match self {
            Self::Above(thresholds) => {
                for row in pre.chunks_exact(d_sae) {
                    for (latent, (&pre, &threshold)) in row.iter().zip(&**thresholds).enumerate() {
                        if pre > threshold {
                            codes.push(latent as u32, pre);
                        }
                    }
                    codes.end_row();
                }
            }
            Self::Largest(top) => {
                let mut keys = Vec::with_capacity(d_sae);
                for row in pre.chunks_exact(d_sae) {
                    top.select(row, &mut keys, codes);
                }
            }
        }
    }
}

impl TopK {
    /// One row: the k largest by quickselect on integer keys, then in order of their index.
    fn select(self, row: &[f32], keys: &mut Vec<u64>, codes: &mut SparseCodes) {
        keys.clear();
        // A larger value gives a smaller key, and among equal values the lower index wins.
        let key = |order: u32, latent: usize| (u64::from(!order) << 32) | latent as u64;
        match self.order {
            TopKOrder::Magnitude => {
                keys.extend(row.iter().enumerate().map(|(latent, pre)| key(pre.abs().to_bits(), latent)));
            }
            TopKOrder::Value => {
                keys.extend(row.iter().enumerate().map(|(latent, &pre)| key(ordered_bits(pre), latent)));
            }
        }
        if self.k < keys.len() {
            keys.select_nth_unstable(self.k - 1);
            keys.truncate(self.k);
        }
        keys.iter_mut().for_each(|key| *key &= u64::from(u32::MAX));
        keys.sort_unstable();
        for &latent in keys.iter() {
            let pre = row[latent as usize];
            if !self.positive_only || pre > 0.0 {
                codes.push(latent as u32, pre);
            }
        }
        codes.end_row();
    }
}

/// The least active pre-activation where the `n` largest positive ones are active, or all where there are fewer: they are
/// those at or above it. Of several that equal the n-th all are active, so that their order does not matter. None if
/// none is positive.
pub(crate) fn least_of_largest(pre: impl Iterator<Item = f32>, n: usize) -> Option<f32> {
    // Bits of positive numbers are in their order.
    let mut bits: Vec<u32> = pre.filter(|pre| *pre > 0.0).map(f32::to_bits).collect();
    let at = n.min(bits.len()).checked_sub(1)?;
    let (_, least, _) = bits.select_nth_unstable_by(at, |a, b| b.cmp(a));
    Some(f32::from_bits(*least))
}

/// Bits whose unsigned order is the order of the numbers; −0 and 0 are equal.
fn ordered_bits(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 0 { bits | 0x8000_0000 } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::{Activation, Threshold, TopKBy};

    fn active(activation: &Activation, pre: &[f32]) -> Vec<(u32, f32)> {
        let mut codes = SparseCodes::new(pre.len());
        activation.selection(pre.len()).select(pre, pre.len(), &mut codes);
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
    fn a_batch_keeps_its_largest_positive_values() {
        let least = |n| least_of_largest(PRE.into_iter(), n);
        assert_eq!([1, 2, 3, 4, 6].map(least), [Some(1.0), Some(1.0), Some(0.5), Some(0.5), Some(0.5)]);
        assert_eq!(least_of_largest([0.0, -1.0, -0.0].into_iter(), 2), None);
        assert_eq!(least_of_largest(PRE.into_iter(), 0), None);
    }

    #[test]
    fn ties_go_to_the_lower_index() {
        assert_eq!(active(&top(1, TopKBy::Value), &PRE), [(2, 1.0)]);
        assert_eq!(active(&top(2, TopKBy::Value), &[-0.0, 0.0, -0.0]), [(0, -0.0), (1, 0.0)]);
        assert_eq!(active(&top(1, TopKBy::Magnitude), &[1.0, -1.0]), [(0, 1.0)]);
    }
}
