//! Dense products in float64, packed and in pieces.
//!
//! Written here and not taken from a library because the same seed must give the same bits natively and in wasm: every
//! element is a sum in a fixed order without fused multiply-add, which no tuned library promises.

use std::ops::Range;

use super::Pause;
use crate::error::Result;
use crate::simd::{F64x2, Kernel, widest};

/// Columns that a kernel computes at a time: a cache line of the right side.
pub const TILE: usize = 8;
/// Rows that it computes at a time: with the tile, half of a CPU's 16 registers hold sums. Three and four rows and
/// tiles of 4 and 6 columns were no faster.
const ROWS: usize = 2;
/// Terms summed in registers before they are taken from the output: a tile of so many rows is 16 KB, in the first cache.
const DEPTH: usize = 256;
/// Columns that a thread takes at a time, at most.
pub const COLUMNS: usize = 8 * TILE;
/// Multiply-adds of a thread between two pauses, where a tile does not need more: 3 to 5 ms, at 7e9 and 4e9 a second.
const PIECE: usize = 20_000_000;

/// The left side of a product, a part of a larger row-major matrix whose rows are `stride` numbers apart.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    /// From the first element on.
    pub values: &'a [f64],
    pub stride: usize,
    /// Whether the part is to be transposed.
    pub transposed: bool,
}

/// The packed left side of a product, kept from one to the next.
#[derive(Default)]
pub struct Product {
    left: Vec<[f64; ROWS]>,
}

impl Product {
    /// `out[r, c] −= Σ_k left[r, k] · right[k, c]` for `c` in `cols`; `out [R, width]`, `left [R, K]`,
    /// `right [K, width]`.
    ///
    /// # Errors
    /// What ends the pauses; if a thread ends.
    pub async fn subtract(
        &mut self,
        out: &mut [f64],
        left: Left<'_>,
        right: &[f64],
        width: usize,
        cols: Range<usize>,
        pause: &mut dyn Pause,
    ) -> Result<()> {
        let (height, depth) = (out.len() / width, right.len() / width);
        let threads = pause.threads();
        for first in (0..depth).step_by(DEPTH) {
            let terms = first..(first + DEPTH).min(depth);
            self.pack_left(left, height, terms.clone());
            let right = &right[terms.start * width..terms.end * width];
            let tiles = (threads.count() * PIECE / (height * terms.len() * TILE)).max(1);
            for from in cols.clone().step_by(tiles * TILE) {
                let piece = from..(from + tiles * TILE).min(cols.end);
                let parts = columns(out, width, piece.clone(), part(piece.len(), threads.count()));
                threads.for_each(parts.into_iter(), |out| {
                    widest(SubtractColumns { product: self, out, right, width });
                })?;
                pause.after((height * terms.len() * piece.len()) as u64).await?;
            }
        }
        Ok(())
    }

    /// Groups of rows, term by term; the last group repeats its last row.
    fn pack_left(&mut self, left: Left<'_>, height: usize, terms: Range<usize>) {
        let Left { values, stride, transposed } = left;
        let (to_row, to_term) = if transposed { (1, stride) } else { (stride, 1) };
        self.left.clear();
        for row in (0..height).step_by(ROWS) {
            let rows: [usize; ROWS] = std::array::from_fn(|i| (row + i).min(height - 1));
            self.left.extend(terms.clone().map(|term| rows.map(|row| values[row * to_row + term * to_term])));
        }
    }

    #[inline(always)]
    fn subtract_columns(&self, mut out: Columns<'_>, right: &[f64], width: usize) {
        let mut packed = Vec::with_capacity(DEPTH);
        let count = out.rows.first().map_or(0, |row| row.len());
        for col in (0..count).step_by(TILE) {
            let cols = col..(col + TILE).min(count);
            pack_right(&mut packed, right, width, out.first + cols.start..out.first + cols.end);
            let groups = self.left.chunks_exact(packed.len());
            for (out, left) in out.rows.chunks_mut(ROWS).zip(groups) {
                let sums = tile_product(left, &packed);
                for (out, sum) in out.iter_mut().zip(&sums) {
                    out[cols.clone()].iter_mut().zip(sum).for_each(|(out, sum)| *out -= sum);
                }
            }
        }
    }
}

/// A thread's piece of [`Product::subtract`].
struct SubtractColumns<'a> {
    product: &'a Product,
    out: Columns<'a>,
    right: &'a [f64],
    width: usize,
}

impl Kernel for SubtractColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.product.subtract_columns(self.out, self.right, self.width);
    }
}

/// Some columns of a row-major matrix.
pub struct Columns<'a> {
    /// The first of them.
    pub first: usize,
    /// Their part of each row.
    pub rows: Vec<&'a mut [f64]>,
}

/// The columns `cols` of `matrix [_, width]` in pieces of `size`, for threads to share.
pub fn columns(matrix: &mut [f64], width: usize, cols: Range<usize>, size: usize) -> Vec<Columns<'_>> {
    let mut pieces: Vec<Columns<'_>> =
        cols.clone().step_by(size).map(|first| Columns { first, rows: Vec::new() }).collect();
    for row in matrix.chunks_exact_mut(width) {
        for (piece, part) in pieces.iter_mut().zip(row[cols.clone()].chunks_mut(size)) {
            piece.rows.push(part);
        }
    }
    pieces
}

/// Size of the parts that so many columns are shared in, whole tiles and as many parts for each thread.
fn part(columns: usize, threads: usize) -> usize {
    let parts = threads * columns.div_ceil(threads * COLUMNS);
    columns.div_ceil(parts.max(1)).next_multiple_of(TILE)
}

/// A tile of columns, term by term, filled up with zeros.
#[inline(always)]
fn pack_right(packed: &mut Vec<[f64; TILE]>, right: &[f64], width: usize, cols: Range<usize>) {
    packed.clear();
    packed.extend(right.chunks_exact(width).map(|row| {
        let row = &row[cols.clone()];
        match row.first_chunk() {
            Some(tile) => *tile,
            None => std::array::from_fn(|i| row.get(i).copied().unwrap_or(0.0)),
        }
    }));
}

/// In wasm a function by itself, since a browser optimises none that it is in the middle of: the first call of a loop over all
/// rows would take the time of several.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn tile_product(left: &[[f64; ROWS]], right: &[[f64; TILE]]) -> [[f64; TILE]; ROWS] {
    let mut sums = [Tile::zero(); ROWS];
    for (weights, row) in left.iter().zip(right) {
        let row = Tile::load(row);
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
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    #[test]
    fn every_thread_has_as_many_parts_of_whole_tiles() {
        for threads in 1..5 {
            for tiles in 1..40 {
                let size = part(tiles * TILE, threads);
                assert!(
                    size.is_multiple_of(TILE) && size <= COLUMNS,
                    "{tiles} tiles, {threads} threads: {size}"
                );
                let parts = (tiles * TILE).div_ceil(size);
                let least = (tiles * TILE).div_ceil(threads * COLUMNS);
                assert!(parts <= threads * least, "{tiles} tiles, {threads} threads: {parts} parts");
            }
        }
        // 25 tiles for two threads: 14 and 11, where parts of 64 columns would give 16 and 9.
        assert_eq!(part(25 * TILE, 2), 7 * TILE);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn agrees_with_nalgebra_on_every_shape(
            (height, depth, width, from) in (1usize..9, 0usize..600, 1usize..30, 0usize..30),
            transposed: bool,
        ) {
            let from = from.min(width);
            let entry = |row: usize, col: usize| ((row * 31 + col * 17) % 23) as f64 - 11.0;
            let left = DMatrix::from_fn(height, depth, entry);
            let right = DMatrix::from_fn(depth, width, |row, col| entry(col, row));
            let expected = -(&left * &right);
            // nalgebra stores columns: the transpose of what is row-major here.
            let rows_of = |matrix: &DMatrix<f64>| matrix.transpose().as_slice().to_vec();
            let (values, stride) = if transposed { (left.as_slice().to_vec(), height) } else { (rows_of(&left), depth) };
            let mut out = vec![0.0; height * width];
            let left = Left { values: &values, stride, transposed };
            let product = run_now(async {
                Product::default().subtract(&mut out, left, &rows_of(&right), width, from..width, &mut NoPause).await
            });
            prop_assert_eq!(product, Ok(()));
            for (at, value) in out.iter().enumerate() {
                let (row, col) = (at / width, at % width);
                let expected = if col < from { 0.0 } else { expected[(row, col)] };
                prop_assert_eq!(*value, expected, "row {}, column {}", row, col);
            }
        }
    }
}
