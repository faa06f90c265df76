//! Sufficient statistics: float32 sums over a few thousand rows on the device, float64 sums of those on the CPU.
//!
//! A float32 sum of 60 000 terms of one sign loses some four digits. Sums here run over at most [`BLOCK`] rows in
//! registers and over [`BLOCKS`] blocks in memory; what is added in float64 has then seen few roundings.

use super::device::{Context, Memory, values};
use super::dispatch::{Bound, Recorder};
use super::forward::{Batch, whole};
use super::inverted_codes::{InvertedCodes, Mode, record_invert, record_sum};
use crate::engine::SufficientStats;
use crate::error::Result;

/// Rows summed in registers.
pub const BLOCK: usize = 512;
/// Blocks summed in float32.
const BLOCKS: usize = 8;

/// Sums on the device and on the CPU.
#[derive(Debug)]
pub struct Accumulator {
    zz: Memory,
    zx: Memory,
    z: Memory,
    l1: Memory,
    active: Memory,
    _by_latent: InvertedCodes,
    to_zz: Bound,
    to_zx: Bound,
    to_z: Bound,
    to_l1: Bound,
    /// Blocks in the sums on the device.
    blocks: usize,
    /// Those of earlier blocks; none before the first.
    sums: Option<SufficientStats>,
}

impl Accumulator {
    /// Empty sums, bound to a batch.
    pub fn new(context: &Context, batch: &Batch) -> Result<Self> {
        let layout = &batch.layout;
        let (stride, width) = (layout.stride as u64, layout.width as u64);
        let zz = context.storage("ZᵀZ", 4 * stride * stride)?;
        let zx = context.storage("ZᵀX", 16 * stride * width)?;
        let z = context.storage("sums of codes", 4 * stride)?;
        let l1 = context.storage("sums of |codes|", 4 * stride)?;
        let active = context.storage("counts", 4 * stride)?;
        let by_latent = InvertedCodes::new(context, batch)?;
        let to_zz = by_latent.bind_sum(context, &batch.z, &batch.z, whole(&zz));
        let to_zx = by_latent.bind_sum(context, &batch.z, &batch.x, whole(&zx));
        let to_z = by_latent.bind_invert(context, batch, &batch.z, whole(&z), &active);
        let to_l1 = by_latent.bind_invert(context, batch, &batch.z, whole(&l1), &active);
        Ok(Self {
            zz,
            zx,
            z,
            l1,
            active,
            _by_latent: by_latent,
            to_zz,
            to_zx,
            to_z,
            to_l1,
            blocks: 0,
            sums: None,
        })
    }

    /// Forgets all sums.
    pub fn reset(&mut self) {
        self.blocks = 0;
        self.sums = None;
    }

    /// Whether the sums on the device must be flushed before another block.
    pub fn is_full(&self) -> bool {
        self.blocks == BLOCKS
    }

    /// Adds the encoded rows of the batch, at most [`BLOCK`].
    pub fn record(
        &mut self,
        context: &Context,
        recorder: &mut Recorder,
        batch: &Batch,
        rows: usize,
    ) -> Result<()> {
        let layout = &batch.layout;
        let mode = if self.blocks == 0 { Mode::Replace } else { Mode::Add };
        if mode == Mode::Replace {
            // What was recorded before belongs to the counts that are cleared here.
            recorder.submit();
            context.queue.write_buffer(&self.active, 0, &vec![0; 4 * layout.stride]);
        }
        record_invert(recorder, &self.to_l1, batch, rows, mode, true);
        record_invert(recorder, &self.to_z, batch, rows, mode, false);
        record_sum(recorder, &self.to_zz, batch, rows, layout.stride / 4, (mode, 1.0));
        record_sum(recorder, &self.to_zx, batch, rows, layout.width, (mode, 1.0));
        self.blocks += 1;
        let sums = match &mut self.sums {
            Some(sums) => sums,
            empty => empty.insert(SufficientStats::new(layout.d_in, layout.d_sae)?),
        };
        sums.rows += rows as u64;
        Ok(())
    }

    /// Adds what lies on the device to the sums in float64.
    pub async fn flush(&mut self, context: &Context, batch: &Batch) -> Result<()> {
        let (true, Some(sums)) = (self.blocks > 0, &mut self.sums) else { return Ok(()) };
        let layout = &batch.layout;
        let whole = |memory: &Memory| memory.size();
        let parts = [&self.zz, &self.zx, &self.z, &self.l1, &self.active];
        let parts: Vec<_> = parts.map(|memory| (&**memory, 0, whole(memory))).into();
        let read = context.read(&parts).await?;
        self.blocks = 0;
        let [zz, zx, z, l1, active] = &read[..] else { return Ok(()) };
        add_rows(&mut sums.zz, layout.d_sae, &values(zz), layout.stride);
        add_rows(&mut sums.zx, layout.d_in, &values(zx), 4 * layout.width);
        add(&mut sums.z, &values(z));
        sums.l1 += values::<f32>(l1)[..layout.d_sae].iter().map(|&sum| f64::from(sum)).sum::<f64>();
        let counts = values::<u32>(active);
        sums.active.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(count));
        Ok(())
    }

    /// Hands the sums over and starts new ones. All must have been flushed.
    pub fn take(&mut self, batch: &Batch) -> Result<SufficientStats> {
        match self.sums.take() {
            Some(sums) => Ok(sums),
            None => SufficientStats::new(batch.layout.d_in, batch.layout.d_sae),
        }
    }
}

fn add_rows(sums: &mut [f64], cols: usize, terms: &[f32], stride: usize) {
    for (sums, terms) in sums.chunks_exact_mut(cols).zip(terms.chunks_exact(stride)) {
        add(sums, terms);
    }
}

fn add(sums: &mut [f64], terms: &[f32]) {
    sums.iter_mut().zip(terms).for_each(|(sum, &term)| *sum += f64::from(term));
}
