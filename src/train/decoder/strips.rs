//! Matrices in strips of columns: what a kernel of a product reads and writes is one stretch of memory. Row by row it would be a
//! cache line here and there, of which rows of 1 536 numbers put all into the same places of the cache.

use super::Pause;
use super::pass::{PIECE, WEIGHT_IN_NEW_MEMORY};
use crate::error::Result;
use crate::memory::reserve;

/// Columns of a strip: a cache line.
pub const TILE: usize = 8;
/// Rows and columns of a block on the diagonal, at most: with a strip of a right-hand side it lies in the first cache.
pub const BLOCK: usize = 64;

/// A row of a strip.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub struct Line(pub [f64; TILE]);

impl Line {
    pub const ZERO: Self = Self([0.0; TILE]);
}

/// A matrix, strip by strip, each row by row. Behind its last column there are zeros.
pub struct Strips {
    lines: Vec<Line>,
    /// Where each strip ends.
    ends: Vec<usize>,
}

impl Strips {
    /// A copy of a row-major matrix `[_, width]`, of which `edit` is given each row first; `what` is for messages.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`]; what ends the pauses.
    pub fn of(
        what: &str,
        matrix: &[f64],
        width: usize,
        pause: &mut dyn Pause,
        edit: &mut dyn FnMut(usize, &mut [f64]),
    ) -> impl Future<Output = Result<Self>> {
        let height = matrix.len() / width;
        Self::copied(what, vec![height; width.div_ceil(TILE)], (matrix, width), pause, edit)
    }

    /// The same of the upper triangle of a square matrix `[n, n]`, and of what is below it in the blocks on the diagonal.
    ///
    /// # Errors
    /// As [`Strips::of`].
    pub fn of_upper(
        what: &str,
        matrix: &[f64],
        n: usize,
        pause: &mut dyn Pause,
        edit: &mut dyn FnMut(usize, &mut [f64]),
    ) -> impl Future<Output = Result<Self>> {
        let heights = (0..n).step_by(TILE).map(|first| (first / BLOCK + 1) * BLOCK).map(|end| end.min(n));
        Self::copied(what, heights.collect(), (matrix, n), pause, edit)
    }

    /// A copy with so many rows in each strip.
    async fn copied(
        what: &str,
        heights: Vec<usize>,
        (matrix, width): (&[f64], usize),
        pause: &mut dyn Pause,
        edit: &mut dyn FnMut(usize, &mut [f64]),
    ) -> Result<Self> {
        let mut ends = heights;
        let mut all = 0;
        for end in &mut ends {
            all += *end;
            *end = all;
        }
        let mut lines = reserve(&format!("lines of {what}"), &[all])?;
        while lines.len() < all {
            let piece = (PIECE / TILE).min(all - lines.len());
            lines.resize(lines.len() + piece, Line::ZERO);
            pause.after(WEIGHT_IN_NEW_MEMORY * (piece * TILE) as u64).await?;
        }
        let mut strips = Self { lines, ends };
        let mut edited = vec![0.0; width];
        for (row, numbers) in matrix.chunks_exact(width).enumerate() {
            edited.copy_from_slice(numbers);
            edit(row, &mut edited);
            for (strip, numbers) in strips.strips_mut().zip(edited.chunks(TILE)) {
                if let Some(Line(line)) = strip.get_mut(row) {
                    line[..numbers.len()].copy_from_slice(numbers);
                }
            }
            // Its numbers go to as many places as there are strips.
            pause.after(WEIGHT_IN_NEW_MEMORY * width as u64).await?;
        }
        Ok(strips)
    }

    /// The element at a row and column that are there.
    #[inline(always)]
    pub fn at(&self, row: usize, col: usize) -> f64 {
        let strip = col / TILE;
        let start = if strip == 0 { 0 } else { self.ends[strip - 1] };
        self.lines[start + row].0[col % TILE]
    }

    /// The strips.
    pub fn strips(&self) -> impl Iterator<Item = &[Line]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.lines[start..end])
    }

    /// The strips.
    pub fn strips_mut(&mut self) -> impl Iterator<Item = &mut [Line]> {
        let mut rest = &mut self.lines[..];
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let (strip, others) = std::mem::take(&mut rest).split_at_mut(end - start);
            (rest, start) = (others, end);
            strip
        })
    }

    /// The matrix `[height, width]`, row-major, each row times its weight; `what` is for messages.
    ///
    /// # Errors
    /// As [`Strips::of`].
    pub async fn rows(
        &self,
        what: &str,
        weights: &[f64],
        width: usize,
        pause: &mut dyn Pause,
    ) -> Result<Vec<f64>> {
        let mut rows = reserve(what, &[weights.len(), width])?;
        for (row, weight) in weights.iter().enumerate() {
            let end = rows.len() + width;
            for strip in self.strips() {
                rows.extend(strip[row].0.iter().take(end - rows.len()).map(|value| value * weight));
            }
            pause.after(WEIGHT_IN_NEW_MEMORY * width as u64).await?;
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::run_now;
    use crate::train::decoder::NoPause;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_matrix_comes_back_as_it_was((height, width) in (1usize..20, 1usize..40)) {
            let matrix: Vec<f64> = (0..height * width).map(|at| at as f64).collect();
            let twice = |_: usize, row: &mut [f64]| row.iter_mut().for_each(|value| *value *= 2.0);
            let strips = run_now(Strips::of("matrix", &matrix, width, &mut NoPause, &mut { twice })).expect("fits");
            prop_assert!(strips.strips().all(|strip| strip.len() == height));
            let halves = vec![0.5; height];
            let back = run_now(strips.rows("matrix", &halves, width, &mut NoPause)).expect("fits");
            prop_assert_eq!(back, matrix);
        }

        #[test]
        fn an_upper_triangle_is_there_and_little_else(n in 1usize..200) {
            let matrix: Vec<f64> = (0..n * n).map(|at| at as f64).collect();
            let strips = run_now(Strips::of_upper("matrix", &matrix, n, &mut NoPause, &mut |_, _| {})).expect("fits");
            for row in 0..n {
                for col in row..n {
                    prop_assert_eq!(strips.at(row, col), matrix[row * n + col]);
                }
            }
            let lines: usize = strips.strips().map(<[Line]>::len).sum();
            prop_assert_eq!(strips.lines.capacity(), lines);
            prop_assert!(lines * TILE <= (n + TILE) * (n + BLOCK) / 2 + n * BLOCK, "{}", lines);
        }
    }
}
