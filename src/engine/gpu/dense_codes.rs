//! ReLU and JumpReLU: any number of latents of a row are active. Codes are dense, and products with them too.

use super::chunk::Chunk;
use super::codes::{CodeKernels, EntryGradientBuffers};
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::{Kernel, Task};
use crate::error::Result;
use crate::sae::Parameter;

/// Latents whose bits share a word.
const BITS: usize = 32;

/// Those above their threshold.
#[derive(Debug)]
pub struct ThresholdCodes {
    d_sae: usize,
    /// What only a kernel sees: it must outlive it.
    _thresholds: GpuBuffer,
    select: BoundKernel,
    decode: DenseDecoder,
}

impl ThresholdCodes {
    /// Kernels bound to a chunk and to the parameters in `theta`; `thresholds` are `[d_sae]`.
    pub fn new(device: &GpuDevice, chunk: &Chunk, thresholds: &[f32], theta: &GpuBuffer) -> Result<Self> {
        let stride = chunk.layout.stride;
        let mut padded = thresholds.to_vec();
        // Padding latents are never active.
        padded.resize(stride, f32::MAX);
        let thresholds = device.storage("thresholds", 4 * stride as u64)?;
        device.queue.write_buffer(&thresholds, 0, bytemuck::cast_slice(&padded));
        let select = [thresholds.whole(), chunk.z.whole(), chunk.active_bits.whole()];
        Ok(Self {
            d_sae: chunk.layout.d_sae,
            select: BoundKernel::new(device, Kernel::Threshold, &select),
            decode: DenseDecoder::new(device, chunk, theta),
            _thresholds: thresholds,
        })
    }
}

impl CodeKernels for ThresholdCodes {
    /// A guess, since it differs from row to row: half of them.
    fn active_latents(&self) -> usize {
        self.d_sae / 2 + 1
    }

    fn record_select(&self, queue: &mut DispatchQueue, task: Task) {
        let words = task.rows as usize * task.stride as usize / BITS;
        queue.dispatch_items(&self.select, &task, words, BITS);
    }

    fn record_decode(&self, queue: &mut DispatchQueue, task: Task) {
        self.decode.record(queue, task);
    }

    fn bind_entry_gradients(&self, device: &GpuDevice, buffers: EntryGradientBuffers<'_>) -> BoundKernel {
        let EntryGradientBuffers { chunk, w_dec, dz } = buffers;
        let buffers = [chunk.fit.whole(), w_dec, chunk.z.whole(), chunk.active_bits.whole(), dz.whole()];
        BoundKernel::new(device, Kernel::EntryGradientsDense, &buffers)
    }

    fn record_entry_gradients(&self, queue: &mut DispatchQueue, bound: &BoundKernel, task: Task) {
        queue.dispatch_product(bound, &task, task.stride as usize, 4 * task.width as usize);
    }
}

/// The decoder's product with the dense codes `z` of a chunk.
#[derive(Debug)]
pub struct DenseDecoder(BoundKernel);

impl DenseDecoder {
    /// Bound to a chunk and to the parameters in `theta`.
    pub fn new(device: &GpuDevice, chunk: &Chunk, theta: &GpuBuffer) -> Self {
        let layout = &chunk.layout;
        let buffers = [
            chunk.z.whole(),
            layout.part(theta, layout.decoder()),
            layout.part(theta, Parameter::DecoderBias),
            chunk.fit.whole(),
        ];
        Self(BoundKernel::new(device, Kernel::DecodeDense, &buffers))
    }

    /// Reconstructions of the codes, in `fit` of the chunk.
    pub fn record(&self, queue: &mut DispatchQueue, task: Task) {
        queue.dispatch_product(&self.0, &task, 4 * task.width as usize, task.stride as usize);
    }
}
