//! A batch on its way through the model: rows, codes and residuals. After the encoder everything is sparse.

use super::encode::{PackedEncoder, SparseRows};
use super::row_sums::weighted_rows;
use super::simd::dot;
use crate::data::Dataset;
use crate::sae::{Activation, Sae, SparseCodes};

/// A batch on its way through the model. Buffers are reused from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    /// Columns of the data.
    pub d_in: usize,
    /// `[rows, d_in]`, normalised.
    pub x: Vec<f32>,
    sparse: Option<SparseRows>,
    encoder: PackedEncoder,
    pre: Vec<f32>,
    /// Codes of the rows.
    pub codes: SparseCodes,
    /// `x̂ − x`, `[rows, d_in]`.
    pub residual: Vec<f32>,
}

impl Batch {
    /// Takes the rows numbered `rows` of the data set. With `skip_zeros` its byte rows are multiplied sparsely.
    pub fn gather(&mut self, data: &Dataset, rows: &[u32], skip_zeros: bool) {
        self.d_in = data.cols();
        self.x.resize(rows.len() * self.d_in, 0.0);
        data.gather(rows, &mut self.x);
        if !skip_zeros {
            self.sparse = None;
            return;
        }
        let sparse = self.sparse.get_or_insert_default();
        sparse.clear();
        for bytes in rows.iter().filter_map(|&row| data.bytes(row as usize)) {
            sparse.push(bytes, data.normalisation());
        }
    }

    /// Takes rows as they are, `x [rows, d_in]`.
    pub fn set(&mut self, x: &[f32], d_in: usize) {
        self.d_in = d_in;
        self.sparse = None;
        self.x.clear();
        self.x.extend_from_slice(x);
    }

    /// Packs the encoder for [`Batch::encode`]; `data` as in [`Batch::gather`].
    pub fn pack(&mut self, sae: &Sae, data: Option<&Dataset>) {
        self.encoder.pack(&sae.w_enc, &sae.b_enc, data.map(Dataset::normalisation));
        self.codes = SparseCodes::new(sae.d_sae);
    }

    /// Pre-activations and codes of the rows, by the encoder packed last.
    pub fn encode(&mut self, activation: &Activation) {
        let d_sae = self.codes.d_sae();
        self.pre.resize(self.x.len() / self.d_in * d_sae, 0.0);
        match &self.sparse {
            Some(rows) => self.encoder.encode_sparse(rows, &mut self.pre),
            None => self.encoder.encode(&self.x, &mut self.pre),
        }
        self.codes.clear();
        activation.selection(d_sae).select(&self.pre, d_sae, &mut self.codes);
    }

    /// Residuals of the rows; returns `Σ‖x̂ − x‖²`.
    pub fn reconstruct(&mut self, sae: &Sae) -> f64 {
        self.residual.resize(self.x.len(), 0.0);
        let rows = self.residual.chunks_exact_mut(self.d_in).zip(self.x.chunks_exact(self.d_in));
        let mut squares = 0.0;
        for (row, (residual, x)) in rows.enumerate() {
            decode_row(sae, &self.codes, row, residual);
            residual.iter_mut().zip(x).for_each(|(residual, x)| *residual -= x);
            squares += f64::from(dot(residual, residual));
        }
        squares
    }

    /// `Σ|z|` over the rows.
    pub fn l1(&self) -> f64 {
        self.codes.values().iter().map(|z| f64::from(z.abs())).sum()
    }
}

/// `x̂` of one row of codes, `[d_in]`.
pub fn decode_row(sae: &Sae, codes: &SparseCodes, row: usize, out: &mut [f32]) {
    let terms = codes.row(row).map(|(latent, z)| (latent as usize, z));
    weighted_rows(out, Some(&sae.b_dec), sae.decoder(), terms);
}
