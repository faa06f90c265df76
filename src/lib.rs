//! Sparse autoencoders as splines: the mathematics and the training behind the SplInterp playground
//! (companion of "SplInterp: Improving our Understanding and Training of Sparse Autoencoders", arXiv 2505.11836).
//!
//! - [`data`]: data sets, generators, one file per format
//! - [`sae`]: the model: parameters, activations, forward pass, loss, metrics
//! - [`engine`]: where arithmetic runs: one coarse trait, and the engines that implement it
//! - [`train`]: SGD, PAM-SGD, Adam, the closed-form decoder, the epoch loop, checkpoints
//! - `interop`: trained SAEs in other programs' files
//! - `features`: what each latent stands for: where it is active, and what it resembles
//! - [`spline`]: the SAE as a spline: slices of its cells, the affine map of a cell
//! - [`geometry`]: power diagrams of order 1 and K, line arrangements, lifting
//! - [`cluster`]: k-means and local PCA
//! - `web`: the JavaScript surface; it converts and delegates, and exists on wasm32 only

pub mod cluster;
pub mod data;
pub mod engine;
pub mod error;
#[cfg(feature = "files")]
pub mod features;
pub mod geometry;
#[cfg(feature = "files")]
pub mod interop;
pub mod memory;
pub mod progress;
pub mod random;
pub mod sae;
pub mod spline;
pub mod toy;
pub mod train;
#[cfg(target_arch = "wasm32")]
mod web;

pub use error::{Error, Result};
