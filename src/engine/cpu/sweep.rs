//! The decoder follows each step: one sweep of block coordinate descent over its rows, on the batch alone.
//!
//! As in online dictionary learning (Mairal et al. 2010, algorithm 2) a row goes to the minimiser of a quadratic whose
//! curvature is that of more rows than the batch has:
//! `Δw = −(Σ z r + share · ridge · w) / (Σ z² + max(ridge, damping))`, where `Σ z r` runs over the batch and `Σ z²` over the last [`Sweep::rows`] rows, those before weighing less and less, and `share` is the
//! batch's part of them. Residuals follow each row before the next one moves. The bias is a row of its own, active
//! everywhere, and the first.
//!
//! Columns do not depend on one another: threads share blocks of them, each of which keeps its residuals in the nearest cache.

use std::iter;

use super::batch::Batch;
use super::row_sums::{Place, terms};
use crate::engine::{Sweep, VARIANTS_OFFERED};
use crate::error::Result;
use crate::sae::{LatentIndex, Sae};
use crate::simd::{F32x4, Kernel, widest};
use crate::threads::Threads;

/// Columns of a block: eight registers, and 16 KB of residuals for a batch of 128 rows.
const WIDTH: usize = 32;
/// The same in registers.
const REGISTERS: usize = WIDTH / 4;

/// What sweeps remember of an epoch, and their buffers.
#[derive(Debug, Default)]
pub struct DecoderSweep {
    /// `Σ z²` of each latent over the steps so far, those before weighing less and less.
    energy: Vec<f32>,
    /// What the weights of all steps so far are short of a sum of 1.
    unseen: f32,
    /// Sums of residuals by blocks of columns, `[blocks, rows, groups, WIDTH]`; see [`Batch::residuals_by_group`].
    residuals: Vec<[f32; WIDTH]>,
    /// What is added to `b_dec` and the rows of active latents, `[blocks, 1 + active, WIDTH]`.
    moves: Vec<[f32; WIDTH]>,
    active: Vec<Active>,
}

/// A latent that is active in the batch.
#[derive(Debug, Clone, Copy)]
struct Active {
    latent: usize,
    /// The group of prefixes that hold it.
    group: usize,
    /// `1 / (Σ z² + damping)`, of all losses that it is part of.
    gain: f32,
}

impl DecoderSweep {
    /// Forgets all steps.
    pub fn begin_epoch(&mut self) {
        self.energy.clear();
    }

    /// Moves the decoder after a step on the batch, whose codes are sorted in `by_latent`.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn run(
        &mut self,
        sae: &mut Sae,
        batch: &Batch,
        by_latent: &LatentIndex,
        options: Sweep,
        threads: Threads,
    ) -> Result<()> {
        let Some(w_dec) = &mut sae.w_dec else { return Ok(()) };
        let (rows, groups) = (batch.codes.rows(), batch.groups());
        let share = (rows as f64 / options.rows).min(1.0) as f32;
        self.remember(batch, by_latent, share, options.added_curvature());
        let blocks = batch.d_in.div_ceil(WIDTH);
        self.residuals.resize(blocks * rows * groups, [0.0; WIDTH]);
        self.moves.resize(blocks * (1 + self.active.len()), [0.0; WIDTH]);
        let (everywhere, only_value): (Vec<u32>, _) = ((0..rows as u32).collect(), vec![0; rows]);
        let bias = BiasRow {
            b_dec: &sae.b_dec,
            gain: 1.0 / (groups as f64 * options.rows.max(rows as f64) + options.bias_ridge) as f32,
            ridge: share * options.bias_ridge as f32,
            rows: (&everywhere, &only_value),
        };
        let (active, w) = (&*self.active, &**w_dec);
        let parts = self.residuals.chunks_mut(rows * groups).zip(self.moves.chunks_mut(1 + active.len()));
        threads.for_each(parts.enumerate(), |(block, (residuals, moves))| {
            batch.residuals_by_group(block * WIDTH, residuals);
            let sweep = BlockSweep {
                columns: block * WIDTH,
                residuals,
                moves,
                batch,
                by_latent,
                active,
                bias,
                w_dec: w,
                ridge: share * options.ridge as f32,
            };
            widest(sweep);
        })?;
        self.apply(w_dec, &mut sae.b_dec);
        Ok(())
    }

    /// Adds the batch to the energies and notes which latents are active in it.
    fn remember(&mut self, batch: &Batch, by_latent: &LatentIndex, share: f32, damping: f32) {
        let (codes, groups) = (&batch.codes, batch.groups());
        if self.energy.is_empty() {
            self.energy.resize(codes.d_sae(), 0.0);
            self.unseen = 1.0;
        }
        self.unseen *= 1.0 - share;
        // The energy that so many rows have in all, as far as those seen so far tell.
        let whole = 1.0 / (1.0 - self.unseen);
        self.active.clear();
        for (latent, energy) in self.energy.iter_mut().enumerate() {
            let (_, entries) = by_latent.of(latent);
            let square =
                |sum: f32, &at: &u32| sum + codes.values()[at as usize] * codes.values()[at as usize];
            *energy = (1.0 - share) * *energy + entries.iter().fold(0.0, square);
            if !entries.is_empty() {
                let group = batch.group_of(latent);
                let curvature = (groups - group) as f32 * *energy * whole + damping;
                // Without damping codes may be so small that their squares are 0.
                let gain = if curvature >= f32::MIN_POSITIVE { 1.0 / curvature } else { 0.0 };
                self.active.push(Active { latent, group, gain });
            }
        }
    }

    /// Adds what the blocks found: by count of operations under a hundredth of encoding a batch of 128 rows, and not shared.
    fn apply(&self, w_dec: &mut [f32], b_dec: &mut [f32]) {
        let stride = 1 + self.active.len();
        let d_in = b_dec.len();
        let rows = self.active.iter().map(|active| active.latent);
        for (block, moves) in self.moves.chunks(stride).enumerate() {
            let Some((bias, moves)) = moves.split_first() else { return };
            let first = block * WIDTH;
            let add = |row: &mut [f32], moved: &[f32; WIDTH]| {
                row[first..].iter_mut().zip(moved).for_each(|(w, moved)| *w += moved);
            };
            add(b_dec, bias);
            rows.clone()
                .zip(moves)
                .for_each(|(latent, moved)| add(&mut w_dec[latent * d_in..][..d_in], moved));
        }
    }
}

/// The sweep on a block of columns.
struct BlockSweep<'a> {
    /// The first of them.
    columns: usize,
    residuals: &'a mut [[f32; WIDTH]],
    moves: &'a mut [[f32; WIDTH]],
    batch: &'a Batch,
    by_latent: &'a LatentIndex,
    active: &'a [Active],
    bias: BiasRow<'a>,
    w_dec: &'a [f32],
    /// The batch's part of the ridge.
    ridge: f32,
}

/// The bias as a row of the decoder whose latent is 1 everywhere.
#[derive(Clone, Copy)]
struct BiasRow<'a> {
    b_dec: &'a [f32],
    /// `1 / (rows + ridge)`.
    gain: f32,
    /// The batch's part of the ridge.
    ridge: f32,
    /// All rows of the batch, and for each the place of the only value.
    rows: (&'a [u32], &'a [u32]),
}

/// A row of the decoder, and where its latent is active.
struct Row<'a> {
    weights: &'a [f32],
    group: usize,
    gain: f32,
    ridge: f32,
    rows: (&'a [u32], &'a [u32]),
    values: &'a [f32],
}

impl Kernel for BlockSweep<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { columns, residuals, moves, batch, by_latent, active, bias, w_dec, ridge } = self;
        let groups = batch.groups();
        let BiasRow { b_dec, gain, ridge: bias_ridge, rows } = bias;
        let first = Row { weights: b_dec, group: 0, gain, ridge: bias_ridge, rows, values: &[1.0] };
        let others = active.iter().map(|&Active { latent, group, gain }| {
            let weights = &w_dec[latent * batch.d_in..][..batch.d_in];
            let (rows, values) = (by_latent.of(latent), batch.codes.values());
            Row { weights, group, gain, ridge, rows, values }
        });
        for (row, moved) in iter::once(first).chain(others).zip(moves) {
            *moved = row.descend(columns, groups, residuals);
        }
    }
}

impl Row<'_> {
    /// Moves the columns of a block, and the residuals with them; returns by how much.
    #[inline(always)]
    fn descend(self, columns: usize, groups: usize, residuals: &mut [[f32; WIDTH]]) -> [f32; WIDTH] {
        let terms = terms(self.rows, self.values, 1.0, Place::SAME);
        let mut start = [0.0; WIDTH];
        start.iter_mut().zip(&self.weights[columns..]).for_each(|(start, w)| *start = self.ridge * w);
        let mut sums = load(&start);
        for (row, z) in terms.clone() {
            let (z, residual) = (F32x4::splat(z), load(&residuals[row * groups + self.group]));
            for i in 0..REGISTERS {
                sums[i] = sums[i] + z * residual[i];
            }
        }
        let gain = F32x4::splat(-self.gain);
        for sum in &mut sums {
            *sum = *sum * gain;
        }
        for (row, z) in terms {
            for (other, residual) in residuals[row * groups..][..groups].iter_mut().enumerate() {
                let held = if VARIANTS_OFFERED { (groups - self.group.max(other)) as f32 } else { 1.0 };
                let (z, mut now) = (F32x4::splat(held * z), load(residual));
                for i in 0..REGISTERS {
                    now[i] = now[i] + z * sums[i];
                }
                store(now, residual);
            }
        }
        let mut moved = [0.0; WIDTH];
        store(sums, &mut moved);
        moved
    }
}

#[inline(always)]
fn load(from: &[f32; WIDTH]) -> [F32x4; REGISTERS] {
    crate::simd::load_first(from)
}

#[inline(always)]
fn store(values: [F32x4; REGISTERS], to: &mut [f32; WIDTH]) {
    for (to, value) in to.as_chunks_mut::<4>().0.iter_mut().zip(values) {
        *to = value.lanes();
    }
}
