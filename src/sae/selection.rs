//! Which latents of a row are active: the rule behind every activation, stated once.
//!
//! The match on [`Selection`] is exhaustive wherever the rule matters (both engines, slices, margins, file formats), so
//! that the compiler lists what a new activation must touch.

use std::borrow::Cow;

use super::SparseCodes;
use crate::simd::{for_each_set, not_below};

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
    fn compared(self, pre: f32) -> f32 {
        match self {
            Self::Magnitude => pre.abs(),
            Self::Value => pre,
        }
    }
}

impl Selection<'_> {
    /// Appends the codes of rows of pre-activations `pre [rows, d_sae]` to `codes`.
    pub fn select(&self, pre: &[f32], d_sae: usize, codes: &mut SparseCodes) {
        match self {
            Self::Above(thresholds) => {
                for row in pre.chunks_exact(d_sae) {
                    codes.push_row(
                        row.iter().zip(&**thresholds).map(|(&pre, &threshold)| (pre, pre > threshold)),
                    );
                }
            }
            Self::Largest(top) => {
                let mut selector = Selector::new(*top, d_sae);
                pre.chunks_exact(d_sae).for_each(|row| selector.select(row, codes));
            }
        }
    }
}

/// Finds the k largest of each of many rows. Most latents are far below them, and rows that follow each other are alike: so
/// those are looked for among the latents not far below the k-th of the row before. Where they are fewer than k, all are
/// looked through: the outcome never depends on the bound.
pub(crate) struct Selector {
    top: TopK,
    /// Below this order nothing is looked for first.
    bound: u32,
    /// Keys of the latents of a row whose order is at or above `collected`, in the order of their index, and what is left of
    /// rows before.
    candidates: Vec<u64>,
    collected: u32,
    scratch: Vec<u64>,
    /// Latents that may be among the k largest, ascending.
    listed: Vec<u32>,
}

impl Selector {
    /// How far below the last k-th order the bound is: half an exponent, a factor of about 0.7.
    const MARGIN: u32 = 1 << 22;

    pub fn new(top: TopK, d_sae: usize) -> Self {
        let scratch = Vec::with_capacity(d_sae);
        Self { top, bound: 0, candidates: vec![0; d_sae], collected: 0, scratch, listed: Vec::new() }
    }

    /// Appends the codes of one row.
    fn select(&mut self, row: &[f32], codes: &mut SparseCodes) {
        let Some((count, last)) = self.kth(row) else { return codes.end_row() };
        for latent in self.candidates[..count].iter().filter(|key| **key <= last).map(|key| *key as u32) {
            self.push((latent, row[latent as usize]), codes);
        }
        codes.end_row();
    }

    /// Lists the latents that may be among the k largest of a row, of which each number is off by `error` at most.
    pub fn shortlist(&mut self, row: &[f32], error: f32) {
        self.listed.clear();
        let Some((mut count, last)) = self.kth(row) else { return };
        // k numbers are at least the k-th less the error, and so is the k-th of the exact ones.
        let kth = self.top.order.compared(row[last as u32 as usize]);
        let least = ordered_bits(kth - 2.0 * error);
        if least < self.collected {
            count = self.collect(row, least);
        }
        let candidates = self.candidates[..count].iter();
        self.listed.extend(candidates.filter(|key| order_of(**key) >= least).map(|key| *key as u32));
    }

    /// What [`Selector::shortlist`] listed.
    pub fn listed(&self) -> &[u32] {
        &self.listed
    }

    /// Appends the codes of the row whose listed latents have these pre-activations.
    pub fn select_listed(&mut self, pre: &[f32], codes: &mut SparseCodes) {
        let order = self.top.order;
        let key = |(&latent, &pre): (&u32, &f32)| key(ordered_bits(order.compared(pre)), latent as usize);
        self.scratch.clear();
        self.scratch.extend(self.listed.iter().zip(pre).map(key));
        let Some(at) = self.top.k.min(pre.len()).checked_sub(1) else { return codes.end_row() };
        let last = *self.scratch.select_nth_unstable(at).1;
        for (latent, pre) in self.listed.iter().zip(pre).filter(|entry| key(*entry) <= last) {
            self.push((*latent, *pre), codes);
        }
        codes.end_row();
    }

    fn push(&self, (latent, pre): (u32, f32), codes: &mut SparseCodes) {
        if !self.top.positive_only || pre > 0.0 {
            codes.push(latent, pre);
        }
    }

    /// Collects candidates, at least k; returns their number and the key of the k-th.
    fn kth(&mut self, row: &[f32]) -> Option<(usize, u64)> {
        let at = self.top.k.min(row.len()).checked_sub(1)?;
        let mut count = self.collect(row, self.bound);
        if count <= at {
            count = self.collect(row, 0);
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.candidates[..count]);
        let last = *self.scratch.select_nth_unstable(at).1;
        self.bound = order_of(last).saturating_sub(Self::MARGIN);
        Some((count, last))
    }

    /// Writes the keys of latents at or above the bound; returns their number. Most are below it: several at a time are
    /// compared with it, as numbers, and only those that are not below it are looked at one by one.
    fn collect(&mut self, row: &[f32], bound: u32) -> usize {
        self.collected = bound;
        // A bound that is no number has none below it.
        let number = number_of(bound);
        let (order, candidates, mut count) = (self.top.order, &mut self.candidates, 0);
        let mask = |block: &_| not_below(block, number, order == TopKOrder::Magnitude);
        for_each_set(row, mask, |latent| {
            let order = ordered_bits(order.compared(row[latent]));
            candidates[count] = key(order, latent);
            count += usize::from(order >= bound);
        });
        count
    }
}

/// A larger order gives a smaller key, and among equal ones the lower index wins.
fn key(order: u32, latent: usize) -> u64 {
    (u64::from(!order) << 32) | latent as u64
}

fn order_of(key: u64) -> u32 {
    !((key >> 32) as u32)
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

/// The bit of the sign.
const SIGN: u32 = 1 << 31;

/// Bits whose unsigned order is the order of the numbers; −0 and 0 are equal.
fn ordered_bits(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    // All bits turned where the sign is set, else the sign alone.
    bits ^ ((bits as i32 >> 31) as u32 | SIGN)
}

/// The number of these ordered bits.
fn number_of(order: u32) -> f32 {
    f32::from_bits(if order & SIGN == 0 { !order } else { order ^ SIGN })
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

    proptest! {
        /// Long rows, of which some numbers are none, against keys of all latents; the bound is that of the row before.
        #[test]
        fn candidates_are_all_at_or_above_the_bound(
            bits in prop::collection::vec(prop_oneof![any::<u32>(), 0x3f00_0000..0x4100_0000u32], 1..70),
            bound: u32,
            near in 0..4usize,
            order in prop::sample::select(vec![TopKOrder::Magnitude, TopKOrder::Value]),
        ) {
            let row: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
            let orders: Vec<u32> = row.iter().map(|pre| ordered_bits(order.compared(*pre))).collect();
            let bound = if near == 0 { bound } else { orders[near % orders.len()].wrapping_add(near as u32).wrapping_sub(2) };
            let mut selector = Selector::new(TopK { k: 1, order, positive_only: false }, row.len());
            let count = selector.collect(&row, bound);
            let expected: Vec<u64> = orders
                .iter()
                .enumerate()
                .filter(|(_, order)| **order >= bound)
                .map(|(latent, order)| key(*order, latent))
                .collect();
            prop_assert_eq!(&selector.candidates[..count], &expected[..]);
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
