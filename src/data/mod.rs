//! Data sets, generators, and one file per format.
//!
//! A new format is one file with a `FORMAT`, entered in the list of `tensor_file.rs`.

mod clusters;
mod content;
mod dataset;
mod digits;
mod elements;
mod idx;
mod normalisation;
mod npy;
mod tensor_file;

pub use clusters::MAX_POINTS;
pub use dataset::{DataMoments, Dataset, Storage};
pub use digits::MAX_DIGITS;
pub use normalisation::{Normalisation, NormalisationKind};
pub use tensor_file::{Dtype, TensorFile, TensorInfo, read_tensors};
