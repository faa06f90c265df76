//! Passes over the rows of a data set, with progress.

use crate::data::Dataset;
use crate::engine::CpuInference;
use crate::error::Result;
use crate::progress::{BoxedFuture, Work, pieces};
use crate::sae::{Sae, SparseCodes, finite_activation};
use crate::train::decoder::Pause;

/// Multiply-adds of an encode between two calls of the observer: some ten milliseconds.
const ENCODE_PIECE: usize = 50_000_000;
/// Other multiply-adds between two calls, in float64.
const PIECE: u64 = 15_000_000;
/// Multiply-adds of an encode, in float32, that take as long as one in float64, about.
pub(super) const ENCODE_WEIGHT: f64 = 8.0;
/// Rows taken at a time, at most.
pub(super) const MOST_ROWS: usize = 512;

/// How a pass goes over rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    /// Rows between two calls of the observer.
    pub rows: usize,
    /// What a row counts in the work.
    pub weight: f64,
}

impl Pass {
    /// A pass that does little beside encoding.
    pub fn of_codes(sae: &Sae) -> Self {
        Self { rows: (ENCODE_PIECE / (sae.d_in * sae.d_sae)).clamp(2, MOST_ROWS), weight: 1.0 }
    }
}

/// Hands the rows of a data set with their codes to `see`, some at a time.
///
/// # Errors
/// If an activation is not finite, or the work is cancelled; what `see` returns.
pub(super) async fn for_each_piece(
    sae: &Sae,
    data: &Dataset,
    pass: Pass,
    work: &mut Work<'_>,
    mut see: impl FnMut(&[u32], &SparseCodes) -> Result<()>,
) -> Result<()> {
    let mut coder = CpuInference::new(sae);
    for piece in pieces(data.rows() as u32, pass.rows) {
        let numbers: Vec<u32> = piece.collect();
        let codes = finite_codes(coder.codes(data, &numbers)?, &numbers)?;
        see(&numbers, codes)?;
        work.advance(pass.weight * numbers.len() as f64).await?;
    }
    Ok(())
}

/// The codes of rows with these numbers, if they are finite.
///
/// # Errors
/// If one is not.
pub(super) fn finite_codes<'a>(codes: &'a SparseCodes, numbers: &[u32]) -> Result<&'a SparseCodes> {
    for (at, &row) in numbers.iter().enumerate() {
        codes.row(at).try_for_each(|(latent, z)| finite_activation(latent, row, z))?;
    }
    Ok(codes)
}

/// Column means of a data set, in float64.
///
/// # Errors
/// If the work is cancelled.
pub(super) async fn mean(data: &Dataset, work: &mut Work<'_>) -> Result<Vec<f64>> {
    let cols = data.cols();
    let mut sums = vec![0.0; cols];
    let mut values = Vec::new();
    for piece in pieces(data.rows() as u32, MOST_ROWS) {
        let numbers: Vec<u32> = piece.collect();
        values.resize(numbers.len() * cols, 0.0f32);
        data.gather(&numbers, &mut values);
        for row in values.chunks_exact(cols) {
            sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        work.advance(numbers.len() as f64).await?;
    }
    sums.iter_mut().for_each(|sum| *sum /= data.rows() as f64);
    Ok(sums)
}

/// Tells the observer of rows and of multiply-adds when enough of the latter have come together.
pub(super) struct Progress<'a, 'b> {
    work: &'a mut Work<'b>,
    /// What a multiply-add counts in the work.
    worth: f64,
    rows: f64,
    multiply_adds: u64,
}

impl<'a, 'b> Progress<'a, 'b> {
    /// Rows count.
    pub fn of_rows(work: &'a mut Work<'b>) -> Self {
        Self::worth(work, 0.0)
    }

    /// Multiply-adds count too, so much each.
    pub fn worth(work: &'a mut Work<'b>, worth: f64) -> Self {
        Self { work, worth, rows: 0.0, multiply_adds: 0 }
    }

    /// So many rows are done, which took so many multiply-adds since the last call.
    ///
    /// # Errors
    /// If the work is cancelled.
    pub async fn done(&mut self, rows: f64, multiply_adds: u64) -> Result<()> {
        self.rows += rows;
        self.multiply_adds += multiply_adds;
        if self.multiply_adds < PIECE {
            return Ok(());
        }
        let done = self.rows + self.worth * self.multiply_adds as f64;
        (self.rows, self.multiply_adds) = (0.0, 0);
        self.work.advance(done).await
    }

    /// Tells of what is left.
    ///
    /// # Errors
    /// If the work is cancelled.
    pub async fn finish(self) -> Result<()> {
        self.work.advance(self.rows + self.worth * self.multiply_adds as f64).await
    }
}

impl Pause for Progress<'_, '_> {
    fn after(&mut self, multiply_adds: u64) -> BoxedFuture<'_, Result<()>> {
        Box::pin(self.done(0.0, multiply_adds))
    }
}
