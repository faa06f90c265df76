//! A batch on its way through the model: rows, codes and residuals. After the encoder everything is sparse.
//!
//! Rows go through the model in pieces, which threads share; what a row becomes does not depend on its piece.

use super::byte_rows::ByteRows;
use super::encode::PackedEncoder;
use super::row_sums::{Place, weighted_rows};
use super::screen::ScreenedRows;
use super::sparse_rows::SparseRows;
use crate::data::Dataset;
use crate::engine::{PREPARES, VARIANTS_OFFERED};
use crate::error::Result;
use crate::sae::{Sae, Selection, Selector, SparseCodes, least_of_largest};
use crate::simd::dot;
use crate::threads::Threads;

/// Rows of a piece, which a thread takes at a time. With few the encoder is read from a far cache more often than it is
/// used. With many a batch cannot be shared evenly: two for each thread.
const PIECE: std::ops::RangeInclusive<usize> = 16..=128;

/// A batch on its way through the model. Buffers are reused from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    /// Columns of the data.
    pub d_in: usize,
    /// `[rows, d_in]`, normalised.
    pub x: Vec<f32>,
    /// Rows of each piece but the last, which may have fewer.
    piece_rows: usize,
    pieces: Vec<Piece>,
    /// Pieces that [`Batch::prepare`] has taken through the model for the next call.
    prepared: usize,
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
    sparse: SparseRows<u32, f32>,
    screened: ScreenedRows,
    /// Pre-activations, `[rows, d_sae]`, if the whole of them was asked for.
    pub pre: Vec<f32>,
    selector: Selector,
    codes: SparseCodes,
    /// `W_dec (x̂ − x)` of each entry of the codes.
    products: Vec<f32>,
}

/// The rows of a batch.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub data: &'a Dataset,
    pub rows: &'a [u32],
    /// What is not zero in them, where only that is multiplied.
    pub byte_rows: Option<&'a ByteRows>,
}

/// How far the rows of a batch go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Rows and codes.
    Codes,
    /// Also residuals.
    Residuals,
    /// Also what the gradient of the codes takes of them.
    Products,
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
    /// Takes rows as they are, `x [rows, d_in]`, for [`Batch::forward`] without a source.
    pub fn set(&mut self, x: &[f32], d_in: usize, threads: Threads) {
        self.begin(x.len() / d_in, d_in, threads);
        self.pieces.iter_mut().for_each(|piece| piece.sparse.clear());
        self.x.copy_from_slice(x);
    }

    fn begin(&mut self, rows: usize, d_in: usize, threads: Threads) {
        self.d_in = d_in;
        self.x.resize(rows * d_in, 0.0);
        self.residual.resize(rows * d_in, 0.0);
        self.squares.resize(rows, 0.0);
        self.piece_rows = (rows / (2 * threads.count())).clamp(*PIECE.start(), *PIECE.end());
        self.pieces.resize_with(rows.div_ceil(self.piece_rows), Piece::default);
        self.prefixes.ends.clear();
    }

    /// Takes some of the rows of the source, `most_rows` or a piece for each thread, through the model for [`Batch::forward`],
    /// or without a depth for [`Batch::forward_together`], which must be the next call and have the same arguments. Returns
    /// whether none were left.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn prepare(
        &mut self,
        source: Source<'_>,
        model: (&Sae, &PackedEncoder),
        depth: Option<Depth>,
        threads: Threads,
        most_rows: usize,
    ) -> Result<bool> {
        self.begin_source(Some(source), threads);
        let left = self.pieces.len() - self.prepared;
        if left == 0 {
            return Ok(true);
        }
        let at_once = threads.count() * (most_rows / self.piece_rows).max(1);
        self.pass(Some(source), model, depth, threads, at_once)?;
        self.prepared += at_once.min(left);
        Ok(false)
    }

    fn prepared(&self) -> usize {
        if PREPARES { self.prepared } else { 0 }
    }

    /// Forgets what was prepared.
    pub fn forget(&mut self) {
        self.prepared = 0;
    }

    /// Takes the rows of the source, or those that it has, through the model, whose encoder is packed. A piece goes all its
    /// way at once: what it needs is then near, and threads meet once. Returns `Σ‖x̂ − x‖²`, 0 if the codes are all.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn forward(
        &mut self,
        source: Option<Source<'_>>,
        model: (&Sae, &PackedEncoder),
        depth: Depth,
        threads: Threads,
    ) -> Result<f64> {
        self.begin_source(source, threads);
        self.pass(source, model, Some(depth), threads, usize::MAX)?;
        Ok(self.finish(model.0.d_sae, depth))
    }

    /// The same with the `k · rows` largest positive pre-activations of the whole batch active. Returns also the least of them, if
    /// there is any.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn forward_together(
        &mut self,
        source: Option<Source<'_>>,
        model: (&Sae, &PackedEncoder),
        k: usize,
        depth: Depth,
        threads: Threads,
    ) -> Result<(f64, Option<f32>)> {
        let (sae, _) = model;
        self.begin_source(source, threads);
        self.pass(source, model, None, threads, usize::MAX)?;
        self.forget();
        let pre = self.pieces.iter().flat_map(|piece| &piece.pre).copied();
        let least = least_of_largest(pre, k.saturating_mul(self.squares.len()));
        // Those at or above the least are those above the number next to it.
        let selection = Selection::Above(vec![least.map_or(0.0, f32::next_down); sae.d_sae].into());
        threads.for_each(self.parts(None), |mut part| {
            part.piece.select(&selection, sae.d_sae);
            part.reconstruct(sae, depth);
        })?;
        Ok((self.finish(sae.d_sae, depth), least))
    }

    /// Makes room for the rows of the source, unless some of them are through the model already: threads may have become more
    /// since, and their pieces smaller.
    fn begin_source(&mut self, source: Option<Source<'_>>, threads: Threads) {
        if let (Some(Source { data, rows, .. }), 0) = (source, self.prepared()) {
            self.begin(rows.len(), data.cols(), threads);
        }
    }

    /// At most so many of the pieces that are not prepared: to a depth, or their pre-activations alone.
    fn pass(
        &mut self,
        source: Option<Source<'_>>,
        (sae, encoder): (&Sae, &PackedEncoder),
        depth: Option<Depth>,
        threads: Threads,
        most: usize,
    ) -> Result<()> {
        let selection = sae.activation.selection(sae.d_sae);
        let taken = self.prepared()..self.prepared().saturating_add(most);
        threads.for_each(self.parts(source), |mut part| {
            if PREPARES && !taken.contains(&part.index) {
                return;
            }
            part.gather(source);
            match depth {
                Some(depth) => {
                    part.encode(&selection, (sae, encoder));
                    part.reconstruct(sae, depth);
                }
                None => part.multiply(encoder),
            }
        })
    }

    /// The pieces with all that belongs to them. With a source its rows take the place of those that the batch has.
    fn parts<'a>(&'a mut self, source: Option<Source<'a>>) -> impl ExactSizeIterator<Item = Part<'a>> {
        let (d_in, piece_rows) = (self.d_in, self.piece_rows);
        let rows = self.x.chunks_mut(piece_rows * d_in).zip(self.residual.chunks_mut(piece_rows * d_in));
        let pieces = rows.zip(self.squares.chunks_mut(piece_rows)).zip(&mut self.pieces).enumerate();
        pieces.map(move |(index, (((x, residual), squares), piece))| Part {
            index,
            rows: source.map_or(&[], |Source { rows, .. }| &rows[index * piece_rows..][..squares.len()]),
            d_in,
            x,
            residual,
            squares,
            piece,
        })
    }

    fn finish(&mut self, d_sae: usize, depth: Depth) -> f64 {
        self.forget();
        self.codes.reset(d_sae);
        self.pieces.iter().for_each(|piece| self.codes.append(&piece.codes));
        match depth {
            Depth::Codes => 0.0,
            Depth::Residuals | Depth::Products => self.squares.iter().fold(0.0, |sum, square| sum + square),
        }
    }

    /// `W_dec (x̂ − x)` of each entry of the codes, after [`Batch::forward`] to [`Depth::Products`].
    pub fn products(&self) -> impl Iterator<Item = f32> + '_ {
        self.pieces.iter().flat_map(|piece| &piece.products).copied()
    }

    /// Sums of residuals for the prefixes that end at `ends`, after [`Batch::forward`] to residuals of the whole; returns
    /// `Σ‖x̂ − x‖²` of all but the longest together.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn reconstruct_prefixes(&mut self, sae: &Sae, ends: &[usize], threads: Threads) -> Result<f64> {
        let Some((_, shorter)) = ends.split_last().filter(|(_, shorter)| !shorter.is_empty()) else {
            return Ok(0.0);
        };
        let Self { d_in, x, piece_rows, pieces, residual, squares, prefixes, .. } = self;
        let (d_in, width, piece_rows) = (*d_in, shorter.len() * *d_in, *piece_rows);
        prefixes.ends = shorter.to_vec();
        prefixes.sums.resize(x.len() * shorter.len(), 0.0);
        let rows = x.chunks(piece_rows * d_in).zip(prefixes.sums.chunks_mut(piece_rows * width));
        let parts = rows.zip(residual.chunks(piece_rows * d_in)).zip(squares.chunks_mut(piece_rows));
        let parts = parts.zip(&*pieces);
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
        Ok(squares.iter().fold(0.0, |sum, square| sum + square))
    }

    /// Pieces of consecutive rows, of [`Batch::piece_rows`] each but the last.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Rows of each piece but the last.
    pub fn piece_rows(&self) -> usize {
        self.piece_rows
    }

    /// The residuals by which the loss depends on a latent.
    pub fn residuals_of(&self, latent: usize) -> Residuals<'_> {
        let (group, stride) = (self.group_of(latent), self.ends().len());
        if group == stride {
            return Residuals { rows: &self.residual, place: Place::SAME };
        }
        Residuals { rows: &self.prefixes.sums, place: Place { stride, offset: group } }
    }

    /// Groups of latents that the same prefixes hold: 1 where F has no prefixes.
    pub fn groups(&self) -> usize {
        self.ends().len() + 1
    }

    /// The group of a latent.
    pub fn group_of(&self, latent: usize) -> usize {
        self.ends().partition_point(|&end| end <= latent)
    }

    fn ends(&self) -> &[usize] {
        if VARIANTS_OFFERED { &self.prefixes.ends } else { &[] }
    }

    /// For each row and group the sum of the residuals of the prefixes that hold the group, the columns from `first` on with
    /// zeros behind the last, `[rows, groups, N]`.
    pub fn residuals_by_group<const N: usize>(&self, first: usize, out: &mut [[f32; N]]) {
        let width = self.d_in.min(first + N) - first;
        let groups = self.groups();
        for (row, out) in out.chunks_exact_mut(groups).enumerate() {
            for (group, out) in out.iter_mut().enumerate() {
                let from = if group + 1 == groups {
                    &self.residual[row * self.d_in..]
                } else {
                    &self.prefixes.sums[(row * (groups - 1) + group) * self.d_in..]
                };
                out.fill(0.0);
                out[..width].copy_from_slice(&from[first..][..width]);
            }
        }
    }

    /// `Σ|z|` over the rows.
    pub fn l1(&self) -> f64 {
        self.codes.values().iter().map(|z| f64::from(z.abs())).sum()
    }
}

/// A piece of a batch, for one thread.
struct Part<'a> {
    /// Its number among the pieces.
    index: usize,
    /// Numbers of the rows in the source.
    rows: &'a [u32],
    d_in: usize,
    x: &'a mut [f32],
    residual: &'a mut [f32],
    squares: &'a mut [f64],
    piece: &'a mut Piece,
}

impl Part<'_> {
    /// Gets the rows from their source, if there is one.
    fn gather(&mut self, source: Option<Source<'_>>) {
        let Self { rows, x, piece, .. } = self;
        let Some(Source { data, byte_rows, .. }) = source else { return };
        match byte_rows {
            None => {
                piece.sparse.clear();
                data.gather(rows, x);
            }
            Some(byte_rows) => byte_rows.gather(data, rows, &mut piece.sparse, x),
        }
    }

    /// Codes of the rows.
    fn encode(&mut self, selection: &Selection<'_>, (sae, encoder): (&Sae, &PackedEncoder)) {
        match (selection, encoder.screen()) {
            (&Selection::Largest(top), Some(screen)) => {
                let Piece { screened, selector, codes, .. } = &mut *self.piece;
                screen.select(self.x, (sae, top), screened, selector, codes);
            }
            _ => {
                self.multiply(encoder);
                self.piece.select(selection, sae.d_sae);
            }
        }
    }

    /// Pre-activations of the rows.
    fn multiply(&mut self, encoder: &PackedEncoder) {
        let Self { x, piece, .. } = self;
        piece.pre.resize(self.squares.len() * encoder.d_sae(), 0.0);
        if piece.sparse.is_empty() {
            encoder.encode(x, &mut piece.pre);
        } else {
            encoder.encode_sparse(&piece.sparse, &mut piece.pre);
        }
    }

    #[inline(never)]
    fn reconstruct(&mut self, sae: &Sae, depth: Depth) {
        self.piece.products.clear();
        if depth == Depth::Codes {
            return;
        }
        let d_in = self.d_in;
        let rows = self.residual.chunks_exact_mut(d_in).zip(self.x.chunks_exact(d_in));
        for (row, ((residual, x), square)) in rows.zip(&mut *self.squares).enumerate() {
            decode_row(sae, &self.piece.codes, row, residual);
            residual.iter_mut().zip(x).for_each(|(residual, x)| *residual -= x);
            *square = f64::from(dot(residual, residual));
            if depth == Depth::Products {
                // Right after decoding, while the rows of the decoder are in the nearest cache.
                let decoder = |latent: u32| &sae.decoder()[latent as usize * d_in..][..d_in];
                let codes = self.piece.codes.row(row);
                self.piece.products.extend(codes.map(|(latent, _)| dot(residual, decoder(latent))));
            }
        }
    }
}

impl Piece {
    fn select(&mut self, selection: &Selection<'_>, d_sae: usize) {
        self.codes.reset(d_sae);
        selection.select_by(&mut self.selector, &self.pre, d_sae, &mut self.codes);
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
