//! Rows for training and testing: stored once, as small as they came, viewed and normalised on the fly.

use std::sync::Arc;

use super::{Normalisation, NormalisationKind};
use crate::error::{Error, Result};
use crate::rng::{Random, Stream};

/// Values as they are kept in memory, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum Storage {
    /// Bytes, for images.
    U8(Vec<u8>),
    /// 32-bit floats.
    F32(Vec<f32>),
}

impl Storage {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Means and variation of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct DataMoments {
    /// Column means, `[cols]`.
    pub mean: Vec<f64>,
    /// `Σ(x − x̄)²` over all elements: the error of predicting the mean, the denominator of fvu.
    pub variation: f64,
}

/// Rows of equal length with a normalisation, and labels if they came with any.
///
/// Views ([`Dataset::split`], [`Dataset::share`]) share the storage: a split of a large file costs only its row
/// numbers.
#[derive(Debug, Clone)]
pub struct Dataset {
    storage: Arc<Storage>,
    cols: usize,
    /// Row `i` of this view is row `view[i]` of the storage.
    view: Arc<[u32]>,
    normalisation: Arc<Normalisation>,
    labels: Option<Arc<[u8]>>,
}

impl Dataset {
    /// Wraps row-major values.
    ///
    /// # Errors
    /// If there are no rows or columns, the length is not a multiple of `cols`, there are 2^32 rows or more, or a
    /// value is NaN or infinite (the first is named).
    pub fn new(storage: Storage, cols: usize) -> Result<Self> {
        Self::shared(Arc::new(storage), cols)
    }

    /// As [`Dataset::new`], without a copy of values that others hold too.
    pub(super) fn shared(storage: Arc<Storage>, cols: usize) -> Result<Self> {
        if cols == 0 {
            return Err(Error::option("cols", cols, "at least 1 column"));
        }
        if storage.is_empty() {
            return Err(Error::shape("rows of the data set", 0, "at least 1"));
        }
        if !storage.len().is_multiple_of(cols) {
            return Err(Error::shape(
                "number of values",
                storage.len(),
                format!("a multiple of the {cols} columns"),
            ));
        }
        let rows = u32::try_from(storage.len() / cols)
            .map_err(|_| Error::shape("rows of the data set", storage.len() / cols, "below 2^32"))?;
        if let Storage::F32(values) = &*storage
            && let Some(at) = values.iter().position(|v| !v.is_finite())
        {
            return Err(Error::NotFinite { row: at / cols, col: at % cols, value: f64::from(values[at]) });
        }
        Ok(Self {
            storage,
            cols,
            view: (0..rows).collect(),
            normalisation: Arc::new(Normalisation::NONE),
            labels: None,
        })
    }

    /// Adds one label for each row.
    ///
    /// # Errors
    /// If their number differs from the number of rows.
    pub fn with_labels(mut self, labels: Vec<u8>) -> Result<Self> {
        if labels.len() != self.rows() {
            return Err(Error::shape(
                "number of labels",
                labels.len(),
                format!("{}, one a row", self.rows()),
            ));
        }
        // Labels are kept by row of the storage: this may be a view of a part of it.
        let mut stored = vec![0; self.storage.len() / self.cols];
        for (&row, label) in self.view.iter().zip(labels) {
            stored[row as usize] = label;
        }
        self.labels = Some(stored.into());
        Ok(self)
    }

    /// Adds the labels that another data set holds, as MNIST has them in a file of their own: one column of bytes,
    /// row by row.
    ///
    /// # Errors
    /// If `labels` has other than one column, holds no bytes, or differs in the number of rows.
    pub fn labelled_by(self, labels: &Self) -> Result<Self> {
        if labels.cols != 1 {
            return Err(Error::shape("columns of the labels", labels.cols, "1: one label a row"));
        }
        if labels.rows() != self.rows() {
            return Err(Error::shape(
                "number of labels",
                labels.rows(),
                format!("{}, one a row", self.rows()),
            ));
        }
        let bytes: Option<Vec<u8>> =
            (0..labels.rows()).map(|row| labels.bytes(row)?.first().copied()).collect();
        self.with_labels(
            bytes.ok_or_else(|| {
                Error::shape("type of the labels", "numbers that are no bytes", "bytes (u8)")
            })?,
        )
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.view.len()
    }

    /// Values in a row, `d_in` of a model trained on it.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// How stored values become what the model sees.
    pub fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    /// Label of a row, if the data set has labels and the row exists.
    pub fn label(&self, row: usize) -> Option<u8> {
        let stored = *self.view.get(row)? as usize;
        self.labels.as_ref()?.get(stored).copied()
    }

    /// Bytes of a row as stored, for byte storage only.
    pub fn bytes(&self, row: usize) -> Option<&[u8]> {
        let Storage::U8(values) = &*self.storage else { return None };
        let start = *self.view.get(row)? as usize * self.cols;
        values.get(start..start + self.cols)
    }

    /// Values as they are stored, of all views.
    #[cfg(feature = "gpu")]
    pub(crate) fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The part of stored `values` that is a row of this view.
    #[cfg(feature = "gpu")]
    pub(crate) fn stored<'a, T>(&self, values: &'a [T], row: usize) -> &'a [T] {
        let start = self.view[row] as usize * self.cols;
        &values[start..start + self.cols]
    }

    /// Writes the rows numbered `rows` of this view, normalised, to `out [rows.len(), cols]`.
    ///
    /// # Panics
    /// If a row number or the length of `out` is out of range.
    pub fn gather(&self, rows: &[u32], out: &mut [f32]) {
        assert_eq!(out.len(), rows.len() * self.cols);
        for (&row, out) in rows.iter().zip(out.chunks_exact_mut(self.cols)) {
            let start = self.view[row as usize] as usize * self.cols;
            match &*self.storage {
                Storage::U8(values) => normalise(&values[start..start + self.cols], &self.normalisation, out),
                Storage::F32(values) => {
                    normalise(&values[start..start + self.cols], &self.normalisation, out)
                }
            }
        }
    }

    /// All values, row-major `[rows, cols]`, as the model sees them.
    pub fn values(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.rows() * self.cols];
        let rows: Vec<u32> = (0..self.rows() as u32).collect();
        self.gather(&rows, &mut values);
        values
    }

    /// The same rows under another normalisation, which replaces any earlier one. `Standardise` is fitted on the
    /// rows of this view: normalise the training part first and give the test part [`Dataset::normalised_like`] it.
    pub fn normalised(&self, kind: NormalisationKind) -> Self {
        let normalisation = match kind {
            NormalisationKind::None => Normalisation::NONE,
            NormalisationKind::Mnist => Normalisation::mnist(),
            NormalisationKind::Standardise => self.fit_standardisation(),
        };
        Self { normalisation: Arc::new(normalisation), ..self.clone() }
    }

    /// The same rows under the normalisation of another data set.
    ///
    /// # Errors
    /// If the columns differ in number.
    pub fn normalised_like(&self, fitted: &Self) -> Result<Self> {
        if self.cols != fitted.cols {
            return Err(Error::shape("columns of the two data sets", self.cols, fitted.cols));
        }
        Ok(Self { normalisation: fitted.normalisation.clone(), ..self.clone() })
    }

    /// Splits the rows at random in two parts, the first with `round(rows · train_share)` rows.
    ///
    /// # Errors
    /// If the share does not leave at least one row on either side.
    pub fn split(&self, train_share: f64, seed: u64) -> Result<(Self, Self)> {
        let first = (self.rows() as f64 * train_share).round();
        if !(first >= 1.0 && first < self.rows() as f64) {
            return Err(Error::option(
                "trainShare",
                train_share,
                format!("a share of the {} rows with at least one row on either side", self.rows()),
            ));
        }
        let order = Random::new(seed, Stream::Rows).permutation(self.rows() as u32);
        let (train, test) = order.split_at(first as usize);
        Ok((self.select(train), self.select(test)))
    }

    /// A random share of the rows: `round(rows · fraction)`, at least one. For one seed smaller shares are subsets
    /// of larger ones.
    ///
    /// # Errors
    /// If the fraction is not in (0, 1].
    pub fn share(&self, fraction: f64, seed: u64) -> Result<Self> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(Error::option("fraction", fraction, "above 0 and at most 1"));
        }
        let rows = ((self.rows() as f64 * fraction).round() as usize).max(1);
        let order = Random::new(seed, Stream::Rows).permutation(self.rows() as u32);
        Ok(self.select(&order[..rows]))
    }

    /// The rows of this view numbered `rows`, in that order.
    ///
    /// # Panics
    /// If a number is out of range.
    pub fn select(&self, rows: &[u32]) -> Self {
        Self { view: rows.iter().map(|&row| self.view[row as usize]).collect(), ..self.clone() }
    }

    /// Column means and total variation of the values as the model sees them, in two passes of float64.
    pub fn moments(&self) -> DataMoments {
        let mut row = vec![0.0; self.cols];
        let mut mean = vec![0.0; self.cols];
        for at in 0..self.rows() as u32 {
            self.gather(&[at], &mut row);
            mean.iter_mut().zip(&row).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        mean.iter_mut().for_each(|mean| *mean /= self.rows() as f64);
        let mut variation = 0.0;
        for at in 0..self.rows() as u32 {
            self.gather(&[at], &mut row);
            let squares =
                row.iter().zip(&mean).map(|(&x, mean)| (f64::from(x) - mean) * (f64::from(x) - mean));
            variation += squares.sum::<f64>();
        }
        DataMoments { mean, variation }
    }

    /// Mean and standard deviation (divided by the number of rows) of each stored column, in float64.
    fn fit_standardisation(&self) -> Normalisation {
        let raw = Self { normalisation: Arc::new(Normalisation::NONE), ..self.clone() };
        let mut row = vec![0.0; self.cols];
        let (mut mean, mut square, mut largest) =
            (vec![0.0; self.cols], vec![0.0; self.cols], vec![0.0f64; self.cols]);
        for (seen, at) in (0..raw.rows() as u32).enumerate() {
            raw.gather(&[at], &mut row);
            let weight = 1.0 / (seen + 1) as f64;
            // Welford's update: no cancellation when the mean is far from 0.
            for (col, &x) in row.iter().enumerate() {
                let delta = f64::from(x) - mean[col];
                mean[col] += delta * weight;
                square[col] += delta * (f64::from(x) - mean[col]);
                largest[col] = largest[col].max(f64::from(x).abs());
            }
        }
        let std: Vec<f64> = square.iter().map(|s| (s / raw.rows() as f64).sqrt()).collect();
        Normalisation::standardise(&mean, &std, &largest)
    }
}

/// `out = stored · scale + shift` for one row.
fn normalise<T: Copy + Into<f32>>(stored: &[T], normalisation: &Normalisation, out: &mut [f32]) {
    match normalisation {
        Normalisation::Uniform { scale, shift } => {
            for (out, &v) in out.iter_mut().zip(stored) {
                *out = v.into() * scale + shift;
            }
        }
        Normalisation::PerColumn { scale, shift } => {
            for (((out, &v), scale), shift) in out.iter_mut().zip(stored).zip(scale).zip(shift) {
                *out = v.into() * scale + shift;
            }
        }
    }
}
