//! What two models of the same data agree on, as those of two seeds.

use std::collections::BTreeMap;

use super::matching::match_up;
use super::pairs::{check_width, decoder_cosines};
use crate::data::Dataset;
use crate::engine::CpuInference;
use crate::error::Result;
use crate::progress::{Observer, Work, pieces};
use crate::sae::Sae;

/// Rows encoded at a time.
const PIECE: usize = 512;

/// Agreement of two models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Mean cosine of decoder rows, matched one to one so that it is largest, over the latents of the smaller model.
    pub cosine: f64,
    /// Adjusted Rand index (Hubert and Arabie 1985) of the partitions of the rows by the latent of the largest `|z|`; 1 for
    /// the same partition, 0 for what chance gives. Rows without active latents are a part of their own.
    pub adjusted_rand: f64,
}

impl Sae {
    /// Compares the model with another on the rows of a data set. Progress counts the rows of both.
    ///
    /// # Errors
    /// If the columns of the data are not those of both models, memory has no room for all pairs of latents, or the observer
    /// breaks ([`Error::Cancelled`](crate::Error::Cancelled)).
    pub async fn agreement(
        &self,
        other: &Self,
        data: &Dataset,
        observer: &mut impl Observer,
    ) -> Result<Agreement> {
        let adjusted_rand = self.adjusted_rand(other, data, observer).await?;
        let cosines = decoder_cosines(self, other)?;
        let pairs = match_up(&cosines, self.d_sae, other.d_sae)?;
        let sum: f64 = pairs.iter().map(|&(a, b)| cosines[a * other.d_sae + b]).sum();
        Ok(Agreement { cosine: sum / pairs.len() as f64, adjusted_rand })
    }

    /// [`Agreement::adjusted_rand`] alone, without the match of all latents.
    ///
    /// # Errors
    /// As [`Sae::agreement`].
    pub async fn adjusted_rand(
        &self,
        other: &Self,
        data: &Dataset,
        observer: &mut impl Observer,
    ) -> Result<f64> {
        self.check_columns(data.cols())?;
        check_width(self, other)?;
        let mut work = Work::new(2.0 * data.rows() as f64, observer);
        let own = leading(self, data, &mut work).await?;
        let others = leading(other, data, &mut work).await?;
        Ok(adjusted_rand(&own, &others))
    }
}

/// The latent of the largest `|z|` of each row, the lower of equals; none of rows without active latents.
async fn leading(sae: &Sae, data: &Dataset, work: &mut Work<'_>) -> Result<Vec<Option<u32>>> {
    let mut model = CpuInference::new(sae);
    let mut leading = Vec::with_capacity(data.rows());
    for piece in pieces(data.rows() as u32, PIECE) {
        let numbers: Vec<u32> = piece.collect();
        let codes = model.codes(data, &numbers)?;
        for row in 0..numbers.len() {
            let mut best: Option<(u32, f32)> = None;
            for (latent, z) in codes.row(row).filter(|(_, z)| *z != 0.0) {
                if best.is_none_or(|(_, most)| z.abs() > most) {
                    best = Some((latent, z.abs()));
                }
            }
            leading.push(best.map(|(latent, _)| latent));
        }
        work.advance(numbers.len() as f64).await?;
    }
    Ok(leading)
}

fn adjusted_rand<T: Ord + Copy>(left: &[T], right: &[T]) -> f64 {
    let pairs = |count: u64| count as f64 * (count as f64 - 1.0) / 2.0;
    let mut both: BTreeMap<(T, T), u64> = BTreeMap::new();
    let mut parts: [BTreeMap<T, u64>; 2] = Default::default();
    for (&a, &b) in left.iter().zip(right) {
        *both.entry((a, b)).or_default() += 1;
        *parts[0].entry(a).or_default() += 1;
        *parts[1].entry(b).or_default() += 1;
    }
    let together: f64 = both.values().map(|&count| pairs(count)).sum();
    let [own, others] = parts.map(|part| part.values().map(|&count| pairs(count)).sum::<f64>());
    let all = pairs(left.len() as u64);
    let expected = if all > 0.0 { own * others / all } else { 0.0 };
    let most = (own + others) / 2.0;
    // Both of one part, or both of single rows: the same partition.
    if most == expected { 1.0 } else { (together - expected) / (most - expected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_adjusted_rand_index_is_that_of_its_definition() {
        assert_eq!(adjusted_rand(&[1, 1, 2, 2], &[7, 7, 3, 3]), 1.0);
        // Worked by hand: of 15 pairs 4 are together on the left, 3 on the right and 1 on both.
        let index = adjusted_rand(&[0, 0, 0, 1, 1, 2], &[0, 0, 1, 1, 2, 2]);
        assert!((index - (1.0 - 12.0 / 15.0) / (3.5 - 12.0 / 15.0)).abs() < 1e-12, "{index}");
        assert_eq!(adjusted_rand(&[1, 1, 1], &[2, 2, 2]), 1.0);
        assert_eq!(adjusted_rand(&[1, 2, 3], &[3, 2, 1]), 1.0);
        // As many pairs as chance gives, or fewer.
        assert!(adjusted_rand(&[0, 0, 1, 1], &[0, 1, 0, 1]) < 0.0);
    }
}
