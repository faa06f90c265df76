//! One file per format of models, and the table of them: reading, writing, the names of files and of formats all come
//! from it.
//!
//! A new format is a file with a `FORMAT` and an entry in [`FORMATS`].

mod checkpoint;
mod dictionary_learning;
mod gemma_scope;
mod saelens;
mod sparsify;

use super::model_format::ModelFormat;

/// Every format. None recognises what another reads.
pub const FORMATS: [ModelFormat; 5] =
    [checkpoint::FORMAT, saelens::FORMAT, sparsify::FORMAT, dictionary_learning::FORMAT, gemma_scope::FORMAT];
