//! Models, engines and training on the CPU.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod bits;
mod decoder;
mod gradient;
mod long_calls;
mod model;
mod progress;
mod properties;
mod recipes;
mod stream;
mod stream_bad_input;
mod support;
mod sweep;
