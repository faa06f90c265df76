//! The rows that a run trains on: held by the engine as a whole, or a stream that passes through it in chunks. Either way
//! an epoch takes them pass by pass, and a pass hands out the order of the rows that the engine holds now: `row_feed` sees
//! to that, or `held_feed` in a build without the feature `files`, which has no streams.

use crate::data::Dataset;
#[cfg(feature = "files")]
use crate::data::RowStream;

/// What `RowFeed` gives: of a stream it must be waited for. Where there are no streams, waiting for what is there would make
/// the download larger.
#[cfg(feature = "files")]
macro_rules! fed {
    ($rows:expr) => {
        $rows.await
    };
}
#[cfg(not(feature = "files"))]
macro_rules! fed {
    ($rows:expr) => {
        $rows
    };
}
pub(super) use fed;

/// Rows to train on.
#[derive(Debug, Clone)]
pub enum TrainRows {
    /// In memory.
    Held(Dataset),
    /// In their files.
    #[cfg(feature = "files")]
    Streamed(Box<RowStream>),
}

impl From<Dataset> for TrainRows {
    fn from(rows: Dataset) -> Self {
        Self::Held(rows)
    }
}

#[cfg(feature = "files")]
impl From<RowStream> for TrainRows {
    fn from(rows: RowStream) -> Self {
        Self::Streamed(Box::new(rows))
    }
}

/// In which order a pass takes the rows.
#[derive(Debug, Clone, Copy)]
pub enum PassOrder {
    /// At random, as epoch number `epoch` has them.
    Shuffled {
        seed: u64,
        epoch: u32,
        /// Rows of a batch: only the last one of a pass is smaller.
        #[cfg_attr(not(feature = "files"), expect(dead_code, reason = "what is held needs no chunks"))]
        batch_size: usize,
    },
    /// As they lie.
    InOrder,
}
