//! How rows are streamed.

use crate::data::StorageKind;

/// Bytes of rows that are in memory at a time.
const RESERVOIR: u64 = 256 << 20;

/// How rows are streamed.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamOptions {
    /// The tensor that holds the rows, in files of several.
    pub tensor: Option<String>,
    /// The type in which values are kept in memory; by default [`StorageKind::of`] the type in the files.
    pub keep: Option<StorageKind>,
    /// Leave out rows that hold NaN or infinity, rather than refuse them.
    pub drop_non_finite: bool,
    /// Bytes of rows that may be in memory at a time, 256 MiB: half of them are trained on while the other half is read.
    pub reservoir: u64,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self { tensor: None, keep: None, drop_non_finite: false, reservoir: RESERVOIR }
    }
}
