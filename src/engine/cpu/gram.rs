//! Sufficient statistics of codes and data, accumulated sparsely.
//!
//! Within a block of at most [`STATISTICS_BLOCK`] rows `ZᵀX` is summed in float32 registers, between blocks in float64; the
//! relative error of a block is that of about a hundred float32 additions, and blocks do not add to it.

use super::batch::Batch;
use super::row_sums::weighted_rows_from;
#[cfg(doc)]
use crate::engine::STATISTICS_BLOCK;
use crate::engine::SufficientStats;
use crate::sae::LatentIndex;

/// Above this share of active latents dense row sums, four lanes at a time, replace the scatter of pairs: they meet at a
/// quarter by count of operations, and scattered ones cost more. Not tuned by measurement.
const DENSE_SHARE: f64 = 0.15;

/// Buffers of the accumulation.
#[derive(Debug, Default)]
pub struct Accumulator {
    by_latent: LatentIndex,
    row: Vec<f32>,
    dense: Vec<f32>,
}

impl Accumulator {
    /// Adds an encoded block to the sums. Of `ZᵀZ` only the upper triangle is written:
    /// [`SufficientStats::mirror`] completes it.
    pub fn add(&mut self, batch: &Batch, stats: &mut SufficientStats) {
        let codes = &batch.codes;
        let (rows, d_sae) = (codes.rows(), codes.d_sae());
        self.by_latent.rebuild(codes);
        stats.rows += rows as u64;
        stats.l1 += batch.l1();
        for (&latent, &z) in codes.latents().iter().zip(codes.values()) {
            stats.z[latent as usize] += f64::from(z);
            stats.active[latent as usize] += 1;
        }
        self.add_by_latent(batch, &batch.x, false, &mut stats.zx);
        if codes.len() as f64 > DENSE_SHARE * (rows * d_sae) as f64 {
            let mut dense = std::mem::take(&mut self.dense);
            dense.clear();
            dense.resize(rows * d_sae, 0.0);
            codes.scatter(&mut dense);
            self.add_by_latent(batch, &dense, true, &mut stats.zz);
            self.dense = dense;
        } else {
            add_pairs(batch, &mut stats.zz);
        }
    }

    /// `sums [d_sae, width] += Zᵀ right` for `right [rows, width]`; with `upper` from the diagonal on only.
    fn add_by_latent(&mut self, batch: &Batch, right: &[f32], upper: bool, sums: &mut [f64]) {
        let width = right.len() / batch.codes.rows();
        self.row.resize(width, 0.0);
        let values = batch.codes.values();
        for (latent, sums) in sums.chunks_exact_mut(width).enumerate() {
            let (rows, entries) = self.by_latent.of(latent);
            if rows.is_empty() {
                continue;
            }
            let from = if upper { latent } else { 0 };
            let terms = rows.iter().zip(entries).map(|(&row, &at)| (row as usize, values[at as usize]));
            weighted_rows_from(from, &mut self.row, None, right, terms);
            sums[from..].iter_mut().zip(&self.row[from..]).for_each(|(sum, &x)| *sum += f64::from(x));
        }
    }
}

/// The upper triangle of `ZᵀZ` from the active pairs of each row; products of float32 are exact in float64.
fn add_pairs(batch: &Batch, zz: &mut [f64]) {
    let codes = &batch.codes;
    for row in 0..codes.rows() {
        let range = codes.range(row);
        let (latents, values) = (&codes.latents()[range.clone()], &codes.values()[range]);
        for (at, (&left, &z)) in latents.iter().zip(values).enumerate() {
            let sums = &mut zz[left as usize * codes.d_sae()..][..codes.d_sae()];
            let z = f64::from(z);
            // Latents of a row ascend.
            for (&right, &value) in latents[at..].iter().zip(&values[at..]) {
                sums[right as usize] += z * f64::from(value);
            }
        }
    }
}
