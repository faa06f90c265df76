//! Mean and spread of every column, in one pass over rows.

use super::normalisation::Normalisation;
#[cfg(feature = "files")]
use super::{DataMoments, NormalisationKind};

/// What is known of the columns after some of the rows, in float64.
#[derive(Debug, Clone)]
pub struct ColumnMoments {
    rows: f64,
    /// `[cols]`.
    mean: Vec<f64>,
    /// Sums of squared differences from the mean, `[cols]`.
    squares: Vec<f64>,
    /// Largest absolute values, `[cols]`.
    largest: Vec<f64>,
}

impl ColumnMoments {
    pub fn new(cols: usize) -> Self {
        Self { rows: 0.0, mean: vec![0.0; cols], squares: vec![0.0; cols], largest: vec![0.0; cols] }
    }

    /// Adds a row of stored values, by Welford's update: no cancellation when the mean is far from 0.
    pub fn add(&mut self, row: &[f32]) {
        self.rows += 1.0;
        let weight = 1.0 / self.rows;
        let columns = self.mean.iter_mut().zip(&mut self.squares).zip(&mut self.largest);
        for (((mean, squares), largest), &x) in columns.zip(row) {
            let x = f64::from(x);
            let delta = x - *mean;
            *mean += delta * weight;
            *squares += delta * (x - *mean);
            *largest = largest.max(x.abs());
        }
    }

    /// Zero mean and unit standard deviation (divided by the number of rows) in every column.
    pub fn standardisation(&self) -> Normalisation {
        let std: Vec<f64> = self.squares.iter().map(|squares| (squares / self.rows).sqrt()).collect();
        Normalisation::standardise(&self.mean, &std, &self.largest)
    }

    /// A normalisation that is fitted on these rows, or that needs no rows.
    #[cfg(feature = "files")]
    pub fn normalisation(&self, kind: NormalisationKind) -> Normalisation {
        match kind {
            NormalisationKind::None => Normalisation::NONE,
            NormalisationKind::Mnist => Normalisation::mnist(),
            NormalisationKind::Standardise => self.standardisation(),
        }
    }

    /// Means and total sum of squares of the same rows as a model sees them, but for the rounding of each value to float32.
    #[cfg(feature = "files")]
    pub fn under(&self, normalisation: &Normalisation) -> DataMoments {
        let pairs: Vec<(f64, f64)> = match normalisation {
            Normalisation::Uniform { scale, shift } => {
                vec![(f64::from(*scale), f64::from(*shift)); self.mean.len()]
            }
            Normalisation::PerColumn { scale, shift } => {
                scale.iter().zip(shift).map(|(&scale, &shift)| (scale.into(), shift.into())).collect()
            }
        };
        DataMoments {
            mean: self.mean.iter().zip(&pairs).map(|(mean, (scale, shift))| mean * scale + shift).collect(),
            total_sum_of_squares: self
                .squares
                .iter()
                .zip(&pairs)
                .map(|(s, (scale, _))| s * scale * scale)
                .sum(),
        }
    }
}
