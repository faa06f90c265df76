//! The buffers of a chunk: as many rows as go through the model at a time.

use std::ops::Range;

use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::ROWS_IN_FLIGHT;
use super::kernels::{REGISTER_TILE, Task};
use super::layout::Layout;
use crate::error::{Error, Result};

/// Most rows of a chunk.
pub const MAX_ROWS: usize = 1024;

/// Buffers that the kernels of the forward pass share.
#[derive(Debug)]
pub struct Chunk {
    pub layout: Layout,
    /// Most rows at a time.
    pub rows: usize,
    /// `[rows, width]` vec4.
    pub x: GpuBuffer,
    /// Pre-activations, then dense codes, `[rows, stride]`.
    pub z: GpuBuffer,
    /// A bit for each latent of a row: whether it is active.
    pub active_bits: GpuBuffer,
    /// x̂, then residuals, as `x`.
    pub fit: GpuBuffer,
    /// Sums of rows: squares, |z|, active latents, nothing.
    pub row_sums: GpuBuffer,
}

impl Chunk {
    /// Buffers for as many rows as the device allows, up to [`MAX_ROWS`].
    ///
    /// # Errors
    /// If not even those of a register tile fit.
    pub fn new(device: &GpuDevice, layout: &Layout) -> Result<Self> {
        let widest = (4 * layout.width).max(layout.stride);
        let most = usize::try_from(device.largest_binding() / 4 / widest as u64).unwrap_or(MAX_ROWS);
        let rows = most.min(MAX_ROWS) / REGISTER_TILE * REGISTER_TILE;
        if rows == 0 {
            return Err(Error::Gpu(format!(
                "{REGISTER_TILE} rows of {widest} values are more than {} accepts in one buffer",
                device.adapter().name
            )));
        }
        let buffer = |name: &str, row_bytes: usize| device.storage(name, (rows * row_bytes) as u64);
        Ok(Self {
            x: buffer("x", 16 * layout.width)?,
            z: buffer("codes", 4 * layout.stride)?,
            active_bits: buffer("active latents", layout.stride / 8)?,
            fit: buffer("reconstruction", 16 * layout.width)?,
            row_sums: device.storage("sums of rows", 16 * ROWS_IN_FLIGHT as u64)?,
            layout: layout.clone(),
            rows,
        })
    }

    /// A task with the sizes filled in.
    pub fn task(&self, rows: usize) -> Task {
        Task {
            rows: rows as u32,
            width: self.layout.width as u32,
            latents: self.layout.d_sae as u32,
            stride: self.layout.stride as u32,
            ..Task::default()
        }
    }

    /// The same about some latents.
    pub fn task_of(&self, rows: usize, latents: &Range<usize>) -> Task {
        Task { first_latent: latents.start as u32, latents: latents.end as u32, ..self.task(rows) }
    }
}
