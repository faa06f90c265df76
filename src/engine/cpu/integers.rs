//! Vectors as 16-bit integers, each in a unit of its own.

use crate::simd::{Pair, dot, pair};

/// Norm that integers are scaled to: products of two such vectors fit into 32 bits, also after rounding.
const NORM: f32 = 46_000.0;
/// Magnitude that integers are scaled to at most.
const MOST: f32 = 32_760.0;
/// Norms of rows and latents whose product stays far from what float32 can hold.
pub const LARGEST_NORM: f32 = 1e15;

/// How a vector becomes integers.
#[derive(Debug, Default, Clone, Copy)]
pub struct Scale {
    /// Its length, or a little more.
    pub norm: f32,
    /// What the integer 1 stands for.
    pub unit: f32,
}

impl Scale {
    /// Of a vector.
    #[inline(never)]
    pub fn of(values: &[f32]) -> Self {
        // Squares of less than 1e-19 may be 0.
        let norm = 1.001 * dot(values, values).sqrt() + 1e-18 * (values.len() as f32).sqrt();
        Self { norm, unit: larger(norm / NORM, largest_magnitude(values) / MOST) }
    }

    /// Whether products of it stay within float32.
    pub fn is_usable(self) -> bool {
        self.norm <= LARGEST_NORM
    }
}

/// The larger of two numbers, neither of which is NaN: `f32::max` is a call in wasm.
pub fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// `max |value|`. As integers, whose order is the same, since the order of comparisons is free then.
pub fn largest_magnitude(values: &[f32]) -> f32 {
    f32::from_bits(values.iter().fold(0, |most, value| most.max(value.abs().to_bits())))
}

/// Writes numbers as pairs of integers, in units of `unit`: each with its neighbour, since where one of them differs from a
/// number that the row repeats, the other often does too. An odd last number is paired with 0.
#[inline(never)]
pub fn quantise(values: &[f32], unit: f32, out: &mut [Pair]) {
    let inverse = 1.0 / unit;
    let (pairs, last) = values.as_chunks::<2>();
    for (out, &[first, second]) in out.iter_mut().zip(pairs) {
        *out = pair([first * inverse, second * inverse]);
    }
    if let (Some(out), Some(last)) = (out.get_mut(pairs.len()), last.first()) {
        *out = pair([last * inverse, 0.0]);
    }
}
