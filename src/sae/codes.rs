//! Sparse codes: for each row the active latents and their values; and the same by latent.

use crate::error::{Error, Result};

/// Codes of consecutive rows in compressed row form. Latents of a row ascend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SparseCodes {
    d_sae: usize,
    /// Row `i` holds the entries `ends[i - 1] .. ends[i]`.
    ends: Vec<u32>,
    latents: Vec<u32>,
    values: Vec<f32>,
}

impl SparseCodes {
    /// No rows yet.
    pub fn new(d_sae: usize) -> Self {
        Self { d_sae, ..Self::default() }
    }

    /// Forgets the rows and keeps the memory, for a model of so many latents.
    pub(crate) fn reset(&mut self, d_sae: usize) {
        self.clear();
        self.d_sae = d_sae;
    }

    /// Adds the rows of others.
    pub(crate) fn append(&mut self, other: &Self) {
        let before = self.len() as u32;
        self.ends.extend(other.ends.iter().map(|end| before + end));
        self.latents.extend_from_slice(&other.latents);
        self.values.extend_from_slice(&other.values);
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.ends.clear();
        self.latents.clear();
        self.values.clear();
    }

    /// Adds an active latent to the row under construction.
    pub fn push(&mut self, latent: u32, value: f32) {
        self.latents.push(latent);
        self.values.push(value);
    }

    /// Adds a whole row: latents with their value and whether they are active. Without a branch on that, which a CPU cannot
    /// predict.
    pub(crate) fn push_row(&mut self, row: impl ExactSizeIterator<Item = (u32, f32, bool)>) {
        let mut len = self.len();
        self.latents.resize(len + row.len(), 0);
        self.values.resize(len + row.len(), 0.0);
        for (latent, value, is_active) in row {
            self.latents[len] = latent;
            self.values[len] = value;
            len += usize::from(is_active);
        }
        self.latents.truncate(len);
        self.values.truncate(len);
        self.end_row();
    }

    /// Ends the row under construction.
    pub fn end_row(&mut self) {
        self.ends.push(self.latents.len() as u32);
    }

    /// Number of latents of the model.
    pub fn d_sae(&self) -> usize {
        self.d_sae
    }

    /// Number of finished rows.
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// Number of entries in all rows.
    pub fn len(&self) -> usize {
        self.latents.len()
    }

    /// Whether no latent is active in any row.
    pub fn is_empty(&self) -> bool {
        self.latents.is_empty()
    }

    /// Positions of a row's entries.
    pub fn range(&self, row: usize) -> std::ops::Range<usize> {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        start as usize..self.ends[row] as usize
    }

    /// Latents of all entries, row after row.
    pub fn latents(&self) -> &[u32] {
        &self.latents
    }

    /// Values of all entries, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Active latents of a row with their values.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> + Clone + '_ {
        self.range(row).map(|at| (self.latents[at], self.values[at]))
    }

    /// Drops the rows for which `keep` is false; the others move up.
    pub fn retain_rows(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let (mut kept_rows, mut kept) = (0, 0);
        for row in 0..self.rows() {
            let range = self.range(row);
            if keep(row) {
                self.latents.copy_within(range.clone(), kept);
                self.values.copy_within(range.clone(), kept);
                kept += range.len();
                self.ends[kept_rows] = kept as u32;
                kept_rows += 1;
            }
        }
        self.ends.truncate(kept_rows);
        self.latents.truncate(kept);
        self.values.truncate(kept);
    }

    /// Adds the codes to `dense [rows, d_sae]`, which must be zero where no latent is active.
    pub fn scatter(&self, dense: &mut [f32]) {
        for (row, dense) in dense.chunks_exact_mut(self.d_sae).enumerate() {
            for (latent, value) in self.row(row) {
                dense[latent as usize] = value;
            }
        }
    }

    /// The codes of dense rows `z [rows, d_sae]`: every entry that is not 0.
    pub fn from_dense(z: &[f32], d_sae: usize) -> Self {
        let mut codes = Self::new(d_sae);
        for row in z.chunks_exact(d_sae) {
            for (latent, &value) in row.iter().enumerate() {
                if value != 0.0 {
                    codes.push(latent as u32, value);
                }
            }
            codes.end_row();
        }
        codes
    }
}

/// The entries of some [`SparseCodes`] sorted by latent: for each latent the rows on which it is active.
///
/// Gradients are gathered latent by latent, so that each row of W_enc is touched once and latents can be shared out
/// over threads without atomics.
#[derive(Debug, Clone, Default)]
pub struct LatentIndex {
    starts: Vec<u32>,
    rows: Vec<u32>,
    entries: Vec<u32>,
}

impl LatentIndex {
    /// Sorts the entries (counting sort, rows ascend within a latent), reusing the memory.
    pub fn rebuild(&mut self, codes: &SparseCodes) {
        self.starts.clear();
        self.starts.resize(codes.d_sae + 1, 0);
        for &latent in &codes.latents {
            self.starts[latent as usize + 1] += 1;
        }
        for latent in 0..codes.d_sae {
            self.starts[latent + 1] += self.starts[latent];
        }
        self.rows.resize(codes.len(), 0);
        self.entries.resize(codes.len(), 0);
        for row in 0..codes.rows() {
            for entry in codes.range(row) {
                let at = &mut self.starts[codes.latents[entry] as usize];
                self.rows[*at as usize] = row as u32;
                self.entries[*at as usize] = entry as u32;
                *at += 1;
            }
        }
        // Every start has moved to its latent's end, which is the next latent's start.
        self.starts.copy_within(0..codes.d_sae, 1);
        self.starts[0] = 0;
    }

    /// Rows on which the latent is active, and the positions of these entries in the codes.
    pub fn of(&self, latent: usize) -> (&[u32], &[u32]) {
        let range = self.starts[latent] as usize..self.starts[latent + 1] as usize;
        (&self.rows[range.clone()], &self.entries[range])
    }
}

/// Refuses an activation that is not finite, as parameters near the end of float32's range can make it.
pub(crate) fn finite_activation(latent: u32, row: u32, z: f32) -> Result<()> {
    if z.is_finite() {
        return Ok(());
    }
    Err(Error::shape(format!("activation of latent {latent} on row {row}"), z, "a finite number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_sorted_by_latent_are_the_transpose() {
        let z = [0.0, 1.0, 0.0, 2.0, 3.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        let codes = SparseCodes::from_dense(&z, 4);
        assert_eq!((codes.rows(), codes.len()), (3, 4));
        let mut by_latent = LatentIndex::default();
        by_latent.rebuild(&codes);
        let columns: Vec<Vec<(u32, f32)>> = (0..4)
            .map(|latent| {
                let (rows, entries) = by_latent.of(latent);
                rows.iter().zip(entries).map(|(&row, &at)| (row, codes.values()[at as usize])).collect()
            })
            .collect();
        assert_eq!(columns, [vec![(1, 3.0)], vec![(0, 1.0)], vec![], vec![(0, 2.0), (1, 4.0)]]);
        let mut dense = [0.0; 12];
        codes.scatter(&mut dense);
        assert_eq!(dense, z);
    }
}
