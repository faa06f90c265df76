//! The CPU room: SIMD kernels, one thread. Every result is the same bits in wasm and natively.

mod adam;
mod batch;
pub mod bulk;
mod coder;
mod encode;
mod gram;
mod lanes;
mod room;
mod step;
mod sums;

#[cfg(feature = "gpu")]
pub use adam::AdamStep;
pub use coder::Coder;
pub use lanes::dot;
pub use room::Cpu;
