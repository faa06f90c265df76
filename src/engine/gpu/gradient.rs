//! The gradient of F on a chunk: by the codes, then by the parameters.

use std::ops::Range;

use super::codes::EntryGradientBuffers;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::forward::ForwardPass;
use super::inverted_codes::{Earlier, InvertedCodes, LatentSums, WeightedSum, record_invert, record_sum};
use super::kernels::{Kernel, Task};
use super::thresholds::{ThresholdPass, trains_thresholds};
use crate::engine::{State, StepOptions};
use crate::error::Result;
use crate::sae::Parameter;

/// What training needs beside the forward pass. Buffers of the parameters' layout end with the last one that Adam
/// trains.
#[derive(Debug)]
pub struct BackwardPass {
    pub gradient: GpuBuffer,
    /// Steps on which each latent was active, `[stride]`.
    pub activity: GpuBuffer,
    pub inverted: InvertedCodes,
    /// Of thresholds that are trained.
    pub thresholds: Option<ThresholdPass>,
    /// `∂F/∂z`.
    dz: GpuBuffer,
    invert: BoundKernel,
    encoder: BoundKernel,
}

/// The gradients that the residuals of the reconstruction give, or those of several.
#[derive(Debug)]
pub struct ResidualPass {
    groups: Vec<LatentGroup>,
    decoder_bias: Option<BoundKernel>,
}

/// Latents whose loss depends on the same residuals.
#[derive(Debug)]
struct LatentGroup {
    latents: Range<usize>,
    codes: BoundKernel,
    /// Of the decoder's matrix where it is trained; a tied one adds to the encoder's gradient.
    decoder: Option<BoundKernel>,
    thresholds: Option<BoundKernel>,
}

impl BackwardPass {
    /// Buffers for the gradients of what a state trains.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(device: &GpuDevice, forward: &ForwardPass, state: &State) -> Result<Self> {
        let chunk = &forward.chunk;
        let layout = &chunk.layout;
        let gradient = device.storage("gradients", layout.trained_bytes())?;
        let activity = device.storage("activity", 4 * layout.stride as u64)?;
        let dz = device.storage("gradient of the codes", 4 * (chunk.rows * layout.stride) as u64)?;
        let inverted = InvertedCodes::new(device, chunk)?;
        let trained = forward.codes.thresholds().filter(|_| trains_thresholds(state));
        let thresholds =
            trained.map(|thresholds| ThresholdPass::new(device, chunk, thresholds, &activity)).transpose()?;
        let of = |parameter| layout.part(&gradient, parameter);
        let codes = (&chunk.active_bits, &dz);
        Ok(Self {
            invert: inverted.bind_invert(device, codes, of(Parameter::EncoderBias), &activity),
            encoder: inverted.bind_sum(device, &dz, &chunk.x, of(Parameter::EncoderWeights)),
            gradient,
            activity,
            inverted,
            thresholds,
            dz,
        })
    }

    /// Gradients of a chunk of a batch of `total` rows by the residuals of `pass`; those of the first chunk replace what is
    /// there, later ones add to it.
    pub fn record(
        &self,
        queue: &mut DispatchQueue,
        (forward, pass): (&ForwardPass, &ResidualPass),
        rows: usize,
        (total, earlier): (usize, Earlier),
        options: &StepOptions<'_>,
    ) {
        let chunk = &forward.chunk;
        let layout = &chunk.layout;
        let scale = (2.0 / (total as f64 * layout.d_in as f64)) as f32;
        let l1 = (options.penalties.l1 / total as f64) as f32;
        for group in &pass.groups {
            let task = Task { scale, l1, ..chunk.task_of(rows, &group.latents) };
            forward.codes.record_entry_gradients(queue, &group.codes, task);
            if let (Some(bound), Some(_)) = (&group.thresholds, options.variants.thresholds()) {
                ThresholdPass::record_sums(queue, bound, task, earlier);
            }
        }
        record_invert(queue, &self.invert, chunk, rows, (earlier, LatentSums::Weights));
        let (width, active) = (layout.width, forward.codes.active_latents());
        let sum = WeightedSum { latents: 0..layout.d_sae, width, active, earlier, scale: 1.0 };
        record_sum(queue, &self.encoder, chunk, rows, sum.clone());
        let earlier_of_decoder = if layout.tied { Earlier::Add } else { earlier };
        for group in &pass.groups {
            if let Some(decoder) = &group.decoder {
                let latents = group.latents.clone();
                let sum = WeightedSum { latents, earlier: earlier_of_decoder, scale, ..sum.clone() };
                record_sum(queue, decoder, chunk, rows, sum);
            }
        }
        if let Some(bias) = &pass.decoder_bias {
            let task = Task { mode: earlier.bits(), scale, ..chunk.task(rows) };
            queue.dispatch_items(bias, &task, layout.width, 4 * rows);
        }
    }
}

impl ResidualPass {
    /// Of groups of latents with the residuals `[rows, width]` on which their loss depends. The first are those of b_dec too.
    pub fn new(
        device: &GpuDevice,
        (forward, backward): (&ForwardPass, &BackwardPass),
        theta: &GpuBuffer,
        seen: &[(&GpuBuffer, Range<usize>)],
    ) -> Self {
        let chunk = &forward.chunk;
        let layout = &chunk.layout;
        let BackwardPass { gradient, inverted, thresholds, dz, .. } = backward;
        let w_dec = || layout.part(theta, layout.decoder());
        let group = |(residual, latents): &(&GpuBuffer, Range<usize>)| {
            let buffers = EntryGradientBuffers { chunk, residual, w_dec: w_dec(), dz };
            let to_decoder = || layout.part(gradient, layout.decoder());
            LatentGroup {
                latents: latents.clone(),
                codes: forward.codes.bind_entry_gradients(device, buffers),
                decoder: layout
                    .trains(layout.decoder())
                    .then(|| inverted.bind_sum(device, &chunk.z, residual, to_decoder())),
                thresholds: thresholds
                    .as_ref()
                    .map(|thresholds| thresholds.bind_sums(device, chunk, residual, w_dec())),
            }
        };
        let first = seen.first().filter(|_| layout.trains(Parameter::DecoderBias));
        let decoder_bias = first.map(|(residual, _)| {
            let buffers = [residual.whole(), layout.part(gradient, Parameter::DecoderBias)];
            BoundKernel::new(device, Kernel::ColumnSums, &buffers)
        });
        Self { groups: seen.iter().map(group).collect(), decoder_bias }
    }

    /// Of all latents with the residuals of the whole.
    pub fn whole(device: &GpuDevice, passes: (&ForwardPass, &BackwardPass), theta: &GpuBuffer) -> Self {
        let chunk = &passes.0.chunk;
        Self::new(device, passes, theta, &[(&chunk.fit, 0..chunk.layout.d_sae)])
    }
}
