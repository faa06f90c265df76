//! A chunk of rows on its way through the model: buffers, and the kernels in their order.

use std::rc::Rc;

use super::dataset::Resident;
use super::device::{Context, Memory};
use super::dispatch::{Bound, ROWS_IN_FLIGHT, Recorder};
use super::kernels::{Kernel, Task};
use super::layout::Layout;
use crate::error::{Error, Result};
use crate::sae::{Activation, Parameter, Threshold, TopKBy};

/// Most rows of a chunk.
pub const CHUNK: usize = 1024;
/// Rows, and latents or columns, that a workgroup of a product covers.
const TILE: (usize, usize) = (32, 64);
/// Rows that a workgroup covers where 8 lanes share one.
const ROWS_A_GROUP: usize = 8;

/// Buffers of a chunk and the kernels bound to them.
#[derive(Debug)]
pub struct Batch {
    pub layout: Layout,
    activation: Activation,
    /// Most rows at a time.
    pub rows: usize,
    pub x: Memory,
    /// Pre-activations, then dense codes.
    pub z: Memory,
    pub dz: Memory,
    pub bits: Memory,
    /// x̂, then residuals.
    pub fit: Memory,
    /// Sums of rows: squares, |z|, active latents, nothing.
    pub sums: Memory,
    /// What only kernels see: it must outlive them.
    _hidden: Vec<Memory>,
    encode: Bound,
    select: Bound,
    decode: Bound,
    residual: Bound,
    entry_gradients: Bound,
}

/// A whole buffer.
pub fn whole(memory: &Memory) -> wgpu::BufferBinding<'_> {
    memory.as_entire_buffer_binding()
}

/// The part of a buffer of parameters that holds one of them.
pub fn part<'a>(memory: &'a Memory, layout: &Layout, parameter: Parameter) -> wgpu::BufferBinding<'a> {
    let (offset, bytes) = layout.range(parameter);
    wgpu::BufferBinding { buffer: memory, offset, size: std::num::NonZeroU64::new(bytes) }
}

impl Batch {
    /// Buffers for as many rows as the device allows, up to [`CHUNK`], and the model's parameters bound.
    ///
    /// # Errors
    /// If not even 8 rows fit.
    pub fn new(context: &Context, layout: &Layout, activation: &Activation, theta: &Memory) -> Result<Self> {
        let widest = (4 * layout.width).max(layout.stride);
        let most = usize::try_from(context.largest_binding() / 4 / widest as u64).unwrap_or(CHUNK);
        let rows = most.min(CHUNK) / 8 * 8;
        if rows == 0 {
            return Err(Error::Gpu(format!(
                "8 rows of {widest} values are above what {} binds at once",
                context.adapter().name
            )));
        }
        let k = active_limit(activation);
        let memory = |name: &str, row_bytes: usize| context.storage(name, (rows * row_bytes) as u64);
        let x = memory("x", 16 * layout.width)?;
        let z = memory("codes", 4 * layout.stride)?;
        let dz = memory("gradient of the codes", 4 * layout.stride)?;
        let bits = memory("active latents", layout.stride / 8)?;
        let fit = memory("reconstruction", 16 * layout.width)?;
        let sums = context.storage("sums of rows", 16 * ROWS_IN_FLIGHT as u64)?;
        let (chosen, values, lengths) =
            (memory("chosen", 4 * k)?, memory("values", 4 * k)?, memory("lengths", 4)?);
        let parameter = |parameter| part(theta, layout, parameter);
        let decoder = || parameter(layout.decoder());
        let bound = |kernel, buffers: &[_]| Bound { kernel, group: context.bind(kernel, buffers) };
        let encode = bound(
            Kernel::Encode,
            &[whole(&x), parameter(Parameter::EncoderWeights), parameter(Parameter::EncoderBias), whole(&z)],
        );
        let residual =
            bound(Kernel::Residual, &[whole(&x), whole(&z), whole(&bits), whole(&fit), whole(&sums)]);
        let thresholds = thresholds(context, layout, activation)?;
        let sparse = matches!(activation, Activation::TopK { .. });
        let (select, decode, entry_gradients);
        if sparse {
            let codes = [whole(&chosen), whole(&values), whole(&lengths)];
            let [a, b, c] = codes.clone();
            select = bound(Kernel::TopK, &[whole(&z), whole(&bits), a, b, c]);
            let [a, b, c] = codes.clone();
            let bias = parameter(Parameter::DecoderBias);
            decode = bound(Kernel::DecodeSparse, &[a, b, c, decoder(), bias, whole(&fit)]);
            let [a, b, c] = codes;
            entry_gradients = bound(Kernel::EntryGradients, &[whole(&fit), decoder(), a, b, c, whole(&dz)]);
        } else {
            select = bound(Kernel::Threshold, &[whole(&thresholds), whole(&z), whole(&bits)]);
            let bias = parameter(Parameter::DecoderBias);
            decode = bound(Kernel::DecodeDense, &[whole(&z), decoder(), bias, whole(&fit)]);
            let buffers = [whole(&fit), decoder(), whole(&z), whole(&bits), whole(&dz)];
            entry_gradients = bound(Kernel::EntryGradientsDense, &buffers);
        }
        Ok(Self {
            layout: layout.clone(),
            activation: activation.clone(),
            rows,
            x,
            z,
            dz,
            bits,
            fit,
            sums,
            _hidden: vec![chosen, values, lengths, thresholds],
            encode,
            select,
            decode,
            residual,
            entry_gradients,
        })
    }

    /// A task with the sizes filled in.
    pub fn task(&self, rows: usize) -> Task {
        let mode = match self.activation {
            Activation::TopK { by: TopKBy::Value, .. } => 1,
            Activation::TopK { by: TopKBy::Positive, .. } => 2,
            _ => 0,
        };
        Task {
            rows: rows as u32,
            width: self.layout.width as u32,
            latents: self.layout.d_sae as u32,
            stride: self.layout.stride as u32,
            k: active_limit(&self.activation) as u32,
            mode,
            ..Task::default()
        }
    }

    /// Tiles of a product that has a column of the data to each of its columns.
    pub fn column_tiles(layout: &Layout) -> usize {
        (4 * layout.width).div_ceil(TILE.1)
    }

    /// The same for a latent to each of its columns.
    fn latent_tiles(layout: &Layout) -> usize {
        layout.stride.div_ceil(TILE.1)
    }

    /// Tiles along the rows.
    pub fn row_tiles(rows: usize) -> usize {
        rows.div_ceil(TILE.0)
    }

    /// Multiply-adds of a tile of a product over `inner`.
    pub fn tile_work(inner: usize) -> usize {
        TILE.0 * TILE.1 * inner
    }

    /// Latents that a row activates, at most or as a guess.
    pub fn active(&self) -> usize {
        match self.activation {
            Activation::TopK { k, .. } => k,
            _ => self.layout.d_sae / 2 + 1,
        }
    }

    /// Pre-activations of the rows in `x`.
    pub fn record_product(&self, recorder: &mut Recorder, rows: usize) {
        let tiles = Self::latent_tiles(&self.layout);
        let task = Task { count: tiles as u32, ..self.task(rows) };
        let (groups, work) = (Self::row_tiles(rows) * tiles, Self::tile_work(4 * self.layout.width));
        recorder.dispatch(&self.encode, &task, groups, work);
    }

    /// Pre-activations and codes of the rows in `x`.
    pub fn record_encode(&self, recorder: &mut Recorder, rows: usize) {
        self.record_product(recorder, rows);
        let (layout, task) = (&self.layout, self.task(rows));
        let groups = match self.activation {
            Activation::TopK { .. } => rows.div_ceil(ROWS_A_GROUP),
            _ => (rows * layout.stride / 32).div_ceil(64),
        };
        recorder.dispatch(&self.select, &task, groups, 64 * layout.stride);
    }

    /// Reconstructions of the codes, in `fit`.
    pub fn record_decode(&self, recorder: &mut Recorder, rows: usize) {
        let layout = &self.layout;
        let task = self.task(rows);
        if matches!(self.activation, Activation::TopK { .. }) {
            let groups = (rows * layout.width / 4).div_ceil(64);
            recorder.dispatch(&self.decode, &task, groups, 1024 * self.active());
        } else {
            let tiles = Self::column_tiles(layout);
            let task = Task { count: tiles as u32, ..task };
            let (groups, work) = (Self::row_tiles(rows) * tiles, Self::tile_work(layout.stride));
            recorder.dispatch(&self.decode, &task, groups, work);
        }
    }

    /// Residuals in place of reconstructions, and the sums of rows from `offset` on.
    pub fn record_residual(&self, recorder: &mut Recorder, rows: usize, offset: u32) {
        let task = Task { offset, ..self.task(rows) };
        let work = ROWS_A_GROUP * (4 * self.layout.width + self.layout.stride);
        recorder.dispatch(&self.residual, &task, rows.div_ceil(ROWS_A_GROUP), work);
    }

    /// `∂F/∂z` of the active latents, in `dz`.
    pub fn record_entry_gradients(&self, recorder: &mut Recorder, rows: usize, scale: f32, l1: f32) {
        let layout = &self.layout;
        let task = Task { scale, l1, ..self.task(rows) };
        if matches!(self.activation, Activation::TopK { .. }) {
            let quads = rows * (task.k as usize).div_ceil(4);
            let groups = quads.div_ceil(ROWS_A_GROUP);
            recorder.dispatch(&self.entry_gradients, &task, groups, 32 * 4 * layout.width);
        } else {
            let tiles = Self::latent_tiles(layout);
            let task = Task { count: tiles as u32, ..task };
            let (groups, work) = (Self::row_tiles(rows) * tiles, Self::tile_work(4 * layout.width));
            recorder.dispatch(&self.entry_gradients, &task, groups, work);
        }
    }
}

/// Entries of a row in the list of chosen latents.
fn active_limit(activation: &Activation) -> usize {
    match activation {
        Activation::TopK { k, .. } => *k,
        _ => 1,
    }
}

fn thresholds(context: &Context, layout: &Layout, activation: &Activation) -> Result<Memory> {
    let mut values = match activation {
        Activation::JumpRelu { threshold: Threshold::PerLatent(values) } => values.clone(),
        Activation::JumpRelu { threshold: Threshold::Shared(value) } => vec![*value; layout.d_sae],
        _ => vec![0.0; layout.d_sae],
    };
    values.resize(layout.stride, f32::MAX);
    let memory = context.storage("thresholds", 4 * layout.stride as u64)?;
    context.queue.write_buffer(&memory, 0, bytemuck::cast_slice(&values));
    Ok(memory)
}

/// A data set with its rows bound to a batch.
#[derive(Debug)]
pub struct Source {
    resident: Resident,
    gathers: Vec<Bound>,
}

impl Source {
    /// Uploads a data set and binds it.
    pub fn new(context: &Rc<Context>, resident: Resident, batch: &Batch, recorder: &Recorder) -> Self {
        let bind = |piece: &super::dataset::Piece| Bound {
            kernel: Kernel::Gather,
            group: context.bind(
                Kernel::Gather,
                &[
                    whole(&recorder.memory),
                    whole(&piece.memory),
                    whole(&resident.scale),
                    whole(&resident.shift),
                    whole(&batch.x),
                ],
            ),
        };
        let gathers = resident.pieces.iter().map(bind).collect();
        Self { resident, gathers }
    }

    /// Takes the rows whose numbers lie from `offset` on into `x`.
    pub fn record_gather(&self, recorder: &mut Recorder, batch: &Batch, rows: usize, offset: u32) {
        for (piece, gather) in self.resident.pieces.iter().zip(&self.gathers) {
            let task = Task {
                offset,
                mode: self.resident.mode,
                resident_first: piece.first,
                resident_rows: piece.rows,
                ..batch.task(rows)
            };
            recorder.dispatch(gather, &task, (rows * batch.layout.width).div_ceil(64), 256);
        }
    }
}
