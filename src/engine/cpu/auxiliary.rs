//! AuxK on a batch: codes of dead latents, what they leave of the residual, and the gradients of both.

use super::batch::Batch;
use super::entries::gradients_of_entries;
use super::row_sums::{Place, terms, weighted_rows};
use crate::engine::AuxK;
use crate::error::Result;
use crate::sae::{LatentIndex, Sae, Selection, SparseCodes, TopK, TopKOrder};
use crate::simd::dot;
use crate::threads::Threads;

/// Buffers of AuxK. Without dead latents there are no codes.
#[derive(Debug, Default)]
pub struct Auxiliary {
    codes: SparseCodes,
    by_latent: LatentIndex,
    /// Gradient by each entry of the codes.
    dz: Vec<f32>,
    /// `(ê − e) · min(dead / k, 1)`, `[rows, d_in]`.
    residual: Vec<f32>,
    pieces: Vec<Piece>,
    /// `2 · coefficient / (rows · d_in)`.
    scale: f32,
}

/// Buffers of a piece of the rows.
#[derive(Debug, Default)]
struct Piece {
    /// Pre-activations of dead latents, 0 in the place of others.
    pre: Vec<f32>,
    codes: SparseCodes,
}

impl Auxiliary {
    /// Forgets the codes.
    pub fn clear(&mut self, d_sae: usize) {
        self.codes.reset(d_sae);
        self.dz.clear();
        self.by_latent.rebuild(&self.codes);
    }

    /// Codes and gradients for a batch whose pre-activations and residuals are those of `sae`. `idle` are the rows since
    /// each latent was last active, as they were before the batch.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn prepare(
        &mut self,
        sae: &Sae,
        batch: &Batch,
        idle: &[f32],
        auxk: AuxK,
        threads: Threads,
    ) -> Result<()> {
        let AuxK { k, coefficient, dead_after } = auxk;
        let is_dead = |latent: usize| idle[latent] >= dead_after as f32;
        let dead = (0..sae.d_sae).filter(|&latent| is_dead(latent)).count();
        self.clear(sae.d_sae);
        if dead == 0 {
            return Ok(());
        }
        let rows = batch.x.len() / batch.d_in;
        self.scale = (2.0 * coefficient / (rows as f64 * batch.d_in as f64)) as f32;
        let share = (dead as f64 / k as f64).min(1.0) as f32;
        let top = TopK { k: k.min(dead), order: TopKOrder::Value, positive_only: true };
        self.residual.resize(batch.x.len(), 0.0);
        self.pieces.resize_with(batch.pieces().len(), Piece::default);
        let residuals = batch.residual.chunks(batch.piece_rows() * batch.d_in);
        let out = self.residual.chunks_mut(batch.piece_rows() * batch.d_in);
        let parts = batch.pieces().iter().zip(residuals).zip(out).zip(&mut self.pieces);
        threads.for_each(parts, |(((from, residual), out), piece)| {
            piece.pre.clone_from(&from.pre);
            for row in piece.pre.chunks_exact_mut(sae.d_sae) {
                row.iter_mut()
                    .enumerate()
                    .filter(|(latent, _)| !is_dead(*latent))
                    .for_each(|(_, pre)| *pre = 0.0);
            }
            piece.codes.reset(sae.d_sae);
            Selection::Largest(top).select(&piece.pre, sae.d_sae, &mut piece.codes);
            let rows = out.chunks_exact_mut(batch.d_in).zip(residual.chunks_exact(batch.d_in));
            for (row, (out, residual)) in rows.enumerate() {
                let codes = piece.codes.row(row).map(|(latent, z)| (latent as usize, z));
                // ê − e, since e = x − x̂ and the residual is x̂ − x.
                weighted_rows(out, Some(residual), sae.decoder(), codes);
                out.iter_mut().for_each(|value| *value *= share);
            }
        })?;
        self.pieces.iter().for_each(|piece| self.codes.append(&piece.codes));
        self.by_latent.rebuild(&self.codes);
        let (scale, residual) = (self.scale, &*self.residual);
        gradients_of_entries(&self.codes, &mut self.dz, threads, |row, latent, _| {
            let columns = |at: usize| at * batch.d_in..(at + 1) * batch.d_in;
            scale * dot(&residual[columns(row)], &sae.decoder()[columns(latent)])
        })
    }

    /// Terms of the gradient of a column of W_enc, by rows of the data.
    pub fn encoder_terms(&self, latent: usize) -> impl Iterator<Item = (usize, f32)> + Clone + '_ {
        terms(self.by_latent.of(latent), &self.dz, 1.0, Place::SAME)
    }

    /// Terms of the gradient of a row of W_dec, by rows of [`Auxiliary::residual`].
    pub fn decoder_terms(&self, latent: usize) -> impl Iterator<Item = (usize, f32)> + Clone + '_ {
        terms(self.by_latent.of(latent), self.codes.values(), self.scale, Place::SAME)
    }

    /// `[rows, d_in]`.
    pub fn residual(&self) -> &[f32] {
        &self.residual
    }

    /// Whether a latent has codes in the batch.
    pub fn has(&self, latent: usize) -> bool {
        !self.by_latent.of(latent).0.is_empty()
    }

    /// Gradient of an entry of b_enc.
    pub fn bias(&self, latent: usize) -> f32 {
        let (_, entries) = self.by_latent.of(latent);
        entries.iter().fold(0.0, |sum, &at| sum + self.dz[at as usize])
    }
}

/// Counts rows without activity, after a batch of `rows` in which the latents of `codes` were active.
pub fn count_idle(idle: &mut [f32], codes: &SparseCodes, rows: usize, most: u32) {
    idle.iter_mut().for_each(|count| *count = (*count + rows as f32).min(most as f32));
    for &latent in codes.latents() {
        idle[latent as usize] = 0.0;
    }
}
