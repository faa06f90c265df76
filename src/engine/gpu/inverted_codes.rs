//! The codes of a batch by latent, and sums over the rows on which each latent is active.

use super::device::{Context, Memory};
use super::dispatch::{Bound, Recorder};
use super::forward::{Batch, whole};
use super::kernels::{Kernel, Task};
use crate::error::Result;

/// Lists of rows by latent.
#[derive(Debug)]
pub struct InvertedCodes {
    lists: Memory,
    lengths: Memory,
}

/// What becomes of sums that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Replace,
    Add,
}

impl Mode {
    /// As the kernels count it.
    pub fn bits(self) -> u32 {
        u32::from(self == Self::Add)
    }
}

impl InvertedCodes {
    /// Room for the rows of a batch.
    pub fn new(context: &Context, batch: &Batch) -> Result<Self> {
        let stride = batch.layout.stride as u64;
        let lists = context.storage("rows by latent", 4 * stride * batch.rows as u64)?;
        let lengths = context.storage("rows of each latent", 4 * stride)?;
        Ok(Self { lists, lengths })
    }

    /// Lists the rows, and sums `weights` by latent to `sums` and the rows to `counts`.
    pub fn bind_invert(
        &self,
        context: &Context,
        batch: &Batch,
        weights: &Memory,
        sums: wgpu::BufferBinding<'_>,
        counts: &Memory,
    ) -> Bound {
        let [weights, bits, lists, lengths, counts] =
            [weights, &batch.bits, &self.lists, &self.lengths, counts].map(whole);
        let kernel = Kernel::Invert;
        Bound { kernel, group: context.bind(kernel, &[weights, bits, lists, lengths, sums, counts]) }
    }

    /// Sums rows of `right`, weighted, to `result`.
    pub fn bind_sum(
        &self,
        context: &Context,
        weights: &Memory,
        right: &Memory,
        result: wgpu::BufferBinding<'_>,
    ) -> Bound {
        let [weights, lists, lengths, right] = [weights, &self.lists, &self.lengths, right].map(whole);
        let kernel = Kernel::ByLatent;
        Bound { kernel, group: context.bind(kernel, &[weights, lists, lengths, right, result]) }
    }
}

/// Records [`InvertedCodes::bind_invert`]; `absolute` sums absolute values.
pub fn record_invert(
    recorder: &mut Recorder,
    bound: &Bound,
    batch: &Batch,
    rows: usize,
    mode: Mode,
    absolute: bool,
) {
    let mode = mode.bits() | if absolute { 2 } else { 4 };
    let task = Task { mode, count: batch.rows as u32, ..batch.task(rows) };
    recorder.dispatch(bound, &task, batch.layout.d_sae.div_ceil(64), 64 * rows);
}

/// Records [`InvertedCodes::bind_sum`] over `width` vec4 of the right side.
pub fn record_sum(
    recorder: &mut Recorder,
    bound: &Bound,
    batch: &Batch,
    rows: usize,
    width: usize,
    (mode, scale): (Mode, f32),
) {
    let task =
        Task { width: width as u32, mode: mode.bits(), scale, count: batch.rows as u32, ..batch.task(rows) };
    let entries = (rows * batch.active()).div_ceil(batch.layout.d_sae);
    let groups = (batch.layout.d_sae * width / 4).div_ceil(64);
    recorder.dispatch(bound, &task, groups, 1024 * entries);
}
