//! The cell of a point: its active latents, and the formula for the selection that holds all over the cell.
//!
//! | formula | faces | leaves → enters |
//! | --- | --- | --- |
//! | thresholds (ReLU, JumpReLU) | `p_i = θ_i` for every i | i → none, none → i |
//! | signs (positive TopK with fewer than k active) | `p_i = 0` for every i | i → none, none → i |
//! | exchange (TopK) | `p_a = p_b`, by magnitude `σ_a p_a = ±p_b`, for a active, b not | a → b |
//! | the same, positive | also `p_a = 0` for a active | a → none |
//!
//! On each side of a face the gap, what the first exceeds the second by, is 0 or more.

use crate::sae::{Selection, TopK, TopKOrder};

/// How a point's cell is bounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Formula<'a> {
    /// Each latent by its own threshold, `[d_sae]`.
    Thresholds(&'a [f32]),
    /// Each latent by the sign of its pre-activation; so many more may be active.
    Signs {
        /// k less the number of active latents.
        free: usize,
    },
    /// Each active latent against each other one.
    Exchange {
        /// What is compared.
        order: TopKOrder,
        /// Whether an active latent must be above 0 besides.
        positive: bool,
    },
}

/// A point's cell.
#[derive(Debug)]
pub(super) struct Cell<'a> {
    /// Active latents, ascending.
    pub active: Vec<u32>,
    /// The same by latent, `[d_sae]`.
    pub is_active: Vec<bool>,
    /// Which faces it has.
    pub formula: Formula<'a>,
}

impl<'a> Cell<'a> {
    /// The cell of the point with these pre-activations.
    pub fn of(selection: &'a Selection<'_>, pre: &[f64]) -> Self {
        Self::towards(selection, pre, &[])
    }

    /// The cell into which the point moves whose pre-activations grow at these rates: those decide where the
    /// pre-activations alone are equal. Without rates, and where these are equal too, the lower latent comes first.
    pub fn towards(selection: &'a Selection<'_>, pre: &[f64], rates: &[f64]) -> Self {
        let rate = |latent: usize| rates.get(latent).copied().unwrap_or_default();
        let is_above = |latent: usize, threshold: f64| {
            pre[latent] > threshold || (pre[latent] == threshold && rate(latent) > 0.0)
        };
        let latents = 0..pre.len();
        let (is_active, formula) = match selection {
            Selection::Above(thresholds) => (
                latents.map(|i| is_above(i, f64::from(thresholds[i]))).collect::<Vec<_>>(),
                Formula::Thresholds(thresholds),
            ),
            Selection::Largest(TopK { k, order, positive_only }) => {
                let keys: Vec<(f64, f64)> = match order {
                    TopKOrder::Value => latents.map(|i| (pre[i], rate(i))).collect(),
                    TopKOrder::Magnitude => latents.map(|i| magnitude(pre[i], rate(i))).collect(),
                };
                let mut is_active = largest(&keys, *k);
                let mut free = 0;
                for (latent, active) in is_active.iter_mut().enumerate() {
                    if *positive_only && *active && !is_above(latent, 0.0) {
                        *active = false;
                        free += 1;
                    }
                }
                let exchange = Formula::Exchange { order: *order, positive: *positive_only };
                (is_active, if free == 0 { exchange } else { Formula::Signs { free } })
            }
        };
        let active = (0..).zip(&is_active).filter(|(_, active)| **active).map(|(latent, _)| latent).collect();
        Self { active, is_active, formula }
    }

    /// The other latents, ascending.
    pub fn inactive(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        (0..).zip(&self.is_active).filter(|(_, active)| !**active).map(|(latent, _)| latent)
    }
}

/// `|p|` and its rate.
fn magnitude(pre: f64, rate: f64) -> (f64, f64) {
    if pre == 0.0 { (0.0, rate.abs()) } else { (pre.abs(), sign(pre) * rate) }
}

/// 1, or −1 below 0.
pub(super) fn sign(value: f64) -> f64 {
    if value < 0.0 { -1.0 } else { 1.0 }
}

/// Which of the keys are the k largest; among equals the lower numbers.
fn largest(keys: &[(f64, f64)], k: usize) -> Vec<bool> {
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    if k < order.len() {
        order.select_nth_unstable_by(k - 1, |&a, &b| {
            let (left, right) = (keys[a as usize], keys[b as usize]);
            // Adding 0 makes −0 the 0 that it equals.
            let first = (right.0 + 0.0).total_cmp(&(left.0 + 0.0));
            first.then((right.1 + 0.0).total_cmp(&(left.1 + 0.0))).then(a.cmp(&b))
        });
        order.truncate(k);
    }
    let mut chosen = vec![false; keys.len()];
    order.into_iter().for_each(|latent| chosen[latent as usize] = true);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::{Activation, SparseCodes, TopKBy};

    /// The float64 selection is the float32 one of the engines, ties included.
    #[test]
    fn the_same_latents_are_active_as_in_the_engines() {
        let values = [0.0f32, -0.0, 1.0, -1.0, 2.0, -2.0];
        for code in 0..6usize.pow(4) {
            let pre: Vec<f32> = (0..4).map(|at| values[code / 6usize.pow(at) % 6]).collect();
            let wide: Vec<f64> = pre.iter().map(|&p| f64::from(p)).collect();
            let tops = [TopKBy::Magnitude, TopKBy::Value, TopKBy::Positive]
                .into_iter()
                .flat_map(|by| (1..=4).map(move |k| Activation::TopK { k, by }));
            for activation in tops.chain([Activation::Relu]) {
                let selection = activation.selection(4);
                let mut codes = SparseCodes::new(4);
                selection.select(&pre, 4, &mut codes);
                assert_eq!(Cell::of(&selection, &wide).active, codes.latents(), "{activation:?} {pre:?}");
            }
        }
    }
}
