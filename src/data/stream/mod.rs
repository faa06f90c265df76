//! Rows that stay in their files: a data set that memory does not hold, read in chunks.
//!
//! - `shards`: the files of a set, opened and compared with each other
//! - [`RowStream`]: which rows of them, in blocks of neighbours
//! - `hold_out`: a held-out part, of blocks or of whole sequences
//! - `pass`: all rows once, chunk by chunk, while the next chunk is being read
//! - `load`: the one pass for means and deviations, and rows loaded into memory
//! - `order`: which files are a set, and in which order
//! - `read_ahead`, `folder`: for native programs: files read by a thread, and the files of a folder
//!
//! A chunk is what a reservoir of bounded size holds of blocks drawn at random; within it the rows are shuffled. Everything
//! follows from the seed. A set that fits into the reservoir is one chunk, and its rows come in the order in which a
//! data set in memory is trained on.

#[cfg(not(target_arch = "wasm32"))]
mod folder;
mod hold_out;
mod load;
mod options;
mod order;
mod pass;
#[cfg(not(target_arch = "wasm32"))]
mod read_ahead;
mod row_stream;
mod shards;

pub use load::LoadedRows;
pub use options::StreamOptions;
pub use order::{ShardIndex, is_shard_index, shard_order};
pub use pass::Pass;
pub use row_stream::RowStream;
pub use shards::StreamFile;
