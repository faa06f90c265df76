//! Four float32 or two float64 lanes: the one place that knows a CPU's instructions.
//!
//! Only operations whose every lane IEEE 754 defines exactly, and no fused multiply-add, so that wasm and the plain
//! arrays that native compilers turn into their own registers give the same bits.

mod pairs;

use std::ops::{Add, Mul, Sub};

pub use pairs::{Pair, pair, pair_products};

#[cfg(target_arch = "wasm32")]
use std::arch::wasm32 as arch;

#[cfg(target_arch = "wasm32")]
type Register = arch::v128;
#[cfg(not(target_arch = "wasm32"))]
type Register = [f32; 4];

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

    /// Lanes from memory. The compiler makes one load of it.
    #[inline(always)]
    pub fn load(from: &[f32; 4]) -> Self {
        let [a, b, c, d] = *from;
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f32x4(a, b, c, d));
        #[cfg(not(target_arch = "wasm32"))]
        return Self([a, b, c, d]);
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
    pub fn load(from: [f64; 2]) -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(arch::f64x2(from[0], from[1]));
        #[cfg(not(target_arch = "wasm32"))]
        return Self(from);
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
    let from = &from[..4 * N];
    std::array::from_fn(|i| F32x4::load(&[from[4 * i], from[4 * i + 1], from[4 * i + 2], from[4 * i + 3]]))
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
    fn dot_agrees_with_float64_on_every_tail_length() {
        for n in 0..70 {
            let a: Vec<f32> = (0..n).map(|i| 0.1 * i as f32 - 1.3).collect();
            let b: Vec<f32> = (0..n).map(|i| 2.0 - 0.07 * i as f32).collect();
            let exact: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            assert!((f64::from(dot(&a, &b)) - exact).abs() < 1e-4, "{n}");
        }
    }
}
