//! The search for the k largest of a row.

use super::{SparseCodes, TopK, TopKOrder};
use crate::simd::{dot, for_each_set, not_below};

/// Beyond these a margin says nothing: no number is larger than the norm of its row, and rows differ by more than the least.
const LEAST_MARGIN: f32 = 1e-4;
const MOST_MARGIN: f32 = 1.0;

/// Finds the k largest of each of many rows. Most latents are far below them, and the k-th is a similar share of the norm in
/// rows that follow each other: so they are looked for among the latents above a little less than that share. Where those
/// are fewer than k, more are looked through: the outcome never depends on the bound, so that any rows may have been before.
///
/// Rows of MNIST (15 of 256) leave 16 to 40 candidates, and of MiniLM (32 of 1 536) mostly 32 to 80. The k-th of the row before
/// as a bound left up to all, more than 120 in most rows of MiniLM.
#[derive(Debug)]
pub struct Selector {
    /// What the k-th of a row is expected to be, in norms of the row.
    expected: f32,
    /// How far below it candidates are looked for first, in norms of the row.
    margin: f32,
    /// Latents of a row whose order is at or above `collected`, ascending, and what is left of rows before.
    candidates: Vec<u32>,
    /// Their orders.
    orders: Vec<i32>,
    collected: i32,
    /// Latents that may be among the k largest, ascending.
    listed: Vec<u32>,
}

impl Default for Selector {
    fn default() -> Self {
        Self {
            expected: 0.0,
            margin: 0.01,
            candidates: Vec::new(),
            orders: Vec::new(),
            collected: i32::MIN,
            listed: Vec::new(),
        }
    }
}

impl Selector {
    /// Appends the codes of one row.
    pub fn select(&mut self, top: TopK, row: &[f32], codes: &mut SparseCodes) {
        let Some((count, kth)) = self.collect_k(top, row) else { return codes.end_row() };
        let candidates = self.candidates[..count].iter().map(|&latent| (latent, row[latent as usize]));
        push_largest(candidates.zip(&self.orders[..count]), top, kth, codes);
    }

    /// Lists the latents that may be among the k largest of a row, of which each number is off by `error` at most.
    pub fn shortlist(&mut self, top: TopK, row: &[f32], error: f32) {
        self.listed.clear();
        let Some((mut count, kth)) = self.collect_k(top, row) else { return };
        // k numbers are at least the k-th less the error, and so is the k-th of the exact ones.
        let least = order_of(number_of(kth) - 2.0 * error);
        if least < self.collected {
            count = self.collect(top.order, row, least);
        }
        let mut listed = 0;
        self.listed.resize(count, 0);
        for (&latent, &order) in self.candidates[..count].iter().zip(&self.orders) {
            self.listed[listed] = latent;
            listed += usize::from(order >= least);
        }
        self.listed.truncate(listed);
    }

    /// What [`Selector::shortlist`] listed.
    pub fn listed(&self) -> &[u32] {
        &self.listed
    }

    /// Appends the codes of the row whose listed latents have these pre-activations.
    pub fn select_listed(&mut self, top: TopK, pre: &[f32], codes: &mut SparseCodes) {
        let orders = &mut self.orders[..pre.len()];
        orders.iter_mut().zip(pre).for_each(|(order, pre)| *order = order_of(top.order.compared(*pre)));
        let Some(at) = top.k.min(pre.len()).checked_sub(1) else { return codes.end_row() };
        let kth = kth_largest(orders, at);
        let listed = self.listed.iter().copied().zip(pre.iter().copied());
        push_largest(listed.zip(&self.orders[..pre.len()]), top, kth, codes);
    }

    /// Collects candidates, at least k; returns their number and the k-th order.
    fn collect_k(&mut self, top: TopK, row: &[f32]) -> Option<(usize, i32)> {
        let at = top.k.min(row.len()).checked_sub(1)?;
        self.candidates.resize(row.len(), 0);
        self.orders.resize(row.len(), 0);
        let norm = dot(row, row).sqrt();
        let mut count = self.collect(top.order, row, order_of(norm * (self.expected - self.margin)));
        if count <= at {
            self.margin = (1.5 * self.margin).min(MOST_MARGIN);
            count = self.collect(top.order, row, order_of(norm * (self.expected - 2.0 * self.margin)));
        } else if count > 2 * top.k {
            self.margin = (0.95 * self.margin).max(LEAST_MARGIN);
        }
        if count <= at {
            count = self.collect(top.order, row, i32::MIN);
        }
        let kth = kth_largest(&self.orders[..count], at);
        let change = number_of(kth) / norm - self.expected;
        if change.is_finite() {
            self.expected += change / 8.0;
        }
        Some((count, kth))
    }

    /// Writes the latents at or above the bound; returns their number. Most are below it: many at a time are compared with it,
    /// as numbers, and only those that are not below it are looked at one by one.
    fn collect(&mut self, order: TopKOrder, row: &[f32], bound: i32) -> usize {
        self.collected = bound;
        // A bound that is no number has none below it.
        let number = number_of(bound);
        let (candidates, orders) = (&mut self.candidates, &mut self.orders);
        let mut count = 0;
        let mask = |block: &_| not_below(block, number, order == TopKOrder::Magnitude);
        for_each_set(row, mask, |latent| {
            let order = order_of(order.compared(row[latent]));
            candidates[count] = latent as u32;
            orders[count] = order;
            count += usize::from(order >= bound);
        });
        count
    }
}

/// Appends a row's codes: those above the k-th order, and of those that equal it the first, until they are k.
fn push_largest<'a>(
    candidates: impl ExactSizeIterator<Item = ((u32, f32), &'a i32)> + Clone,
    top: TopK,
    kth: i32,
    codes: &mut SparseCodes,
) {
    let above = candidates.clone().filter(|(_, order)| **order > kth).count();
    let mut equal = top.k.saturating_sub(above);
    codes.push_row(candidates.map(|((latent, pre), &order)| {
        let takes_equal = (order == kth) & (equal > 0);
        equal -= usize::from(takes_equal);
        let is_largest = (order > kth) | takes_equal;
        (latent, pre, is_largest & (!top.positive_only | (pre > 0.0)))
    }));
}

/// Up to so many numbers are compared each with all, which takes no branch that a CPU cannot predict.
const COMPARED: usize = 64;

/// The number that stands at place `at` if the largest is first.
fn kth_largest(numbers: &[i32], at: usize) -> i32 {
    if numbers.len() > COMPARED {
        return kth_largest_of_many(numbers, at);
    }
    let mut kth = i32::MAX;
    for some in numbers.chunks(16) {
        // None is below the least: what fills the last block changes nothing.
        let (mut block, mut larger) = ([i32::MIN; 16], [0; 16]);
        block[..some.len()].copy_from_slice(some);
        for &number in numbers {
            for (larger, own) in larger.iter_mut().zip(block) {
                *larger += i32::from(number > own);
            }
        }
        for (larger, own) in larger.into_iter().zip(block) {
            kth = if larger as usize <= at { kth.min(own) } else { kth };
        }
    }
    kth
}

/// The same by halving the range in which it lies.
fn kth_largest_of_many(numbers: &[i32], at: usize) -> i32 {
    let (mut least, mut most) = (i32::MIN, i32::MAX);
    while least < most {
        // The upper half is from here on.
        let middle = ((i64::from(least) + i64::from(most) + 1) >> 1) as i32;
        if numbers.iter().filter(|number| **number >= middle).count() > at {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    least
}

/// A number whose order is that of the floats; −0 and 0 have the same.
fn order_of(value: f32) -> i32 {
    turned((value + 0.0).to_bits() as i32)
}

/// The float of this order.
fn number_of(order: i32) -> f32 {
    f32::from_bits(turned(order) as u32)
}

/// All bits but the sign turned where it is set. Twice it changes nothing.
fn turned(bits: i32) -> i32 {
    bits ^ (bits >> 31 & i32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Long rows, of which some numbers are none, against the orders of all latents; the bound is one of them, next to one, or anything.
        #[test]
        fn candidates_are_all_at_or_above_the_bound(
            bits in prop::collection::vec(prop_oneof![any::<u32>(), 0x3f00_0000..0x4100_0000u32], 1..70),
            bound: i32,
            near in 0..4usize,
            order in prop::sample::select(vec![TopKOrder::Magnitude, TopKOrder::Value]),
        ) {
            let row: Vec<f32> = bits.iter().map(|bits| f32::from_bits(*bits)).collect();
            let orders: Vec<i32> = row.iter().map(|pre| order_of(order.compared(*pre))).collect();
            let bound = if near == 0 { bound } else { orders[near % orders.len()].wrapping_add(near as i32).wrapping_sub(2) };
            let mut selector = Selector {
                candidates: vec![0; row.len()],
                orders: vec![0; row.len()],
                ..Selector::default()
            };
            let count = selector.collect(order, &row, bound);
            let expected = (0..).zip(orders).filter(|(_, order)| *order >= bound);
            let (latents, orders): (Vec<u32>, Vec<i32>) = expected.unzip();
            prop_assert_eq!(&selector.candidates[..count], &latents[..]);
            prop_assert_eq!(&selector.orders[..count], &orders[..]);
        }
    }

    proptest! {
        /// What a selector has seen before, of whatever width and scale, changes no code.
        #[test]
        fn rows_before_change_nothing(
            rows in prop::collection::vec((prop::collection::vec(any::<u32>(), 1..90), 1..12usize, any::<bool>()), 1..12),
        ) {
            let mut used = Selector::default();
            for (bits, k, positive_only) in rows {
                let row: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
                let order = if k % 2 == 0 { TopKOrder::Magnitude } else { TopKOrder::Value };
                let top = TopK { k, order, positive_only };
                let codes = |selector: &mut Selector| {
                    let mut codes = SparseCodes::new(row.len());
                    selector.select(top, &row, &mut codes);
                    codes.row(0).map(|(latent, z)| (latent, z.to_bits())).collect::<Vec<_>>()
                };
                prop_assert_eq!(codes(&mut used), codes(&mut Selector::default()));
            }
        }

        /// Few and many, of which several are equal, against sorting.
        #[test]
        fn the_kth_largest_is_what_sorting_finds(
            numbers in prop::collection::vec(prop_oneof![any::<i32>(), -3..3i32, Just(i32::MIN), Just(i32::MAX)], 1..150),
            at: prop::sample::Index,
        ) {
            let at = at.index(numbers.len());
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            prop_assert_eq!(kth_largest(&numbers, at), sorted[numbers.len() - 1 - at]);
        }
    }
}
