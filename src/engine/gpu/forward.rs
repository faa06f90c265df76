//! The forward pass of a chunk: its kernels in their order.

use super::batch_codes::{BatchCodes, BatchCut};
use super::chunk::Chunk;
use super::codes::CodeKernels;
use super::dense_codes::ThresholdCodes;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::{Kernel, Task};
use super::layout::Layout;
use super::sparse_codes::TopKCodes;
use crate::error::Result;
use crate::sae::{Activation, Parameter, Selection};

/// A chunk and the kernels that take it through the model.
#[derive(Debug)]
pub struct ForwardPass {
    pub chunk: Chunk,
    /// What depends on the activation.
    pub codes: Box<dyn CodeKernels>,
    /// Of BatchTopK, what steps do instead of `codes`.
    pub batch: Option<BatchCut>,
    encode: BoundKernel,
    residual: BoundKernel,
}

impl ForwardPass {
    /// Buffers of a chunk, and kernels bound to them and to the parameters in `theta`.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(
        device: &GpuDevice,
        layout: &Layout,
        activation: &Activation,
        theta: &GpuBuffer,
    ) -> Result<Self> {
        let chunk = Chunk::new(device, layout)?;
        let mut batch = None;
        let codes: Box<dyn CodeKernels> = match activation {
            &Activation::BatchTopK { k, threshold } => {
                let cut = batch.insert(BatchCut::new(device, &chunk, threshold)?);
                Box::new(BatchCodes::new(device, &chunk, cut, k, theta))
            }
            Activation::Relu | Activation::JumpRelu { .. } | Activation::TopK { .. } => {
                match activation.selection(layout.d_sae) {
                    Selection::Largest(top) => Box::new(TopKCodes::new(device, &chunk, top, theta)?),
                    Selection::Above(_) => Box::new(ThresholdCodes::new(device, &chunk, theta)?),
                }
            }
        };
        let encode = [
            chunk.x.whole(),
            layout.part(theta, Parameter::EncoderWeights),
            layout.part(theta, Parameter::EncoderBias),
            chunk.z.whole(),
        ];
        let residual = [&chunk.x, &chunk.z, &chunk.active_bits, &chunk.fit, &chunk.row_sums];
        let forward = Self {
            encode: BoundKernel::new(device, Kernel::Encode, &encode),
            residual: BoundKernel::new(device, Kernel::Residual, &residual.map(GpuBuffer::whole)),
            codes,
            batch,
            chunk,
        };
        forward.load_thresholds(device, activation);
        Ok(forward)
    }

    /// Replaces the thresholds, where the activation has any.
    pub fn load_thresholds(&self, device: &GpuDevice, activation: &Activation) {
        let Layout { d_sae, stride, .. } = self.chunk.layout;
        if let (Some(batch), &Activation::BatchTopK { threshold, .. }) = (&self.batch, activation) {
            batch.load(device, threshold);
        }
        if let (Some(buffer), Selection::Above(thresholds)) =
            (self.codes.thresholds(), activation.selection(d_sae))
        {
            let mut padded = thresholds.into_owned();
            // Padding latents are never active.
            padded.resize(stride, f32::MAX);
            device.queue.write_buffer(buffer, 0, bytemuck::cast_slice(&padded));
        }
    }

    /// Pre-activations of the rows in `x`.
    pub fn record_product(&self, queue: &mut DispatchQueue, rows: usize) {
        let layout = &self.chunk.layout;
        queue.dispatch_product(&self.encode, &self.chunk.task(rows), layout.stride, 4 * layout.width);
    }

    /// Pre-activations and codes of the rows in `x`.
    pub fn record_encode(&self, queue: &mut DispatchQueue, rows: usize) {
        self.record_product(queue, rows);
        self.codes.record_select(queue, self.chunk.task(rows));
    }

    /// Reconstructions of the codes, in `fit`.
    pub fn record_decode(&self, queue: &mut DispatchQueue, rows: usize) {
        self.codes.record_decode(queue, self.chunk.task(rows));
    }

    /// Residuals in place of reconstructions, and the sums of rows from `offset` on.
    pub fn record_residual(&self, queue: &mut DispatchQueue, rows: usize, offset: u32) {
        let layout = &self.chunk.layout;
        let task = Task { offset, ..self.chunk.task(rows) };
        queue.dispatch_rows(&self.residual, &task, rows, 4 * layout.width + layout.stride);
    }
}
