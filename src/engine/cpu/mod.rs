//! The CPU engine: SIMD kernels, on one thread or several. Every result is the same bits, in wasm, natively and on any number
//! of threads.

mod auxiliary;
mod batch;
mod byte_rows;
mod cpu_engine;
mod deviations;
mod encode;
mod entries;
mod gradient;
mod gram;
mod inference;
mod integers;
mod listed;
mod panels;
mod row_sums;
mod screen;
mod sparse_rows;
mod sweep;
mod thresholds;

pub use cpu_engine::CpuEngine;
pub use inference::CpuInference;
