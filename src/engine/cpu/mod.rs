//! The CPU engine: SIMD kernels, one thread. Every result is the same bits in wasm and natively.

mod batch;
mod cpu_engine;
mod encode;
mod gradient;
mod gram;
mod inference;
mod row_sums;
mod simd;

pub use cpu_engine::CpuEngine;
pub use inference::CpuInference;
#[cfg(feature = "files")]
pub use simd::dot;
