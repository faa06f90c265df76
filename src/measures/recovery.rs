//! How many known features a model has found.

use super::KnownFeatures;
use super::matching::{match_up, products, unit_rows};
use crate::engine::CpuInference;
use crate::error::Result;
use crate::sae::{Activation, Sae, TopKBy};

/// Rows encoded at a time.
const PIECE: usize = 512;

/// What a model has recovered of known features, each matched with a latent of its own so that the sum of cosines is
/// largest. Features that are left without a latent count as 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// Mean over features of the cosine of the feature with its latent's decoder row: MCC, the mean correlation coefficient
    /// of independent component analysis. Without its sign where TopK ranks by magnitude, whose latents have either.
    pub mcc: f64,
    /// Mean over features of F1 of `z ≠ 0` as a sign that the feature is in the row.
    pub f1: f64,
    /// The latent of each feature.
    pub latents: Vec<Option<u32>>,
}

impl Sae {
    /// Compares the model with the features that the rows are made of.
    ///
    /// # Errors
    /// If the columns of the data are not the model's, or memory has no room for all pairs.
    pub fn recovery(&self, known: &KnownFeatures) -> Result<Recovery> {
        self.check_columns(known.data.cols())?;
        let width = self.d_in;
        let mut cosines =
            products(&unit_rows(&known.features, width), &unit_rows(self.decoder(), width), width)?;
        if let Activation::TopK { by: TopKBy::Magnitude, .. } = self.activation {
            cosines.iter_mut().for_each(|cosine| *cosine = cosine.abs());
        }
        let count = known.codes.d_sae();
        let mut latents = vec![None; count];
        let mut feature_of = vec![None; self.d_sae];
        let mut sum = 0.0;
        for (feature, latent) in match_up(&cosines, count, self.d_sae)? {
            sum += cosines[feature * self.d_sae + latent];
            latents[feature] = Some(latent as u32);
            feature_of[latent] = Some(feature);
        }
        Ok(Recovery { mcc: sum / count as f64, f1: self.detection(known, &feature_of)?, latents })
    }

    /// Mean F1 of the features by the latents matched with them.
    fn detection(&self, known: &KnownFeatures, feature_of: &[Option<usize>]) -> Result<f64> {
        let count = known.codes.d_sae();
        let mut present = vec![0u64; count];
        known.codes.latents().iter().for_each(|&feature| present[feature as usize] += 1);
        let (mut said, mut right) = (vec![0u64; count], vec![0u64; count]);
        let mut model = CpuInference::new(self);
        let rows: Vec<u32> = (0..known.data.rows() as u32).collect();
        for rows in rows.chunks(PIECE) {
            let codes = model.codes(&known.data, rows)?;
            for (at, &row) in rows.iter().enumerate() {
                let features: Vec<u32> = known.codes.row(row as usize).map(|(feature, _)| feature).collect();
                for (latent, z) in codes.row(at) {
                    if let (Some(feature), true) = (feature_of[latent as usize], z != 0.0) {
                        said[feature] += 1;
                        right[feature] += u64::from(features.binary_search(&(feature as u32)).is_ok());
                    }
                }
            }
        }
        let of = |feature: usize| {
            let either = said[feature] + present[feature];
            if either == 0 { 0.0 } else { 2.0 * right[feature] as f64 / either as f64 }
        };
        Ok((0..count).map(of).sum::<f64>() / count as f64)
    }
}
