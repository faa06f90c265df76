//! TopK: few latents of a row are active. Beside the dense codes there is a list of the k chosen ones of each row.

use super::chunk::Chunk;
use super::codes::{CodeKernels, EntryGradientBuffers};
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::{Kernel, Task, VECTORS_PER_THREAD};
use crate::error::Result;
use crate::sae::{Parameter, TopK, TopKOrder};

/// Entries of a row that the lanes of `shaders/entry_gradients.wgsl` take at a time: the components of a vec4.
const ENTRIES_AT_A_TIME: usize = 4;

/// The k largest of a row.
#[derive(Debug)]
pub struct TopKCodes {
    top: TopK,
    /// Numbers of the chosen latents, `[rows, k]`.
    chosen: GpuBuffer,
    /// Their codes, `[rows, k]`.
    values: GpuBuffer,
    select: BoundKernel,
    decode: BoundKernel,
}

impl TopKCodes {
    /// Kernels bound to a chunk and to the parameters in `theta`.
    pub fn new(device: &GpuDevice, chunk: &Chunk, top: TopK, theta: &GpuBuffer) -> Result<Self> {
        let layout = &chunk.layout;
        let list = |name: &str| device.storage(name, 4 * (chunk.rows * top.k) as u64);
        let (chosen, values) = (list("chosen latents")?, list("codes of chosen latents")?);
        let select = [chunk.z.whole(), chunk.active_bits.whole(), chosen.whole(), values.whole()];
        let decode = [
            chosen.whole(),
            values.whole(),
            layout.part(theta, layout.decoder()),
            layout.part(theta, Parameter::DecoderBias),
            chunk.fit.whole(),
        ];
        Ok(Self {
            select: BoundKernel::new(device, Kernel::TopK, &select),
            decode: BoundKernel::new(device, Kernel::DecodeSparse, &decode),
            top,
            chosen,
            values,
        })
    }

    fn task(&self, task: Task) -> Task {
        Task { k: self.top.k as u32, ..task }
    }
}

impl CodeKernels for TopKCodes {
    fn active_latents(&self) -> usize {
        self.top.k
    }

    fn record_select(&self, queue: &mut DispatchQueue, task: Task) {
        let by_value = match self.top.order {
            TopKOrder::Magnitude => 0,
            TopKOrder::Value => 1,
        };
        let positive_only = if self.top.positive_only { 2 } else { 0 };
        let task = Task { mode: by_value | positive_only, ..self.task(task) };
        // Each value is read some eight times.
        queue.dispatch_rows(&self.select, &task, task.rows as usize, 8 * task.stride as usize);
    }

    fn record_decode(&self, queue: &mut DispatchQueue, task: Task) {
        let threads = task.rows as usize * task.width as usize / VECTORS_PER_THREAD;
        queue.dispatch_items(&self.decode, &self.task(task), threads, 4 * VECTORS_PER_THREAD * self.top.k);
    }

    fn bind_entry_gradients(&self, device: &GpuDevice, buffers: EntryGradientBuffers<'_>) -> BoundKernel {
        let EntryGradientBuffers { residual, w_dec, dz, .. } = buffers;
        let buffers = [residual.whole(), w_dec, self.chosen.whole(), self.values.whole(), dz.whole()];
        BoundKernel::new(device, Kernel::EntryGradients, &buffers)
    }

    fn record_entry_gradients(&self, queue: &mut DispatchQueue, bound: &BoundKernel, task: Task) {
        let parts = task.rows as usize * self.top.k.div_ceil(ENTRIES_AT_A_TIME);
        let work = ENTRIES_AT_A_TIME * 4 * task.width as usize;
        queue.dispatch_rows(bound, &self.task(task), parts, work);
    }
}
