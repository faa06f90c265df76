//! ReLU and JumpReLU: any number of latents of a row are active. Codes are dense, and products with them too.

use super::active_codes::WORD;
use super::chunk::Chunk;
use super::codes::{CodeKernels, EntryGradientBuffers};
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::{Kernel, REGISTER_TILE, Task};
use crate::error::Result;
use crate::sae::Parameter;

/// Those above their threshold.
#[derive(Debug)]
pub struct ThresholdCodes {
    d_sae: usize,
    /// `[stride]`.
    thresholds: GpuBuffer,
    select: BoundKernel,
    decode: DenseDecoder,
}

impl ThresholdCodes {
    /// Kernels bound to a chunk, to the parameters in `theta`, and to thresholds that have yet to be loaded.
    pub fn new(device: &GpuDevice, chunk: &Chunk, theta: &GpuBuffer) -> Result<Self> {
        let thresholds = device.storage("thresholds", 4 * chunk.layout.stride as u64)?;
        let select = [thresholds.whole(), chunk.z.whole(), chunk.active_bits.whole()];
        Ok(Self {
            d_sae: chunk.layout.d_sae,
            select: BoundKernel::new(device, Kernel::Threshold, &select),
            decode: DenseDecoder::new(device, chunk, theta),
            thresholds,
        })
    }
}

impl CodeKernels for ThresholdCodes {
    /// A guess, since it differs from row to row: half of them.
    fn active_latents(&self) -> usize {
        self.d_sae / 2 + 1
    }

    fn thresholds(&self) -> Option<&GpuBuffer> {
        Some(&self.thresholds)
    }

    fn record_select(&self, queue: &mut DispatchQueue, task: Task) {
        let words = task.rows as usize * task.stride as usize / WORD;
        queue.dispatch_items(&self.select, &task, words, WORD);
    }

    fn record_decode(&self, queue: &mut DispatchQueue, task: Task) {
        self.decode.record(queue, task);
    }

    fn bind_entry_gradients(&self, device: &GpuDevice, buffers: EntryGradientBuffers<'_>) -> BoundKernel {
        let EntryGradientBuffers { chunk, residual, w_dec, dz } = buffers;
        let buffers = [residual.whole(), w_dec, chunk.z.whole(), chunk.active_bits.whole(), dz.whole()];
        BoundKernel::new(device, Kernel::EntryGradientsDense, &buffers)
    }

    fn record_entry_gradients(&self, queue: &mut DispatchQueue, bound: &BoundKernel, task: Task) {
        // Tiles begin at a multiple of so many latents.
        let first = task.first_latent as usize / REGISTER_TILE * REGISTER_TILE;
        queue.dispatch_product(bound, &task, task.latents as usize - first, 4 * task.width as usize);
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
