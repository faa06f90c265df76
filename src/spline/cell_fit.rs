//! The errors of the model, of the mean, of a refitted decoder and of PCA on the rows of one cell.

use super::encoder::direction;
use super::products::{LANES, Lanes, add_gram_tile, mirror};
use super::rows::{ENCODE_WEIGHT, Progress, finite_codes};
use super::spectrum::eigenvalues;
use crate::data::Dataset;
use crate::engine::CpuInference;
use crate::error::Result;
use crate::memory;
use crate::sae::{Sae, SparseCodes};
use crate::train::decoder::Pause;

/// A column of codes of which this share of its length is left, once the earlier ones are taken out, depends on them but
/// for rounding.
const DEPENDENT: f64 = 1e-10;
/// Rows gathered at a time, at least.
const LEAST_ROWS: usize = 256;

/// What the fits need, kept from cell to cell.
pub(super) struct CellFit<'a> {
    sae: &'a Sae,
    data: &'a Dataset,
    coder: CpuInference<'a>,
    tile: Vec<Lanes>,
}

/// Of the rows of a cell.
pub(super) struct CellErrors {
    /// `[d_in]`.
    pub mean: Vec<f64>,
    /// Sums of squared errors: of the model, of the mean, of the refit, of PCA.
    pub squares: [f64; 4],
}

impl<'a> CellFit<'a> {
    pub fn new(sae: &'a Sae, data: &'a Dataset) -> Self {
        Self { sae, data, coder: CpuInference::new(sae), tile: Vec::new() }
    }

    /// Measures the rows of a cell: the refit is on the codes of the latents that `regressors` finds in the first row,
    /// PCA of the given rank.
    ///
    /// # Errors
    /// If an activation is not finite, memory has no room, or the work is cancelled.
    pub async fn measure(
        &mut self,
        numbers: &[u32],
        rank: usize,
        regressors: impl Fn(&SparseCodes) -> Vec<u32>,
        progress: &mut Progress<'_, '_>,
    ) -> Result<CellErrors> {
        let Self { sae, data, .. } = *self;
        let d_in = sae.d_in;
        let latents = regressors(self.coder.codes(data, &numbers[..1])?);
        let mut codes = memory::zeros("codes of a cell", &[latents.len(), numbers.len()])?;
        let block = block_rows(numbers.len(), d_in);
        let mut rows = memory::zeros("rows of a cell", &[block, d_in])?;
        let (mut model, mut mean) = (0.0, vec![0.0; d_in]);
        for (index, piece) in numbers.chunks(block).enumerate() {
            let rows = &mut rows[..piece.len() * d_in];
            data.gather(piece, rows);
            let found = finite_codes(self.coder.codes(data, piece)?, piece)?;
            for (at, row) in rows.chunks_exact(d_in).enumerate() {
                mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x));
                model += squared_error(sae, found.row(at), row);
                for (column, latent) in codes.chunks_exact_mut(numbers.len()).zip(&latents) {
                    let z = found.row(at).find(|(active, _)| active == latent).map_or(0.0, |(_, z)| z);
                    column[index * block + at] = f64::from(z);
                }
            }
            let encode = (piece.len() * d_in * sae.d_sae) as f64 / ENCODE_WEIGHT;
            progress.done(0.0, encode as u64).await?;
        }
        mean.iter_mut().for_each(|mean| *mean /= numbers.len() as f64);
        let basis = orthonormal(codes, numbers.len());
        let scatter = Scatter { data, numbers, mean: &mean, basis: &basis, rows: &mut rows };
        let [total, refit, pca] = scatter.measure(rank, &mut self.tile, progress).await?;
        Ok(CellErrors { mean, squares: [model, total, refit, pca] })
    }
}

/// `‖x − x̂‖²` of a row with its codes.
pub(super) fn squared_error(sae: &Sae, codes: impl Iterator<Item = (u32, f32)>, row: &[f32]) -> f64 {
    let mut rest: Vec<f64> = row.iter().zip(&sae.b_dec).map(|(&x, &b)| f64::from(x) - f64::from(b)).collect();
    for (latent, z) in codes {
        let z = f64::from(z);
        let direction = direction(sae, latent as usize);
        rest.iter_mut().zip(direction).for_each(|(rest, &d)| *rest -= z * f64::from(d));
    }
    rest.iter().map(|rest| rest * rest).sum()
}

/// An orthonormal basis of the columns, each of `rows` numbers, about their means: Gram and Schmidt, twice.
fn orthonormal(mut columns: Vec<f64>, rows: usize) -> Vec<f64> {
    let mut kept = 0;
    for at in 0..columns.len() / rows {
        let (basis, rest) = columns.split_at_mut(at * rows);
        let column = &mut rest[..rows];
        let length = |column: &[f64]| column.iter().map(|v| v * v).sum::<f64>().sqrt();
        let least = DEPENDENT * length(column);
        let mean = column.iter().sum::<f64>() / rows as f64;
        column.iter_mut().for_each(|v| *v -= mean);
        for _ in 0..2 {
            for earlier in basis[..kept * rows].chunks_exact(rows) {
                let along: f64 = column.iter().zip(earlier).map(|(v, q)| v * q).sum();
                column.iter_mut().zip(earlier).for_each(|(v, q)| *v -= along * q);
            }
        }
        let left = length(column);
        if left > least {
            column.iter_mut().for_each(|v| *v /= left);
            columns.copy_within(at * rows..(at + 1) * rows, kept * rows);
            kept += 1;
        }
    }
    columns.truncate(kept * rows);
    columns
}

/// Rows about their mean.
pub(super) struct Scatter<'a> {
    pub data: &'a Dataset,
    pub numbers: &'a [u32],
    pub mean: &'a [f64],
    /// Of the codes, `[size, rows]`.
    pub basis: &'a [f64],
    /// Room for a block of rows, `[block_rows, d_in]`.
    pub rows: &'a mut [f32],
}

/// How many rows are gathered at a time: all, or so many that they hold the scatter of all columns.
pub(super) fn block_rows(rows: usize, d_in: usize) -> usize {
    rows.min(d_in.max(LEAST_ROWS))
}

impl Scatter<'_> {
    /// Sums of squares: all, beyond the basis, and beyond the first `rank` principal components.
    ///
    /// # Errors
    /// If memory has no room, or the work is cancelled.
    pub async fn measure(
        mut self,
        rank: usize,
        tile: &mut Vec<Lanes>,
        progress: &mut Progress<'_, '_>,
    ) -> Result<[f64; 3]> {
        let (count, d_in) = (self.numbers.len(), self.mean.len());
        // The smaller of XXᵀ and XᵀX has all the eigenvalues that are not 0.
        let size = count.min(d_in);
        let has_rest = rank < size.min(count - 1);
        let mut gram = memory::zeros("scatter of a cell", &[if has_rest { size } else { 0 }, size])?;
        let mut fit = memory::zeros("fit of a cell", &[self.basis.len() / count, d_in])?;
        let mut total = 0.0;
        for first in (0..count).step_by(self.rows.len() / d_in) {
            let block = self.centred(first)?;
            total += block.iter().map(|x| x * x).sum::<f64>();
            let height = block.len() / d_in;
            for (fit, column) in fit.chunks_exact_mut(d_in).zip(self.basis.chunks_exact(count)) {
                for (row, q) in block.chunks_exact(d_in).zip(&column[first..first + height]) {
                    fit.iter_mut().zip(row).for_each(|(fit, x)| *fit += q * x);
                }
            }
            progress.after((fit.len() * height) as u64).await?;
            if has_rest {
                let (lines, width) =
                    if count <= d_in { (block, d_in) } else { (transposed(&block, d_in), height) };
                for column in (0..size).step_by(LANES) {
                    add_gram_tile(&lines, width, column, tile, &mut gram);
                    progress.after(((size - column) * LANES * width) as u64).await?;
                }
            }
        }
        let beyond_basis = self.beyond(&fit, progress).await?;
        let mut beyond_pca = 0.0;
        if has_rest {
            mirror(&mut gram, size);
            let values = eigenvalues(&mut gram, size, progress).await?;
            beyond_pca = values[rank..].iter().map(|value| value.clamp(0.0, f64::INFINITY)).sum();
        }
        Ok([total, beyond_basis, beyond_pca])
    }

    /// What the basis leaves of the rows; computed from them, since it may be far less than what they hold.
    async fn beyond(&mut self, fit: &[f64], progress: &mut Progress<'_, '_>) -> Result<f64> {
        let (count, d_in) = (self.numbers.len(), self.mean.len());
        let mut squares = 0.0;
        for first in (0..count).step_by(self.rows.len() / d_in) {
            let mut block = self.centred(first)?;
            for (at, row) in block.chunks_exact_mut(d_in).enumerate() {
                for (fit, column) in fit.chunks_exact(d_in).zip(self.basis.chunks_exact(count)) {
                    let q = column[first + at];
                    row.iter_mut().zip(fit).for_each(|(x, fit)| *x -= q * fit);
                }
            }
            squares += block.iter().map(|x| x * x).sum::<f64>();
            progress.after((fit.len() * block.len() / d_in) as u64).await?;
        }
        Ok(squares)
    }

    /// The block of rows from `first` on, less the mean.
    fn centred(&mut self, first: usize) -> Result<Vec<f64>> {
        let d_in = self.mean.len();
        let numbers = &self.numbers[first..];
        let numbers = &numbers[..numbers.len().min(self.rows.len() / d_in)];
        let rows = &mut self.rows[..numbers.len() * d_in];
        self.data.gather(numbers, rows);
        let mut block = memory::reserve("rows of a cell", &[numbers.len(), d_in])?;
        for row in rows.chunks_exact(d_in) {
            block.extend(row.iter().zip(self.mean).map(|(&x, mean)| f64::from(x) - mean));
        }
        Ok(block)
    }
}

fn transposed(rows: &[f64], width: usize) -> Vec<f64> {
    let mut columns = Vec::with_capacity(rows.len());
    for col in 0..width {
        columns.extend(rows.iter().skip(col).step_by(width));
    }
    columns
}
