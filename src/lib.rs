//! Sparse autoencoders as splines: the mathematics and the training behind the SplInterp playground
//! (companion of "SplInterp: Improving our Understanding and Training of Sparse Autoencoders", arXiv 2505.11836).
//!
//! From the top floor down; a module uses those below it, never one above:
//!
//! - `web`: the JavaScript surface; it converts and delegates, and exists on wasm32 only
//! - `interop`: trained SAEs in other programs' files, one table of formats
//! - [`toy`]: SAEs of the plane, for figures: that of the paper's experiment 1, and those given by their sites
//! - `measures`: how good a model is: reconstruction in two units, known features recovered, agreement of two models
//! - `features`: what each latent stands for: where it is active, and what it resembles
//! - [`spline`]: the SAE as a spline: slices, margins and paths, what a cell's affine map does, bounds, certificates, audit
//! - [`train`]: SGD and PAM-SGD, the closed-form decoder, presets, checkpoints, lists of experiments
//! - [`engine`]: where arithmetic runs: one coarse trait, the CPU and the GPU behind it, and the choice between them
//! - [`sae`]: the model: parameters, activations, sparse codes, objective, penalties
//! - [`geometry`]: power diagrams of order 1 and K, line arrangements, lifting
//! - [`cluster`]: k-means and local PCA
//! - [`data`]: data sets, generators, and one file per format
//! - [`progress`], [`random`], [`threads`], `simd`, [`memory`], `plain`, [`error`]: progress and cancelling, seeded random
//!   numbers, work shared out over threads, lanes of numbers, sizes checked before they are allocated, plain data that options
//!   are read from, and the one error type
//!
//! A new activation begins with a variant of [`sae::Activation`] and of [`sae::Selection`]: the compiler then lists every
//! place that must decide about it. A new file format is a file in `data/formats` or `interop/formats` and a row in the
//! table beside it.

pub mod cluster;
pub mod data;
pub mod engine;
pub mod error;
#[cfg(feature = "files")]
pub mod features;
pub mod geometry;
#[cfg(feature = "files")]
pub mod interop;
#[cfg(feature = "files")]
pub mod measures;
pub mod memory;
mod plain;
pub mod progress;
pub mod random;
pub mod sae;
mod simd;
pub mod spline;
pub mod threads;
pub mod toy;
pub mod train;
#[cfg(target_arch = "wasm32")]
mod web;

pub use error::{Error, Result};
