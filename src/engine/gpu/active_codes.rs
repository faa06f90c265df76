//! Codes of which few are active, any number of a row: kernels that find them by their bits.

use super::chunk::Chunk;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::{Kernel, Task, VECTORS_PER_THREAD};
use super::layout::Layout;
use crate::sae::Parameter;

/// Latents whose bits share a word.
pub const WORD: usize = 32;

/// Dense codes and the bits of those that are active.
#[derive(Clone, Copy)]
pub struct ActiveCodes<'a> {
    pub z: &'a GpuBuffer,
    pub bits: &'a GpuBuffer,
}

/// Where a reconstruction begins, as `shaders/decode_active.wgsl` counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeStart {
    /// At b_dec.
    Bias,
    /// At b_dec less the values of a buffer.
    BiasLess,
    /// At the values of a buffer.
    Values,
}

impl<'a> ActiveCodes<'a> {
    /// The codes of a chunk.
    pub fn of(chunk: &'a Chunk) -> Self {
        Self { z: &chunk.z, bits: &chunk.active_bits }
    }

    /// Binds reconstructions by the parameters in `theta`, from the values of `before` or without them, to `fit`.
    pub fn bind_decode(
        self,
        device: &GpuDevice,
        (layout, theta): (&Layout, &GpuBuffer),
        before: &GpuBuffer,
        fit: &GpuBuffer,
    ) -> BoundKernel {
        let buffers = [
            self.z.whole(),
            self.bits.whole(),
            layout.part(theta, layout.decoder()),
            layout.part(theta, Parameter::DecoderBias),
            before.whole(),
            fit.whole(),
        ];
        BoundKernel::new(device, Kernel::DecodeActive, &buffers)
    }

    /// Binds `∂F/∂z` to `dz`.
    pub fn bind_entry_gradients(
        self,
        device: &GpuDevice,
        residual: &GpuBuffer,
        w_dec: wgpu::BufferBinding<'_>,
        dz: &GpuBuffer,
    ) -> BoundKernel {
        let buffers = [residual.whole(), w_dec, self.z.whole(), self.bits.whole(), dz.whole()];
        BoundKernel::new(device, Kernel::EntryGradientsActive, &buffers)
    }
}

/// Records [`ActiveCodes::bind_decode`] for the latents of the task, of which a row activates `active` or so.
pub fn record_decode(
    queue: &mut DispatchQueue,
    bound: &BoundKernel,
    start: DecodeStart,
    task: Task,
    active: usize,
) {
    let mode = match start {
        DecodeStart::Bias => 0,
        DecodeStart::BiasLess => 1,
        DecodeStart::Values => 2,
    };
    let task = Task { mode, ..task };
    let threads = task.rows as usize * task.width as usize / VECTORS_PER_THREAD;
    let words = task.stride as usize / WORD;
    queue.dispatch_items(bound, &task, threads, words + 4 * VECTORS_PER_THREAD * active);
}

/// Records [`ActiveCodes::bind_entry_gradients`], likewise.
pub fn record_entry_gradients(queue: &mut DispatchQueue, bound: &BoundKernel, task: Task, active: usize) {
    let words = (task.latents as usize).div_ceil(WORD) - task.first_latent as usize / WORD;
    let work = 4 * task.width as usize * active.div_ceil(words.max(1));
    queue.dispatch_items(bound, &task, task.rows as usize * words, work);
}
