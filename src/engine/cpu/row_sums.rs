//! Weighted sums of rows, with the sums kept in registers: reconstruction, gradients, and sufficient statistics.

#[cfg(doc)]
use crate::sae::LatentIndex;
use crate::simd::{F32x4, Kernel, load_first, widest};

/// Where the rows of a batch lie in a list of rows.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub stride: usize,
    pub offset: usize,
}

impl Place {
    /// Each at its own number.
    pub const SAME: Self = Self { stride: 1, offset: 0 };

    /// Where a row lies.
    #[inline(always)]
    pub fn of(self, row: usize) -> usize {
        row * self.stride + self.offset
    }
}

/// The terms of a latent: `scale · values[at]` on each of its rows, which lie where `place` says. `index` is what
/// [`LatentIndex::of`] gives.
///
/// One function for all sums over a latent's rows, so that the kernels are compiled once for them.
pub fn terms<'a>(
    (rows, entries): (&'a [u32], &'a [u32]),
    values: &'a [f32],
    scale: f32,
    place: Place,
) -> impl Iterator<Item = (usize, f32)> + Clone + 'a {
    rows.iter().zip(entries).map(move |(&row, &at)| (place.of(row as usize), scale * values[at as usize]))
}

/// `out[col] = start[col] + Σ_i weight_i · rows[index_i][col]` for `rows [_, width]`.
///
/// Columns go in blocks of 32, one of 16, blocks of 4, then one by one; each sum runs over the terms in order, so that the
/// blocking does not show in the bits.
pub fn weighted_rows(
    out: &mut [f32],
    start: Option<&[f32]>,
    rows: &[f32],
    terms: impl Iterator<Item = (usize, f32)> + Clone,
) {
    weighted_rows_from(0, out, start, rows, terms);
}

/// As [`weighted_rows`], for the columns from `first` on; those before keep what they hold.
pub fn weighted_rows_from(
    first: usize,
    out: &mut [f32],
    start: Option<&[f32]>,
    rows: &[f32],
    terms: impl Iterator<Item = (usize, f32)> + Clone,
) {
    widest(RowSums { first, out, start, rows, terms });
}

/// What [`weighted_rows_from`] takes.
struct RowSums<'a, T> {
    first: usize,
    out: &'a mut [f32],
    start: Option<&'a [f32]>,
    rows: &'a [f32],
    terms: T,
}

impl<T: Iterator<Item = (usize, f32)> + Clone> Kernel for RowSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { first, out, start, rows, terms } = self;
        let width = out.len();
        let mut col = first;
        while col + 32 <= width {
            block::<8>(out, start, rows, terms.clone(), col);
            col += 32;
        }
        if col + 16 <= width {
            block::<4>(out, start, rows, terms.clone(), col);
            col += 16;
        }
        while col + 4 <= width {
            block::<1>(out, start, rows, terms.clone(), col);
            col += 4;
        }
        for col in col..width {
            let start = start.map_or(0.0, |start| start[col]);
            out[col] =
                terms.clone().fold(start, |sum, (index, weight)| sum + weight * rows[index * width + col]);
        }
    }
}

#[inline(always)]
fn block<const N: usize>(
    out: &mut [f32],
    start: Option<&[f32]>,
    rows: &[f32],
    terms: impl Iterator<Item = (usize, f32)>,
    col: usize,
) {
    let width = out.len();
    let mut sums = start.map_or([F32x4::zero(); N], |start| load_first(&start[col..]));
    for (index, weight) in terms {
        let (weight, row): (_, [F32x4; N]) = (F32x4::splat(weight), load_first(&rows[index * width + col..]));
        sums = std::array::from_fn(|i| sums[i] + weight * row[i]);
    }
    for (out, sum) in out[col..].as_chunks_mut::<4>().0.iter_mut().zip(sums) {
        *out = sum.lanes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_naive_sum_on_every_width() {
        for width in 1..75 {
            let rows: Vec<f32> = (0..3 * width).map(|i| (i % 13) as f32 - 5.5).collect();
            let start: Vec<f32> = (0..width).map(|i| i as f32).collect();
            let terms = [(2, 0.5f32), (0, -1.5), (2, 3.0)];
            let mut out = vec![f32::NAN; width];
            weighted_rows(&mut out, Some(&start), &rows, terms.into_iter());
            let expected =
                |col: usize| terms.iter().fold(start[col], |sum, &(i, w)| sum + w * rows[i * width + col]);
            let all: Vec<f32> = (0..width).map(expected).collect();
            assert_eq!(out, all, "width {width}");
            for first in 0..width {
                out.fill(-1.0);
                weighted_rows_from(first, &mut out, Some(&start), &rows, terms.into_iter());
                assert!(out[..first].iter().all(|&kept| kept == -1.0), "width {width}, from {first}");
                assert_eq!(out[first..], all[first..], "width {width}, from {first}");
            }
        }
    }
}
