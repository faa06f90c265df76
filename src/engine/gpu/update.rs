//! Adam's step on what is trained, with the gradient clipped and the decoder's rows kept at length 1 where that is asked.

use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::forward::ForwardPass;
use super::gradient::BackwardPass;
use super::kernels::{Kernel, Task};
use super::layout::Layout;
use crate::engine::StepOptions;
use crate::engine::adam::AdamStep;
use crate::error::Result;
use crate::sae::{Parameter, Regularizer};

/// Workgroups, and so partial sums, of the norm of a parameter's gradient.
const NORM_GROUPS: usize = 64;
/// Bits of the mode of `shaders/adam.wgsl`.
const CLIPPED: u32 = 1;
const NOT_NEGATIVE: u32 = 2;

/// Moments of the parameters, and the kernels of a step.
#[derive(Debug)]
pub struct ParameterUpdate {
    /// First moments.
    pub m: GpuBuffer,
    /// Second moments.
    pub v: GpuBuffer,
    /// The parameters at the start of the epoch.
    pub previous: GpuBuffer,
    /// What only kernels see: it must outlive them.
    _hidden: [GpuBuffer; 2],
    /// Of an untied decoder that Adam trains.
    unit: Option<UnitDecoder>,
    clip: BoundKernel,
    trained: Vec<Trained>,
}

/// What keeps rows of W_dec at length 1.
#[derive(Debug)]
struct UnitDecoder {
    tangent: BoundKernel,
    normalise: BoundKernel,
}

/// What Adam trains.
#[derive(Debug)]
struct Trained {
    what: What,
    /// vec4 of it.
    elements: usize,
    norm: BoundKernel,
    adam: BoundKernel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Parameter(Parameter),
    /// Those of JumpReLU, which stay at 0 or above.
    Thresholds,
}

impl ParameterUpdate {
    /// Of the parameters in `theta`, by the gradients of a backward pass.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(
        device: &GpuDevice,
        (forward, backward): (&ForwardPass, &BackwardPass),
        theta: &GpuBuffer,
    ) -> Result<Self> {
        let layout = &forward.chunk.layout;
        let buffer = |name: &str| device.storage(name, layout.trained_bytes());
        let (m, v, previous) = (buffer("first moments")?, buffer("second moments")?, buffer("previous")?);
        let most = Parameter::ALL.len() + 1;
        let partials = device.storage("partial sums", 4 * (most * NORM_GROUPS) as u64)?;
        let factor = device.storage("factor of clipping", 4)?;
        let of = |buffer, parameter| layout.part(buffer, parameter);
        let trains = |parameter: &Parameter| layout.trains(*parameter);
        let train = |what, elements, [theta, m, v, previous, gradient]: [wgpu::BufferBinding<'_>; 5]| {
            let norm = [theta.clone(), previous.clone(), gradient.clone(), partials.whole()];
            let adam = [theta, m, v, previous, gradient, factor.whole()];
            Trained {
                what,
                elements,
                norm: BoundKernel::new(device, Kernel::Norm, &norm),
                adam: BoundKernel::new(device, Kernel::Adam, &adam),
            }
        };
        let parameters = Parameter::ALL.into_iter().filter(trains).map(|parameter| {
            let elements = layout.range(parameter).1 as usize / 16;
            let buffers = [theta, &m, &v, &previous, &backward.gradient].map(|buffer| of(buffer, parameter));
            train(What::Parameter(parameter), elements, buffers)
        });
        let thresholds = backward.thresholds.as_ref().zip(forward.codes.thresholds());
        let thresholds = thresholds.map(|(pass, thresholds)| {
            // Nothing pulls them back: the gradient stands for the previous values, which are not read.
            let buffers = [thresholds, &pass.m, &pass.v, &pass.gradient, &pass.gradient];
            train(What::Thresholds, layout.stride / 4, buffers.map(GpuBuffer::whole))
        });
        let trained: Vec<Trained> = parameters.chain(thresholds).collect();
        let unit = trains(&Parameter::DecoderWeights).then(|| {
            let [theta, gradient] =
                [theta, &backward.gradient].map(|buffer| of(buffer, Parameter::DecoderWeights));
            UnitDecoder {
                tangent: BoundKernel::new(device, Kernel::Tangent, &[theta.clone(), gradient]),
                normalise: BoundKernel::new(device, Kernel::UnitRows, &[theta]),
            }
        });
        let clip = BoundKernel::new(device, Kernel::Clip, &[partials.whole(), factor.whole()]);
        Ok(Self { m, v, previous, _hidden: [partials, factor], unit, clip, trained })
    }

    /// Step number `t`, counted from 1.
    pub fn record(&self, queue: &mut DispatchQueue, layout: &Layout, options: &StepOptions<'_>, t: u64) {
        let AdamStep { step_size, inverse_root } = AdamStep::new(options.lr * options.variants.warmup(t), t);
        let clipped = if options.clip.is_some() { CLIPPED } else { 0 };
        let task = |trained: &Trained| {
            let (regularizer, mode) = match trained.what {
                What::Parameter(parameter) => (options.regularizer(parameter, layout.tied), clipped),
                What::Thresholds => (Regularizer::default(), clipped | NOT_NEGATIVE),
            };
            let (ridge, proximal) = regularizer.gradient_weights();
            Task {
                elements: trained.elements as u32,
                mode,
                step_size,
                inverse_root,
                ridge,
                proximal,
                weight_decay: regularizer.weight_decay as f32,
                ..Task::default()
            }
        };
        let trains_thresholds = options.variants.thresholds().is_some();
        let trained =
            || self.trained.iter().filter(|trained| trained.what != What::Thresholds || trains_thresholds);
        let rows = Task { latents: layout.d_sae as u32, width: layout.width as u32, ..Task::default() };
        let unit = self.unit.as_ref().filter(|_| options.variants.unit_decoder());
        if let Some(unit) = unit {
            queue.dispatch_rows(&unit.tangent, &rows, layout.d_sae, 12 * layout.width);
        }
        if let Some(most) = options.clip {
            for (at, trained) in trained().enumerate() {
                let offset = (at * NORM_GROUPS) as u32;
                let task = Task { offset, count: NORM_GROUPS as u32, ..task(trained) };
                queue.dispatch(&trained.norm, &task, NORM_GROUPS, 16 * trained.elements / NORM_GROUPS);
            }
            let count = trained().count() * NORM_GROUPS;
            let task = Task { count: count as u32, scale: most as f32, ..Task::default() };
            queue.dispatch(&self.clip, &task, 1, count);
        }
        for trained in trained() {
            queue.dispatch_items(&trained.adam, &task(trained), trained.elements, 16);
        }
        if let Some(unit) = unit {
            queue.dispatch_rows(&unit.normalise, &rows, layout.d_sae, 8 * layout.width);
        }
    }
}
