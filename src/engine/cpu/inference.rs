//! A model applied to rows outside training, on the CPU.

use super::batch::{Batch, decode_row};
use crate::data::Dataset;
use crate::engine::Operation;
use crate::sae::{Sae, SparseCodes};

/// Rows at a time: bounds the scratch memory.
const CHUNK: usize = 512;

/// A model whose encoder is packed once, when rows are first encoded.
#[derive(Debug)]
pub struct CpuInference<'a> {
    sae: &'a Sae,
    batch: Batch,
    is_packed: bool,
}

impl<'a> CpuInference<'a> {
    /// Nothing is computed yet.
    pub fn new(sae: &'a Sae) -> Self {
        Self { sae, batch: Batch::default(), is_packed: false }
    }

    /// Codes of the rows numbered `rows` of a data set whose columns are the model's `d_in`.
    pub fn codes(&mut self, data: &Dataset, rows: &[u32]) -> &SparseCodes {
        self.pack();
        self.batch.gather(data, rows, false);
        self.batch.encode(&self.sae.activation);
        &self.batch.codes
    }

    /// Applies the operation to whole rows of `input` and writes to `out`, which must hold as many rows and be zero.
    pub fn apply(&mut self, operation: Operation, input: &[f32], out: &mut [f32]) {
        let sae = self.sae;
        let (cols, out_cols) = (operation.input_cols(sae), operation.output_cols(sae));
        for (input, out) in input.chunks(CHUNK * cols).zip(out.chunks_mut(CHUNK * out_cols)) {
            match operation {
                Operation::Encode => self.codes_of(input).scatter(out),
                Operation::Decode => decode(sae, &SparseCodes::from_dense(input, sae.d_sae), out),
                Operation::Forward => decode(sae, self.codes_of(input), out),
            }
        }
    }

    fn codes_of(&mut self, rows: &[f32]) -> &SparseCodes {
        self.pack();
        self.batch.set(rows, self.sae.d_in);
        self.batch.encode(&self.sae.activation);
        &self.batch.codes
    }

    fn pack(&mut self) {
        if !self.is_packed {
            self.batch.pack(self.sae, None);
            self.is_packed = true;
        }
    }
}

fn decode(sae: &Sae, codes: &SparseCodes, out: &mut [f32]) {
    for (row, out) in out.chunks_exact_mut(sae.d_in).enumerate() {
        decode_row(sae, codes, row, out);
    }
}
