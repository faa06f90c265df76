//! Rows by the entries that count.

/// Columns and values of rows, each of which has as many as it needs.
#[derive(Debug, Default)]
pub struct SparseRows<T> {
    ends: Vec<usize>,
    /// Those of all rows; what is past the last end means nothing.
    cols: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy + Default> SparseRows<T> {
    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// Appends a row. `write` is given memory for `most` columns and values, and says how many it has written.
    #[inline(always)]
    pub fn push(&mut self, most: usize, write: impl FnOnce(&mut [u32], &mut [T]) -> usize) {
        let start = self.ends.last().copied().unwrap_or(0);
        let len = (start + most).max(self.cols.len());
        self.cols.resize(len, 0);
        self.values.resize(len, T::default());
        let written = write(&mut self.cols[start..], &mut self.values[start..]);
        self.ends.push(start + written);
    }

    /// Columns and values of a row.
    #[inline(always)]
    pub fn row(&self, row: usize) -> (&[u32], &[T]) {
        let range = if row == 0 { 0 } else { self.ends[row - 1] }..self.ends[row];
        (&self.cols[range.clone()], &self.values[range])
    }
}
