//! The paper's claim on real data: on each cell the model is one affine map, so its error lies between that of the best
//! affine map of its rank (local PCA) and, for a good model, that of the best constant (k-means).
//!
//! Over the rows of cells that hold at least rank + 2 of them:
//!
//! - `pca`: the best affine map of the rank, the trailing eigenvalues of the cell's scatter
//! - `refit`: least squares of x on the codes and 1, the best decoder that this cell could have
//! - `sae`: the model's own
//! - `mean`: the best constant
//!
//! `pca ≤ refit ≤ min(sae, mean)`: what no affine map of that rank avoids, what the encoder's directions cost beyond it,
//! and what sharing one dictionary among all cells costs beyond that.
//!
//! For large k almost every row has a cell of its own. With a depth j < k the rows are parted by their j strongest
//! latents alone: the model is then no single map on a part, and `refit`, on the codes of those j latents, bounds
//! nothing of it; but `pca` of rank k and `mean` still place it.

use super::cell_fit::CellFit;
use super::peers::{Cells, PEERS_WEIGHT, Peers, peers};
use super::rows::{Pass, Progress, for_each_piece};
use super::sets::{SetKey, by_strength};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::memory;
use crate::progress::{Observer, Work};
use crate::sae::{Sae, Selection, SparseCodes, TopK};

/// Options of [`Sae::bounds`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BoundsOptions {
    /// Parts the rows by their strongest latents, so many, instead of by all active ones; for TopK, from 1 to k.
    pub depth: Option<usize>,
    /// Measures k-means and global PCA on the same rows, too.
    pub peers: bool,
}

/// Errors over the rows of the cells that hold enough of them; NaN where no cell does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellBounds {
    /// Rows in these cells.
    pub covered_rows: usize,
    /// Number of these cells.
    pub cells: usize,
    /// Of the model, over all elements.
    pub sae_mse: f64,
    /// Of the cells' means.
    pub mean_mse: f64,
    /// Of the best affine function of the codes for each cell.
    pub refit_mse: f64,
    /// Of the best affine map of the model's rank for each cell.
    pub pca_mse: f64,
    /// Of Lloyd's k-means and of global PCA, if they were asked for.
    pub peers: Option<Peers>,
}

impl Sae {
    /// Places the model between the means of its own cells and local PCA in them, on a data set.
    ///
    /// # Errors
    /// If the data has not the model's columns, `depth` is out of range or the activation is not TopK, an activation is
    /// not finite, memory has no room, or the observer breaks ([`Error::Cancelled`]).
    pub async fn bounds(
        &self,
        data: &Dataset,
        options: BoundsOptions,
        observer: &mut impl Observer,
    ) -> Result<CellBounds> {
        self.check_columns(data.cols())?;
        let prefix = prefix(self, options)?;
        let passes = if options.peers { 2.0 + PEERS_WEIGHT } else { 2.0 };
        let mut work = Work::new(passes * data.rows() as f64, observer);
        let mut rows = cells_of_rows(self, data, prefix, &mut work).await?;
        rows.sort_unstable();
        let mut progress = Progress::of_rows(&mut work);
        let mut fit = CellFit::new(self, data);
        let (mut squares, mut cells, mut covered) = ([0.0; 4], Cells::default(), 0);
        for cell in rows.chunk_by(|a, b| a.key == b.key) {
            let rank = cell.iter().map(|row| row.active as usize).max().unwrap_or_default();
            if cell.len() >= rank + 2 {
                let numbers: Vec<u32> = cell.iter().map(|row| row.number).collect();
                let regressors = |codes: &SparseCodes| latents(codes, 0, prefix);
                let found = fit.measure(&numbers, rank, regressors, &mut progress).await?;
                squares.iter_mut().zip(found.squares).for_each(|(sum, square)| *sum += square);
                covered += cell.len();
                cells.add(rank, &found.mean, &numbers, options.peers);
            }
            progress.done(cell.len() as f64, 0).await?;
        }
        progress.finish().await?;
        let elements = covered as f64 * self.d_in as f64;
        let [sae_mse, mean_mse, refit_mse, pca_mse] = squares.map(|sum| sum / elements);
        let count = cells.count;
        let peers = if options.peers { Some(peers(data, cells, &mut work).await?) } else { None };
        work.finish().await?;
        Ok(CellBounds { covered_rows: covered, cells: count, sae_mse, mean_mse, refit_mse, pca_mse, peers })
    }
}

/// The strongest latents that make a cell, if not all do.
type Prefix = Option<(TopK, usize)>;

fn prefix(sae: &Sae, options: BoundsOptions) -> Result<Prefix> {
    let Some(depth) = options.depth else { return Ok(None) };
    match sae.activation.selection(sae.d_sae) {
        Selection::Largest(top) if (1..=top.k).contains(&depth) => Ok(Some((top, depth))),
        Selection::Largest(top) => Err(Error::option("depth", depth, format!("from 1 to k, here {}", top.k))),
        Selection::Above(_) => Err(Error::option("depth", depth, "none, since only TopK ranks its latents")),
    }
}

/// The latents that make a row's cell.
fn latents(codes: &SparseCodes, row: usize, prefix: Prefix) -> Vec<u32> {
    match prefix {
        None => codes.row(row).map(|(latent, _)| latent).collect(),
        Some((top, depth)) => by_strength(codes, row, top).take(depth).collect(),
    }
}

/// A row and its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct CellOfRow {
    key: SetKey,
    number: u32,
    /// How many latents are active.
    active: u32,
}

async fn cells_of_rows(
    sae: &Sae,
    data: &Dataset,
    prefix: Prefix,
    work: &mut Work<'_>,
) -> Result<Vec<CellOfRow>> {
    let mut rows = memory::reserve("cells of rows", &[data.rows()])?;
    for_each_piece(sae, data, Pass::of_codes(sae), work, |numbers, codes| {
        rows.extend(numbers.iter().enumerate().map(|(at, &number)| CellOfRow {
            key: latents(codes, at, prefix).into_iter().collect(),
            number,
            active: codes.range(at).len() as u32,
        }));
        Ok(())
    })
    .await?;
    Ok(rows)
}
