//! Four float32 or two float64 lanes: the one place that knows a CPU's instructions.
//!
//! Only operations whose every lane IEEE 754 defines exactly, and no fused multiply-add, so that wasm and the plain
//! arrays that native compilers turn into their own registers give the same bits.

mod pairs;

use std::ops::{Add, Mul, Sub};

pub use pairs::{Pair, pair, pair_products, sparse_pair_products};

#[cfg(target_arch = "wasm32")]
use std::arch::wasm32 as arch;

#[cfg(target_arch = "wasm32")]
type Register = arch::v128;
#[cfg(not(target_arch = "wasm32"))]
type Register = [f32; 4];

/// Reads a register. Put together from its lanes it would be read as well, but only of this are the distances of several
/// from one pointer part of their instructions: a loop like that of [`pair_products`] is 7 % quicker in Node 20.
#[cfg(target_arch = "wasm32")]
#[inline(always)]
fn load_register<T: bytemuck::NoUninit, const N: usize>(from: &[T; N]) -> arch::v128 {
    const { assert!(size_of::<[T; N]>() == 16) };
    // SAFETY: there are 16 initialised bytes to read, which need not be aligned.
    unsafe { arch::v128_load(from.as_ptr().cast()) }
}

/// Four float32 numbers.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F32x4(Register);

impl F32x4 {
    /// All lanes 0.
    #[inline(always)]
    pub fn zero() -> Self {
        Self::splat(0.0)
    }

    /// The same number in all lanes.
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f32x4_splat(value));
        #[cfg(not(target_arch = "wasm32"))]
        return Self([value; 4]);
    }

    /// Lanes from memory.
    #[inline(always)]
    pub fn load(from: &[f32; 4]) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(load_register(from));
        #[cfg(not(target_arch = "wasm32"))]
        return Self(*from);
    }

    /// The four lanes.
    #[inline(always)]
    pub fn lanes(self) -> [f32; 4] {
        bytemuck::must_cast(self.0)
    }

    /// Sum of the lanes in a fixed order.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.lanes();
        (a + c) + (b + d)
    }
}

impl Add for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f32x4_add(self.0, other.0));
        #[cfg(not(target_arch = "wasm32"))]
        return Self(std::array::from_fn(|i| self.0[i] + other.0[i]));
    }
}

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f32x4_mul(self.0, other.0));
        #[cfg(not(target_arch = "wasm32"))]
        return Self(std::array::from_fn(|i| self.0[i] * other.0[i]));
    }
}

#[cfg(target_arch = "wasm32")]
type DoubleRegister = arch::v128;
#[cfg(not(target_arch = "wasm32"))]
type DoubleRegister = [f64; 2];

/// Two float64 numbers.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct F64x2(DoubleRegister);

impl F64x2 {
    /// The same number in both lanes.
    #[inline(always)]
    pub fn splat(value: f64) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f64x2_splat(value));
        #[cfg(not(target_arch = "wasm32"))]
        return Self([value; 2]);
    }

    /// Lanes from memory.
    #[inline(always)]
    pub fn load(from: &[f64; 2]) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(load_register(from));
        #[cfg(not(target_arch = "wasm32"))]
        return Self(*from);
    }

    /// The two lanes.
    #[inline(always)]
    pub fn lanes(self) -> [f64; 2] {
        bytemuck::must_cast(self.0)
    }
}

impl Add for F64x2 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f64x2_add(self.0, other.0));
        #[cfg(not(target_arch = "wasm32"))]
        return Self(std::array::from_fn(|i| self.0[i] + other.0[i]));
    }
}

impl Sub for F64x2 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f64x2_sub(self.0, other.0));
        #[cfg(not(target_arch = "wasm32"))]
        return Self(std::array::from_fn(|i| self.0[i] - other.0[i]));
    }
}

impl Mul for F64x2 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f64x2_mul(self.0, other.0));
        #[cfg(not(target_arch = "wasm32"))]
        return Self(std::array::from_fn(|i| self.0[i] * other.0[i]));
    }
}

/// Numbers or bytes of which [`not_below`], [`nonzero`] and [`differing`] make a mask.
pub const LANES: usize = 16;

/// A bit for each number, or its magnitude, that is not below the bound; for each, if that is NaN.
#[inline(always)]
pub fn not_below(values: &[f32; LANES], bound: f32, magnitude: bool) -> u32 {
    #[cfg(target_arch = "wasm32")]
    {
        let sign = if magnitude { arch::f32x4_splat(-0.0) } else { arch::f32x4_splat(0.0) };
        let bound = arch::f32x4_splat(bound);
        let below = values.as_chunks::<4>().0.iter().enumerate().map(|(at, values)| {
            let values = arch::v128_andnot(load_register(values), sign);
            u32::from(arch::i32x4_bitmask(arch::f32x4_lt(values, bound))) << (4 * at)
        });
        !below.fold(0, |all, some| all | some) & 0xffff
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let is_below = |value: f32| (if magnitude { value.abs() } else { value }) < bound;
        lane_mask(values, |value| !is_below(*value))
    }
}

/// A bit for each byte that is not 0.
#[inline(always)]
pub fn nonzero(bytes: &[u8; LANES]) -> u32 {
    #[cfg(target_arch = "wasm32")]
    return u32::from(arch::i8x16_bitmask(arch::i8x16_ne(load_register(bytes), arch::i8x16_splat(0))));
    #[cfg(not(target_arch = "wasm32"))]
    lane_mask(bytes, |byte| *byte != 0)
}

/// A bit for each pair that is another than this.
#[inline(always)]
pub fn differing(pairs: &[Pair; LANES], from: Pair) -> u32 {
    #[cfg(target_arch = "wasm32")]
    {
        let from = arch::i32x4_splat(from);
        let equal = pairs.as_chunks::<4>().0.iter().enumerate().map(|(at, pairs)| {
            u32::from(arch::i32x4_bitmask(arch::i32x4_eq(load_register(pairs), from))) << (4 * at)
        });
        !equal.fold(0, |all, some| all | some) & 0xffff
    }
    #[cfg(not(target_arch = "wasm32"))]
    lane_mask(pairs, |pair| *pair != from)
}

#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
fn lane_mask<T>(values: &[T; LANES], is_set: impl Fn(&T) -> bool) -> u32 {
    values.iter().enumerate().fold(0, |mask, (at, value)| mask | u32::from(is_set(value)) << at)
}

/// Calls `visit` with the places of values whose bit the mask of their [`LANES`] has set, in order; of a rest too short for
/// a mask, with all. Masks are put together first: how often a loop over one mask's bits goes round is a branch that a CPU
/// cannot predict.
#[inline(always)]
pub fn for_each_set<T>(values: &[T], mask: impl Fn(&[T; LANES]) -> u32, mut visit: impl FnMut(usize)) {
    for (from, block) in (0..).step_by(4 * LANES).zip(values.chunks(4 * LANES)) {
        let (lanes, rest) = block.as_chunks::<LANES>();
        let rest = ((1u64 << rest.len()) - 1).unbounded_shl((LANES * lanes.len()) as u32);
        let masks = lanes.iter().enumerate().map(|(at, lanes)| u64::from(mask(lanes)) << (LANES * at));
        let mut left = masks.fold(rest, |all, some| all | some);
        while left != 0 {
            visit(from + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

/// Four registers as columns.
#[inline(always)]
pub fn transpose([a, b, c, d]: [F32x4; 4]) -> [F32x4; 4] {
    #[cfg(target_arch = "wasm32")]
    {
        use arch::i32x4_shuffle as shuffle;
        let (ac_low, ac_high) = (shuffle::<0, 4, 1, 5>(a.0, c.0), shuffle::<2, 6, 3, 7>(a.0, c.0));
        let (bd_low, bd_high) = (shuffle::<0, 4, 1, 5>(b.0, d.0), shuffle::<2, 6, 3, 7>(b.0, d.0));
        [
            F32x4(shuffle::<0, 4, 1, 5>(ac_low, bd_low)),
            F32x4(shuffle::<2, 6, 3, 7>(ac_low, bd_low)),
            F32x4(shuffle::<0, 4, 1, 5>(ac_high, bd_high)),
            F32x4(shuffle::<2, 6, 3, 7>(ac_high, bd_high)),
        ]
    }
    #[cfg(not(target_arch = "wasm32"))]
    std::array::from_fn(|i| F32x4([a.0[i], b.0[i], c.0[i], d.0[i]]))
}

/// `N` registers from `4·N` consecutive numbers.
#[inline(always)]
pub fn load<const N: usize>(from: &[[f32; 4]; N]) -> [F32x4; N] {
    std::array::from_fn(|i| F32x4::load(&from[i]))
}

/// `N` registers from the first `4·N` numbers of a slice.
///
/// # Panics
/// If the slice is shorter.
#[inline(always)]
pub fn load_first<const N: usize>(from: &[f32]) -> [F32x4; N] {
    let from = from[..4 * N].as_chunks::<4>().0;
    std::array::from_fn(|i| F32x4::load(&from[i]))
}

/// Work that [`widest`] compiles for more than one kind of CPU. [`Kernel::run`] and all that it calls must be inlined
/// always: a function that is not is compiled for the least of them.
pub trait Kernel {
    /// What comes out.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// Runs a kernel with the widest registers that this CPU has. They change no bit: no lane knows of its neighbours, and
/// multiplications and additions stay apart.
#[inline(always)]
pub fn widest<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: this CPU has AVX2.
        return unsafe { with_avx2(kernel) };
    }
    kernel.run()
}

/// Without it x86-64 has registers of four float32, and instructions that overwrite one of their operands, so that tiles
/// made for a browser's registers do not fit.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// `Σ a·b`. Sixteen partial sums whatever the machine, then the tail: always the same bits.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    widest(Dot(a, b))
}

struct Dot<'a>(&'a [f32], &'a [f32]);

impl Kernel for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        inline_dot(self.0, self.1)
    }
}

#[inline(always)]
fn inline_dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_tail) = a.as_chunks::<16>();
    let (b_blocks, b_tail) = b.as_chunks::<16>();
    let mut sums = [F32x4::zero(); 4];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        let (a, b): ([F32x4; 4], [F32x4; 4]) = (load_first(a), load_first(b));
        sums = std::array::from_fn(|i| sums[i] + a[i] * b[i]);
    }
    let blocks = ((sums[0] + sums[1]) + (sums[2] + sums[3])).sum();
    a_tail.iter().zip(b_tail).fold(blocks, |sum, (a, b)| sum + a * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_have_a_bit_for_each_lane() {
        let values: [f32; LANES] = std::array::from_fn(|i| if i == 3 { f32::NAN } else { i as f32 - 8.0 });
        let mask = |wanted: fn(f32) -> bool| {
            (0..LANES).filter(|&i| wanted(values[i])).fold(0, |mask, i| mask | 1 << i)
        };
        assert_eq!(not_below(&values, 1.0, false), mask(|v| v.is_nan() || v >= 1.0));
        assert_eq!(not_below(&values, 5.0, true), mask(|v| v.is_nan() || v.abs() >= 5.0));
        assert_eq!(not_below(&values, f32::NAN, true), 0xffff);
        let bytes: [u8; LANES] = std::array::from_fn(|i| [0, 1, 255, 0, 128][i % 5]);
        for len in [0, 5, LANES, 40] {
            let numbers: Vec<u8> = (0..len).map(|i| (i % 3) as u8).collect();
            let whole = len / LANES * LANES;
            let mut places = Vec::new();
            for_each_set(&numbers, nonzero, |at| places.push(at));
            let expected: Vec<usize> = (0..len).filter(|&i| i >= whole || numbers[i] != 0).collect();
            assert_eq!(places, expected, "{len}");
        }
        let pairs: [Pair; LANES] = std::array::from_fn(|i| [7, -7, 7 << 16, 7][i % 4]);
        assert_eq!(
            differing(&pairs, 7),
            (0..LANES).filter(|&i| pairs[i] != 7).fold(0, |mask, i| mask | 1 << i)
        );
        assert_eq!(nonzero(&bytes), (0..LANES).filter(|&i| bytes[i] != 0).fold(0, |mask, i| mask | 1 << i));
    }

    #[test]
    fn dot_agrees_with_float64_on_every_tail_length() {
        for n in 0..70 {
            let a: Vec<f32> = (0..n).map(|i| 0.1 * i as f32 - 1.3).collect();
            let b: Vec<f32> = (0..n).map(|i| 2.0 - 0.07 * i as f32).collect();
            let exact: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            assert!((f64::from(dot(&a, &b)) - exact).abs() < 1e-4, "{n}");
        }
    }
}
