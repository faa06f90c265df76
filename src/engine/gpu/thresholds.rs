//! Training of JumpReLU's thresholds: their gradient by straight-through estimation, and what Adam keeps of it.

use super::active_codes::WORD;
use super::chunk::Chunk;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::inverted_codes::Earlier;
use super::kernels::{GROUP_SIZE, Kernel, Task};
use crate::engine::{State, ThresholdTraining};
use crate::error::Result;
use crate::sae::Activation;

/// Whether a state trains thresholds.
pub fn trains_thresholds(state: &State) -> bool {
    matches!(state.sae.activation, Activation::JumpRelu { .. }) && state.optimiser.threshold.is_some()
}

/// Buffers and kernels of the gradient.
#[derive(Debug)]
pub struct ThresholdPass {
    /// First and second moments, and the gradient, `[stride]`.
    pub m: GpuBuffer,
    pub v: GpuBuffer,
    pub gradient: GpuBuffer,
    /// Active latents that were counted up to the last batch.
    pub seen: GpuBuffer,
    /// A bit for each latent of a row: whether its pre-activation is near its threshold.
    near_bits: GpuBuffer,
    /// Of each latent the sum of `∂F/∂z` over those rows, and their number.
    sums: GpuBuffer,
    near: BoundKernel,
    finish: BoundKernel,
}

impl ThresholdPass {
    /// Of these thresholds; `counts` are the steps on which each latent was active.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(
        device: &GpuDevice,
        chunk: &Chunk,
        thresholds: &GpuBuffer,
        counts: &GpuBuffer,
    ) -> Result<Self> {
        let stride = chunk.layout.stride as u64;
        let of_latents = |name: &str| device.storage(name, 4 * stride);
        let (m, v) =
            (of_latents("first moments of thresholds")?, of_latents("second moments of thresholds")?);
        let (gradient, seen) = (of_latents("gradient of thresholds")?, of_latents("activity seen")?);
        let near_bits = device.storage("near latents", chunk.rows as u64 * stride / 8)?;
        let sums = device.storage("sums near thresholds", 8 * stride)?;
        let near = [thresholds, &chunk.z, &near_bits].map(GpuBuffer::whole);
        let finish = [&sums, counts, &seen, thresholds, &gradient].map(GpuBuffer::whole);
        Ok(Self {
            near: BoundKernel::new(device, Kernel::Near, &near),
            finish: BoundKernel::new(device, Kernel::ThresholdGradient, &finish),
            m,
            v,
            gradient,
            seen,
            near_bits,
            sums,
        })
    }

    /// Binds the sums of latents that see these residuals.
    pub fn bind_sums(
        &self,
        device: &GpuDevice,
        chunk: &Chunk,
        residual: &GpuBuffer,
        w_dec: wgpu::BufferBinding<'_>,
    ) -> BoundKernel {
        let buffers =
            [self.near_bits.whole(), chunk.active_bits.whole(), residual.whole(), w_dec, self.sums.whole()];
        BoundKernel::new(device, Kernel::ThresholdSums, &buffers)
    }

    /// Finds what is near, while `z` of the chunk has pre-activations.
    pub fn record_near(&self, queue: &mut DispatchQueue, task: Task, training: ThresholdTraining) {
        let task = Task { bandwidth: training.bandwidth as f32, ..task };
        queue.dispatch_items(&self.near, &task, task.rows as usize * task.stride as usize / WORD, WORD);
    }

    /// Records [`ThresholdPass::bind_sums`] for the latents of the task, which has the factors.
    pub fn record_sums(queue: &mut DispatchQueue, bound: &BoundKernel, task: Task, earlier: Earlier) {
        let task = Task { mode: earlier.bits(), ..task };
        let latents = task.latents - task.first_latent;
        // A guess: one row in eight is near.
        let work = task.rows as usize * (1 + task.width as usize / 2);
        queue.dispatch_rows(bound, &task, latents as usize, work);
    }

    /// The gradient from the sums over a batch of so many rows.
    pub fn record_gradient(
        &self,
        queue: &mut DispatchQueue,
        chunk: &Chunk,
        batch: usize,
        training: ThresholdTraining,
    ) {
        let ThresholdTraining { bandwidth, target_l0, coefficient } = training;
        let task = Task {
            bandwidth: bandwidth as f32,
            target_l0: target_l0 as f32,
            coefficient: coefficient as f32,
            ..chunk.task(batch)
        };
        queue.dispatch(&self.finish, &task, 1, 2 * GROUP_SIZE.max(chunk.layout.stride));
    }
}
