//! Rows by the entries that count.

/// Columns and values of rows, each of which has as many as it needs.
#[derive(Debug, Default)]
pub struct SparseRows<C, T> {
    ends: Vec<usize>,
    /// Those of all rows; what is past the last end means nothing.
    cols: Vec<C>,
    values: Vec<T>,
}

impl<C: Copy + Default, T: Copy + Default> SparseRows<C, T> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
    }

    /// Reserves memory for so many rows and entries in all, if there is any.
    pub fn try_reserve(&mut self, rows: usize, entries: usize) {
        let _ = self.ends.try_reserve_exact(rows);
        let _ = self.cols.try_reserve_exact(entries);
        let _ = self.values.try_reserve_exact(entries);
    }

    /// Whether a row of so many entries fits into the memory that it has.
    pub fn has_room(&self, entries: usize) -> bool {
        let len = self.ends.last().copied().unwrap_or(0) + entries;
        self.ends.len() < self.ends.capacity() && len <= self.cols.capacity().min(self.values.capacity())
    }

    /// Appends a row. `write` is given memory for `most` columns and values, and says how many it has written.
    #[inline(always)]
    pub fn push(&mut self, most: usize, write: impl FnOnce(&mut [C], &mut [T]) -> usize) {
        let start = self.ends.last().copied().unwrap_or(0);
        let len = (start + most).max(self.cols.len());
        self.cols.resize(len, C::default());
        self.values.resize(len, T::default());
        let written = write(&mut self.cols[start..], &mut self.values[start..]);
        self.ends.push(start + written);
    }

    /// Columns and values of a row.
    #[inline(always)]
    pub fn row(&self, row: usize) -> (&[C], &[T]) {
        let range = if row == 0 { 0 } else { self.ends[row - 1] }..self.ends[row];
        (&self.cols[range.clone()], &self.values[range])
    }
}
