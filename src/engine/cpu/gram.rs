//! Sufficient statistics of codes and data, accumulated sparsely.
//!
//! Within a block of at most [`STATISTICS_BLOCK`] rows `ZᵀX` is summed in float32 registers, between blocks in float64; the
//! relative error of a block is that of about a hundred float32 additions, and blocks do not add to it.

use super::batch::Batch;
use super::row_sums::{Place, terms, weighted_rows_from};
#[cfg(doc)]
use crate::engine::STATISTICS_BLOCK;
use crate::engine::SufficientStats;
use crate::error::Result;
use crate::sae::LatentIndex;
use crate::threads::Threads;

/// Latents that a thread takes at a time.
const PIECE: usize = 16;

/// Above this share of active latents dense row sums, four lanes at a time, replace the scatter of pairs: they meet at a
/// quarter by count of operations, and scattered ones cost more. In Node 26 (AMD EPYC, one thread) the decoder half takes as
/// long either way at 15 to 20 %: pairs 0.97, 0.94, 0.96 times as long as dense at 15 % of 256, 512 and 1 536 latents, 1.05,
/// 1.02, 1.02 times at 20 %, 1.13 times at 40 % of 256.
const DENSE_SHARE: f64 = 0.15;

/// Buffers of the accumulation.
#[derive(Debug, Default)]
pub struct Accumulator {
    by_latent: LatentIndex,
    dense: Vec<f32>,
}

impl Accumulator {
    /// Adds an encoded block to the sums. Of `ZᵀZ` only the upper triangle is written.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn add(&mut self, batch: &Batch, stats: &mut SufficientStats, threads: Threads) -> Result<()> {
        let codes = &batch.codes;
        let (rows, d_sae) = (codes.rows(), codes.d_sae());
        self.by_latent.rebuild(codes);
        stats.rows += rows as u64;
        stats.l1 += batch.l1();
        for (&latent, &z) in codes.latents().iter().zip(codes.values()) {
            stats.z[latent as usize] += f64::from(z);
            stats.active[latent as usize] += 1;
        }
        let is_dense = codes.len() as f64 > DENSE_SHARE * (rows * d_sae) as f64;
        if is_dense {
            self.dense.clear();
            self.dense.resize(rows * d_sae, 0.0);
            codes.scatter(&mut self.dense);
        }
        let (by_latent, dense) = (&self.by_latent, &*self.dense);
        let zz = stats.zz.chunks_mut(PIECE * d_sae);
        let pieces = zz.zip(stats.zx.chunks_mut(PIECE * batch.d_in)).enumerate();
        threads.for_each(pieces, |(piece, (zz, zx))| {
            let first = piece * PIECE;
            add_by_latent(by_latent, batch, &batch.x, first, false, zx);
            if is_dense {
                add_by_latent(by_latent, batch, dense, first, true, zz);
            } else {
                add_pairs(by_latent, batch, first, zz);
            }
        })
    }
}

/// `sums [_, width] += Zᵀ right` for `right [rows, width]` and the latents from `first` on; with `upper` from the
/// diagonal on only.
fn add_by_latent(
    by_latent: &LatentIndex,
    batch: &Batch,
    right: &[f32],
    first: usize,
    upper: bool,
    sums: &mut [f64],
) {
    let width = right.len() / batch.codes.rows();
    let mut row = vec![0.0; width];
    let values = batch.codes.values();
    for (latent, sums) in (first..).zip(sums.chunks_exact_mut(width)) {
        let index = by_latent.of(latent);
        if index.0.is_empty() {
            continue;
        }
        let from = if upper { latent } else { 0 };
        weighted_rows_from(from, &mut row, None, right, terms(index, values, 1.0, Place::SAME));
        sums[from..].iter_mut().zip(&row[from..]).for_each(|(sum, &x)| *sum += f64::from(x));
    }
}

/// The upper triangle of `ZᵀZ`, of the latents from `first` on, from the active pairs of each row; products of float32
/// are exact in float64.
fn add_pairs(by_latent: &LatentIndex, batch: &Batch, first: usize, zz: &mut [f64]) {
    let codes = &batch.codes;
    for (latent, sums) in (first..).zip(zz.chunks_exact_mut(codes.d_sae())) {
        let (rows, entries) = by_latent.of(latent);
        for (&row, &at) in rows.iter().zip(entries) {
            let z = f64::from(codes.values()[at as usize]);
            // Latents of a row ascend.
            let others = at as usize..codes.range(row as usize).end;
            for (&right, &value) in codes.latents()[others.clone()].iter().zip(&codes.values()[others]) {
                sums[right as usize] += z * f64::from(value);
            }
        }
    }
}
