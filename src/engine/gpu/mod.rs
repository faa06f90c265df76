//! The GPU engine: WebGPU kernels through wgpu, the same in a browser and natively.
//!
//! From the ground up:
//! - `kernels`: the sources in `shaders/`, the sizes and constants that stand in them, and their pipelines
//! - `adapter`, [`GpuDevice`]: an open device with its pipelines, buffers and readback; knows what went wrong
//! - `dispatch`: dispatches on their way to the device, long ones split, work in flight bounded
//! - `layout`: where parameters lie; `chunk`: the buffers that rows go through; `dataset`: data sets on the device
//! - `codes`: what depends on how latents are selected, with one file for each way: `sparse_codes`, `dense_codes`,
//!   `batch_codes`; `active_codes`: kernels that find active latents by their bits
//! - `forward`, `inverted_codes`, `gradient`, `update`, `gram`: the forward pass, sums by latent, gradients, Adam, the
//!   statistics for the decoder
//! - `thresholds`, `auxiliary`, `prefixes`: what the field's other recipes add to a step; `sweep`: what moves the decoder of
//!   PAM-SGD after it
//! - [`GpuEngine`]: training, with `steps`, `row_sums` and `state_transfer`; [`GpuInference`]: a model for use outside training
//! - [`self_test()`], [`race`]: whether a device's results are correct, and whether it is faster than the CPU
//! - [`shared_device`]: the device of this thread; [`GpuReport`], [`benchmark()`]: what the page shows of it

mod active_codes;
mod adapter;
mod auxiliary;
mod batch_codes;
mod benchmark;
mod chunk;
mod codes;
mod dataset;
mod dense_codes;
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
mod prefixes;
mod row_sums;
mod self_test;
mod shared;
mod sparse_codes;
mod state_transfer;
mod step_passes;
mod steps;
mod sweep;
mod thresholds;
mod update;

pub use adapter::Adapter;
pub use benchmark::{GpuReport, Timing, Workload, benchmark};
pub use device::GpuDevice;
pub use gpu_engine::GpuEngine;
pub use inference::GpuInference;
pub use kernels::{Kernel, OVERRIDES};
pub use self_test::{Check, Race, race, self_test, verdict};
pub use shared::{TestedDevice, shared_device};
