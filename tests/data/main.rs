//! Data sets and the readers of their files.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod dataset;
mod digits;
mod formats;
mod idx;
mod mnist;
mod mnist_folder;
mod npy;
#[cfg(feature = "files")]
mod sequences;
mod slices;
