//! Gradients of the codes, one for each of their entries.

use crate::error::Result;
use crate::sae::SparseCodes;
use crate::threads::Threads;

/// Rows that a thread takes at a time.
const PIECE: usize = 16;

/// `∂/∂z` of each entry of some codes, from its row, its latent and its value.
pub fn gradients_of_entries(
    codes: &SparseCodes,
    dz: &mut Vec<f32>,
    threads: Threads,
    of: impl Fn(usize, usize, f32) -> f32 + Sync,
) -> Result<()> {
    dz.resize(codes.len(), 0.0);
    let mut rest = &mut **dz;
    let pieces = (0..codes.rows()).step_by(PIECE).map(|first| {
        let rows = first..codes.rows().min(first + PIECE);
        let entries = rows.clone().map(|row| codes.range(row).len()).sum();
        let (dz, after) = std::mem::take(&mut rest).split_at_mut(entries);
        rest = after;
        (rows, dz)
    });
    threads.for_each(pieces, |(rows, dz)| {
        let entries = rows.flat_map(|row| codes.row(row).map(move |entry| (row, entry)));
        for (dz, (row, (latent, z))) in dz.iter_mut().zip(entries) {
            *dz = of(row, latent as usize, z);
        }
    })
}
