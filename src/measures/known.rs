//! Data whose features are known, to measure what a model recovers of them.

use crate::data::{Dataset, Storage};
use crate::error::{Error, Result};
use crate::memory;
use crate::random::{Random, Stream};
use crate::sae::SparseCodes;

/// Amplitudes of active features are uniform between these.
const AMPLITUDES: (f64, f64) = (0.5, 1.5);

/// Rows that are sparse sums of known directions.
#[derive(Debug, Clone)]
pub struct KnownFeatures {
    /// `[rows, d_in]`.
    pub data: Dataset,
    /// Directions of length 1, `[count, d_in]`.
    pub features: Vec<f32>,
    /// Which features a row is made of, with their amplitudes.
    pub codes: SparseCodes,
}

/// What is to be drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownOptions {
    /// Number of features.
    pub count: usize,
    /// Columns of the rows.
    pub d_in: usize,
    /// Features of a row, on average: each is active by itself with the same chance.
    pub active: f64,
    /// Length of the noise that is added to a row, in the mean of squares.
    pub noise: f64,
}

impl KnownFeatures {
    /// `rows` rows of a seed; row `i` does not depend on their number.
    ///
    /// # Errors
    /// If a number is out of range, or there is no memory for the rows.
    pub fn draw(rows: u32, options: KnownOptions, seed: u64) -> Result<Self> {
        let KnownOptions { count, d_in, active, noise } = options;
        for (name, found) in [("rows", rows as usize), ("count", count), ("dIn", d_in)] {
            if found == 0 {
                return Err(Error::option(name, 0, "at least 1"));
            }
        }
        if !(active > 0.0 && active <= count as f64) {
            return Err(Error::option("active", active, format!("above 0 and at most the {count} features")));
        }
        if !(noise.is_finite() && noise >= 0.0) {
            return Err(Error::option("noise", noise, "a finite number, 0 or above"));
        }
        let mut random = Random::new(seed, Stream::Generator);
        let mut features: Vec<f32> = memory::zeros("features", &[count, d_in])?;
        for row in features.chunks_exact_mut(d_in) {
            let direction: Vec<f64> = (0..d_in).map(|_| random.normal()).collect();
            let length = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
            row.iter_mut().zip(direction).for_each(|(to, v)| *to = (v / length) as f32);
        }
        let mut values: Vec<f32> = memory::zeros("rows", &[rows as usize, d_in])?;
        let mut codes = SparseCodes::new(count);
        let share = noise / (d_in as f64).sqrt();
        for (row, values) in (0..rows).zip(values.chunks_exact_mut(d_in)) {
            let mut random = Random::sample(seed, row);
            values.iter_mut().for_each(|value| *value = (share * random.normal()) as f32);
            for (feature, direction) in features.chunks_exact(d_in).enumerate() {
                if random.uniform() * (count as f64) < active {
                    let amplitude = random.between(AMPLITUDES.0, AMPLITUDES.1) as f32;
                    codes.push(feature as u32, amplitude);
                    values.iter_mut().zip(direction).for_each(|(value, w)| *value += amplitude * w);
                }
            }
            codes.end_row();
        }
        Ok(Self { data: Dataset::new(Storage::F32(values), d_in)?, features, codes })
    }
}
