//! The CPU room: SIMD kernels, one thread. Every result is the same bits in wasm and natively.

mod adam;
mod batch;
pub mod bulk;
#[cfg(feature = "files")]
mod coder;
mod cpu_engine;
mod encode;
mod gradient;
mod gram;
mod row_sums;
mod simd;

#[cfg(feature = "gpu")]
pub use adam::AdamStep;
#[cfg(feature = "files")]
pub use coder::Coder;
pub use cpu_engine::CpuEngine;
#[cfg(feature = "files")]
pub use simd::dot;
