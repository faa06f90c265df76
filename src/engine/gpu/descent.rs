//! Gradients and Adam's step.

use super::batch::{Batch, part, whole};
use super::context::{Context, Memory};
use super::kernels::{Kernel, Task};
use super::layout::{Layout, Parameter};
use super::recorder::{Bound, Recorder};
use crate::engine::StepOptions;
use crate::engine::cpu::AdamStep;
use crate::error::Result;

/// Workgroups, and so partial sums, of the norm of all gradients.
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
    encoder: Bound,
    encoder_bias: Bound,
    /// Of the decoder's matrix; a tied one adds to the encoder's gradient.
    decoder: Bound,
    decoder_bias: Bound,
    norm: Bound,
    clip: Bound,
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
        let partials = context.storage("partial sums", 4 * NORM_GROUPS as u64)?;
        let factor = context.storage("factor of clipping", 16)?;
        let of = |parameter| part(&gradient, layout, parameter);
        let bound = |kernel, buffers: &[_]| Bound { kernel, group: context.bind(kernel, buffers) };
        let (x, z, dz) = (whole(&batch.x), whole(&batch.z), whole(&batch.dz));
        let (bits, residual) = (whole(&batch.bits), whole(&batch.fit));
        let encoder = bound(Kernel::ByLatent, &[dz.clone(), bits.clone(), x, of(Parameter::EncoderWeights)]);
        let decoder = bound(Kernel::ByLatent, &[z, bits.clone(), residual.clone(), of(layout.decoder())]);
        let bias = of(Parameter::EncoderBias);
        let encoder_bias = bound(Kernel::LatentSums, &[dz, bits, bias, whole(&activity)]);
        let decoder_bias = bound(Kernel::ColumnSums, &[residual, of(Parameter::DecoderBias)]);
        let norm = bound(Kernel::Norm, &[whole(theta), whole(&previous), whole(&gradient), whole(&partials)]);
        let clip = bound(Kernel::Clip, &[whole(&partials), whole(&factor)]);
        let adam = bound(
            Kernel::Adam,
            &[whole(theta), whole(&m), whole(&v), whole(&previous), whole(&gradient), whole(&factor)],
        );
        Ok(Self {
            m,
            v,
            previous,
            activity,
            _hidden: [gradient, partials, factor],
            encoder,
            encoder_bias,
            decoder,
            decoder_bias,
            norm,
            clip,
            adam,
        })
    }

    /// Gradients of a chunk of a batch of `total` rows, whose residuals lie in the batch; those of the first chunk
    /// replace what is there, later ones add to it.
    pub fn record_gradients(
        &self,
        recorder: &mut Recorder,
        batch: &Batch,
        rows: usize,
        (total, first): (usize, bool),
        options: &StepOptions,
    ) {
        let layout = &batch.layout;
        let scale = (2.0 / (total as f64 * layout.d_in as f64)) as f32;
        let l1 = (options.penalties.l1 / total as f64) as f32;
        batch.record_entry_gradients(recorder, rows, scale, l1);
        let add = u32::from(!first);
        let task = Task { mode: add, scale: 1.0, ..batch.task(rows) };
        let work = by_latent_work(batch, rows, layout.width);
        recorder.dispatch(&self.encoder, &task, layout.d_sae, work);
        let sums = Task { mode: add | 4, ..task };
        recorder.dispatch(&self.encoder_bias, &sums, layout.d_sae.div_ceil(64), 64 * rows);
        if layout.tied || layout.trains(Parameter::DecoderWeights) {
            let mode = if layout.tied { 1 } else { add };
            recorder.dispatch(&self.decoder, &Task { mode, scale, ..task }, layout.d_sae, work);
        }
        if layout.trains(Parameter::DecoderBias) {
            let task = Task { scale, ..task };
            recorder.dispatch(&self.decoder_bias, &task, layout.width.div_ceil(64), 256 * rows);
        }
    }

    /// Adam's step number `t`, counted from 1.
    pub fn record_step(&self, recorder: &mut Recorder, layout: &Layout, options: &StepOptions, t: u64) {
        let AdamStep { step_size, inverse_root } = AdamStep::new(options.lr, t);
        let elements = layout.elements;
        let mut task = Task {
            elements: elements as u32,
            count: NORM_GROUPS as u32,
            step_size,
            inverse_root,
            sections: layout.sections(options),
            ..Task::default()
        };
        if let Some(most) = options.clip {
            task.scale = most as f32;
            task.mode = 1;
            recorder.dispatch(&self.norm, &task, NORM_GROUPS, 16 * elements / NORM_GROUPS);
            recorder.dispatch(&self.clip, &task, 1, NORM_GROUPS);
        }
        recorder.dispatch(&self.adam, &task, elements.div_ceil(64), 1024);
    }
}

/// Multiply-adds of a workgroup of `shaders/by_latent.wgsl`.
pub fn by_latent_work(batch: &Batch, rows: usize, width: usize) -> usize {
    (rows * batch.active()).div_ceil(batch.layout.d_sae) * 4 * width
}
