//! BatchTopK: a step keeps the largest positive pre-activations of its batch together; outside of steps a threshold, the
//! moving average of the least of them, says what is active.
//!
//! The least is found in four rounds of counting by eight bits of the order, over as many chunks as the batch has.

use super::active_codes::{self, ActiveCodes, DecodeStart, WORD};
use super::chunk::Chunk;
use super::codes::{CodeKernels, EntryGradientBuffers};
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::{GROUP_SIZE, Kernel, Task};
use crate::error::Result;

/// Values of an integer of eight bits.
const BINS: usize = 256;
/// vec4 that a thread of a round counts.
const VECTORS_COUNTED: usize = 16;
/// Rounds until all bits are known.
pub const ROUNDS: u32 = 4;
/// Where `shaders/narrow.wgsl` has the moving average, what a batch is cut at, and whether there is an average.
const AVERAGE: u32 = 0;
const CUT: u32 = 1;
const VALUES: usize = 3;

/// Codes above the moving average.
#[derive(Debug)]
pub struct BatchCodes {
    k: usize,
    select: BoundKernel,
    decode: BoundKernel,
}

/// What a batch is cut at, and the moving average that it leaves.
#[derive(Debug)]
pub struct BatchCut {
    /// The average, the cut, and whether there is an average.
    threshold: GpuBuffer,
    /// What only kernels see: it must outlive them.
    _hidden: [GpuBuffer; 2],
    histogram: BoundKernel,
    narrow: BoundKernel,
    select: BoundKernel,
}

impl BatchCut {
    /// Kernels bound to a chunk, with the average at `threshold`.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(device: &GpuDevice, chunk: &Chunk, threshold: Option<f32>) -> Result<Self> {
        let values = device.storage("thresholds of BatchTopK", 4 * VALUES as u64)?;
        let bins = device.storage("counts of pre-activations", 4 * BINS as u64)?;
        let found = device.storage("bits found", 8)?;
        let histogram = [&chunk.z, &found, &bins].map(GpuBuffer::whole);
        let narrow = [&bins, &found, &values].map(GpuBuffer::whole);
        let cut = Self {
            select: bind_select(device, chunk, &values),
            histogram: BoundKernel::new(device, Kernel::Histogram, &histogram),
            narrow: BoundKernel::new(device, Kernel::Narrow, &narrow),
            threshold: values,
            _hidden: [bins, found],
        };
        cut.load(device, threshold);
        Ok(cut)
    }

    /// Replaces the average.
    pub fn load(&self, device: &GpuDevice, threshold: Option<f32>) {
        let values = [threshold.unwrap_or(0.0), 0.0, if threshold.is_some() { 1.0 } else { 0.0 }];
        device.queue.write_buffer(&self.threshold, 0, bytemuck::cast_slice::<f32, u8>(&values));
    }

    /// What to read back for [`BatchCut::average`].
    pub fn part(&self) -> (&wgpu::Buffer, u64, u64) {
        (&self.threshold, 0, 4 * VALUES as u64)
    }

    /// The average in what was read back, if there is one.
    pub fn average(values: &[f32]) -> Option<f32> {
        values.first().copied().filter(|_| values.get(VALUES - 1) == Some(&1.0))
    }

    /// Counts the pre-activations of a chunk in a round.
    pub fn record_count(&self, queue: &mut DispatchQueue, task: Task, round: u32) {
        let elements = task.rows as usize * task.stride as usize / 4;
        let count = VECTORS_COUNTED as u32;
        let task = Task { mode: round, elements: elements as u32, count, ..task };
        let work = 4 * VECTORS_COUNTED;
        queue.dispatch(
            &self.histogram,
            &task,
            elements.div_ceil(GROUP_SIZE * VECTORS_COUNTED),
            GROUP_SIZE * work,
        );
    }

    /// Ends a round in which `wanted` of the batch, at most, are to be active; after the last the average has moved by
    /// `rate` of the way, or begun.
    pub fn record_round(&self, queue: &mut DispatchQueue, wanted: u32, rate: f32, round: u32) {
        let task = Task { mode: round, count: wanted, rate, ..Task::default() };
        queue.dispatch(&self.narrow, &task, 1, BINS);
    }

    /// Turns pre-activations into the codes of the batch.
    pub fn record_select(&self, queue: &mut DispatchQueue, task: Task) {
        record_select(queue, &self.select, task, CUT);
    }
}

impl BatchCodes {
    /// Kernels bound to a chunk, to the parameters in `theta`, and to the average.
    pub fn new(device: &GpuDevice, chunk: &Chunk, cut: &BatchCut, k: usize, theta: &GpuBuffer) -> Self {
        let codes = ActiveCodes::of(chunk);
        Self {
            k,
            select: bind_select(device, chunk, &cut.threshold),
            decode: codes.bind_decode(device, (&chunk.layout, theta), &chunk.x, &chunk.fit),
        }
    }
}

fn bind_select(device: &GpuDevice, chunk: &Chunk, threshold: &GpuBuffer) -> BoundKernel {
    let buffers = [threshold, &chunk.z, &chunk.active_bits].map(GpuBuffer::whole);
    BoundKernel::new(device, Kernel::Threshold, &buffers)
}

fn record_select(queue: &mut DispatchQueue, bound: &BoundKernel, task: Task, at: u32) {
    let task = Task { mode: 1, offset: at, ..task };
    queue.dispatch_items(bound, &task, task.rows as usize * task.stride as usize / WORD, WORD);
}

impl CodeKernels for BatchCodes {
    /// On average over a batch.
    fn active_latents(&self) -> usize {
        self.k
    }

    fn record_select(&self, queue: &mut DispatchQueue, task: Task) {
        record_select(queue, &self.select, task, AVERAGE);
    }

    fn record_decode(&self, queue: &mut DispatchQueue, task: Task) {
        active_codes::record_decode(queue, &self.decode, DecodeStart::Bias, task, self.k);
    }

    fn bind_entry_gradients(&self, device: &GpuDevice, buffers: EntryGradientBuffers<'_>) -> BoundKernel {
        let EntryGradientBuffers { chunk, residual, w_dec, dz } = buffers;
        ActiveCodes::of(chunk).bind_entry_gradients(device, residual, w_dec, dz)
    }

    fn record_entry_gradients(&self, queue: &mut DispatchQueue, bound: &BoundKernel, task: Task) {
        active_codes::record_entry_gradients(queue, bound, task, self.k);
    }
}
