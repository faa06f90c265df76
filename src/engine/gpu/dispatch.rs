//! Dispatches on their way to the device: many to a submission, long ones split, work in flight bounded.

use std::rc::Rc;

use super::device::{Context, Memory};
use super::kernels::{Kernel, TASK_BYTES, Task};
use crate::error::Result;

/// Tasks in one submission.
pub const SLOTS: usize = 4096;
/// Most workgroups of a dispatch: the smallest limit of any device.
const MAX_GROUPS: u32 = 65_535;
/// Multiply-adds of a dispatch: about 100 ms where a software adapter does 2.5 · 10⁹ a second, and nothing that a
/// watchdog would notice elsewhere.
const WORK_PER_DISPATCH: u64 = 1 << 28;
/// Multiply-adds of a submission.
const WORK_PER_SUBMISSION: u64 = 1 << 30;
/// Row numbers, and sums of rows, that a room holds between two readbacks.
pub const ROWS_IN_FLIGHT: usize = 1 << 16;

/// Buffers bound to a kernel.
#[derive(Debug, Clone)]
pub struct Bound {
    pub kernel: Kernel,
    pub group: wgpu::BindGroup,
}

#[derive(Debug)]
struct Dispatch {
    bound: Bound,
    groups: u32,
}

/// Collects dispatches and row numbers, and submits them.
#[derive(Debug)]
pub struct Recorder {
    context: Rc<Context>,
    dispatches: Vec<Dispatch>,
    tasks: Vec<u8>,
    work: u64,
    /// Row numbers of the dispatches since the last readback.
    numbers: Vec<u32>,
    written: usize,
    /// Where the row numbers lie on the device.
    pub memory: Memory,
}

impl Recorder {
    /// Nothing recorded yet.
    pub fn new(context: Rc<Context>) -> Result<Self> {
        let memory = context.storage("row numbers", 4 * ROWS_IN_FLIGHT as u64)?;
        Ok(Self {
            context,
            dispatches: Vec::new(),
            tasks: Vec::new(),
            work: 0,
            numbers: Vec::new(),
            written: 0,
            memory,
        })
    }

    /// Forgets everything that was not submitted.
    pub fn reset(&mut self) {
        self.dispatches.clear();
        self.tasks.clear();
        self.work = 0;
        self.rewind();
    }

    /// Makes room for new row numbers. What was recorded before must have been submitted.
    pub fn rewind(&mut self) {
        self.numbers.clear();
        self.written = 0;
    }

    /// How many more row numbers fit.
    pub fn room(&self) -> usize {
        ROWS_IN_FLIGHT - self.numbers.len()
    }

    /// Adds row numbers, at most [`Recorder::room`]; returns where they begin.
    pub fn push_rows(&mut self, rows: &[u32]) -> u32 {
        let offset = self.numbers.len();
        self.numbers.extend_from_slice(rows);
        offset as u32
    }

    /// Records a kernel over `groups` workgroups, of `work` multiply-adds each.
    pub fn dispatch(&mut self, bound: &Bound, task: &Task, groups: usize, work: usize) {
        let most = (WORK_PER_DISPATCH / work.max(1) as u64).clamp(1, u64::from(MAX_GROUPS)) as usize;
        for first in (0..groups).step_by(most) {
            let groups = most.min(groups - first);
            self.work += (groups * work) as u64;
            let task = Task { first: first as u32, ..*task };
            self.tasks.extend_from_slice(bytemuck::bytes_of(&task));
            self.tasks.resize(self.tasks.len().next_multiple_of(TASK_BYTES), 0);
            self.dispatches.push(Dispatch { bound: bound.clone(), groups: groups as u32 });
            if self.dispatches.len() == SLOTS || self.work > WORK_PER_SUBMISSION {
                self.submit();
            }
        }
    }

    /// Sends what was recorded to the device.
    pub fn submit(&mut self) {
        if self.dispatches.is_empty() {
            return;
        }
        let queue = &self.context.queue;
        queue.write_buffer(&self.context.tasks, 0, &self.tasks);
        if self.written < self.numbers.len() {
            let new = bytemuck::cast_slice(&self.numbers[self.written..]);
            queue.write_buffer(&self.memory, 4 * self.written as u64, new);
            self.written = self.numbers.len();
        }
        let mut encoder = self.context.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        let mut last = None;
        for (slot, Dispatch { bound, groups }) in self.dispatches.iter().enumerate() {
            if last != Some(bound.kernel) {
                pass.set_pipeline(self.context.kernels.pipeline(bound.kernel));
                last = Some(bound.kernel);
            }
            pass.set_bind_group(0, &bound.group, &[(slot * TASK_BYTES) as u32]);
            pass.dispatch_workgroups(*groups, 1, 1);
        }
        drop(pass);
        queue.submit([encoder.finish()]);
        self.dispatches.clear();
        self.tasks.clear();
        self.work = 0;
    }
}
