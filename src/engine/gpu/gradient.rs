//! The backward pass: gradients, and Adam's step.

use super::codes::EntryGradientBuffers;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::forward::ForwardPass;
use super::inverted_codes::{Earlier, InvertedCodes, LatentSums, record_invert, record_sum};
use super::kernels::{Kernel, Task};
use super::layout::Layout;
use crate::engine::StepOptions;
use crate::engine::adam::AdamStep;
use crate::error::Result;
use crate::sae::Parameter;

/// Workgroups, and so partial sums, of the norm of a parameter's gradient.
const NORM_GROUPS: usize = 64;

/// What training needs beside the forward pass. Buffers of the parameters' layout end with the last one that Adam
/// trains.
#[derive(Debug)]
pub struct BackwardPass {
    /// First moments.
    pub m: GpuBuffer,
    /// Second moments.
    pub v: GpuBuffer,
    /// The parameters at the start of the epoch.
    pub previous: GpuBuffer,
    /// Steps on which each latent was active, `[stride]`.
    pub activity: GpuBuffer,
    /// What only kernels see: it must outlive them.
    _hidden: [GpuBuffer; 4],
    _inverted: InvertedCodes,
    /// `∂F/∂z`.
    codes: BoundKernel,
    invert: BoundKernel,
    encoder: BoundKernel,
    /// Of the decoder's matrix where it is trained; a tied one adds to the encoder's gradient.
    decoder: Option<BoundKernel>,
    decoder_bias: Option<BoundKernel>,
    /// Of an untied decoder that Adam trains.
    unit: Option<UnitDecoder>,
    clip: BoundKernel,
    trained: Vec<TrainedParameter>,
}

/// What keeps rows of W_dec at length 1.
#[derive(Debug)]
struct UnitDecoder {
    tangent: BoundKernel,
    normalise: BoundKernel,
}

/// A parameter that Adam trains.
#[derive(Debug)]
struct TrainedParameter {
    parameter: Parameter,
    norm: BoundKernel,
    adam: BoundKernel,
}

impl BackwardPass {
    /// Buffers for gradients and moments, bound to the forward pass and to the parameters in `theta`.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(device: &GpuDevice, forward: &ForwardPass, theta: &GpuBuffer) -> Result<Self> {
        let chunk = &forward.chunk;
        let layout = &chunk.layout;
        let buffer = |name: &str| device.storage(name, layout.trained_bytes());
        let (m, v, previous) = (buffer("first moments")?, buffer("second moments")?, buffer("previous")?);
        let gradient = buffer("gradients")?;
        let activity = device.storage("activity", 4 * layout.stride as u64)?;
        let dz = device.storage("gradient of the codes", 4 * (chunk.rows * layout.stride) as u64)?;
        let partials = device.storage("partial sums", 4 * (Parameter::ALL.len() * NORM_GROUPS) as u64)?;
        let factor = device.storage("factor of clipping", 4)?;
        let inverted = InvertedCodes::new(device, forward)?;
        let of = |buffer, parameter| layout.part(buffer, parameter);
        let trains = |parameter| layout.trains(parameter);
        let w_dec = of(theta, layout.decoder());
        let codes =
            forward.codes.bind_entry_gradients(device, EntryGradientBuffers { chunk, w_dec, dz: &dz });
        let bias = of(&gradient, Parameter::EncoderBias);
        let invert = inverted.bind_invert(device, forward, &dz, bias, &activity);
        let to_encoder = of(&gradient, Parameter::EncoderWeights);
        let encoder = inverted.bind_sum(device, &dz, &chunk.x, to_encoder);
        let decoder = trains(layout.decoder())
            .then(|| inverted.bind_sum(device, &chunk.z, &chunk.fit, of(&gradient, layout.decoder())));
        let decoder_bias = trains(Parameter::DecoderBias).then(|| {
            let buffers = [chunk.fit.whole(), of(&gradient, Parameter::DecoderBias)];
            BoundKernel::new(device, Kernel::ColumnSums, &buffers)
        });
        let unit = trains(Parameter::DecoderWeights).then(|| {
            let [theta, gradient] = [theta, &gradient].map(|buffer| of(buffer, Parameter::DecoderWeights));
            UnitDecoder {
                tangent: BoundKernel::new(device, Kernel::Tangent, &[theta.clone(), gradient]),
                normalise: BoundKernel::new(device, Kernel::UnitRows, &[theta]),
            }
        });
        let clip = BoundKernel::new(device, Kernel::Clip, &[partials.whole(), factor.whole()]);
        let train = |parameter| {
            let [theta, m, v, previous, gradient] =
                [theta, &m, &v, &previous, &gradient].map(|buffer| of(buffer, parameter));
            let norm = [theta.clone(), previous.clone(), gradient.clone(), partials.whole()];
            let adam = [theta, m, v, previous, gradient, factor.whole()];
            TrainedParameter {
                parameter,
                norm: BoundKernel::new(device, Kernel::Norm, &norm),
                adam: BoundKernel::new(device, Kernel::Adam, &adam),
            }
        };
        let trained = Parameter::ALL.into_iter().filter(|&parameter| trains(parameter)).map(train);
        let trained = trained.collect();
        Ok(Self {
            m,
            v,
            previous,
            activity,
            _hidden: [gradient, dz, partials, factor],
            _inverted: inverted,
            codes,
            invert,
            encoder,
            decoder,
            decoder_bias,
            unit,
            clip,
            trained,
        })
    }

    /// Gradients of a chunk of a batch of `total` rows, whose residuals lie in `fit`; those of the first chunk replace
    /// what is there, later ones add to it.
    pub fn record_gradients(
        &self,
        queue: &mut DispatchQueue,
        forward: &ForwardPass,
        rows: usize,
        (total, earlier): (usize, Earlier),
        options: &StepOptions<'_>,
    ) {
        let layout = &forward.chunk.layout;
        let scale = (2.0 / (total as f64 * layout.d_in as f64)) as f32;
        let l1 = (options.penalties.l1 / total as f64) as f32;
        let task = Task { scale, l1, ..forward.chunk.task(rows) };
        forward.codes.record_entry_gradients(queue, &self.codes, task);
        record_invert(queue, &self.invert, forward, rows, (earlier, LatentSums::Weights));
        record_sum(queue, &self.encoder, forward, rows, layout.width, (earlier, 1.0));
        if let Some(decoder) = &self.decoder {
            let earlier = if layout.tied { Earlier::Add } else { earlier };
            record_sum(queue, decoder, forward, rows, layout.width, (earlier, scale));
        }
        if let Some(bias) = &self.decoder_bias {
            let task = Task { mode: earlier.bits(), scale, ..forward.chunk.task(rows) };
            queue.dispatch_items(bias, &task, layout.width, 4 * rows);
        }
    }

    /// Adam's step number `t`, counted from 1.
    pub fn record_step(&self, queue: &mut DispatchQueue, layout: &Layout, options: &StepOptions<'_>, t: u64) {
        let AdamStep { step_size, inverse_root } = AdamStep::new(options.lr * options.variants.warmup(t), t);
        let task = |trained: &TrainedParameter| {
            let regularizer = options.regularizer(trained.parameter, layout.tied);
            let (ridge, proximal) = regularizer.gradient_weights();
            let elements = layout.range(trained.parameter).1 as usize / 16;
            let task = Task {
                elements: elements as u32,
                mode: u32::from(options.clip.is_some()),
                step_size,
                inverse_root,
                ridge,
                proximal,
                weight_decay: regularizer.weight_decay as f32,
                ..Task::default()
            };
            (task, elements)
        };
        let rows = Task { latents: layout.d_sae as u32, width: layout.width as u32, ..Task::default() };
        let unit = self.unit.as_ref().filter(|_| options.variants.unit_decoder());
        if let Some(unit) = unit {
            queue.dispatch_rows(&unit.tangent, &rows, layout.d_sae, 12 * layout.width);
        }
        if let Some(most) = options.clip {
            for (at, trained) in self.trained.iter().enumerate() {
                let (task, elements) = task(trained);
                let offset = (at * NORM_GROUPS) as u32;
                let task = Task { offset, count: NORM_GROUPS as u32, ..task };
                queue.dispatch(&trained.norm, &task, NORM_GROUPS, 16 * elements / NORM_GROUPS);
            }
            let count = self.trained.len() * NORM_GROUPS;
            let task = Task { count: count as u32, scale: most as f32, ..Task::default() };
            queue.dispatch(&self.clip, &task, 1, count);
        }
        for trained in &self.trained {
            let (task, elements) = task(trained);
            queue.dispatch_items(&trained.adam, &task, elements, 16);
        }
        if let Some(unit) = unit {
            queue.dispatch_rows(&unit.normalise, &rows, layout.d_sae, 8 * layout.width);
        }
    }
}
