//! Rows for training and testing: stored once in a small type, viewed and normalised on the fly.

use std::sync::Arc;

use super::column_moments::ColumnMoments;
use super::dtype::widen;
use super::normalisation::{Normalisation, NormalisationKind};
use super::storage::Storage;
use crate::error::{Error, Result};
use crate::memory;
use crate::random::{Random, Stream};

/// Means of a data set, and how far its values lie from them.
#[derive(Debug, Clone, PartialEq)]
pub struct DataMoments {
    /// Column means, `[cols]`.
    pub mean: Vec<f64>,
    /// `Σ(x − x̄)²` over all elements: the error of predicting the mean, the denominator of fvu.
    pub total_sum_of_squares: f64,
}

/// Rows of equal length with a normalisation, and labels if they came with any.
///
/// Views ([`Dataset::split`], [`Dataset::share`]) share the storage: a split of a large file costs only its row
/// numbers.
#[derive(Debug, Clone)]
pub struct Dataset {
    storage: Arc<Storage>,
    cols: usize,
    /// Row `i` of this view is row `view[i]` of the storage, or row `i` where there is no list.
    view: Option<Arc<[u32]>>,
    normalisation: Arc<Normalisation>,
    labels: Option<Arc<[u8]>>,
    /// Rows left out because they are not finite.
    dropped: usize,
}

impl Dataset {
    /// Wraps row-major values.
    ///
    /// # Errors
    /// If there are no rows or columns, the length is not a multiple of `cols`, there are 2^32 rows or more, or a
    /// value is NaN or infinite (the first is named).
    pub fn new(storage: Storage, cols: usize) -> Result<Self> {
        let dataset = Self::unchecked(storage, cols)?;
        match dataset.storage.not_finite(0) {
            None => Ok(dataset),
            Some(at) => Err(Error::NotFinite {
                row: at / cols,
                col: at % cols,
                value: f64::from(dataset.storage.value(at)),
            }),
        }
    }

    /// As [`Dataset::new`], without the rows that hold NaN or infinity: [`Dataset::dropped`] says how many, and
    /// [`Dataset::row_numbers`] counts them still.
    ///
    /// # Errors
    /// As [`Dataset::new`]; if no row is left.
    pub fn finite_rows(storage: Storage, cols: usize) -> Result<Self> {
        let dataset = Self::unchecked(storage, cols)?;
        let (storage, rows) = (&dataset.storage, dataset.rows());
        let mut kept = Vec::new();
        let mut row = 0;
        while let Some(at) = storage.not_finite(row * cols) {
            kept.extend(row as u32..(at / cols) as u32);
            row = at / cols + 1;
        }
        if row == 0 {
            return Ok(dataset);
        }
        kept.extend(row as u32..rows as u32);
        if kept.is_empty() {
            return Err(Error::shape(
                "rows without NaN and infinity",
                format!("none of {rows}"),
                "at least 1",
            ));
        }
        Ok(Self { dropped: rows - kept.len(), view: Some(kept.into()), ..dataset })
    }

    /// The same for values that are known to be finite.
    pub(super) fn unchecked(storage: Storage, cols: usize) -> Result<Self> {
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
        if u32::try_from(storage.len() / cols).is_err() {
            return Err(Error::shape("rows of the data set", storage.len() / cols, "below 2^32"));
        }
        let normalisation = Arc::new(Normalisation::NONE);
        Ok(Self { storage: Arc::new(storage), cols, view: None, normalisation, labels: None, dropped: 0 })
    }

    /// The values as they are kept, row-major, all rows of the file.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Which row of the storage, and of the file, each row of this view is.
    pub fn row_numbers(&self) -> Vec<u32> {
        (0..self.rows()).map(|row| self.stored(row) as u32).collect()
    }

    /// Rows of the file that [`Dataset::finite_rows`] left out. A split or a share leaves out others too.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The row of the storage that a row of this view is.
    fn stored(&self, row: usize) -> usize {
        self.view.as_ref().map_or(row, |view| view[row] as usize)
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
                format!("{}, one for each row", self.rows()),
            ));
        }
        // Labels are kept by row of the storage: this may be a view of a part of it.
        let mut stored = memory::zeros("labels", &[self.storage.len() / self.cols])?;
        for (row, label) in labels.into_iter().enumerate() {
            stored[self.stored(row)] = label;
        }
        self.labels = Some(stored.into());
        Ok(self)
    }

    /// Adds the labels of all rows of the storage, of which this may be a view.
    pub(super) fn with_stored_labels(self, labels: Vec<u8>) -> Self {
        Self { labels: Some(labels.into()), ..self }
    }

    /// Adds the labels that another data set holds, as MNIST has them in a file of their own: one column of bytes,
    /// row by row.
    ///
    /// # Errors
    /// If `labels` does not have exactly one column of bytes, or differs in the number of rows.
    pub fn labelled_by(self, labels: &Self) -> Result<Self> {
        if labels.cols != 1 {
            return Err(Error::shape("columns of the labels", labels.cols, "1: one label for each row"));
        }
        if labels.rows() != self.rows() {
            return Err(Error::shape(
                "number of labels",
                labels.rows(),
                format!("{}, one for each row", self.rows()),
            ));
        }
        let bytes: Option<Vec<u8>> =
            (0..labels.rows()).map(|row| labels.bytes(row)?.first().copied()).collect();
        self.with_labels(
            bytes.ok_or_else(|| Error::shape("type of the labels", "other numbers", "bytes (u8)"))?,
        )
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.view.as_ref().map_or_else(|| self.storage.len() / self.cols, |view| view.len())
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
        let labels = self.labels.as_ref()?;
        if row < self.rows() { labels.get(self.stored(row)).copied() } else { None }
    }

    /// Bytes of a row as stored, for byte storage only.
    pub fn bytes(&self, row: usize) -> Option<&[u8]> {
        let Storage::U8(values) = &*self.storage else { return None };
        if row >= self.rows() {
            return None;
        }
        let start = self.stored(row) * self.cols;
        values.get(start..start + self.cols)
    }

    /// The part of stored `values` that is a row of this view.
    #[cfg(feature = "gpu")]
    pub(crate) fn row_of<'a, T>(&self, values: &'a [T], row: usize) -> &'a [T] {
        let start = self.stored(row) * self.cols;
        &values[start..start + self.cols]
    }

    /// Writes the rows numbered `rows` of this view, normalised, to `out [rows.len(), cols]`.
    ///
    /// # Panics
    /// If a row number or the length of `out` is out of range.
    pub fn gather(&self, rows: &[u32], out: &mut [f32]) {
        assert_eq!(out.len(), rows.len() * self.cols);
        for (&row, out) in rows.iter().zip(out.chunks_exact_mut(self.cols)) {
            assert!((row as usize) < self.rows());
            let start = self.stored(row as usize) * self.cols;
            let range = start..start + self.cols;
            match &*self.storage {
                Storage::U8(values) => normalise(&values[range], f32::from, &self.normalisation, out),
                Storage::F16(values) => normalise(&values[range], widen, &self.normalisation, out),
                Storage::F32(values) => normalise(&values[range], |v| v, &self.normalisation, out),
            }
        }
    }

    /// All values, row-major `[rows, cols]`, as the model sees them.
    ///
    /// # Panics
    /// If memory has no room for them: see [`Dataset::try_values`].
    pub fn values(&self) -> Vec<f32> {
        self.try_values().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same for rows that may be kept smaller than they come out.
    ///
    /// # Errors
    /// If memory has no room for them.
    pub fn try_values(&self) -> Result<Vec<f32>> {
        let mut values = memory::zeros("values", &[self.rows(), self.cols])?;
        for (row, out) in (0..).zip(values.chunks_exact_mut(self.cols)) {
            self.gather(&[row], out);
        }
        Ok(values)
    }

    /// The values of the rows numbered `rows`, as the model sees them.
    ///
    /// # Errors
    /// If a number is out of range, or memory has no room for them.
    pub fn rows_at(&self, rows: &[u32]) -> Result<Vec<f32>> {
        if let Some(row) = rows.iter().find(|&&row| row as usize >= self.rows()) {
            return Err(Error::option("rows", row, format!("row numbers below {}", self.rows())));
        }
        let mut values = memory::zeros("rows", &[rows.len(), self.cols])?;
        self.gather(rows, &mut values);
        Ok(values)
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

    /// The same rows under a normalisation that is known.
    #[cfg(feature = "files")]
    pub(super) fn normalised_by(self, normalisation: &Arc<Normalisation>) -> Self {
        Self { normalisation: normalisation.clone(), ..self }
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
    /// If the share does not leave at least one row on either side, or memory has no room for the order of the rows.
    pub fn split(&self, train_share: f64, seed: u64) -> Result<(Self, Self)> {
        let first = self.first_rows(train_share)?;
        let order = self.shuffled(seed)?;
        let (train, test) = order.split_at(first);
        Ok((self.select(train), self.select(test)))
    }

    /// Rows of the first part of a split.
    fn first_rows(&self, train_share: f64) -> Result<usize> {
        let first = (self.rows() as f64 * train_share).round();
        if first >= 1.0 && first < self.rows() as f64 {
            return Ok(first as usize);
        }
        Err(Error::option(
            "trainShare",
            train_share,
            format!("a share of the {} rows with at least one row on either side", self.rows()),
        ))
    }

    /// Splits the rows by whole sequences: those drawn at random until they have the rows that the share leaves for the second
    /// part are that part. Both parts keep the order of the rows.
    ///
    /// # Errors
    /// As [`Dataset::split`]; if the sequences are not those of all rows of the file, or all rows are of one.
    #[cfg(feature = "files")]
    pub fn split_by_sequence(
        &self,
        train_share: f64,
        seed: u64,
        sequences: &super::Sequences,
    ) -> Result<(Self, Self)> {
        let first = self.first_rows(train_share)?;
        sequences.check((self.storage.len() / self.cols) as u64)?;
        let stored = (0..self.rows()).map(|row| self.stored(row));
        let drawn = sequences.draw(stored, self.rows(), (self.rows() - first) as u64, seed)?;
        let is_second = |row: &u32| drawn.has(sequences.at(self.stored(*row as usize)));
        let (second, first): (Vec<u32>, Vec<u32>) = (0..self.rows() as u32).partition(is_second);
        Ok((self.select(&first), self.select(&second)))
    }

    /// A random share of the rows: `round(rows · fraction)`, at least one. For one seed smaller shares are subsets
    /// of larger ones.
    ///
    /// # Errors
    /// If the fraction is not in (0, 1], or memory has no room for the order of the rows.
    pub fn share(&self, fraction: f64, seed: u64) -> Result<Self> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(Error::option("fraction", fraction, "above 0 and at most 1"));
        }
        let rows = ((self.rows() as f64 * fraction).round() as usize).max(1);
        let order = self.shuffled(seed)?;
        Ok(self.select(&order[..rows]))
    }

    /// The row numbers in random order. Each takes four bytes where a row may take one: with those of the view that is
    /// made of them, they are asked for before they are taken.
    fn shuffled(&self, seed: u64) -> Result<Vec<u32>> {
        drop(memory::reserve::<u32>("order of the rows", &[2, self.rows()])?);
        Ok(Random::new(seed, Stream::Rows).permutation(self.rows() as u32))
    }

    /// The rows of this view numbered `rows`, in that order.
    ///
    /// # Panics
    /// If a number is out of range.
    pub fn select(&self, rows: &[u32]) -> Self {
        let view = rows.iter().map(|&row| self.stored(row as usize) as u32).collect();
        Self { view: Some(view), ..self.clone() }
    }

    /// Column means and total sum of squares of the values as the model sees them, in two passes of float64.
    pub fn moments(&self) -> DataMoments {
        let mut row = vec![0.0; self.cols];
        let mut mean = vec![0.0; self.cols];
        for at in 0..self.rows() as u32 {
            self.gather(&[at], &mut row);
            mean.iter_mut().zip(&row).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        mean.iter_mut().for_each(|mean| *mean /= self.rows() as f64);
        let mut total_sum_of_squares = 0.0;
        for at in 0..self.rows() as u32 {
            self.gather(&[at], &mut row);
            let squares =
                row.iter().zip(&mean).map(|(&x, mean)| (f64::from(x) - mean) * (f64::from(x) - mean));
            total_sum_of_squares += squares.sum::<f64>();
        }
        DataMoments { mean, total_sum_of_squares }
    }

    /// Mean and standard deviation (divided by the number of rows) of each stored column, in float64.
    fn fit_standardisation(&self) -> Normalisation {
        let raw = Self { normalisation: Arc::new(Normalisation::NONE), ..self.clone() };
        let mut row = vec![0.0; self.cols];
        let mut columns = ColumnMoments::new(self.cols);
        for at in 0..raw.rows() as u32 {
            raw.gather(&[at], &mut row);
            columns.add(&row);
        }
        columns.standardisation()
    }
}

/// `out = stored · scale + shift` for one row.
fn normalise<T: Copy>(
    stored: &[T],
    as_f32: impl Fn(T) -> f32,
    normalisation: &Normalisation,
    out: &mut [f32],
) {
    match normalisation {
        Normalisation::Uniform { scale, shift } => {
            for (out, &v) in out.iter_mut().zip(stored) {
                *out = as_f32(v) * scale + shift;
            }
        }
        Normalisation::PerColumn { scale, shift } => {
            for (((out, &v), scale), shift) in out.iter_mut().zip(stored).zip(scale).zip(shift) {
                *out = as_f32(v) * scale + shift;
            }
        }
    }
}
