//! The GPU room: WebGPU kernels through wgpu, the same in a browser and natively.
//!
//! - [`Context`]: an open device with its kernels, memory and readback; knows what went wrong
//! - `kernels`: the sources in `shaders/` and their pipelines
//! - `recorder`: dispatches on their way to the device, long ones split, work in flight bounded
//! - `layout`: where parameters lie; `resident`: data sets on the device
//! - `batch`, `by_latent`, `descent`, `gram`: the forward pass, sums by latent, gradients and Adam, the statistics for
//!   the decoder
//! - [`GpuEngine`]: the room; [`GpuInference`]: a model for use outside training
//! - [`self_test`], [`race`]: whether a device is right, and faster than the CPU; [`device`]: the one of this thread
//! - [`GpuReport`], [`benchmark`]: what the page shows of it

mod benchmark;
mod dataset;
mod device;
mod dispatch;
mod forward;
mod gpu_engine;
mod gradient;
mod gram;
mod inference;
mod inverted_codes;
mod kernels;
mod layout;
mod self_test;
mod shared;

pub use benchmark::{GpuReport, Timing, Workload, benchmark};
pub use device::{Adapter, Context};
pub use gpu_engine::GpuEngine;
pub use inference::GpuInference;
pub use kernels::Kernel;
pub use self_test::{Check, Race, race, self_test, verdict};
pub use shared::{Tested, device};
