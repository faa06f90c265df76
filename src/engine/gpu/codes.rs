//! Codes on the device: which latents of a row are active, and what follows from whether those are few or many.

use super::chunk::Chunk;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::Task;

/// The kernels that depend on how latents are selected; each way of selecting implements it in a file of its own.
pub trait CodeKernels: std::fmt::Debug {
    /// Latents that a row activates, at most or as a guess.
    fn active_latents(&self) -> usize;

    /// The thresholds above which latents are active, `[stride]`, where each has one.
    fn thresholds(&self) -> Option<&GpuBuffer> {
        None
    }

    /// Turns pre-activations into codes: `z` and the bits of the chunk.
    fn record_select(&self, queue: &mut DispatchQueue, task: Task);

    /// Reconstructions of the codes, in `fit` of the chunk.
    fn record_decode(&self, queue: &mut DispatchQueue, task: Task);

    /// Binds `∂F/∂z` of the active latents to `dz [rows, stride]`.
    fn bind_entry_gradients(&self, device: &GpuDevice, buffers: EntryGradientBuffers<'_>) -> BoundKernel;

    /// Records what [`CodeKernels::bind_entry_gradients`] has bound; the task has the factors, and the latents that it is
    /// about.
    fn record_entry_gradients(&self, queue: &mut DispatchQueue, bound: &BoundKernel, task: Task);
}

/// What the gradient of the codes is computed from, and where it goes.
pub struct EntryGradientBuffers<'a> {
    pub chunk: &'a Chunk,
    pub residual: &'a GpuBuffer,
    pub w_dec: wgpu::BufferBinding<'a>,
    pub dz: &'a GpuBuffer,
}
