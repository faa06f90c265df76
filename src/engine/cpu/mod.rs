//! The CPU room: SIMD kernels, one thread. Every result is the same bits in wasm and natively.

mod adam;
mod batch;
pub mod bulk;
#[cfg(feature = "files")]
mod coder;
mod encode;
mod gram;
mod lanes;
mod room;
mod step;
mod sums;

#[cfg(feature = "gpu")]
pub use adam::AdamStep;
#[cfg(feature = "files")]
pub use coder::Coder;
#[cfg(feature = "files")]
pub use lanes::dot;
pub use room::Cpu;
