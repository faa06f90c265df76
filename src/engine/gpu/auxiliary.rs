//! AuxK: the strongest dead latents of a row are trained to reconstruct what the others leave of it.

use super::active_codes::{ActiveCodes, DecodeStart, record_decode, record_entry_gradients};
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::forward::ForwardPass;
use super::gradient::BackwardPass;
use super::inverted_codes::{Earlier, LatentSums, WeightedSum, record_invert, record_sum};
use super::kernels::{GROUP_SIZE, Kernel, Task};
use crate::engine::AuxK;
use crate::error::Result;
use crate::sae::Parameter;

/// Rows since each latent was last active, and what they say of the dead.
#[derive(Debug)]
pub struct IdleRows {
    /// `[stride]`, float32.
    pub rows: GpuBuffer,
    /// Active latents that were counted up to the last batch.
    pub seen: GpuBuffer,
    /// `min(dead / k, 1)`.
    share: GpuBuffer,
    dead: BoundKernel,
    count: BoundKernel,
}

impl IdleRows {
    /// No rows yet; `counts` are the steps on which each latent was active.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(device: &GpuDevice, stride: usize, counts: &GpuBuffer) -> Result<Self> {
        let rows = device.storage("rows without activity", 4 * stride as u64)?;
        let seen = device.storage("activity seen", 4 * stride as u64)?;
        let share = device.storage("share of dead latents", 4)?;
        Ok(Self {
            dead: BoundKernel::new(device, Kernel::Dead, &[&rows, &share].map(GpuBuffer::whole)),
            count: BoundKernel::new(device, Kernel::Idle, &[counts, &seen, &rows].map(GpuBuffer::whole)),
            rows,
            seen,
            share,
        })
    }

    /// Finds the share of the dead, before a batch.
    pub fn record_dead(&self, queue: &mut DispatchQueue, forward: &ForwardPass, auxk: AuxK) {
        let task = Task { k: clamped(auxk.k), dead_after: auxk.dead_after as f32, ..forward.chunk.task(0) };
        queue.dispatch(&self.dead, &task, 1, GROUP_SIZE.max(forward.chunk.layout.stride));
    }

    /// Counts on, after a batch of so many rows.
    pub fn record_count(&self, queue: &mut DispatchQueue, forward: &ForwardPass, batch: usize) {
        queue.dispatch_items(&self.count, &forward.chunk.task(batch), forward.chunk.layout.d_sae, 1);
    }
}

/// Beyond what any model has, more is no more.
fn clamped(k: usize) -> u32 {
    u32::try_from(k).unwrap_or(u32::MAX)
}

/// Codes of dead latents, what they leave, and the gradients of both.
#[derive(Debug)]
pub struct AuxiliaryPass {
    k: usize,
    /// What only kernels see: it must outlive them.
    _hidden: [GpuBuffer; 7],
    mask: BoundKernel,
    select: BoundKernel,
    decode: BoundKernel,
    scale: BoundKernel,
    entries: BoundKernel,
    invert: BoundKernel,
    encoder: BoundKernel,
    /// Of the decoder's matrix where it is trained; a tied one adds to the encoder's gradient.
    decoder: Option<BoundKernel>,
}

impl AuxiliaryPass {
    /// With at most `k` latents of a row, on top of the gradients of a backward pass.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(
        device: &GpuDevice,
        (forward, backward): (&ForwardPass, &BackwardPass),
        idle: &IdleRows,
        theta: &GpuBuffer,
        k: usize,
    ) -> Result<Self> {
        let chunk = &forward.chunk;
        let layout = &chunk.layout;
        let chosen = k.min(layout.d_sae);
        let buffer = |name: &str, row: usize| device.storage(name, (chunk.rows * row) as u64);
        let z = buffer("codes of dead latents", 4 * layout.stride)?;
        let bits = buffer("chosen dead latents", layout.stride / 8)?;
        let list = buffer("list of chosen dead latents", 4 * chosen)?;
        let values = buffer("list of codes of dead latents", 4 * chosen)?;
        let fit = buffer("reconstruction by dead latents", 16 * layout.width)?;
        let dz = buffer("gradient of codes of dead latents", 4 * layout.stride)?;
        let counts = device.storage("rows of chosen dead latents", 4 * layout.stride as u64)?;
        let codes = ActiveCodes { z: &z, bits: &bits };
        let mask = [&idle.rows, &chunk.z, &z].map(GpuBuffer::whole);
        let select = [&z, &bits, &list, &values].map(GpuBuffer::whole);
        let gradient = |parameter| layout.part(&backward.gradient, parameter);
        let inverted = &backward.inverted;
        let trained = layout.trains(layout.decoder());
        Ok(Self {
            k: chosen,
            mask: BoundKernel::new(device, Kernel::DeadLatents, &mask),
            select: BoundKernel::new(device, Kernel::TopK, &select),
            decode: codes.bind_decode(device, (layout, theta), &chunk.fit, &fit),
            scale: BoundKernel::new(
                device,
                Kernel::AuxiliaryResidual,
                &[&idle.share, &fit].map(GpuBuffer::whole),
            ),
            entries: codes.bind_entry_gradients(device, &fit, layout.part(theta, layout.decoder()), &dz),
            invert: inverted.bind_invert(device, (&bits, &dz), gradient(Parameter::EncoderBias), &counts),
            encoder: inverted.bind_sum(device, &dz, &chunk.x, gradient(Parameter::EncoderWeights)),
            decoder: trained.then(|| inverted.bind_sum(device, &z, &fit, gradient(layout.decoder()))),
            _hidden: [z, bits, list, values, fit, dz, counts],
        })
    }

    /// Whether the pass has room for the latents that are asked for.
    pub fn takes(&self, auxk: AuxK, d_sae: usize) -> bool {
        self.k == auxk.k.min(d_sae)
    }

    /// Chooses among the dead, while `z` of the chunk has pre-activations.
    pub fn record_select(&self, queue: &mut DispatchQueue, forward: &ForwardPass, rows: usize, auxk: AuxK) {
        let stride = forward.chunk.layout.stride;
        // By value, those above 0: the others that are chosen are not active.
        let task = Task {
            k: self.k as u32,
            mode: 1 | 2,
            dead_after: auxk.dead_after as f32,
            ..forward.chunk.task(rows)
        };
        queue.dispatch_items(&self.mask, &task, rows * stride / 4, 4);
        queue.dispatch_rows(&self.select, &task, rows, 8 * stride);
    }

    /// Adds the gradients of a chunk of a batch of `total` rows, whose residuals lie in `fit` of the chunk.
    pub fn record_gradients(
        &self,
        queue: &mut DispatchQueue,
        forward: &ForwardPass,
        (rows, total): (usize, usize),
        auxk: AuxK,
    ) {
        let chunk = &forward.chunk;
        let layout = &chunk.layout;
        let scale = (2.0 * auxk.coefficient / (total as f64 * layout.d_in as f64)) as f32;
        let task = Task { scale, ..chunk.task(rows) };
        record_decode(queue, &self.decode, DecodeStart::Values, task, self.k);
        queue.dispatch_items(&self.scale, &task, rows * layout.width, 4);
        record_entry_gradients(queue, &self.entries, task, self.k);
        record_invert(queue, &self.invert, chunk, rows, (Earlier::Add, LatentSums::Weights));
        let sum = WeightedSum {
            latents: 0..layout.d_sae,
            width: layout.width,
            active: self.k,
            earlier: Earlier::Add,
            scale: 1.0,
        };
        record_sum(queue, &self.encoder, chunk, rows, sum.clone());
        if let Some(decoder) = &self.decoder {
            record_sum(queue, decoder, chunk, rows, WeightedSum { scale, ..sum });
        }
    }
}
