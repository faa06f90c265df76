//! Data sets, generators, and one file per format.
//!
//! A new format is one file with a `FORMAT`, entered in the list of `tensor_file.rs`.

#[cfg(feature = "files")]
mod archive;
mod clusters;
mod content;
#[cfg(feature = "files")]
mod csv;
mod dataset;
mod digits;
mod dtype;
mod elements;
mod idx;
mod inspect;
mod keep;
mod normalisation;
mod npy;
#[cfg(feature = "files")]
mod pickle;
#[cfg(feature = "files")]
mod pickled;
#[cfg(feature = "files")]
mod pt;
mod recognise;
#[cfg(feature = "files")]
mod safetensors;
mod source;
mod storage;
mod tensor_file;
#[cfg(feature = "files")]
mod tokens;
#[cfg(feature = "files")]
mod unzip;
#[cfg(feature = "files")]
mod zip;

pub use clusters::MAX_POINTS;
pub use dataset::{DataMoments, Dataset};
pub use digits::MAX_DIGITS;
pub use dtype::Dtype;
pub use elements::Progress;
pub use inspect::Inspection;
pub use keep::Keep;
pub use normalisation::{Normalisation, NormalisationKind};
#[cfg(not(target_arch = "wasm32"))]
pub use source::Disk;
pub use source::{Reading, Source};
pub use storage::Storage;
pub use tensor_file::{LoadOptions, TensorFile, TensorInfo, read_tensors};
#[cfg(feature = "files")]
pub use tokens::{Token, Tokens};
#[cfg(feature = "files")]
pub(crate) use unzip::unzip;
