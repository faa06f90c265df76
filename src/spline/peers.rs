//! What an SAE is measured against on the rows of its cells: Lloyd's k-means with as many centres, and PCA of all of them
//! as one.

use super::cell_fit::{Scatter, block_rows};
use super::rows::Progress;
use crate::cluster::Lloyd;
use crate::data::Dataset;
use crate::error::Result;
use crate::memory;
use crate::progress::Work;
use crate::train::decoder::Pause;

/// Rounds of Lloyd's algorithm, at most. It starts at the means of the cells, and by then has all but ended.
const ROUNDS: usize = 20;
/// What both count in the work for a row, about.
pub(super) const PEERS_WEIGHT: f64 = 4.0;
/// Rows taken at a time.
const PIECE_ROWS: usize = 64;

/// Errors over the covered rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peers {
    /// Of Lloyd's k-means from the means of the cells, after at most 20 rounds.
    pub kmeans_mse: f64,
    /// Of PCA of all these rows together, of the greatest rank that the model has on one of the cells.
    pub global_pca_mse: f64,
}

/// The cells that hold enough rows.
#[derive(Default)]
pub(super) struct Cells {
    /// Their number.
    pub count: usize,
    rank: usize,
    /// `[count, d_in]`.
    means: Vec<f64>,
    numbers: Vec<u32>,
}

impl Cells {
    /// Counts a cell, and keeps its mean and the numbers of its rows if they are needed.
    pub fn add(&mut self, rank: usize, mean: &[f64], numbers: &[u32], keep: bool) {
        self.count += 1;
        if keep {
            self.rank = self.rank.max(rank);
            self.means.extend(mean);
            self.numbers.extend(numbers);
        }
    }
}

/// Measures both; NaN where there are no rows.
///
/// # Errors
/// If memory has no room, or the work is cancelled.
pub(super) async fn peers(data: &Dataset, cells: Cells, work: &mut Work<'_>) -> Result<Peers> {
    if cells.count == 0 {
        return Ok(Peers { kmeans_mse: f64::NAN, global_pca_mse: f64::NAN });
    }
    let Cells { count, rank, means, numbers } = cells;
    let elements = numbers.len() as f64 * data.cols() as f64;
    let worth =
        PEERS_WEIGHT * data.rows() as f64 / (elements * (data.cols() as f64 / 2.0 + (ROUNDS * count) as f64));
    let mut progress = Progress::worth(work, worth);
    let pca = global_pca(data, &numbers, rank, &mut progress).await?;
    let squares = lloyd(data, &numbers, means, &mut progress).await?;
    progress.finish().await?;
    Ok(Peers { kmeans_mse: squares / elements, global_pca_mse: pca / elements })
}

async fn global_pca(
    data: &Dataset,
    numbers: &[u32],
    rank: usize,
    progress: &mut Progress<'_, '_>,
) -> Result<f64> {
    let d_in = data.cols();
    let mut mean = vec![0.0; d_in];
    for_each_row(data, numbers, |row| mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x), 1, progress)
        .await?;
    mean.iter_mut().for_each(|sum| *sum /= numbers.len() as f64);
    let mut rows = memory::zeros("rows", &[block_rows(numbers.len(), d_in), d_in])?;
    let scatter = Scatter { data, numbers, mean: &mean, basis: &[], rows: &mut rows };
    let [_, _, pca] = scatter.measure(rank, &mut Vec::new(), progress).await?;
    Ok(pca)
}

async fn lloyd(
    data: &Dataset,
    numbers: &[u32],
    means: Vec<f64>,
    progress: &mut Progress<'_, '_>,
) -> Result<f64> {
    let centers = means.len() / data.cols();
    let mut lloyd = Lloyd::new(means, data.cols());
    let mut round = 0;
    loop {
        for_each_row(data, numbers, |row| _ = lloyd.add(row), centers, progress).await?;
        let squares = lloyd.squares();
        round += 1;
        if round == ROUNDS || !lloyd.step() {
            return Ok(squares);
        }
    }
}

/// Hands the rows to `see`, which compares each with so many others.
async fn for_each_row(
    data: &Dataset,
    numbers: &[u32],
    mut see: impl FnMut(&[f64]),
    others: usize,
    progress: &mut Progress<'_, '_>,
) -> Result<()> {
    let d_in = data.cols();
    let (mut values, mut row) = (Vec::new(), Vec::with_capacity(d_in));
    for piece in numbers.chunks(PIECE_ROWS) {
        values.resize(piece.len() * d_in, 0.0f32);
        data.gather(piece, &mut values);
        for narrow in values.chunks_exact(d_in) {
            row.clear();
            row.extend(narrow.iter().map(|&x| f64::from(x)));
            see(&row);
        }
        progress.after((piece.len() * d_in * others) as u64).await?;
    }
    Ok(())
}
