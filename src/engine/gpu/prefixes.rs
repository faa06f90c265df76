//! Matryoshka: F has the losses of the first latents by themselves too. A group of latents, from where one prefix ends to
//! where the next does, has in the place of residuals the sum of those of the prefixes that hold it.

use std::ops::Range;

use super::active_codes::{ActiveCodes, DecodeStart, record_decode};
use super::chunk::Chunk;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::forward::ForwardPass;
use super::gradient::{BackwardPass, ResidualPass};
use super::kernels::{Kernel, Task};
use crate::error::Result;

/// Residuals of all prefixes but the longest, and the gradients by them.
#[derive(Debug)]
pub struct PrefixPass {
    ends: Vec<usize>,
    shorter: Vec<Prefix>,
    /// In the place of that of the whole.
    pub pass: ResidualPass,
}

/// One of them.
#[derive(Debug)]
struct Prefix {
    /// Latents that it has beyond the prefix before it.
    latents: Range<usize>,
    /// Its residuals, then the sum of those of all that are at least as long.
    residual: GpuBuffer,
    decode: BoundKernel,
    /// Adds the longer ones.
    lengthen: BoundKernel,
}

impl PrefixPass {
    /// For prefixes that end at `ends`, the last of which is d_sae.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(
        device: &GpuDevice,
        (forward, backward): (&ForwardPass, &BackwardPass),
        theta: &GpuBuffer,
        ends: &[usize],
    ) -> Result<Self> {
        let chunk = &forward.chunk;
        let layout = &chunk.layout;
        let ranges: Vec<Range<usize>> = std::iter::once(0)
            .chain(ends.iter().copied())
            .zip(ends)
            .map(|(first, &end)| first..end)
            .collect();
        let shorter = &ranges[..ranges.len().saturating_sub(1)];
        let residual = |_| device.storage("residuals of a prefix", (16 * chunk.rows * layout.width) as u64);
        let residuals: Vec<GpuBuffer> = shorter.iter().map(residual).collect::<Result<_>>()?;
        // Where a prefix begins: at the data, or at the residuals of the prefix before it.
        let before = std::iter::once(&chunk.x).chain(&residuals);
        let longer = residuals.iter().skip(1).chain([&chunk.fit]);
        let decode = before.zip(&residuals).map(|(before, residual)| {
            ActiveCodes::of(chunk).bind_decode(device, (layout, theta), before, residual)
        });
        let lengthen = longer.zip(&residuals).map(|(longer, residual)| {
            let buffers = [longer, residual, &chunk.row_sums].map(GpuBuffer::whole);
            BoundKernel::new(device, Kernel::LongerPrefixes, &buffers)
        });
        let kernels: Vec<_> = decode.zip(lengthen).collect();
        let seen: Vec<_> = residuals.iter().chain([&chunk.fit]).zip(ranges.iter().cloned()).collect();
        let pass = ResidualPass::new(device, (forward, backward), theta, &seen);
        let parts = residuals.into_iter().zip(shorter.iter().cloned()).zip(kernels);
        let shorter = parts.map(|((residual, latents), (decode, lengthen))| Prefix {
            latents,
            residual,
            decode,
            lengthen,
        });
        Ok(Self { ends: ends.to_vec(), shorter: shorter.collect(), pass })
    }

    /// Whether these are its prefixes.
    pub fn takes(&self, ends: &[usize]) -> bool {
        self.ends == ends
    }

    /// Groups of latents with the residuals on which their loss depends, after [`PrefixPass::record`].
    pub fn seen<'a>(&'a self, chunk: &'a Chunk) -> Vec<(&'a GpuBuffer, Range<usize>)> {
        let shorter = self.shorter.iter().map(|prefix| (&prefix.residual, prefix.latents.clone()));
        let first = self.shorter.last().map_or(0, |prefix| prefix.latents.end);
        shorter.chain([(&chunk.fit, first..chunk.layout.d_sae)]).collect()
    }

    /// The residuals of the rows of a chunk whose codes, and residuals of the whole, are there; adds their squares to the
    /// sums of rows from `offset` on.
    pub fn record(&self, queue: &mut DispatchQueue, forward: &ForwardPass, rows: usize, offset: u32) {
        let (chunk, active) = (&forward.chunk, forward.codes.active_latents());
        for (index, prefix) in self.shorter.iter().enumerate() {
            let start = if index == 0 { DecodeStart::BiasLess } else { DecodeStart::Values };
            let task = chunk.task_of(rows, &prefix.latents);
            let active = (active * prefix.latents.len()).div_ceil(chunk.layout.d_sae);
            record_decode(queue, &prefix.decode, start, task, active);
        }
        let task = Task { offset, ..chunk.task(rows) };
        for prefix in self.shorter.iter().rev() {
            queue.dispatch_rows(&prefix.lengthen, &task, rows, 8 * chunk.layout.width);
        }
    }
}
