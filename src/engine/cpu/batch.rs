//! A batch on its way through the model: rows, codes and residuals. After the encoder everything is sparse.
//!
//! Rows go through the model in pieces, which threads share; what a row becomes does not depend on its piece.

use super::encode::{PackedEncoder, SparseRows};
use super::row_sums::{Place, weighted_rows};
use crate::data::Dataset;
use crate::engine::VARIANTS_OFFERED;
use crate::error::Result;
use crate::sae::{Activation, Sae, Selection, SparseCodes, least_of_largest};
use crate::simd::dot;
use crate::threads::Threads;

/// Rows that a thread takes at a time: few enough that a batch of 128 is shared evenly, and many enough that reading
/// the encoder from the second cache costs little.
pub const PIECE: usize = 16;

/// A batch on its way through the model. Buffers are reused from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    /// Columns of the data.
    pub d_in: usize,
    /// `[rows, d_in]`, normalised.
    pub x: Vec<f32>,
    skip_zeros: bool,
    encoder: PackedEncoder,
    pieces: Vec<Piece>,
    /// Codes of the rows.
    pub codes: SparseCodes,
    /// `x̂ − x`, `[rows, d_in]`.
    pub residual: Vec<f32>,
    /// What the gradient has in the place of residuals where F has the losses of prefixes too.
    prefixes: PrefixResiduals,
    /// `|x̂ − x|²` of each row.
    squares: Vec<f64>,
}

/// What a piece of the rows needs on its way.
#[derive(Debug, Default)]
pub struct Piece {
    sparse: SparseRows,
    /// Pre-activations, `[rows, d_sae]`.
    pub pre: Vec<f32>,
    codes: SparseCodes,
}

/// For each group of latents, which begins where a prefix ends, the sum of the residuals of the prefixes that hold it. That
/// of the last group is the residual of the whole.
#[derive(Debug, Default)]
struct PrefixResiduals {
    /// Ends of the prefixes but the last.
    ends: Vec<usize>,
    /// `[rows, ends, d_in]`.
    sums: Vec<f32>,
}

/// The residuals by which the loss depends on a latent: of row `i`, the columns of row `i · stride + offset`.
#[derive(Debug, Clone, Copy)]
pub struct Residuals<'a> {
    /// `[_, d_in]`.
    pub rows: &'a [f32],
    pub place: Place,
}

impl Batch {
    /// Takes the rows numbered `rows` of the data set. With `skip_zeros` its byte rows are multiplied sparsely.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn gather(&mut self, data: &Dataset, rows: &[u32], skip_zeros: bool, threads: Threads) -> Result<()> {
        self.begin(rows.len(), data.cols());
        self.skip_zeros = skip_zeros;
        let parts = rows.chunks(PIECE).zip(self.x.chunks_mut(PIECE * self.d_in)).zip(&mut self.pieces);
        threads.for_each(parts, |((rows, x), piece)| {
            data.gather(rows, x);
            piece.sparse.clear();
            if skip_zeros {
                for bytes in rows.iter().filter_map(|&row| data.bytes(row as usize)) {
                    piece.sparse.push(bytes, data.normalisation());
                }
            }
        })
    }

    /// Takes rows as they are, `x [rows, d_in]`.
    pub fn set(&mut self, x: &[f32], d_in: usize) {
        self.begin(x.len() / d_in, d_in);
        self.skip_zeros = false;
        self.x.copy_from_slice(x);
    }

    fn begin(&mut self, rows: usize, d_in: usize) {
        self.d_in = d_in;
        self.x.resize(rows * d_in, 0.0);
        self.pieces.resize_with(rows.div_ceil(PIECE), Piece::default);
    }

    /// Packs the encoder for [`Batch::encode`]; `data` as in [`Batch::gather`].
    ///
    /// # Errors
    /// If a thread ends.
    pub fn pack(&mut self, sae: &Sae, data: Option<&Dataset>, threads: Threads) -> Result<()> {
        self.codes = SparseCodes::new(sae.d_sae);
        self.encoder.pack(&sae.w_enc, &sae.b_enc, data.map(Dataset::normalisation), threads)
    }

    /// Codes of the rows, by the encoder packed last.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn encode(&mut self, activation: &Activation, threads: Threads) -> Result<()> {
        let Self { d_in, x, skip_zeros, encoder, pieces, codes, .. } = self;
        let d_sae = codes.d_sae();
        let parts = x.chunks(PIECE * *d_in).zip(&mut *pieces);
        threads
            .for_each(parts, |(x, piece)| piece.encode(encoder, activation, x, *d_in, d_sae, *skip_zeros))?;
        codes.clear();
        pieces.iter().for_each(|piece| codes.append(&piece.codes));
        Ok(())
    }

    /// The same with the `k · rows` largest positive pre-activations of the whole batch active. Returns the least of them, if
    /// there is any.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn encode_together(&mut self, k: usize, threads: Threads) -> Result<Option<f32>> {
        let Self { d_in, x, skip_zeros, encoder, pieces, codes, .. } = self;
        let (d_sae, rows) = (codes.d_sae(), x.len() / *d_in);
        let parts = x.chunks(PIECE * *d_in).zip(&mut *pieces);
        threads.for_each(parts, |(x, piece)| piece.multiply(encoder, x, *d_in, d_sae, *skip_zeros))?;
        let pre = pieces.iter().flat_map(|piece| &piece.pre).copied();
        let least = least_of_largest(pre, k.saturating_mul(rows));
        // Those at or above the least are those above the number next to it.
        let selection = Selection::Above(vec![least.map_or(0.0, f32::next_down); d_sae].into());
        threads.for_each(pieces.iter_mut(), |piece| piece.select(&selection, d_sae))?;
        codes.clear();
        pieces.iter().for_each(|piece| codes.append(&piece.codes));
        Ok(least)
    }

    /// Pieces of consecutive rows, of [`PIECE`] each but the last.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Residuals of the rows; returns `Σ‖x̂ − x‖²`.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn reconstruct(&mut self, sae: &Sae, threads: Threads) -> Result<f64> {
        let Self { d_in, x, pieces, residual, squares, prefixes, .. } = self;
        let d_in = *d_in;
        prefixes.ends.clear();
        residual.resize(x.len(), 0.0);
        squares.resize(x.len() / d_in, 0.0);
        let rows = x.chunks(PIECE * d_in).zip(residual.chunks_mut(PIECE * d_in));
        let parts = rows.zip(squares.chunks_mut(PIECE)).zip(&*pieces);
        threads.for_each(parts, |(((x, residual), squares), piece)| {
            let rows = residual.chunks_exact_mut(d_in).zip(x.chunks_exact(d_in));
            for (row, ((residual, x), square)) in rows.zip(squares).enumerate() {
                decode_row(sae, &piece.codes, row, residual);
                residual.iter_mut().zip(x).for_each(|(residual, x)| *residual -= x);
                *square = f64::from(dot(residual, residual));
            }
        })?;
        Ok(squares.iter().fold(0.0, |sum, square| sum + square))
    }

    /// Residuals of the rows, of the whole and of each prefix; returns `Σ‖x̂ − x‖²` of the whole, and of all the shorter
    /// prefixes together.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn reconstruct_prefixes(
        &mut self,
        sae: &Sae,
        ends: &[usize],
        threads: Threads,
    ) -> Result<(f64, f64)> {
        let Some((_, shorter)) = ends.split_last().filter(|(_, shorter)| !shorter.is_empty()) else {
            return Ok((self.reconstruct(sae, threads)?, 0.0));
        };
        let whole = self.reconstruct(sae, threads)?;
        let Self { d_in, x, pieces, residual, squares, prefixes, .. } = self;
        let (d_in, width) = (*d_in, shorter.len() * *d_in);
        prefixes.ends = shorter.to_vec();
        prefixes.sums.resize(x.len() * shorter.len(), 0.0);
        let rows = x.chunks(PIECE * d_in).zip(prefixes.sums.chunks_mut(PIECE * width));
        let parts = rows.zip(residual.chunks(PIECE * d_in)).zip(squares.chunks_mut(PIECE)).zip(&*pieces);
        threads.for_each(parts, |((((x, sums), residual), squares), piece)| {
            let rows =
                x.chunks_exact(d_in).zip(sums.chunks_exact_mut(width)).zip(residual.chunks_exact(d_in));
            for (row, (((x, sums), residual), square)) in rows.zip(squares).enumerate() {
                *square = piece.shorter_prefixes(sae, (row, x), shorter, sums);
                // From the residuals of prefixes to sums over the prefixes that are at least as long.
                let mut longer = residual;
                for sums in sums.chunks_exact_mut(d_in).rev() {
                    sums.iter_mut().zip(longer).for_each(|(sum, longer)| *sum += longer);
                    longer = sums;
                }
            }
        })?;
        Ok((whole, squares.iter().fold(0.0, |sum, square| sum + square)))
    }

    /// The residuals by which the loss depends on a latent.
    pub fn residuals_of(&self, latent: usize) -> Residuals<'_> {
        let PrefixResiduals { ends, sums } = &self.prefixes;
        let ends: &[usize] = if VARIANTS_OFFERED { ends } else { &[] };
        let group = ends.partition_point(|&end| end <= latent);
        if group == ends.len() {
            return Residuals { rows: &self.residual, place: Place::SAME };
        }
        Residuals { rows: sums, place: Place { stride: ends.len(), offset: group } }
    }

    /// `Σ|z|` over the rows.
    pub fn l1(&self) -> f64 {
        self.codes.values().iter().map(|z| f64::from(z.abs())).sum()
    }
}

impl Piece {
    fn encode(
        &mut self,
        encoder: &PackedEncoder,
        activation: &Activation,
        x: &[f32],
        d_in: usize,
        d_sae: usize,
        skip_zeros: bool,
    ) {
        self.multiply(encoder, x, d_in, d_sae, skip_zeros);
        self.select(&activation.selection(d_sae), d_sae);
    }

    fn multiply(&mut self, encoder: &PackedEncoder, x: &[f32], d_in: usize, d_sae: usize, skip_zeros: bool) {
        self.pre.resize(x.len() / d_in * d_sae, 0.0);
        if skip_zeros {
            encoder.encode_sparse(&self.sparse, &mut self.pre);
        } else {
            encoder.encode(x, &mut self.pre);
        }
    }

    fn select(&mut self, selection: &Selection<'_>, d_sae: usize) {
        self.codes.reset(d_sae);
        selection.select(&self.pre, d_sae, &mut self.codes);
    }

    /// Residuals of one row by prefixes that end at `ends`, `[ends, d_in]`; returns the sum of their squares.
    fn shorter_prefixes(&self, sae: &Sae, (row, x): (usize, &[f32]), ends: &[usize], out: &mut [f32]) -> f64 {
        let mut codes = self.codes.row(row).peekable();
        let mut fit = sae.b_dec.clone();
        let mut square = 0.0;
        for (&end, out) in ends.iter().zip(out.chunks_exact_mut(x.len())) {
            // Latents of a row ascend.
            while let Some((latent, z)) = codes.next_if(|&(latent, _)| (latent as usize) < end) {
                let decoder = &sae.decoder()[latent as usize * x.len()..][..x.len()];
                fit.iter_mut().zip(decoder).for_each(|(fit, w)| *fit += z * w);
            }
            out.iter_mut().zip(&fit).zip(x).for_each(|((out, fit), x)| *out = fit - x);
            square += f64::from(dot(out, out));
        }
        square
    }
}

/// `x̂` of one row of codes, `[d_in]`.
pub fn decode_row(sae: &Sae, codes: &SparseCodes, row: usize, out: &mut [f32]) {
    let terms = codes.row(row).map(|(latent, z)| (latent as usize, z));
    weighted_rows(out, Some(&sae.b_dec), sae.decoder(), terms);
}
