//! Which cells the rows of a data set lie in, as far as cells are told apart by their active latents.

use super::rows::{Pass, for_each_piece};
use super::sets::{SetKey, by_strength};
use crate::data::Dataset;
use crate::error::Result;
use crate::memory;
use crate::progress::{Observer, Work};
use crate::sae::{Sae, Selection, TopK};

/// The active sets of a data set's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Census {
    /// Number of different sets.
    pub cells: usize,
    /// For TopK: the number of different sets of the j strongest latents, j = 1 … k. Empty for other activations.
    pub prefix_cells: Vec<u32>,
    /// `−Σ s ln s` over the shares s of the sets, in nats.
    pub entropy: f64,
    /// The share of other rows whose set is none of these.
    pub unseen_share: Option<f64>,
}

/// In place of a latent where a row has fewer.
const NONE: u32 = u32::MAX;

impl Sae {
    /// Counts the active sets of the rows of `data`, and the rows of `against` whose set no row of `data` has: with the
    /// training rows as `data` and the test rows as `against` the share of cells that training has not seen.
    ///
    /// # Errors
    /// If a data set has not the model's columns, an activation is not finite, memory has no room for the sets, or the
    /// observer breaks ([`Error::Cancelled`](crate::Error::Cancelled)).
    pub async fn census(
        &self,
        data: &Dataset,
        against: Option<&Dataset>,
        observer: &mut impl Observer,
    ) -> Result<Census> {
        self.check_columns(data.cols())?;
        against.map_or(Ok(()), |against| self.check_columns(against.cols()))?;
        let rows = data.rows() + against.map_or(0, Dataset::rows);
        let mut work = Work::new(rows as f64, observer);
        let (keys, prefix_cells) = match self.activation.selection(self.d_sae) {
            Selection::Above(_) => (sets(self, data, &mut work).await?, Vec::new()),
            Selection::Largest(top) => {
                let strongest = strongest(self, data, top, &mut work).await?;
                prefixes(&strongest, top.k, data.rows(), &mut work).await?
            }
        };
        let mut sorted = keys;
        sorted.sort_unstable();
        let (mut cells, mut entropy) = (0, 0.0);
        for cell in sorted.chunk_by(|a, b| a == b) {
            let share = cell.len() as f64 / data.rows() as f64;
            entropy -= share * libm::log(share);
            cells += 1;
        }
        let unseen_share = match against {
            None => None,
            Some(against) => {
                let others = sets(self, against, &mut work).await?;
                let unseen = others.iter().filter(|key| sorted.binary_search(key).is_err()).count();
                Some(unseen as f64 / against.rows() as f64)
            }
        };
        // One cell alone gives −0.
        Ok(Census { cells, prefix_cells, entropy: entropy + 0.0, unseen_share })
    }
}

/// The active set of each row.
async fn sets(sae: &Sae, data: &Dataset, work: &mut Work<'_>) -> Result<Vec<SetKey>> {
    let mut keys = memory::reserve("active sets", &[data.rows()])?;
    for_each_piece(sae, data, Pass::of_codes(sae), work, |numbers, codes| {
        keys.extend(
            (0..numbers.len()).map(|row| codes.row(row).map(|(latent, _)| latent).collect::<SetKey>()),
        );
        Ok(())
    })
    .await?;
    Ok(keys)
}

/// `[rows, k]`: the active latents of each row, strongest first.
async fn strongest(sae: &Sae, data: &Dataset, top: TopK, work: &mut Work<'_>) -> Result<Vec<u32>> {
    let mut strongest = memory::reserve("strongest latents", &[data.rows(), top.k])?;
    for_each_piece(sae, data, Pass::of_codes(sae), work, |numbers, codes| {
        for row in 0..numbers.len() {
            let end = strongest.len() + top.k;
            strongest.extend(by_strength(codes, row, top));
            strongest.resize(end, NONE);
        }
        Ok(())
    })
    .await?;
    Ok(strongest)
}

/// The sets of all active latents, and the numbers of different sets of the strongest.
async fn prefixes(
    strongest: &[u32],
    k: usize,
    rows: usize,
    work: &mut Work<'_>,
) -> Result<(Vec<SetKey>, Vec<u32>)> {
    let mut keys = memory::reserve("active sets", &[rows])?;
    let mut sorted = memory::reserve("active sets", &[rows])?;
    keys.resize(rows, SetKey::default());
    let mut counts = Vec::with_capacity(k);
    for j in 0..k {
        for (key, latents) in keys.iter_mut().zip(strongest.chunks_exact(k)) {
            if latents[j] != NONE {
                *key = key.with(latents[j]);
            }
        }
        sorted.clone_from(&keys);
        sorted.sort_unstable();
        counts.push(sorted.chunk_by(|a, b| a == b).count() as u32);
        work.advance(0.0).await?;
    }
    Ok((keys, counts))
}
