//! Sums of rows that wait on the device, and what a call of `steps` makes of them.

use super::device::values;
use crate::engine::{StepSums, ThresholdTraining};

/// Consecutive rows whose sums are on the device since the last readback.
#[derive(Debug, Clone, Copy)]
struct PendingRows {
    rows: usize,
    /// Rows of their batch; none if the rows were only encoded, and what lies in the place of sums means nothing.
    batch: Option<usize>,
}

/// What is on the device, in the order of the row numbers.
#[derive(Debug, Default)]
pub struct PendingSums(Vec<PendingRows>);

/// Sums over some rows of a batch.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowSums {
    pub rows: usize,
    /// Rows of the whole batch.
    pub batch: usize,
    /// `Σ‖x̂ − x‖²`.
    pub squares: f64,
    /// `Σ|z|`.
    pub l1: f64,
    pub active: f64,
    /// `Σ‖x̂ − x‖²` of the shorter prefixes.
    pub shorter: f64,
}

impl PendingSums {
    /// Rows of a batch of `batch` rows.
    pub fn push(&mut self, rows: usize, batch: usize) {
        self.0.push(PendingRows { rows, batch: Some(batch) });
    }

    /// Rows that have numbers and no sums.
    pub fn skip(&mut self, rows: usize) {
        self.0.push(PendingRows { rows, batch: None });
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Bytes of the sums.
    pub fn bytes(&self) -> u64 {
        16 * self.0.iter().map(|pending| pending.rows as u64).sum::<u64>()
    }

    /// Takes them out of the bytes that were read back.
    pub fn drain(&mut self, bytes: &[u8], sink: &mut impl FnMut(RowSums)) {
        let sums: Vec<[f32; 4]> = values(bytes);
        let mut rest = &sums[..];
        for PendingRows { rows, batch } in self.0.drain(..) {
            let Some((here, after)) = rest.split_at_checked(rows) else { break };
            rest = after;
            let Some(batch) = batch else { continue };
            let mut total = [0.0; 4];
            for row in here {
                total.iter_mut().zip(row).for_each(|(total, &sum)| *total += f64::from(sum));
            }
            let [squares, l1, active, shorter] = total;
            sink(RowSums { rows, batch, squares, l1, active, shorter });
        }
    }
}

/// Losses of batches, out of the sums of their parts.
#[derive(Debug)]
pub struct BatchLosses {
    d_in: f64,
    thresholds: Option<ThresholdTraining>,
    /// Rows and active latents of the batch so far.
    so_far: (usize, f64),
    pub sums: StepSums,
}

impl BatchLosses {
    /// None yet.
    pub fn new(d_in: usize, thresholds: Option<ThresholdTraining>) -> Self {
        Self { d_in: d_in as f64, thresholds, so_far: (0, 0.0), sums: StepSums::default() }
    }

    /// Takes a part of a batch.
    pub fn add(&mut self, part: RowSums) {
        let batch = part.batch as f64;
        self.sums.mse += part.squares / (batch * self.d_in);
        self.sums.l1 += part.l1 / batch;
        self.sums.others += part.shorter / (batch * self.d_in);
        let (rows, active) = (self.so_far.0 + part.rows, self.so_far.1 + part.active);
        self.so_far = (rows, active);
        if rows == part.batch {
            // The distance from a target l0 is of the batch as a whole.
            self.sums.others += self.thresholds.map_or(0.0, |training| training.penalty(active / batch));
            self.so_far = (0, 0.0);
        }
    }
}
