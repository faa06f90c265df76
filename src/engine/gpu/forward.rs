//! The forward pass of a chunk: its kernels in their order.

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
        let codes: Box<dyn CodeKernels> = match activation.selection(layout.d_sae) {
            Selection::Largest(top) => Box::new(TopKCodes::new(device, &chunk, top, theta)?),
            Selection::Above(thresholds) => {
                Box::new(ThresholdCodes::new(device, &chunk, &thresholds, theta)?)
            }
        };
        let encode = [
            chunk.x.whole(),
            layout.part(theta, Parameter::EncoderWeights),
            layout.part(theta, Parameter::EncoderBias),
            chunk.z.whole(),
        ];
        let residual = [&chunk.x, &chunk.z, &chunk.active_bits, &chunk.fit, &chunk.row_sums];
        Ok(Self {
            encode: BoundKernel::new(device, Kernel::Encode, &encode),
            residual: BoundKernel::new(device, Kernel::Residual, &residual.map(GpuBuffer::whole)),
            codes,
            chunk,
        })
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
