//! The GPU room: WebGPU kernels through wgpu, the same in a browser and natively.
//!
//! - [`Context`]: an open device with its kernels, memory and readback; knows what went wrong
//! - `kernels`: the sources in `shaders/` and their pipelines
//! - `recorder`: dispatches on their way to the device, long ones split, work in flight bounded
//! - `layout`: where parameters lie; `resident`: data sets on the device
//! - `batch`, `by_latent`, `descent`, `gram`: the forward pass, sums by latent, gradients and Adam, the statistics for
//!   the decoder
//! - [`Gpu`]: the room; [`Bulk`]: a model for use outside training
//! - [`self_test`], [`race`]: whether a device is right, and faster than the CPU; [`device`]: the one of this thread
//! - [`GpuReport`], [`benchmark`]: what the page shows of it

mod batch;
mod bulk;
mod by_latent;
mod check;
mod context;
mod descent;
mod gram;
mod kernels;
mod layout;
mod recorder;
mod report;
mod resident;
mod room;
mod shared;

pub use bulk::Bulk;
pub use check::{Check, Race, race, self_test, verdict};
pub use context::{Adapter, Context};
pub use kernels::Kernel;
pub use report::{GpuReport, Timing, Workload, benchmark};
pub use room::Gpu;
pub use shared::{Tested, device};
