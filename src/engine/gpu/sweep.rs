//! The decoder follows a step: one sweep of block coordinate descent over its rows, as on the CPU.
//!
//! What the sweep adds to reconstructions is in one buffer, whichever latents F has prefixes of: these ascend, so that every
//! prefix that holds a latent also holds all that moved before it. Residuals stay as they are.

use std::ops::Range;

use super::chunk::{Chunk, MAX_ROWS};
use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::{BoundKernel, DispatchQueue};
use super::forward::ForwardPass;
use super::gradient::BackwardPass;
use super::inverted_codes::InvertedCodes;
use super::kernels::{Kernel, Task};
use crate::engine::Sweep;
use crate::error::Result;
use crate::sae::Parameter;

/// Most iterations of the loops of `shaders/sweep.wgsl` in a dispatch. Mesa's software adapter ends all loops of a thread,
/// without an error, after 65 535 iterations together (`LP_MAX_TGSI_LOOP_ITERATIONS`); elsewhere a watchdog may end what
/// takes too long.
const LOOPS_PER_DISPATCH: usize = 60_000;
const _: () = assert!(LOOPS_PER_DISPATCH > 2 * MAX_ROWS);

/// What sweeps remember of an epoch, and their kernels.
#[derive(Debug)]
pub struct SweepPass {
    memory: SweepMemory,
    find_gains: BoundKernel,
    /// Latents by the residuals on which their loss depends; those that most prefixes hold come first.
    groups: Vec<SweptGroup>,
    bias: Option<BoundKernel>,
}

#[derive(Debug)]
struct SweepMemory {
    /// `Σ z²` of each latent over the steps so far, those before weighing less and less, `[stride]`.
    energies: GpuBuffer,
    /// What the weights of all steps so far are short of a sum of 1.
    unseen: f32,
    /// `1 / (Σ z² + max(ridge, damping))`, of all losses that a latent is part of, `[stride]`.
    gains: GpuBuffer,
    /// What a sweep has added to the reconstructions of a chunk, `[rows, width]` vec4.
    moved: GpuBuffer,
}

/// Latents whose loss depends on the same residuals.
#[derive(Debug)]
struct SweptGroup {
    latents: Range<usize>,
    descend: BoundKernel,
}

impl SweepMemory {
    fn new(device: &GpuDevice, chunk: &Chunk) -> Result<Self> {
        let of_latents = |name: &str| device.storage(name, 4 * chunk.layout.stride as u64);
        Ok(Self {
            energies: of_latents("energies of latents")?,
            unseen: 1.0,
            gains: of_latents("gains of latents")?,
            moved: device
                .storage("moves of reconstructions", (16 * chunk.rows * chunk.layout.width) as u64)?,
        })
    }
}

impl SweepPass {
    /// Of the decoder in `theta`, for groups of latents with the residuals on which their loss depends. It goes on from what
    /// an `earlier` one remembers. The lists of rows are those of the backward pass, which makes them anew in each step.
    ///
    /// # Errors
    /// If the device is too small.
    pub fn new(
        device: &GpuDevice,
        (forward, backward): (&ForwardPass, &BackwardPass),
        theta: &GpuBuffer,
        seen: &[(&GpuBuffer, Range<usize>)],
        earlier: Option<Self>,
    ) -> Result<Self> {
        let chunk = &forward.chunk;
        let layout = &chunk.layout;
        let memory = earlier.map_or_else(|| SweepMemory::new(device, chunk), |earlier| Ok(earlier.memory))?;
        let SweepMemory { energies, gains, moved, .. } = &memory;
        let InvertedCodes { lists, lengths } = &backward.inverted;
        let find_gains = [&chunk.z, &chunk.active_bits, lists, lengths, energies, gains];
        let groups = seen.iter().map(|(residual, latents)| {
            let [z, lists, lengths, gains, residual, moved] =
                [&chunk.z, lists, lengths, gains, residual, moved].map(GpuBuffer::whole);
            let w_dec = layout.part(theta, Parameter::DecoderWeights);
            let buffers = [z, lists, lengths, gains, residual, moved, w_dec];
            SweptGroup {
                latents: latents.clone(),
                descend: BoundKernel::new(device, Kernel::Sweep, &buffers),
            }
        });
        let bias = seen.first().map(|(residual, _)| {
            let b_dec = layout.part(theta, Parameter::DecoderBias);
            BoundKernel::new(device, Kernel::SweepBias, &[residual.whole(), moved.whole(), b_dec])
        });
        Ok(Self {
            find_gains: BoundKernel::new(device, Kernel::SweepGains, &find_gains.map(GpuBuffer::whole)),
            groups: groups.collect(),
            bias,
            memory,
        })
    }

    /// Whether these are its groups of latents.
    pub fn takes(&self, seen: &[(&GpuBuffer, Range<usize>)]) -> bool {
        self.groups.iter().map(|group| &group.latents).eq(seen.iter().map(|(_, latents)| latents))
    }

    /// Lets go of residuals that are no longer there; what it remembers of steps stays.
    pub fn outdate(&mut self) {
        self.groups.clear();
        self.bias = None;
    }

    /// Forgets all steps.
    pub fn begin_epoch(&mut self, encoder: &mut wgpu::CommandEncoder) {
        self.memory.unseen = 1.0;
        encoder.clear_buffer(&self.memory.energies, 0, None);
    }

    /// Moves the decoder by the rows of a chunk, whose codes and residuals are there, as if they were a batch.
    pub fn record(&mut self, queue: &mut DispatchQueue, forward: &ForwardPass, rows: usize, options: Sweep) {
        let chunk = &forward.chunk;
        let columns = 4 * chunk.layout.width;
        let share = (rows as f64 / options.rows).min(1.0) as f32;
        self.memory.unseen *= 1.0 - share;
        // The energy that so many rows have in all, as far as those seen so far tell.
        let whole = 1.0 / (1.0 - self.memory.unseen);
        let prefixes = self.groups.len();
        let held = |group: usize| (prefixes - group) as f32;
        let count = chunk.rows as u32;
        for (at, group) in self.groups.iter().enumerate() {
            let task = chunk.task_of(rows, &group.latents);
            let ridge = options.added_curvature();
            let task = Task { count, rate: share, scale: held(at) * whole, ridge, ..task };
            queue.dispatch_items(&self.find_gains, &task, group.latents.len(), rows);
        }
        if let Some(bias) = &self.bias {
            let curvature = prefixes as f64 * options.rows.max(rows as f64) + options.bias_ridge;
            let (scale, ridge) = ((1.0 / curvature) as f32, share * options.bias_ridge as f32);
            queue.dispatch_items(bias, &Task { scale, ridge, ..chunk.task(rows) }, columns, 2 * rows);
        }
        let entries = (rows * forward.codes.active_latents()).div_ceil(chunk.layout.d_sae);
        // A latent may be active on every row, and two loops go through them.
        let most = LOOPS_PER_DISPATCH / (1 + 2 * rows);
        let ridge = share * options.ridge as f32;
        for (at, SweptGroup { latents, descend }) in self.groups.iter().enumerate() {
            for first in latents.clone().step_by(most) {
                let latents = first..latents.end.min(first + most);
                let task = Task { count, scale: held(at), ridge, ..chunk.task_of(rows, &latents) };
                queue.dispatch_items(descend, &task, columns, 3 * entries * latents.len());
            }
        }
    }
}
