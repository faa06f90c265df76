//! Rows of bytes that are mostly zeros, as images are: what of them is not zero.

use std::hint::black_box;

use super::sparse_rows::SparseRows;
use crate::data::{Dataset, Normalisation};
use crate::simd::{for_each_set, nonzero};

/// Above this share of zero bytes they are skipped. An epoch of tied SGD on random bytes (784 columns, TopK 15 of 256, Node 26)
/// takes as long either way at a third to two fifths of zeros; at a half it takes 14 % less if they are skipped.
const SKIP_ZEROS_SHARE: f64 = 0.5;

/// Bytes that are kept at most with their columns, three of memory for each. MNIST has 9 million in its 60 000 images.
const MOST_KEPT: usize = 20_000_000;

/// Rows that [`ByteRows::keep_more`] looks through at a time, some 0.2 ms.
const KEPT_AT_ONCE: usize = 512;

/// Columns and bytes.
pub type Nonzero = SparseRows<u16, u8>;

/// Rows of a data set as what is not zero in them. To look for it takes longer than to use it, so that it is kept; but not all
/// of it is found at once, which would hold up others.
#[derive(Debug)]
pub struct ByteRows {
    /// Of the first rows.
    kept: Nonzero,
    /// A row of zeros, normalised.
    background: Vec<f32>,
}

impl ByteRows {
    /// If that is how the rows are best encoded.
    pub fn of(data: &Dataset) -> Option<Self> {
        let bytes = (0..data.rows()).filter_map(|row| data.bytes(row)).flatten();
        let zeros = bytes.filter(|&&byte| byte == 0).count();
        let all = data.rows() * data.cols();
        if zeros as f64 <= SKIP_ZEROS_SHARE * all as f64 || data.cols() > usize::from(u16::MAX) {
            return None;
        }
        let mut kept = Nonzero::default();
        // Without memory for them none are kept.
        if all - zeros <= MOST_KEPT {
            kept.try_reserve(data.rows(), all - zeros + data.cols());
        }
        // As each value: with a factor or a shift of −0 it may differ from the shift.
        let background = match data.normalisation() {
            Normalisation::Uniform { scale, shift } => vec![0.0 * scale + shift; data.cols()],
            Normalisation::PerColumn { scale, shift } => {
                scale.iter().zip(shift).map(|(scale, shift)| 0.0 * scale + shift).collect()
            }
        };
        Some(Self { kept, background })
    }

    /// Keeps some more of the rows, if there is room for them.
    pub fn keep_more(&mut self, data: &Dataset) {
        let first = self.kept.rows();
        for row in first..data.rows().min(first + KEPT_AT_ONCE) {
            match data.bytes(row) {
                Some(bytes) if self.kept.has_room(bytes.len()) => push_nonzero(&mut self.kept, bytes),
                _ => return,
            }
        }
    }

    /// Writes rows of the data to `x [rows, d_in]`, and to `sparse` what is not zero of them, scaled and not shifted.
    pub fn gather(&self, data: &Dataset, rows: &[u32], sparse: &mut SparseRows<u32, f32>, x: &mut [f32]) {
        sparse.clear();
        self.fetch(rows);
        for (row, x) in rows.iter().map(|&row| row as usize).zip(x.chunks_exact_mut(data.cols())) {
            if row < self.kept.rows() {
                self.expand(data, self.kept.row(row), sparse, x);
            } else {
                let mut found = Nonzero::default();
                push_nonzero(&mut found, data.bytes(row).unwrap_or_default());
                self.expand(data, found.row(0), sparse, x);
            }
        }
    }

    /// Reads something of each cache line of the kept rows. They come from memory in random order, and side by side only where
    /// nothing else is done in between: 1 % of an epoch on MNIST.
    #[inline(never)]
    fn fetch(&self, rows: &[u32]) {
        let kept = rows.iter().map(|&row| row as usize).filter(|row| *row < self.kept.rows());
        let read = kept.map(|row| {
            let (cols, bytes) = self.kept.row(row);
            let cols = cols.iter().step_by(32).fold(0, |all, col| all ^ col);
            bytes.iter().step_by(64).fold(cols, |all, byte| all ^ u16::from(*byte))
        });
        black_box(read.fold(0, |all, some| all ^ some));
    }

    #[inline(never)]
    fn expand(
        &self,
        data: &Dataset,
        (cols, bytes): (&[u16], &[u8]),
        sparse: &mut SparseRows<u32, f32>,
        x: &mut [f32],
    ) {
        x.copy_from_slice(&self.background);
        sparse.push(cols.len(), |to_cols, values| {
            let values = &mut values[..cols.len()];
            to_cols.iter_mut().zip(cols).for_each(|(to, &col)| *to = u32::from(col));
            values.iter_mut().zip(bytes).for_each(|(value, &byte)| *value = f32::from(byte));
            match data.normalisation() {
                &Normalisation::Uniform { scale, shift } => {
                    values.iter_mut().for_each(|value| *value *= scale);
                    values.iter().zip(cols).for_each(|(value, &col)| x[usize::from(col)] = value + shift);
                }
                Normalisation::PerColumn { scale, shift } => {
                    for (value, col) in values.iter_mut().zip(cols.iter().map(|&col| usize::from(col))) {
                        *value *= scale[col];
                        x[col] = *value + shift[col];
                    }
                }
            }
            cols.len()
        });
    }
}

/// Appends what is not zero of a row.
#[inline(never)]
fn push_nonzero(rows: &mut Nonzero, bytes: &[u8]) {
    rows.push(bytes.len(), |cols, values| {
        let mut end = 0;
        for_each_set(bytes, nonzero, |col| {
            (cols[end], values[end]) = (col as u16, bytes[col]);
            end += usize::from(bytes[col] != 0);
        });
        end
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{NormalisationKind, Storage};

    const COLS: usize = 70;

    /// Rows of which every fifth byte is not zero, or fewer; the first columns are always zero.
    fn images(rows: usize) -> Dataset {
        let byte = |at: usize| if at % COLS > 2 && at.is_multiple_of(5) { (at % 251) as u8 } else { 0 };
        Dataset::new(Storage::U8((0..rows * COLS).map(byte).collect()), COLS).unwrap()
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn rows_are_the_same_bits_whether_they_are_kept_or_not() {
        let order = [3, 699, 0, 511, 512, 3];
        for kind in [NormalisationKind::None, NormalisationKind::Mnist, NormalisationKind::Standardise] {
            let data = images(700).normalised(kind);
            let mut expected = vec![f32::NAN; order.len() * COLS];
            data.gather(&order, &mut expected);
            let mut rows = ByteRows::of(&data).unwrap();
            for kept in [0, KEPT_AT_ONCE, 700, 700] {
                assert_eq!(rows.kept.rows(), kept);
                let (mut sparse, mut x) = (SparseRows::default(), vec![f32::NAN; expected.len()]);
                rows.gather(&data, &order, &mut sparse, &mut x);
                assert_eq!(bits(&x), bits(&expected), "{kind:?}, {kept} kept");
                for (at, &row) in order.iter().enumerate() {
                    let bytes = data.bytes(row as usize).unwrap();
                    let (cols, values) = sparse.row(at);
                    let found: Vec<u32> =
                        (0..).zip(bytes).filter(|(_, v)| **v != 0).map(|(col, _)| col).collect();
                    assert_eq!(cols, found);
                    for (&col, value) in cols.iter().zip(values) {
                        let scale = match data.normalisation() {
                            Normalisation::Uniform { scale, .. } => *scale,
                            Normalisation::PerColumn { scale, .. } => scale[col as usize],
                        };
                        assert_eq!(*value, f32::from(bytes[col as usize]) * scale);
                    }
                }
                rows.keep_more(&data);
            }
        }
    }

    #[test]
    fn rows_are_kept_while_there_is_room() {
        let data = images(40);
        let mut rows = ByteRows::of(&data).unwrap();
        rows.kept = Nonzero::default();
        rows.kept.try_reserve(40, 3 * COLS);
        rows.keep_more(&data);
        let kept = rows.kept.rows();
        assert!((3..40).contains(&kept), "{kept}");
        rows.keep_more(&data);
        assert_eq!(rows.kept.rows(), kept);
    }

    #[test]
    fn rows_that_are_mostly_not_zero_are_dense() {
        let dense = Dataset::new(Storage::U8([0, 1].repeat(50)), 10).unwrap();
        assert!(ByteRows::of(&dense).is_none());
        let floats = Dataset::new(Storage::F32(vec![0.0; 50]), 10).unwrap();
        assert!(ByteRows::of(&floats).is_none());
    }
}
