//! How the values of a tensor come out of a file, whatever its format.

use super::source::{InputFile, Progress, Reading};
use crate::data::dtype::ElementType;
use crate::data::storage::StorageKind;
use crate::error::Result;

/// Where elements go as they are read.
pub trait Sink {
    /// Takes the bytes of neighbouring elements, the first of which is element `place` of the tensor, row-major.
    fn put(&mut self, place: u64, bytes: &[u8]) -> Result<()>;
}

/// How the values of a tensor lie in a file.
pub trait TensorBody {
    /// Type of the elements that are handed on.
    fn element_type(&self) -> ElementType;

    /// The byte of the file at which the elements begin, where they follow one another row by row as they are: neither
    /// packed nor in another order.
    #[cfg(feature = "files")]
    fn plain_start(&self) -> Option<u64> {
        None
    }

    /// Checks, before memory is taken for values kept as `kind`, that the file holds as much as it claims.
    fn check_claim<'s>(
        &'s self,
        file: &'s InputFile<'_>,
        kind: StorageKind,
        progress: &'s mut Progress<'_>,
    ) -> Reading<'s, ()>;

    /// Hands the elements of the first `rows` rows of `cols` values to `sink`, a row-major tensor's in their order.
    /// Returns the rows' labels if the format has any.
    fn each<'s>(
        &'s self,
        file: &'s InputFile<'_>,
        shape: (u64, usize),
        progress: &'s mut Progress<'_>,
        sink: &'s mut dyn Sink,
    ) -> Reading<'s, Option<Vec<u8>>>;
}
