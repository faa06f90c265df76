//! The codes of a chunk by latent, and sums over the rows on which each latent is active.

use std::ops::Range;

use super::chunk::Chunk;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::{Kernel, Task, VECTORS_PER_THREAD};
use crate::error::Result;

/// Lists of rows by latent.
#[derive(Debug)]
pub struct InvertedCodes {
    /// `[stride, rows]`.
    pub lists: GpuBuffer,
    /// `[stride]`.
    pub lengths: GpuBuffer,
}

/// What becomes of sums that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    Replace,
    Add,
}

impl Earlier {
    /// As the kernels count it.
    pub fn bits(self) -> u32 {
        match self {
            Self::Replace => 0,
            Self::Add => 1,
        }
    }
}

/// What [`record_invert`] sums by latent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatentSums {
    /// The weights.
    Weights,
    /// The weights, and behind them, after the padding of the latents, their absolute values.
    WithAbsolutes,
}

impl InvertedCodes {
    /// Lists that hold the rows of a chunk.
    pub fn new(device: &GpuDevice, chunk: &Chunk) -> Result<Self> {
        let stride = chunk.layout.stride as u64;
        let lists = device.storage("rows by latent", 4 * stride * chunk.rows as u64)?;
        let lengths = device.storage("rows of each latent", 4 * stride)?;
        Ok(Self { lists, lengths })
    }

    /// Lists the rows by the bits of active latents, sums `weights` by latent to `sums`, and adds the numbers of rows to
    /// `counts`.
    pub fn bind_invert(
        &self,
        device: &GpuDevice,
        (bits, weights): (&GpuBuffer, &GpuBuffer),
        sums: wgpu::BufferBinding<'_>,
        counts: &GpuBuffer,
    ) -> BoundKernel {
        let [weights, bits, lists, lengths, counts] =
            [weights, bits, &self.lists, &self.lengths, counts].map(GpuBuffer::whole);
        BoundKernel::new(device, Kernel::Invert, &[weights, bits, lists, lengths, sums, counts])
    }

    /// Sums rows of `right`, weighted, to `result`.
    pub fn bind_sum(
        &self,
        device: &GpuDevice,
        weights: &GpuBuffer,
        right: &GpuBuffer,
        result: wgpu::BufferBinding<'_>,
    ) -> BoundKernel {
        let [weights, lists, lengths, right] =
            [weights, &self.lists, &self.lengths, right].map(GpuBuffer::whole);
        BoundKernel::new(device, Kernel::ByLatent, &[weights, lists, lengths, right, result])
    }
}

/// Records [`InvertedCodes::bind_invert`].
pub fn record_invert(
    queue: &mut DispatchQueue,
    bound: &BoundKernel,
    chunk: &Chunk,
    rows: usize,
    (earlier, sums): (Earlier, LatentSums),
) {
    let absolutes = match sums {
        LatentSums::Weights => 0,
        LatentSums::WithAbsolutes => 2,
    };
    let task = Task { mode: earlier.bits() | absolutes, count: chunk.rows as u32, ..chunk.task(rows) };
    queue.dispatch_items(bound, &task, chunk.layout.d_sae, rows);
}

/// What [`record_sum`] sums.
#[derive(Debug, Clone)]
pub struct WeightedSum {
    /// For which latents.
    pub latents: Range<usize>,
    /// vec4 of the right side.
    pub width: usize,
    /// Latents that a row activates, as a guess.
    pub active: usize,
    pub earlier: Earlier,
    pub scale: f32,
}

/// Records [`InvertedCodes::bind_sum`].
pub fn record_sum(
    queue: &mut DispatchQueue,
    bound: &BoundKernel,
    chunk: &Chunk,
    rows: usize,
    sum: WeightedSum,
) {
    let WeightedSum { latents, width, active, earlier, scale } = sum;
    let (mode, count) = (earlier.bits(), chunk.rows as u32);
    let task = Task { width: width as u32, mode, scale, count, ..chunk.task_of(rows, &latents) };
    let entries = (rows * active).div_ceil(chunk.layout.d_sae);
    let threads = latents.len() * width / VECTORS_PER_THREAD;
    queue.dispatch_items(bound, &task, threads, 4 * VECTORS_PER_THREAD * entries);
}
