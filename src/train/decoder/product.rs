//! Dense products in float64, packed and in pieces.
//!
//! Written here and not taken from a library because the same seed must give the same bits natively and in wasm: every
//! element is a sum in a fixed order without fused multiply-add, which no tuned library promises.

use super::Pause;
use super::strips::{Line, TILE};
use crate::error::Result;
use crate::memory::reserve;
use crate::simd::{F64x2, Kernel, widest};
use crate::threads::Threads;

/// Rows that a kernel computes at a time, of one strip: half of a CPU's 16 registers hold sums. Three and four rows and
/// tiles of 4 and 6 columns were no faster.
const ROWS: usize = 2;
/// Terms summed in registers before they are taken from the output: a tile of so many rows is 16 KB, in the first cache.
const DEPTH: usize = 256;
/// Strips that a thread takes at a time, at most.
const STRIPS: usize = 8;
/// Multiply-adds of a thread between two pauses, where a strip does not need more: 3 to 5 ms, at 7e9 and 4e9 a second.
const PIECE: usize = 20_000_000;

/// A strip of the right side of a product, and that of its output.
pub struct Strip<'a> {
    pub right: &'a [Line],
    pub out: &'a mut [Line],
}

/// The packed left side of a product, kept from one to the next.
pub struct Product {
    /// Groups of rows, term by term, for each [`DEPTH`] terms. The last group repeats its last row.
    left: Vec<[f64; ROWS]>,
    height: usize,
}

impl Product {
    /// With room for left sides of so many rows and terms at most.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`].
    pub fn new((height, depth): (usize, usize)) -> Result<Self> {
        let left = reserve("left side of a product", &[height.div_ceil(ROWS), depth])?;
        Ok(Self { left, height: 0 })
    }

    /// Takes `left(row, term)`, `[height, depth]`.
    pub fn pack(&mut self, (height, depth): (usize, usize), left: &dyn Fn(usize, usize) -> f64) {
        self.height = height;
        self.left.clear();
        for first in (0..depth).step_by(DEPTH) {
            let terms = first..(first + DEPTH).min(depth);
            for row in (0..height).step_by(ROWS) {
                let rows: [usize; ROWS] = std::array::from_fn(|i| (row + i).min(height - 1));
                self.left.extend(terms.clone().map(|term| rows.map(|row| left(row, term))));
            }
        }
    }

    /// `out[r, c] −= Σ_k left[r, k] · right[k, c]` for the columns of the strips, which have as many rows as the left side
    /// rows, and terms.
    ///
    /// # Errors
    /// What ends the pauses; if a thread ends.
    pub async fn subtract(&self, strips: &mut [Strip<'_>], pause: &mut dyn Pause) -> Result<()> {
        let threads = pause.threads();
        let groups = self.height.div_ceil(ROWS);
        for (at, left) in self.left.chunks(groups * DEPTH).enumerate() {
            let first = at * DEPTH;
            let terms = left.len() / groups;
            let most = (threads.count() * PIECE / (self.height * terms * TILE)).max(1);
            for strips in strips.chunks_mut(most) {
                for_each_part(strips, threads, |strips| {
                    widest(SubtractStrips { left, strips, first, terms })
                })?;
                pause.after((self.height * terms * strips.len() * TILE) as u64).await?;
            }
        }
        Ok(())
    }
}

/// A thread's piece of [`Product::subtract`]: some terms, of some strips.
struct SubtractStrips<'a, 'b> {
    left: &'a [[f64; ROWS]],
    strips: &'a mut [Strip<'b>],
    first: usize,
    terms: usize,
}

impl Kernel for SubtractStrips<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { left, strips, first, terms } = self;
        for Strip { right, out } in strips {
            let right = &right[first..first + terms];
            for (out, left) in out.chunks_mut(ROWS).zip(left.chunks_exact(terms)) {
                for (out, sum) in out.iter_mut().zip(tile_product(left, right)) {
                    out.0 = Tile::load(&out.0).minus(Tile::load(&sum)).numbers();
                }
            }
        }
    }
}

/// Shares strips out among threads in equal parts, as many for each thread.
///
/// # Errors
/// If a thread ends.
pub fn for_each_part<T: Send>(
    strips: &mut [T],
    threads: Threads,
    work: impl Fn(&mut [T]) + Sync,
) -> Result<()> {
    let size = part(strips.len(), threads.count());
    threads.for_each(strips.chunks_mut(size), work)
}

/// Size of the parts that so many strips are shared in.
fn part(strips: usize, threads: usize) -> usize {
    let parts = threads * strips.div_ceil(threads * STRIPS);
    strips.div_ceil(parts.max(1)).max(1)
}

/// In wasm a function by itself, since a browser optimises none that it is in the middle of: the first call of a loop over all
/// rows would take the time of several.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn tile_product(left: &[[f64; ROWS]], right: &[Line]) -> [[f64; TILE]; ROWS] {
    let mut sums = [Tile::zero(); ROWS];
    for (weights, row) in left.iter().zip(right) {
        let row = Tile::load(&row.0);
        for (sum, weight) in sums.iter_mut().zip(weights) {
            let weight = F64x2::splat(*weight);
            sum.0 = std::array::from_fn(|i| sum.0[i] + weight * row.0[i]);
        }
    }
    sums.map(Tile::numbers)
}

/// A row of a tile in registers.
#[derive(Clone, Copy)]
pub struct Tile([F64x2; TILE / 2]);

impl Tile {
    #[inline(always)]
    fn zero() -> Self {
        Self([F64x2::splat(0.0); TILE / 2])
    }

    #[inline(always)]
    pub fn load(from: &[f64; TILE]) -> Self {
        let pairs = from.as_chunks::<2>().0;
        Self(std::array::from_fn(|i| F64x2::load(&pairs[i])))
    }

    #[inline(always)]
    pub fn numbers(self) -> [f64; TILE] {
        bytemuck::must_cast(self.0.map(F64x2::lanes))
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }

    /// `self − weight · other`.
    #[inline(always)]
    pub fn less(self, weight: f64, other: &[f64; TILE]) -> Self {
        let (weight, other) = (F64x2::splat(weight), Self::load(other));
        Self(std::array::from_fn(|i| self.0[i] - weight * other.0[i]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::run_now;
    use crate::train::decoder::NoPause;
    use crate::train::decoder::strips::Strips;
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    #[test]
    fn every_thread_has_as_many_parts() {
        for threads in 1..5 {
            for strips in 1..40 {
                let size = part(strips, threads);
                assert!((1..=STRIPS).contains(&size), "{strips} strips, {threads} threads: {size}");
                let parts = strips.div_ceil(size);
                let least = strips.div_ceil(threads * STRIPS);
                assert!(parts <= threads * least, "{strips} strips, {threads} threads: {parts} parts");
            }
        }
        // 25 strips for two threads: 14 and 11, where parts of 8 would give 16 and 9.
        assert_eq!(part(25, 2), 7);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn agrees_with_nalgebra_on_every_shape(
            (height, depth, width) in (1usize..9, 0usize..600, 1usize..30),
        ) {
            let entry = |row: usize, col: usize| ((row * 31 + col * 17) % 23) as f64 - 11.0;
            let left = DMatrix::from_fn(height, depth, entry);
            let right = DMatrix::from_fn(depth, width, |row, col| entry(col, row));
            let expected = -(&left * &right);
            // nalgebra stores columns: the transpose of what is row-major here.
            let right = right.transpose().as_slice().to_vec();
            let strips = |matrix: Vec<f64>| {
                run_now(async { Strips::of("matrix", &matrix, width, &mut NoPause, &mut |_, _| {}).await })
            };
            let (right, mut out) = (strips(right).expect("fits"), strips(vec![0.0; height * width]).expect("fits"));
            let mut pairs: Vec<Strip<'_>> =
                right.strips().zip(out.strips_mut()).map(|(right, out)| Strip { right, out }).collect();
            let mut product = Product::new((height, depth)).expect("fits");
            product.pack((height, depth), &entry);
            prop_assert_eq!(run_now(async { product.subtract(&mut pairs, &mut NoPause).await }), Ok(()));
            for (row, col) in (0..height * width).map(|at| (at / width, at % width)) {
                prop_assert_eq!(out.at(row, col), expected[(row, col)], "row {}, column {}", row, col);
            }
        }
    }
}
