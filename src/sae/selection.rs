//! Which latents of a row are active: the rule behind every activation, stated once.
//!
//! The match on [`Selection`] is exhaustive wherever the rule matters (both engines, slices, margins, file formats), so
//! that the compiler lists what a new activation must touch.

use std::borrow::Cow;

use super::{Selector, SparseCodes};

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

impl TopKOrder {
    /// What is compared of a pre-activation.
    pub(super) fn compared(self, pre: f32) -> f32 {
        match self {
            Self::Magnitude => pre.abs(),
            Self::Value => pre,
        }
    }
}

impl Selection<'_> {
    /// Appends the codes of rows of pre-activations `pre [rows, d_sae]` to `codes`.
    pub fn select(&self, pre: &[f32], d_sae: usize, codes: &mut SparseCodes) {
        self.select_by(&mut Selector::default(), pre, d_sae, codes);
    }

    /// The same with a selector that has seen rows like them.
    pub(crate) fn select_by(
        &self,
        selector: &mut Selector,
        pre: &[f32],
        d_sae: usize,
        codes: &mut SparseCodes,
    ) {
        match self {
            Self::Above(thresholds) => {
                for row in pre.chunks_exact(d_sae) {
                    let latents = row.iter().zip(&**thresholds).enumerate();
                    codes.push_row(latents.map(|(at, (&pre, &threshold))| (at as u32, pre, pre > threshold)));
                }
            }
            Self::Largest(top) => {
                pre.chunks_exact(d_sae).for_each(|row| selector.select(*top, row, codes));
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::{Activation, Threshold, TopKBy};
    use proptest::prelude::*;

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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// Rows of one call, of which some are far below those before them, against sorting.
        #[test]
        fn the_largest_are_those_that_sorting_finds(
            rows in prop::collection::vec((prop::collection::vec(-4..4i8, 9), -12..12i32), 1..6),
            k in 1..12usize,
            by in prop::sample::select(vec![TopKBy::Magnitude, TopKBy::Value, TopKBy::Positive]),
        ) {
            let rows: Vec<Vec<f32>> =
                rows.into_iter().map(|(row, scale)| row.into_iter().map(|v| f32::from(v) * 2f32.powi(scale)).collect()).collect();
            let mut codes = SparseCodes::new(9);
            top(k, by).selection(9).select(&rows.concat(), 9, &mut codes);
            for (at, row) in rows.iter().enumerate() {
                let rank = |pre: f32| if by == TopKBy::Magnitude { pre.abs() } else { pre };
                let mut order: Vec<usize> = (0..9).collect();
                order.sort_by(|&a, &b| rank(row[b]).partial_cmp(&rank(row[a])).unwrap());
                order.truncate(k);
                order.retain(|&latent| by != TopKBy::Positive || row[latent] > 0.0);
                order.sort_unstable();
                let expected: Vec<(u32, f32)> = order.into_iter().map(|latent| (latent as u32, row[latent])).collect();
                prop_assert_eq!(codes.row(at).collect::<Vec<_>>(), expected);
            }
        }
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
