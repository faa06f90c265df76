//! Dispatches on their way to the device: many to a submission, long ones split, work in flight bounded.

use std::rc::Rc;

use super::device::{GpuBuffer, GpuDevice};
use super::kernels::{
    GROUP_SIZE, Kernel, ROWS_PER_GROUP, TASK_STRIDE, TASKS_PER_SUBMISSION, TILE_COLUMNS, TILE_ROWS, Task,
};
use crate::error::Result;

/// Most workgroups of a dispatch: the smallest limit of any device.
const MAX_GROUPS: u32 = 65_535;
/// Multiply-adds of a dispatch: about 100 ms where a software adapter does 2.5 · 10⁹ a second, and nothing that a
/// watchdog would notice elsewhere.
const WORK_PER_DISPATCH: u64 = 1 << 28;
/// Multiply-adds of a submission.
const WORK_PER_SUBMISSION: u64 = 1 << 30;
/// Row numbers, and sums of rows, that the device holds between two readbacks.
pub const ROWS_IN_FLIGHT: usize = 1 << 16;

/// A kernel with the buffers that it works on.
#[derive(Debug, Clone)]
pub struct BoundKernel {
    kernel: Kernel,
    buffers: wgpu::BindGroup,
}

impl BoundKernel {
    /// Binds buffers in the order in which the kernel's source declares them after the task.
    pub fn new(device: &GpuDevice, kernel: Kernel, buffers: &[wgpu::BufferBinding<'_>]) -> Self {
        Self { kernel, buffers: device.bind(kernel, buffers) }
    }
}

#[derive(Debug)]
struct Dispatch {
    bound: BoundKernel,
    groups: u32,
}

/// Collects dispatches and row numbers, and submits them.
#[derive(Debug)]
pub struct DispatchQueue {
    device: Rc<GpuDevice>,
    dispatches: Vec<Dispatch>,
    tasks: Vec<u8>,
    work: u64,
    /// Row numbers of the dispatches since the last readback.
    numbers: Vec<u32>,
    written: usize,
    /// The row numbers on the device.
    pub row_numbers: GpuBuffer,
}

impl DispatchQueue {
    /// An empty queue.
    pub fn new(device: Rc<GpuDevice>) -> Result<Self> {
        let row_numbers = device.storage("row numbers", 4 * ROWS_IN_FLIGHT as u64)?;
        Ok(Self {
            device,
            dispatches: Vec::new(),
            tasks: Vec::new(),
            work: 0,
            numbers: Vec::new(),
            written: 0,
            row_numbers,
        })
    }

    /// Forgets everything that was not submitted.
    pub fn reset(&mut self) {
        self.dispatches.clear();
        self.tasks.clear();
        self.work = 0;
        self.rewind();
    }

    /// Lets new row numbers replace those on the device. What was recorded before must have been submitted.
    pub fn rewind(&mut self) {
        self.numbers.clear();
        self.written = 0;
    }

    /// How many more row numbers fit.
    pub fn free_rows(&self) -> usize {
        ROWS_IN_FLIGHT - self.numbers.len()
    }

    /// Adds row numbers, at most [`DispatchQueue::free_rows`]; returns where they begin.
    pub fn push_rows(&mut self, rows: &[u32]) -> u32 {
        let offset = self.numbers.len();
        self.numbers.extend_from_slice(rows);
        offset as u32
    }

    /// Records a kernel with a thread for each of `items`, of `work` multiply-adds each.
    pub fn dispatch_items(&mut self, bound: &BoundKernel, task: &Task, items: usize, work: usize) {
        self.dispatch(bound, task, items.div_ceil(GROUP_SIZE), GROUP_SIZE * work);
    }

    /// Records a kernel whose threads share `rows` rows, or parts of rows, of `work` multiply-adds each.
    pub fn dispatch_rows(&mut self, bound: &BoundKernel, task: &Task, rows: usize, work: usize) {
        self.dispatch(bound, task, rows.div_ceil(ROWS_PER_GROUP), ROWS_PER_GROUP * work);
    }

    /// Records a dense product of the task's rows with `columns` columns, over `inner` multiply-adds each.
    pub fn dispatch_product(&mut self, bound: &BoundKernel, task: &Task, columns: usize, inner: usize) {
        let tiles = columns.div_ceil(TILE_COLUMNS);
        let task = Task { count: tiles as u32, ..*task };
        let groups = (task.rows as usize).div_ceil(TILE_ROWS) * tiles;
        self.dispatch(bound, &task, groups, TILE_ROWS * TILE_COLUMNS * inner);
    }

    /// Records a kernel over `groups` workgroups, of `work` multiply-adds each.
    pub fn dispatch(&mut self, bound: &BoundKernel, task: &Task, groups: usize, work: usize) {
        let most = (WORK_PER_DISPATCH / work.max(1) as u64).clamp(1, u64::from(MAX_GROUPS)) as usize;
        for first in (0..groups).step_by(most) {
            let groups = most.min(groups - first);
            self.work += groups as u64 * work as u64;
            let task = Task { first: first as u32, ..*task };
            self.tasks.extend_from_slice(bytemuck::bytes_of(&task));
            self.tasks.resize(self.tasks.len().next_multiple_of(TASK_STRIDE), 0);
            self.dispatches.push(Dispatch { bound: bound.clone(), groups: groups as u32 });
            if self.dispatches.len() == TASKS_PER_SUBMISSION || self.work > WORK_PER_SUBMISSION {
                self.submit();
            }
        }
    }

    /// How many dispatches of a kernel wait to be submitted.
    #[cfg(test)]
    pub fn waiting(&self, kernel: Kernel) -> usize {
        self.dispatches.iter().filter(|dispatch| dispatch.bound.kernel == kernel).count()
    }

    /// Sends what was recorded to the device.
    pub fn submit(&mut self) {
        if self.dispatches.is_empty() {
            return;
        }
        let queue = &self.device.queue;
        queue.write_buffer(&self.device.tasks, 0, &self.tasks);
        if self.written < self.numbers.len() {
            let new = bytemuck::cast_slice(&self.numbers[self.written..]);
            queue.write_buffer(&self.row_numbers, 4 * self.written as u64, new);
            self.written = self.numbers.len();
        }
        let mut encoder = self.device.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        let mut last = None;
        for (slot, Dispatch { bound, groups }) in self.dispatches.iter().enumerate() {
            if last != Some(bound.kernel) {
                pass.set_pipeline(self.device.pipelines.pipeline(bound.kernel));
                last = Some(bound.kernel);
            }
            pass.set_bind_group(0, &bound.buffers, &[(slot * TASK_STRIDE) as u32]);
            pass.dispatch_workgroups(*groups, 1, 1);
        }
        drop(pass);
        queue.submit([encoder.finish()]);
        self.dispatches.clear();
        self.tasks.clear();
        self.work = 0;
    }
}
