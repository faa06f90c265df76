//! Sufficient statistics: float32 sums over a few thousand rows on the device, float64 sums of those on the CPU.
//!
//! A float32 sum of 60 000 terms of one sign loses some four digits. Sums here run over at most [`BLOCK_ROWS`] rows in
//! registers and over [`BLOCKS`] blocks in memory; what is added in float64 has then seen few roundings.

use super::device::{GpuBuffer, GpuDevice, incomplete_readback, values};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::forward::ForwardPass;
use super::inverted_codes::{Earlier, InvertedCodes, LatentSums, WeightedSum, record_invert, record_sum};
use super::layout::Layout;
use crate::engine::SufficientStats;
use crate::error::Result;

/// Rows summed in registers.
pub const BLOCK_ROWS: usize = 512;
/// Blocks summed in float32.
const BLOCKS: usize = 8;

/// Sums on the device and on the CPU.
#[derive(Debug)]
pub struct StatsAccumulator {
    zz: GpuBuffer,
    zx: GpuBuffer,
    /// Sums of the codes, then of their absolute values, `[stride]` each.
    z: GpuBuffer,
    active: GpuBuffer,
    _inverted: InvertedCodes,
    to_zz: BoundKernel,
    to_zx: BoundKernel,
    to_z: BoundKernel,
    /// Blocks in the sums on the device.
    blocks: usize,
    /// Those of earlier blocks; none before the first.
    sums: Option<SufficientStats>,
}

impl StatsAccumulator {
    /// Empty sums over the codes of a forward pass.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(device: &GpuDevice, forward: &ForwardPass) -> Result<Self> {
        let chunk = &forward.chunk;
        let (stride, width) = (chunk.layout.stride as u64, chunk.layout.width as u64);
        let zz = device.storage("ZᵀZ", 4 * stride * stride)?;
        let zx = device.storage("ZᵀX", 16 * stride * width)?;
        let z = device.storage("sums of codes", 2 * 4 * stride)?;
        let active = device.storage("counts", 4 * stride)?;
        let inverted = InvertedCodes::new(device, chunk)?;
        Ok(Self {
            to_zz: inverted.bind_sum(device, &chunk.z, &chunk.z, zz.whole()),
            to_zx: inverted.bind_sum(device, &chunk.z, &chunk.x, zx.whole()),
            to_z: inverted.bind_invert(device, (&chunk.active_bits, &chunk.z), z.whole(), &active),
            zz,
            zx,
            z,
            active,
            _inverted: inverted,
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

    /// Adds the encoded rows of the chunk, at most [`BLOCK_ROWS`].
    ///
    /// # Errors
    /// If the CPU has no memory for the sums.
    pub fn record(
        &mut self,
        device: &GpuDevice,
        queue: &mut DispatchQueue,
        forward: &ForwardPass,
        rows: usize,
    ) -> Result<()> {
        let layout = &forward.chunk.layout;
        let sums = match &mut self.sums {
            Some(sums) => sums,
            empty => empty.insert(SufficientStats::new(layout.d_in, layout.d_sae)?),
        };
        let earlier = if self.blocks == 0 { Earlier::Replace } else { Earlier::Add };
        if earlier == Earlier::Replace {
            // What was recorded before belongs to the counts that are cleared here.
            queue.submit();
            device.queue.write_buffer(&self.active, 0, &vec![0; 4 * layout.stride]);
        }
        let chunk = &forward.chunk;
        record_invert(queue, &self.to_z, chunk, rows, (earlier, LatentSums::WithAbsolutes));
        for (bound, width) in [(&self.to_zz, layout.stride / 4), (&self.to_zx, layout.width)] {
            let active = forward.codes.active_latents();
            let sum = WeightedSum { latents: 0..layout.d_sae, width, active, earlier, scale: 1.0 };
            record_sum(queue, bound, chunk, rows, sum);
        }
        self.blocks += 1;
        sums.rows += rows as u64;
        Ok(())
    }

    /// Adds what lies on the device to the sums in float64.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn flush(&mut self, device: &GpuDevice, layout: &Layout) -> Result<()> {
        let (true, Some(sums)) = (self.blocks > 0, &mut self.sums) else { return Ok(()) };
        let parts = [&self.zz, &self.zx, &self.z, &self.active];
        let read = device.read(&parts.map(|buffer| (&**buffer, 0, buffer.size()))).await?;
        self.blocks = 0;
        let [zz, zx, z, active] = &read[..] else { return Err(incomplete_readback()) };
        add_rows(&mut sums.zz, layout.d_sae, &values(zz), layout.stride);
        add_rows(&mut sums.zx, layout.d_in, &values(zx), 4 * layout.width);
        let z: Vec<f32> = values(z);
        let (z, absolutes) = z.split_at(layout.stride);
        add(&mut sums.z, z);
        sums.l1 += absolutes[..layout.d_sae].iter().map(|&sum| f64::from(sum)).sum::<f64>();
        let counts = values::<u32>(active);
        sums.active.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(count));
        Ok(())
    }

    /// Hands the sums over and starts new ones. All must have been flushed.
    ///
    /// # Errors
    /// If there are none yet and the CPU has no memory for empty ones.
    pub fn take(&mut self, layout: &Layout) -> Result<SufficientStats> {
        match self.sums.take() {
            Some(sums) => Ok(sums),
            None => SufficientStats::new(layout.d_in, layout.d_sae),
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

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::engine::gpu::kernels::Kernel;
    use crate::engine::{Optimiser, State};
    use crate::sae::{Activation, Sae, TopKBy};
    use pollster::block_on;

    #[test]
    fn a_block_inverts_its_codes_once() {
        let device = match block_on(GpuDevice::open(true)) {
            Ok(device) => device,
            Err(error) => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "{error}");
                return;
            }
        };
        let sae = Sae::random(4, 8, Activation::TopK { k: 2, by: TopKBy::Magnitude }, true, 1);
        let layout = Layout::new(&State { optimiser: Optimiser::new(&sae, false), sae: sae.clone() });
        let layout = layout.expect("is small");
        let theta = device.storage("parameters", layout.bytes()).expect("fits");
        let forward = ForwardPass::new(&device, &layout, &sae.activation, &theta).expect("fits");
        let mut queue = DispatchQueue::new(Rc::clone(&device)).expect("fits");
        let mut stats = StatsAccumulator::new(&device, &forward).expect("fits");
        stats.record(&device, &mut queue, &forward, 5).expect("records");
        assert_eq!(queue.waiting(Kernel::Invert), 1);
        assert_eq!(queue.waiting(Kernel::ByLatent), 2);
    }
}
