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
/// Columns go in blocks of 48, of which the sums stay in registers; what is left in blocks of 16 and 4, then one by one. Each
/// sum runs over the terms in order, so that the blocking does not show in the bits.
pub fn weighted_rows(
    out: &mut [f32],
    start: Option<&[f32]>,
    rows: &[f32],
    terms: impl Iterator<Item = (usize, f32)>,
) {
    weighted_rows_from(0, out, start, rows, terms);
}

/// As [`weighted_rows`], for the columns from `first` on; those before keep what they hold.
pub fn weighted_rows_from(
    first: usize,
    out: &mut [f32],
    start: Option<&[f32]>,
    rows: &[f32],
    mut terms: impl Iterator<Item = (usize, f32)>,
) {
    let (width, out) = (out.len(), &mut out[first..]);
    match start {
        Some(start) => out.copy_from_slice(&start[first..]),
        None => out.fill(0.0),
    }
    let mut some = [(0, 0.0); TERMS];
    loop {
        let mut count = 0;
        for (slot, (index, weight)) in some.iter_mut().zip(&mut terms) {
            *slot = (index * width + first, weight);
            count += 1;
        }
        add_terms(AddTerms { out, rows, terms: &some[..count] });
        if count < TERMS {
            return;
        }
    }
}

/// Terms that are looked up at a time, for all columns.
const TERMS: usize = 32;

/// Not generic, so that it is compiled once for all kinds of terms.
#[inline(never)]
fn add_terms(kernel: AddTerms<'_>) {
    widest(kernel);
}

/// Adds rows that begin at these places, weighted.
struct AddTerms<'a> {
    out: &'a mut [f32],
    rows: &'a [f32],
    terms: &'a [(usize, f32)],
}

impl Kernel for AddTerms<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { out, rows, terms } = self;
        let (blocks, rest) = out.as_chunks_mut::<48>();
        let rows = add_blocks::<12>(blocks.as_flattened_mut(), rows, terms);
        let (blocks, rest) = rest.as_chunks_mut::<16>();
        let rows = add_blocks::<4>(blocks.as_flattened_mut(), rows, terms);
        let (blocks, rest) = rest.as_chunks_mut::<4>();
        let rows = add_blocks::<1>(blocks.as_flattened_mut(), rows, terms);
        for (col, out) in rest.iter_mut().enumerate() {
            *out = terms.iter().fold(*out, |sum, &(at, weight)| sum + weight * rows[at + col]);
        }
    }
}

/// The same in blocks of `N` registers; returns what follows in the rows.
#[inline(always)]
fn add_blocks<'a, const N: usize>(out: &mut [f32], mut rows: &'a [f32], terms: &[(usize, f32)]) -> &'a [f32] {
    for out in out.chunks_exact_mut(4 * N) {
        let mut sums: [F32x4; N] = load_first(out);
        for &(at, weight) in terms {
            let (weight, row): (_, [F32x4; N]) = (F32x4::splat(weight), load_first(&rows[at..]));
            for (sum, row) in sums.iter_mut().zip(row) {
                *sum = *sum + weight * row;
            }
        }
        for (out, sum) in out.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
            *out = sum.lanes();
        }
        rows = rows.get(4 * N..).unwrap_or_default();
    }
    rows
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
