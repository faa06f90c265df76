//! Data sets on the device: stored as small as they came, in as many buffers as the device asks for.

use super::device::{Context, Memory};
use crate::data::{Dataset, Normalisation, Storage};
use crate::error::{Error, Result};

/// Bytes handed to the device at a time: bounds the copies.
const UPLOAD: usize = 1 << 24;

/// Rows of a data set on the device.
#[derive(Debug)]
pub struct Resident {
    pub pieces: Vec<Piece>,
    pub scale: Memory,
    pub shift: Memory,
    /// How values are stored, as `shaders/gather.wgsl` counts it.
    pub mode: u32,
}

/// Consecutive rows in one buffer.
#[derive(Debug)]
pub struct Piece {
    pub first: u32,
    pub rows: u32,
    pub memory: Memory,
}

impl Resident {
    /// Allocates and uploads; `width` is the vec4 of a padded row.
    ///
    /// # Errors
    /// If a single row is above what a buffer may hold.
    pub fn new(context: &Context, data: &Dataset, width: usize) -> Result<Self> {
        let (mode, value_bytes) = match data.storage() {
            Storage::U8(_) => (0, 1),
            Storage::F32(_) => (1, 4),
            Storage::F16(_) => (2, 2),
        };
        let row_bytes = 4 * width * value_bytes;
        let most = usize::try_from(context.largest_binding()).unwrap_or(usize::MAX) / row_bytes;
        if most == 0 {
            return Err(Error::Gpu(format!("a row of {} values is too long for the GPU room", data.cols())));
        }
        let mut pieces = Vec::new();
        for first in (0..data.rows()).step_by(most) {
            let rows = most.min(data.rows() - first);
            let memory = context.storage("rows", (rows * row_bytes) as u64)?;
            upload(context, data, first..first + rows, row_bytes, &memory);
            pieces.push(Piece { first: first as u32, rows: rows as u32, memory });
        }
        let (scale, shift) = match data.normalisation() {
            Normalisation::Uniform { scale, shift } => (vec![*scale; data.cols()], vec![*shift; data.cols()]),
            Normalisation::PerColumn { scale, shift } => (scale.clone(), shift.clone()),
        };
        let columns = |name: &str, mut values: Vec<f32>| -> Result<Memory> {
            values.resize(4 * width, 0.0);
            let memory = context.storage(name, 16 * width as u64)?;
            context.queue.write_buffer(&memory, 0, bytemuck::cast_slice(&values));
            Ok(memory)
        };
        Ok(Self { pieces, scale: columns("scale", scale)?, shift: columns("shift", shift)?, mode })
    }
}

fn upload(
    context: &Context,
    data: &Dataset,
    rows: std::ops::Range<usize>,
    row_bytes: usize,
    memory: &Memory,
) {
    let mut packed = Vec::new();
    let mut written = 0;
    for row in rows {
        match data.storage() {
            Storage::U8(values) => packed.extend_from_slice(data.row_of(values, row)),
            Storage::F32(values) => packed.extend_from_slice(bytemuck::cast_slice(data.row_of(values, row))),
            Storage::F16(values) => packed.extend_from_slice(bytemuck::cast_slice(data.row_of(values, row))),
        }
        packed.resize(packed.len().next_multiple_of(row_bytes), 0);
        if packed.len() >= UPLOAD {
            context.queue.write_buffer(memory, written, &packed);
            written += packed.len() as u64;
            packed.clear();
        }
    }
    context.queue.write_buffer(memory, written, &packed);
}
