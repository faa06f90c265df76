//! Gradients and Adam's step.

use super::device::{Context, Memory};
use super::dispatch::{Bound, Recorder};
use super::forward::{Batch, part, whole};
use super::inverted_codes::{InvertedCodes, Mode, record_invert, record_sum};
use super::kernels::{Kernel, Task};
use super::layout::Layout;
use crate::engine::StepOptions;
use crate::engine::cpu::AdamStep;
use crate::error::Result;
use crate::sae::Parameter;

/// Workgroups, and so partial sums, of the norm of a parameter's gradient.
const NORM_GROUPS: usize = 64;

/// What training needs beside the batch.
#[derive(Debug)]
pub struct Descent {
    pub m: Memory,
    pub v: Memory,
    pub previous: Memory,
    /// Steps on which each latent was active, `[stride]`.
    pub activity: Memory,
    /// What only kernels see: it must outlive them.
    _hidden: [Memory; 3],
    _by_latent: InvertedCodes,
    invert: Bound,
    encoder: Bound,
    /// Of the decoder's matrix; a tied one adds to the encoder's gradient.
    decoder: Bound,
    decoder_bias: Bound,
    clip: Bound,
    trained: Vec<Trained>,
}

/// A parameter that Adam trains.
#[derive(Debug)]
struct Trained {
    parameter: Parameter,
    norm: Bound,
    adam: Bound,
}

impl Descent {
    /// Buffers for gradients and moments, bound to a batch and to the parameters.
    pub fn new(context: &Context, batch: &Batch, theta: &Memory) -> Result<Self> {
        let layout = &batch.layout;
        let memory = |name: &str| context.storage(name, layout.bytes());
        let (m, v, previous) = (memory("first moments")?, memory("second moments")?, memory("previous")?);
        let gradient = memory("gradients")?;
        let activity = context.storage("activity", 4 * layout.stride as u64)?;
        let partials = context.storage("partial sums", 4 * (4 * NORM_GROUPS) as u64)?;
        let factor = context.storage("factor of clipping", 16)?;
        let by_latent = InvertedCodes::new(context, batch)?;
        let of = |memory, parameter| part(memory, layout, parameter);
        let bound = |kernel, buffers: &[_]| Bound { kernel, group: context.bind(kernel, buffers) };
        let bias = of(&gradient, Parameter::EncoderBias);
        let invert = by_latent.bind_invert(context, batch, &batch.dz, bias, &activity);
        let to_encoder = of(&gradient, Parameter::EncoderWeights);
        let encoder = by_latent.bind_sum(context, &batch.dz, &batch.x, to_encoder);
        let decoder = by_latent.bind_sum(context, &batch.z, &batch.fit, of(&gradient, layout.decoder()));
        let decoder_bias =
            bound(Kernel::ColumnSums, &[whole(&batch.fit), of(&gradient, Parameter::DecoderBias)]);
        let clip = bound(Kernel::Clip, &[whole(&partials), whole(&factor)]);
        let train = |parameter| {
            let [theta, m, v, previous, gradient] =
                [theta, &m, &v, &previous, &gradient].map(|memory| of(memory, parameter));
            let norm = [theta.clone(), previous.clone(), gradient.clone(), whole(&partials)];
            let adam = [theta, m, v, previous, gradient, whole(&factor)];
            Trained { parameter, norm: bound(Kernel::Norm, &norm), adam: bound(Kernel::Adam, &adam) }
        };
        let trained = Parameter::ALL.into_iter().filter(|&parameter| layout.trains(parameter)).map(train);
        let trained = trained.collect();
        Ok(Self {
            m,
            v,
            previous,
            activity,
            _hidden: [gradient, partials, factor],
            _by_latent: by_latent,
            invert,
            encoder,
            decoder,
            decoder_bias,
            clip,
            trained,
        })
    }

    /// Gradients of a chunk of a batch of `total` rows, whose residuals lie in the batch; those of the first chunk
    /// replace what is there, later ones add to it.
    pub fn record_gradients(
        &self,
        recorder: &mut Recorder,
        batch: &Batch,
        rows: usize,
        (total, mode): (usize, Mode),
        options: &StepOptions,
    ) {
        let layout = &batch.layout;
        let scale = (2.0 / (total as f64 * layout.d_in as f64)) as f32;
        let l1 = (options.penalties.l1 / total as f64) as f32;
        batch.record_entry_gradients(recorder, rows, scale, l1);
        record_invert(recorder, &self.invert, batch, rows, mode, false);
        record_sum(recorder, &self.encoder, batch, rows, layout.width, (mode, 1.0));
        if layout.tied || layout.trains(Parameter::DecoderWeights) {
            let mode = if layout.tied { Mode::Add } else { mode };
            record_sum(recorder, &self.decoder, batch, rows, layout.width, (mode, scale));
        }
        if layout.trains(Parameter::DecoderBias) {
            let task = Task { mode: mode.bits(), scale, ..batch.task(rows) };
            recorder.dispatch(&self.decoder_bias, &task, layout.width.div_ceil(64), 256 * rows);
        }
    }

    /// Adam's step number `t`, counted from 1.
    pub fn record_step(&self, recorder: &mut Recorder, layout: &Layout, options: &StepOptions, t: u64) {
        let AdamStep { step_size, inverse_root } = AdamStep::new(options.lr, t);
        let task = |trained: &Trained| {
            let regularizer = options.regularizer(trained.parameter, layout.tied);
            let (ridge, pull) = regularizer.gradient_weights();
            let elements = layout.range(trained.parameter).1 as usize / 16;
            let mode = u32::from(options.clip.is_some());
            let task = Task {
                elements: elements as u32,
                mode,
                step_size,
                inverse_root,
                ridge,
                pull,
                decay: regularizer.weight_decay as f32,
                ..Task::default()
            };
            (task, elements)
        };
        if let Some(most) = options.clip {
            for (at, trained) in self.trained.iter().enumerate() {
                let (task, elements) = task(trained);
                let offset = (at * NORM_GROUPS) as u32;
                let task = Task { offset, count: NORM_GROUPS as u32, ..task };
                recorder.dispatch(&trained.norm, &task, NORM_GROUPS, 16 * elements / NORM_GROUPS);
            }
            let count = self.trained.len() * NORM_GROUPS;
            let task = Task { count: count as u32, scale: most as f32, ..Task::default() };
            recorder.dispatch(&self.clip, &task, 1, count);
        }
        for trained in &self.trained {
            let (task, elements) = task(trained);
            recorder.dispatch(&trained.adam, &task, elements.div_ceil(64), 1024);
        }
    }
}
