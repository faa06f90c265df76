//! A small upper triangular matrix: a block on the diagonal of a Cholesky factor.

use super::product::{Strip, Tile, for_each_part};
use super::strips::{Line, Strips, TILE};
use crate::error::Result;
use crate::threads::Threads;

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
    /// Factors the square of `size` rows that the strips put out begin with. A row whose pivot is not above `noise(row)` is
    /// dependent.
    pub fn factor(strips: &mut [Strip<'_>], size: usize, noise: impl Fn(usize) -> f64) -> Self {
        let mut square: Vec<f64> =
            (0..size * size).map(|i| strips[i % size / TILE].out[i / size].0[i % size % TILE]).collect();
        for row in 0..size {
            let (done, later) = square.split_at_mut((row + 1) * size);
            let head = &mut done[row * size + row..];
            let pivot = head[0];
            let inverse = if pivot > noise(row) { 1.0 / pivot.sqrt() } else { 0.0 };
            head.iter_mut().for_each(|u| *u *= inverse);
            for (out, ahead) in later.chunks_exact_mut(size).zip(1..) {
                let weight = head[ahead];
                out[row + ahead..].iter_mut().zip(&head[ahead..]).for_each(|(out, u)| *out -= weight * u);
            }
        }
        for (i, value) in square.iter().enumerate() {
            strips[i % size / TILE].out[i / size].0[i % size % TILE] = *value;
        }
        Self::new(square, size)
    }

    /// One that has been factored, of rows and columns `first..end`.
    pub fn read(factor: &Strips, first: usize, end: usize) -> Self {
        let size = end - first;
        Self::new((0..size * size).map(|i| factor.at(first + i / size, first + i % size)).collect(), size)
    }

    fn new(rows: Vec<f64>, size: usize) -> Self {
        let of = |diagonal: f64| if diagonal > 0.0 { 1.0 / diagonal } else { 0.0 };
        Self {
            size,
            columns: (0..size * size).map(|i| rows[i % size * size + i / size]).collect(),
            inverse: (0..size).map(|row| of(rows[row * size + row])).collect(),
            rows,
        }
    }

    /// Rows that depend on earlier ones.
    pub fn dependent(&self) -> usize {
        self.inverse.iter().filter(|inverse| **inverse == 0.0).count()
    }

    /// What the strips put out, `[size, TILE]` each, becomes `U⁻ᵀ` times that.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn forward(&self, strips: &mut [Strip<'_>], threads: Threads) -> Result<()> {
        for_each_part(strips, threads, |strips| {
            strips.iter_mut().for_each(|strip| self.forward_tile(strip.out))
        })
    }

    // A function by itself in wasm, as the product's tiles are.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn forward_tile(&self, tile: &mut [Line]) {
        for row in 0..self.size {
            let (done, rest) = tile.split_at_mut(row);
            let weights = &self.columns[row * self.size..row * self.size + row];
            rest[0] = solved(&rest[0], weights, done, self.inverse[row]);
        }
    }

    /// What the strips put out becomes `U⁻¹` times that.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn backward(&self, strips: &mut [Strip<'_>], threads: Threads) -> Result<()> {
        for_each_part(strips, threads, |strips| {
            strips.iter_mut().for_each(|strip| self.backward_tile(strip.out))
        })
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn backward_tile(&self, tile: &mut [Line]) {
        for row in (0..self.size).rev() {
            let (rest, done) = tile.split_at_mut(row + 1);
            let weights = &self.rows[row * self.size + row + 1..(row + 1) * self.size];
            rest[row] = solved(&rest[row], weights, done, self.inverse[row]);
        }
    }
}

#[inline(always)]
fn solved(row: &Line, weights: &[f64], done: &[Line], inverse: f64) -> Line {
    let rest =
        weights.iter().zip(done).fold(Tile::load(&row.0), |rest, (weight, done)| rest.less(*weight, &done.0));
    Line(rest.numbers().map(|value| value * inverse))
}
