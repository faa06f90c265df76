//! Data sets on the device: stored as small as they came, in as many buffers as the device asks for.

use super::chunk::Chunk;
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::kernels::{Kernel, Task};
use crate::data::{Dataset, Normalisation, Storage};
use crate::error::{Error, Result};

/// Bytes handed to the device at a time: bounds the copies.
const UPLOAD_BYTES: usize = 1 << 24;

/// Rows of a data set on the device, ready to be gathered into a chunk.
#[derive(Debug)]
pub struct UploadedRows {
    pieces: Vec<RowsPiece>,
    /// What only kernels see: it must outlive them.
    _normalisation: [GpuBuffer; 2],
    /// How values are stored, as `shaders/gather.wgsl` counts it.
    mode: u32,
}

/// Consecutive rows in one buffer.
#[derive(Debug)]
struct RowsPiece {
    first: u32,
    rows: u32,
    _buffer: GpuBuffer,
    gather: BoundKernel,
}

impl UploadedRows {
    /// Allocates, uploads, and binds the rows to a chunk.
    ///
    /// # Errors
    /// If a single row is above what a buffer may hold.
    pub fn new(device: &GpuDevice, data: &Dataset, chunk: &Chunk, queue: &DispatchQueue) -> Result<Self> {
        let width = chunk.layout.width;
        let (mode, value_bytes) = match data.storage() {
            Storage::U8(_) => (0, 1),
            Storage::F32(_) => (1, 4),
            Storage::F16(_) => (2, 2),
        };
        let row_bytes = 4 * width * value_bytes;
        let most = usize::try_from(device.largest_binding()).unwrap_or(usize::MAX) / row_bytes;
        if most == 0 {
            return Err(Error::Gpu(format!(
                "a row of {} values is more than {} accepts in one buffer",
                data.cols(),
                device.adapter().name
            )));
        }
        let (scale, shift) = match data.normalisation() {
            Normalisation::Uniform { scale, shift } => (vec![*scale; data.cols()], vec![*shift; data.cols()]),
            Normalisation::PerColumn { scale, shift } => (scale.clone(), shift.clone()),
        };
        let columns = |name: &str, mut values: Vec<f32>| -> Result<GpuBuffer> {
            values.resize(4 * width, 0.0);
            let buffer = device.storage(name, 16 * width as u64)?;
            device.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&values));
            Ok(buffer)
        };
        let (scale, shift) = (columns("scale", scale)?, columns("shift", shift)?);
        let mut pieces = Vec::new();
        for first in (0..data.rows()).step_by(most) {
            let rows = most.min(data.rows() - first);
            let buffer = device.storage("rows", (rows * row_bytes) as u64)?;
            upload(device, data, first..first + rows, row_bytes, &buffer);
            let buffers = [&queue.row_numbers, &buffer, &scale, &shift, &chunk.x].map(GpuBuffer::whole);
            let gather = BoundKernel::new(device, Kernel::Gather, &buffers);
            pieces.push(RowsPiece { first: first as u32, rows: rows as u32, _buffer: buffer, gather });
        }
        Ok(Self { pieces, _normalisation: [scale, shift], mode })
    }

    /// Takes the rows whose numbers lie from `offset` on into `x` of the chunk.
    pub fn record_gather(&self, queue: &mut DispatchQueue, chunk: &Chunk, rows: usize, offset: u32) {
        for piece in &self.pieces {
            let task = Task {
                offset,
                mode: self.mode,
                stored_first: piece.first,
                stored_rows: piece.rows,
                ..chunk.task(rows)
            };
            queue.dispatch_items(&piece.gather, &task, rows * chunk.layout.width, 4);
        }
    }
}

fn upload(
    device: &GpuDevice,
    data: &Dataset,
    rows: std::ops::Range<usize>,
    row_bytes: usize,
    buffer: &GpuBuffer,
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
        if packed.len() >= UPLOAD_BYTES {
            device.queue.write_buffer(buffer, written, &packed);
            written += packed.len() as u64;
            packed.clear();
        }
    }
    device.queue.write_buffer(buffer, written, &packed);
}
