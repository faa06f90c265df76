//! What can be chosen about the measurement of features.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Entries of sparse codes that are kept by default: 8 M take 128 MB with their transpose. 320 active latents on each
/// of 26 000 rows fit.
const KEEP: usize = 8 << 20;
/// Upper limit of examples and bins.
const MOST: usize = 1000;

/// Options of [`super::Features::measure`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FeatureOptions {
    /// Top activating examples per feature, at most: 20.
    pub top_rows: usize,
    /// Example rows per interval of strength, at most: 5.
    pub per_interval: usize,
    /// Intervals of equal width from 0 to the greatest strength: 10.
    pub intervals: usize,
    /// Bins of the histogram of activations: 40.
    pub bins: usize,
    /// Active latents, counted over all rows, of which the codes are kept, at most: 8 M. Where the data has more,
    /// histograms, intervals and correlations come from a random sample of its rows.
    pub keep: usize,
    /// Seed of the sample and of the examples.
    pub seed: u64,
}

impl Default for FeatureOptions {
    fn default() -> Self {
        Self { top_rows: 20, per_interval: 5, intervals: 10, bins: 40, keep: KEEP, seed: 0 }
    }
}

impl FeatureOptions {
    /// # Errors
    /// If a number is 0 or beyond what can be shown.
    pub(super) fn validate(&self) -> Result<()> {
        for (name, value) in [
            ("topRows", self.top_rows),
            ("perInterval", self.per_interval),
            ("intervals", self.intervals),
            ("bins", self.bins),
        ] {
            if !(1..=MOST).contains(&value) {
                return Err(Error::option(name, value, format!("from 1 to {MOST}")));
            }
        }
        if self.keep == 0 || u32::try_from(self.keep).is_err() {
            return Err(Error::option("keep", self.keep, "from 1 to 2^32 − 1"));
        }
        Ok(())
    }
}
