//! A look at a tensor before it is used: its statistics and its first values, in one pass that keeps nothing else.

use super::tensor_body::Sink;
use crate::data::dtype::{Dtype, ElementType};
use crate::error::Result;

/// Rows and columns of the preview, at most.
const PREVIEW: (u64, u64) = (8, 16);

/// Statistics of a tensor. Minimum, maximum, mean and deviation are those of the finite values (NaN if there are
/// none), after rounding to 32-bit floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Rows of a data set made of it.
    pub rows: u64,
    /// Columns of a data set made of it.
    pub cols: usize,
    /// Type of the elements in the file.
    pub dtype: Dtype,
    /// Rows that the statistics are of, from the first.
    pub rows_read: u64,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
    /// Mean value.
    pub mean: f64,
    /// Standard deviation, divided by the number of values.
    pub std: f64,
    /// Values that are not a number.
    pub nans: u64,
    /// Infinite values.
    pub infinities: u64,
    /// First columns of the first rows, row-major.
    pub preview: Vec<f32>,
    /// Rows and columns of the preview.
    pub preview_shape: (usize, usize),
}

/// What is known after some of the values.
pub struct Statistics {
    about: Inspection,
    element_type: ElementType,
    /// The numbers of the piece that was put last.
    numbers: Vec<f32>,
    /// Values to count, from the first.
    limit: u64,
    finite: f64,
    /// Sum of squared differences from the mean.
    squares: f64,
}

impl Statistics {
    /// Of the first `rows_read` of `rows × cols` values.
    pub fn new(rows: u64, rows_read: u64, cols: usize, element_type: ElementType) -> Self {
        let shape = (rows_read.min(PREVIEW.0) as usize, (cols as u64).min(PREVIEW.1) as usize);
        let about = Inspection {
            rows,
            cols,
            dtype: element_type.dtype,
            rows_read,
            min: f32::INFINITY,
            max: f32::NEG_INFINITY,
            mean: 0.0,
            std: 0.0,
            nans: 0,
            infinities: 0,
            preview: vec![0.0; shape.0 * shape.1],
            preview_shape: shape,
        };
        Self {
            about,
            element_type,
            numbers: Vec::new(),
            limit: rows_read.saturating_mul(cols as u64),
            finite: 0.0,
            squares: 0.0,
        }
    }

    /// The statistics of the values seen.
    pub fn finish(self) -> Inspection {
        let mut about = self.about;
        if self.finite == 0.0 {
            (about.min, about.max, about.mean) = (f32::NAN, f32::NAN, f64::NAN);
        }
        about.std = (self.squares / self.finite).sqrt();
        about
    }
}

impl Sink for Statistics {
    /// One pass over each piece for its own mean and squares, then the two are merged (Chan, Golub and LeVeque 1979):
    /// no cancellation where the mean is far from 0.
    fn put(&mut self, place: u64, bytes: &[u8]) -> Result<()> {
        let about = &mut self.about;
        self.element_type.decode(bytes, &mut self.numbers);
        self.numbers.truncate(usize::try_from(self.limit.saturating_sub(place)).unwrap_or(usize::MAX));
        let (mut count, mut sum) = (0.0, 0.0);
        for (at, &value) in (place..).zip(&self.numbers) {
            if value.is_finite() {
                (about.min, about.max) = (about.min.min(value), about.max.max(value));
                count += 1.0;
                sum += f64::from(value);
            } else if value.is_nan() {
                about.nans += 1;
            } else {
                about.infinities += 1;
            }
            let (rows, cols) = about.preview_shape;
            if at < rows as u64 * about.cols as u64 {
                let (row, col) = (at as usize / about.cols, at as usize % about.cols);
                if col < cols {
                    about.preview[row * cols + col] = value;
                }
            }
        }
        if count == 0.0 {
            return Ok(());
        }
        let mean = sum / count;
        let finite = self.numbers.iter().filter(|v| v.is_finite());
        let deviations = finite.map(|&v| f64::from(v) - mean);
        let squares: f64 = deviations.map(|d| d * d).sum();
        let (delta, all) = (mean - about.mean, self.finite + count);
        about.mean += delta * count / all;
        self.squares += squares + delta * delta * self.finite * count / all;
        self.finite = all;
        Ok(())
    }
}
