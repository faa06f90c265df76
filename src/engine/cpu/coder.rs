//! Codes of the rows of a data set, piece by piece, for whoever looks at them outside training.

use super::batch::Batch;
use crate::data::Dataset;
use crate::sae::{Sae, SparseCodes};

/// Encodes pieces of a data set with one model; the encoder is packed once.
#[derive(Debug)]
pub struct Coder<'a> {
    sae: &'a Sae,
    batch: Batch,
}

impl<'a> Coder<'a> {
    /// Packs the encoder.
    pub fn new(sae: &'a Sae) -> Self {
        let mut batch = Batch::default();
        batch.pack(sae, None);
        Self { sae, batch }
    }

    /// Codes of the rows numbered `rows`; the data set's columns are the model's `d_in`.
    pub fn encode(&mut self, data: &Dataset, rows: &[u32]) -> &SparseCodes {
        self.batch.gather(data, rows, false);
        self.batch.encode(&self.sae.activation);
        &self.batch.codes
    }
}
