//! A model applied to rows outside training, on the GPU.

use std::rc::Rc;

use super::dense_codes::DenseDecoder;
use super::device::{GpuBuffer, GpuDevice, values};
use super::dispatch::DispatchQueue;
use super::forward::ForwardPass;
use super::layout::Layout;
use crate::engine::{Operation, Optimiser, State};
use crate::error::Result;
use crate::sae::Sae;

/// A model on a device, for use outside training.
#[derive(Debug)]
pub struct GpuInference {
    device: Rc<GpuDevice>,
    queue: DispatchQueue,
    forward: ForwardPass,
    _theta: GpuBuffer,
    /// Decodes dense codes, whichever the activation.
    decode: DenseDecoder,
}

impl GpuInference {
    /// Uploads a model.
    ///
    /// # Errors
    /// [`crate::Error::Gpu`] if the device is too small for it.
    pub async fn new(device: Rc<GpuDevice>, sae: &Sae) -> Result<Self> {
        let state = State { optimiser: Optimiser::new(sae, false), sae: sae.clone() };
        let layout = Layout::new(&state)?;
        let made = device.allocate(|| {
            let theta = device.storage("parameters", layout.bytes())?;
            let forward = ForwardPass::new(&device, &layout, &sae.activation, &theta)?;
            let decode = DenseDecoder::new(&device, &forward.chunk, &theta);
            Ok((theta, forward, decode, DispatchQueue::new(device.clone())?))
        });
        let (theta, forward, decode, queue) = made.await?;
        device.queue.write_buffer(&theta, 0, bytemuck::cast_slice(&layout.parameters(sae)));
        Ok(Self { device, queue, forward, _theta: theta, decode })
    }

    /// Whether its device is still there, and is not a software adapter where `software` does not accept one.
    pub fn is_usable(&self, software: bool) -> bool {
        self.device.check().is_ok() && (software || !self.device.adapter().software)
    }

    /// Most rows of a call of [`GpuInference::apply`].
    pub fn rows(&self) -> usize {
        self.forward.chunk.rows
    }

    /// Applies the operation to whole rows of `input`, at most [`GpuInference::rows`] of them.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn apply(&mut self, operation: Operation, input: &[f32]) -> Result<Vec<f32>> {
        let layout = self.forward.chunk.layout.clone();
        let (columns, codes) = ((layout.d_in, 4 * layout.width), (layout.d_sae, layout.stride));
        let ((cols, padded), buffer) = match operation {
            Operation::Decode => (codes, &self.forward.chunk.z),
            Operation::Encode | Operation::Forward => (columns, &self.forward.chunk.x),
        };
        let rows = input.len() / cols;
        let mut staged = vec![0.0; rows * padded];
        for (row, to) in input.chunks_exact(cols).zip(staged.chunks_exact_mut(padded)) {
            to[..cols].copy_from_slice(row);
        }
        self.device.queue.write_buffer(buffer, 0, bytemuck::cast_slice(&staged));
        match operation {
            Operation::Encode => self.forward.record_encode(&mut self.queue, rows),
            Operation::Decode => self.decode.record(&mut self.queue, self.forward.chunk.task(rows)),
            Operation::Forward => {
                self.forward.record_encode(&mut self.queue, rows);
                self.forward.record_decode(&mut self.queue, rows);
            }
        }
        self.queue.submit();
        let ((cols, padded), buffer) = match operation {
            Operation::Encode => (codes, &self.forward.chunk.z),
            Operation::Decode | Operation::Forward => (columns, &self.forward.chunk.fit),
        };
        let read = self.device.read(&[(buffer, 0, 4 * (rows * padded) as u64)]).await?;
        let out: Vec<f32> = read.iter().flat_map(|bytes| values::<f32>(bytes)).collect();
        Ok(Layout::unpad(&out, padded, rows, cols))
    }
}
