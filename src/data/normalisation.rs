//! Affine normalisation of values on their way from storage to the model.

use crate::error::{Error, Result};

/// Mean and standard deviation of MNIST's training pixels in [0, 1], as the paper's script has them.
pub const MNIST_MEAN: f64 = 0.1307;
/// See [`MNIST_MEAN`].
pub const MNIST_STD: f64 = 0.3081;
/// A column whose standard deviation is below this share of its largest absolute value counts as constant and is
/// only centred: dividing by rounding noise would blow it up.
pub const CONSTANT_COLUMN: f64 = 1e-6;

/// Which normalisation to apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormalisationKind {
    /// Values as they are stored.
    None,
    /// `(v / 255 − 0.1307) / 0.3081`, as the paper's MNIST script.
    Mnist,
    /// Zero mean and unit standard deviation in every column, fitted on the rows of the data set.
    Standardise,
}

impl NormalisationKind {
    /// Reads the public name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "none" => Ok(Self::None),
            "mnist" => Ok(Self::Mnist),
            "standardise" => Ok(Self::Standardise),
            other => {
                Err(Error::option("normalisation", format!("'{other}'"), "'none', 'mnist' or 'standardise'"))
            }
        }
    }
}

/// `x = stored · scale + shift`, one pair for all columns or one for each.
#[derive(Debug, Clone, PartialEq)]
pub enum Normalisation {
    /// The same for all columns.
    Uniform {
        /// Factor.
        scale: f32,
        /// Added after scaling.
        shift: f32,
    },
    /// One pair a column.
    PerColumn {
        /// Factors `[cols]`.
        scale: Vec<f32>,
        /// Added after scaling, `[cols]`.
        shift: Vec<f32>,
    },
}

impl Normalisation {
    /// Leaves values as they are.
    pub const NONE: Self = Self::Uniform { scale: 1.0, shift: 0.0 };

    /// `(v / 255 − mean) / std` of MNIST.
    pub fn mnist() -> Self {
        Self::Uniform { scale: (1.0 / (255.0 * MNIST_STD)) as f32, shift: (-MNIST_MEAN / MNIST_STD) as f32 }
    }

    /// Centres and scales each column; one that is constant but for rounding is only centred. `mean`, `std` and
    /// `largest` (the largest absolute value) are `[cols]`.
    pub fn standardise(mean: &[f64], std: &[f64], largest: &[f64]) -> Self {
        let scale: Vec<f64> = std
            .iter()
            .zip(largest)
            .map(|(&std, &largest)| {
                // Below the smallest normal float the factor would overflow to infinity.
                let varies = std > CONSTANT_COLUMN * largest && std > f64::from(f32::MIN_POSITIVE);
                if varies { 1.0 / std } else { 1.0 }
            })
            .collect();
        let shift = mean.iter().zip(&scale).map(|(mean, scale)| (-mean * scale) as f32).collect();
        Self::PerColumn { scale: scale.iter().map(|&s| s as f32).collect(), shift }
    }

    /// Undoes the normalisation of one row in place, `[cols]`.
    pub fn undo(&self, row: &mut [f32]) {
        match self {
            Self::Uniform { scale, shift } => row.iter_mut().for_each(|x| *x = (*x - shift) / scale),
            Self::PerColumn { scale, shift } => {
                for ((x, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
                    *x = (*x - shift) / scale;
                }
            }
        }
    }
}
