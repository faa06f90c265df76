//! Encode, decode and forward of rows that come from outside and go back there.

use std::rc::Rc;

use super::device::{Context, Memory, values};
use super::dispatch::{Bound, Recorder};
use super::forward::{Batch, part, whole};
use super::kernels::{Kernel, Task};
use super::layout::Layout;
use crate::engine::{Operation, Optimiser, State};
use crate::error::Result;
use crate::sae::{Parameter, Sae};

/// A model on a device, for use outside training.
#[derive(Debug)]
pub struct GpuInference {
    context: Rc<Context>,
    recorder: Recorder,
    batch: Batch,
    _theta: Memory,
    /// Decodes dense codes, whichever the activation.
    decode: Bound,
}

impl GpuInference {
    /// Uploads a model.
    ///
    /// # Errors
    /// [`crate::Error::Gpu`] if the device is too small for it.
    pub async fn new(context: Rc<Context>, sae: &Sae) -> Result<Self> {
        let state = State { optimiser: Optimiser::new(sae, false), sae: sae.clone() };
        let layout = Layout::new(&state)?;
        let (theta, batch, recorder) = context
            .allocate(|| {
                let theta = context.storage("parameters", layout.bytes())?;
                let batch = Batch::new(&context, &layout, &sae.activation, &theta)?;
                Ok((theta, batch, Recorder::new(context.clone())?))
            })
            .await?;
        context.queue.write_buffer(&theta, 0, bytemuck::cast_slice(&layout.parameters(sae)));
        let parameter = |parameter| part(&theta, &layout, parameter);
        let buffers = [
            whole(&batch.z),
            parameter(layout.decoder()),
            parameter(Parameter::DecoderBias),
            whole(&batch.fit),
        ];
        let decode =
            Bound { kernel: Kernel::DecodeDense, group: context.bind(Kernel::DecodeDense, &buffers) };
        Ok(Self { context, recorder, batch, _theta: theta, decode })
    }

    /// Whether its device is still there, and is no software adapter where none is wanted.
    pub fn is_usable(&self, software: bool) -> bool {
        self.context.check().is_ok() && (software || !self.context.adapter().software)
    }

    /// Most rows of a call of [`GpuInference::apply`].
    pub fn rows(&self) -> usize {
        self.batch.rows
    }

    /// Applies the operation to whole rows of `input`, at most [`GpuInference::rows`] of them.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn apply(&mut self, operation: Operation, input: &[f32]) -> Result<Vec<f32>> {
        let layout = self.batch.layout.clone();
        let (columns, codes) = ((layout.d_in, 4 * layout.width), (layout.d_sae, layout.stride));
        let ((cols, padded), memory) = match operation {
            Operation::Decode => (codes, &self.batch.z),
            Operation::Encode | Operation::Forward => (columns, &self.batch.x),
        };
        let rows = input.len() / cols;
        let mut staged = vec![0.0; rows * padded];
        for (row, to) in input.chunks_exact(cols).zip(staged.chunks_exact_mut(padded)) {
            to[..cols].copy_from_slice(row);
        }
        self.context.queue.write_buffer(memory, 0, bytemuck::cast_slice(&staged));
        match operation {
            Operation::Encode => self.batch.record_encode(&mut self.recorder, rows),
            Operation::Decode => self.record_decode(rows),
            Operation::Forward => {
                self.batch.record_encode(&mut self.recorder, rows);
                self.batch.record_decode(&mut self.recorder, rows);
            }
        }
        self.recorder.submit();
        let ((cols, padded), memory) = match operation {
            Operation::Encode => (codes, &self.batch.z),
            Operation::Decode | Operation::Forward => (columns, &self.batch.fit),
        };
        let read = self.context.read(&[(memory, 0, 4 * (rows * padded) as u64)]).await?;
        let out: Vec<f32> = read.iter().flat_map(|bytes| values::<f32>(bytes)).collect();
        Ok(Layout::unpad(&out, padded, rows, cols))
    }

    fn record_decode(&mut self, rows: usize) {
        let tiles = Batch::column_tiles(&self.batch.layout);
        let task = Task { count: tiles as u32, ..self.batch.task(rows) };
        let (groups, work) = (Batch::row_tiles(rows) * tiles, Batch::tile_work(self.batch.layout.stride));
        self.recorder.dispatch(&self.decode, &task, groups, work);
    }
}
