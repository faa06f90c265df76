//! Data sets: rows in memory, the files that they are read from, and generators.
//!
//! - [`Dataset`], [`Storage`], [`Normalisation`]: rows as they are stored, and as the model sees them
//! - `generate`: digits and clusters drawn from a seed
//! - `read`: what all formats share: sources, unpacking, elements, statistics
//! - `formats`: one file per format, and the one table of them; a new format is a file there and an entry in the table
//! - [`Sequences`]: which rows are of one text, so that a split leaves none on both sides
//! - `stream`: rows that stay in their files and come in chunks, for a data set that memory does not hold
//! - [`TensorFile`]: opens a file by that table and makes data sets of its tensors
//!
//! Arrows: `stream` → `TensorFile` → `formats` → `read` → `Storage` and `Dtype`. The feature `files` adds formats.

mod column_moments;
mod dataset;
mod dtype;
mod formats;
mod generate;
#[cfg(feature = "files")]
mod labels;
mod normalisation;
mod read;
#[cfg(feature = "files")]
mod sequences;
mod storage;
#[cfg(feature = "files")]
mod stream;
mod tensor_file;
#[cfg(feature = "files")]
mod tokens;

pub use dataset::{DataMoments, Dataset};
pub use dtype::Dtype;
pub(crate) use formats::safetensors;
#[cfg(feature = "files")]
pub(crate) use formats::unzip;
pub use generate::{MAX_DIGITS, MAX_POINTS};
pub use normalisation::{Normalisation, NormalisationKind};
#[cfg(not(target_arch = "wasm32"))]
pub use read::Disk;
pub use read::{Inspection, Progress, Reading, Source, TensorInfo};
#[cfg(feature = "files")]
pub use sequences::Sequences;
pub use storage::{Storage, StorageKind};
#[cfg(feature = "files")]
pub(crate) use stream::Pass;
#[cfg(feature = "files")]
pub use stream::{LoadedRows, RowStream, ShardIndex, StreamFile, StreamOptions, is_shard_index, shard_order};
pub(crate) use tensor_file::read_safetensors;
pub use tensor_file::{LoadOptions, TensorFile, read_tensors};
#[cfg(feature = "files")]
pub use tokens::{Token, Tokens};
