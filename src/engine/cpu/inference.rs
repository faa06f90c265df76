//! A model applied to rows outside training, on the CPU.

use super::batch::{Batch, Depth, Source, decode_row};
use super::encode::PackedEncoder;
use crate::data::Dataset;
use crate::engine::Operation;
use crate::error::{Error, Result};
use crate::sae::{Sae, SparseCodes};
use crate::threads::Threads;

/// Rows at a time: bounds the scratch memory.
const CHUNK: usize = 512;

/// Rows that a thread decodes at a time.
const PIECE: usize = 16;

/// Products below which one thread is as quick: they take it about as long as another one takes to wake, 20 µs.
const ONE_THREAD: usize = 1 << 17;

/// A model whose encoder is packed once, when rows are first encoded.
#[derive(Debug)]
pub struct CpuInference<'a> {
    sae: &'a Sae,
    encoder: PackedEncoder,
    batch: Batch,
    /// Where the rows are worth it, all that there are by default.
    most_threads: Option<Threads>,
}

impl<'a> CpuInference<'a> {
    /// Nothing is computed yet.
    pub fn new(sae: &'a Sae) -> Self {
        Self { sae, encoder: PackedEncoder::default(), batch: Batch::default(), most_threads: None }
    }

    /// The same on so many threads at most; on all that there are otherwise.
    pub fn on(self, threads: Threads) -> Self {
        Self { most_threads: Some(threads), ..self }
    }

    /// Codes of the rows numbered `rows` of a data set whose columns are the model's `d_in`.
    ///
    /// # Errors
    /// If threads end.
    pub fn codes(&mut self, data: &Dataset, rows: &[u32]) -> Result<&SparseCodes> {
        again(|| self.encode(Some(Source { data, rows, byte_rows: None }), rows.len()))?;
        Ok(&self.batch.codes)
    }

    /// Reconstructions of the rows whose codes were asked for last, `out [rows, d_in]`.
    ///
    /// # Errors
    /// If threads end.
    #[cfg(feature = "files")]
    pub fn reconstruct(&self, out: &mut [f32]) -> Result<()> {
        again(|| decode(self.sae, &self.batch.codes, out, self.threads(self.batch.codes.rows())))
    }

    /// Applies the operation to whole rows of `input` and writes to `out`, which must hold as many rows and be zero.
    ///
    /// # Errors
    /// If threads end.
    pub fn apply(&mut self, operation: Operation, input: &[f32], out: &mut [f32]) -> Result<()> {
        let sae = self.sae;
        let (cols, out_cols) = (operation.input_cols(sae), operation.output_cols(sae));
        for (input, out) in input.chunks(CHUNK * cols).zip(out.chunks_mut(CHUNK * out_cols)) {
            let threads = self.threads(input.len() / cols);
            again(|| {
                match operation {
                    Operation::Encode => self.codes_of(input)?.scatter(out),
                    Operation::Decode => {
                        decode(sae, &SparseCodes::from_dense(input, sae.d_sae), out, threads)?;
                    }
                    Operation::Forward => decode(sae, self.codes_of(input)?, out, threads)?,
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn codes_of(&mut self, rows: &[f32]) -> Result<&SparseCodes> {
        let count = rows.len() / self.sae.d_in;
        self.batch.set(rows, self.sae.d_in, self.threads(count));
        self.encode(None, count)?;
        Ok(&self.batch.codes)
    }

    /// Codes of so many rows.
    fn encode(&mut self, source: Option<Source<'_>>, rows: usize) -> Result<()> {
        self.encoder.pack(self.sae, None, false, self.threads(1))?;
        let threads = self.threads(rows);
        self.batch.forward(source, (self.sae, &self.encoder), Depth::Codes, threads)?;
        Ok(())
    }

    /// Threads for so many rows.
    fn threads(&self, rows: usize) -> Threads {
        let products = rows.saturating_mul(self.sae.w_enc.len());
        if products < ONE_THREAD {
            return Threads::ONE;
        }
        self.most_threads.unwrap_or_else(|| Threads::up_to(None))
    }
}

/// Does work once more where a thread ended: then one is left, and nothing that the work needs has changed.
fn again(mut work: impl FnMut() -> Result<()>) -> Result<()> {
    match work() {
        Err(Error::ThreadLost) => work(),
        outcome => outcome,
    }
}

fn decode(sae: &Sae, codes: &SparseCodes, out: &mut [f32], threads: Threads) -> Result<()> {
    let pieces = out.chunks_mut(PIECE * sae.d_in).enumerate();
    threads.for_each(pieces, |(piece, out)| {
        for (row, out) in out.chunks_exact_mut(sae.d_in).enumerate() {
            decode_row(sae, codes, piece * PIECE + row, out);
        }
    })
}
