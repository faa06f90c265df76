//! A small upper triangular matrix: a block on the diagonal of a Cholesky factor.

use std::ops::Range;

use super::product::{COLUMNS, Columns, TILE, Tile, columns};
use crate::error::Result;
use crate::threads::Threads;

/// Rows of the largest: with a tile of a right-hand side it lies in the first cache.
pub const BLOCK: usize = 64;

/// U with `UᵀU` the block that was factored, `[size, size]`. Where a row depends on earlier ones it is 0, and so is what
/// [`Triangle::forward`] and [`Triangle::backward`] give for it.
pub struct Triangle {
    size: usize,
    /// Row-major.
    rows: Vec<f64>,
    /// Column by column.
    columns: Vec<f64>,
    /// Of the diagonal; 0 of a dependent row.
    inverse: Vec<f64>,
}

impl Triangle {
    /// Factors the square that begins at column `first` of the rows `block`, each `n` long. A row whose pivot is not above
    /// `noise(row)` is dependent.
    pub fn factor(block: &mut [f64], n: usize, first: usize, noise: impl Fn(usize) -> f64) -> Self {
        let size = block.len() / n;
        for row in 0..size {
            let (done, later) = block.split_at_mut((row + 1) * n);
            let head = &mut done[row * n + first + row..row * n + first + size];
            let pivot = head[0];
            let inverse = if pivot > noise(row) { 1.0 / pivot.sqrt() } else { 0.0 };
            head.iter_mut().for_each(|u| *u *= inverse);
            for (out, ahead) in later.chunks_exact_mut(n).zip(1..) {
                let weight = head[ahead];
                let out = &mut out[first + row + ahead..first + size];
                out.iter_mut().zip(&head[ahead..]).for_each(|(out, u)| *out -= weight * u);
            }
        }
        Self::read(block, n, first)
    }

    /// One that has been factored.
    pub fn read(block: &[f64], n: usize, first: usize) -> Self {
        let size = block.len() / n;
        let at = |row: usize, col: usize| block[row * n + first + col];
        let of = |diagonal: f64| if diagonal > 0.0 { 1.0 / diagonal } else { 0.0 };
        Self {
            size,
            rows: (0..size * size).map(|i| at(i / size, i % size)).collect(),
            columns: (0..size * size).map(|i| at(i % size, i / size)).collect(),
            inverse: (0..size).map(|row| of(at(row, row))).collect(),
        }
    }

    /// Rows that depend on earlier ones.
    pub fn dependent(&self) -> usize {
        self.inverse.iter().filter(|inverse| **inverse == 0.0).count()
    }

    /// Columns `cols` of `block [size, width]` become `U⁻ᵀ block`.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn forward(
        &self,
        block: &mut [f64],
        width: usize,
        cols: Range<usize>,
        threads: Threads,
    ) -> Result<()> {
        for_each_tile(block, width, cols, threads, |tile| self.forward_tile(tile))
    }

    // A function by itself in wasm, as the product's tiles are.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn forward_tile(&self, tile: &mut [[f64; TILE]]) {
        for row in 0..self.size {
            let (done, rest) = tile.split_at_mut(row);
            let weights = &self.columns[row * self.size..row * self.size + row];
            rest[0] = solved(&rest[0], weights, done, self.inverse[row]);
        }
    }

    /// `block [size, width]` becomes `U⁻¹ block`.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn backward(&self, block: &mut [f64], width: usize, threads: Threads) -> Result<()> {
        for_each_tile(block, width, 0..width, threads, |tile| self.backward_tile(tile))
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn backward_tile(&self, tile: &mut [[f64; TILE]]) {
        for row in (0..self.size).rev() {
            let (rest, done) = tile.split_at_mut(row + 1);
            let weights = &self.rows[row * self.size + row + 1..(row + 1) * self.size];
            rest[row] = solved(&rest[row], weights, done, self.inverse[row]);
        }
    }
}

fn for_each_tile(
    block: &mut [f64],
    width: usize,
    cols: Range<usize>,
    threads: Threads,
    solve: impl Fn(&mut [[f64; TILE]]) + Sync,
) -> Result<()> {
    let parts = columns(block, width, cols, COLUMNS);
    threads.for_each(parts.into_iter(), |Columns { mut rows, .. }| {
        let mut tile = [[0.0; TILE]; BLOCK];
        let count = rows.first().map_or(0, |row| row.len());
        for col in (0..count).step_by(TILE) {
            let cols = col..(col + TILE).min(count);
            for (tile, row) in tile.iter_mut().zip(&rows) {
                tile[..cols.len()].copy_from_slice(&row[cols.clone()]);
            }
            solve(&mut tile[..rows.len()]);
            for (tile, row) in tile.iter().zip(&mut rows) {
                row[cols.clone()].copy_from_slice(&tile[..cols.len()]);
            }
        }
    })
}

#[inline(always)]
fn solved(row: &[f64; TILE], weights: &[f64], done: &[[f64; TILE]], inverse: f64) -> [f64; TILE] {
    let rest =
        weights.iter().zip(done).fold(Tile::load(row), |rest, (weight, done)| rest.less(*weight, done));
    rest.numbers().map(|value| value * inverse)
}
