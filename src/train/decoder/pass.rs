//! Passes over matrices that are too large for one go: with pauses in between.

use super::Pause;
use crate::error::Result;

/// Numbers that a pass goes over between two pauses: a few milliseconds.
pub const PIECE: usize = 1_000_000;
/// Multiply-adds of a product that take as long as a number of a pass, which comes from memory.
pub const WEIGHT: u64 = 8;
/// The same where it is written to memory that nothing has touched yet: 3 to 10 times as long, in a virtual machine.
pub const WEIGHT_IN_NEW_MEMORY: u64 = 32;

/// Does `work` with each row of a matrix `[_, width]`.
///
/// # Errors
/// What ends the pauses.
pub async fn rows(
    matrix: &mut [f64],
    width: usize,
    pause: &mut dyn Pause,
    work: &mut dyn FnMut(usize, &mut [f64]),
) -> Result<()> {
    let per_piece = (PIECE / width).max(1);
    for (piece, rows) in matrix.chunks_mut(per_piece * width).enumerate() {
        for (row, numbers) in (piece * per_piece..).zip(rows.chunks_exact_mut(width)) {
            work(row, numbers);
        }
        pause.after(WEIGHT * rows.len() as u64).await?;
    }
    Ok(())
}

/// The same with each row of a square matrix `[n, n]` from the diagonal on.
///
/// # Errors
/// What ends the pauses.
pub async fn upper_rows(
    matrix: &mut [f64],
    n: usize,
    pause: &mut dyn Pause,
    work: &mut dyn FnMut(usize, &mut [f64]),
) -> Result<()> {
    rows(matrix, n, pause, &mut |row, numbers| work(row, &mut numbers[row..])).await
}
