//! `Dataset`, `TensorFile`, `readTensors`.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{count, to_js, whole};
use super::error::Thrown;
use crate::data::{self, NormalisationKind, Storage};
use crate::error::Error;

/// Rows of equal length, stored as small as they came and normalised on the fly. Rows are shared between views.
#[wasm_bindgen]
pub struct Dataset(pub(super) data::Dataset);

#[wasm_bindgen]
impl Dataset {
    /// `n` handwritten-looking digits drawn by the program: 784 byte columns, labelled.
    pub fn digits(n: f64, seed: f64) -> Result<Dataset, Thrown> {
        Ok(Self(data::Dataset::digits(rows_number(n)?, whole("seed", seed)?)?))
    }

    /// `n` points of the plane on a noisy line, a square and a diagonal, labelled by which.
    pub fn clusters(n: f64, seed: f64) -> Result<Dataset, Thrown> {
        Ok(Self(data::Dataset::clusters(rows_number(n)?, whole("seed", seed)?)?))
    }

    /// Row-major values, `cols` to a row.
    #[wasm_bindgen(js_name = fromRows)]
    pub fn from_rows(values: Vec<f32>, cols: f64) -> Result<Dataset, Thrown> {
        Ok(Self(data::Dataset::new(Storage::F32(values), count("cols", cols)?)?))
    }

    /// Number of rows.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> f64 {
        self.0.rows() as f64
    }

    /// Values in a row.
    #[wasm_bindgen(getter)]
    pub fn cols(&self) -> f64 {
        self.0.cols() as f64
    }

    /// All values, row-major, as the model sees them.
    pub fn values(&self) -> Vec<f32> {
        self.0.values()
    }

    /// Values of the rows numbered `rows`, as the model sees them.
    #[wasm_bindgen(js_name = rowsAt)]
    pub fn rows_at(&self, rows: &[u32]) -> Result<Vec<f32>, Thrown> {
        if let Some(row) = rows.iter().find(|&&row| row as usize >= self.0.rows()) {
            return Err(Error::option("rows", row, format!("row numbers below {}", self.0.rows())).into());
        }
        let mut values = vec![0.0; rows.len() * self.0.cols()];
        self.0.gather(rows, &mut values);
        Ok(values)
    }

    /// Undoes the normalisation of whole rows: back to stored units, 0 to 255 for images.
    #[wasm_bindgen(js_name = undoNormalisation)]
    pub fn undo_normalisation(&self, mut values: Vec<f32>) -> Result<Vec<f32>, Thrown> {
        let cols = self.0.cols();
        if !values.len().is_multiple_of(cols) {
            return Err(
                Error::shape("number of values", values.len(), format!("a multiple of {cols}")).into()
            );
        }
        values.chunks_exact_mut(cols).for_each(|row| self.0.normalisation().undo(row));
        Ok(values)
    }

    /// The same rows under another normalisation, which replaces any earlier one.
    pub fn normalised(
        &self,
        #[wasm_bindgen(unchecked_param_type = "'none' | 'mnist' | 'standardise'")] kind: &str,
    ) -> Result<Dataset, Thrown> {
        Ok(Self(self.0.normalised(NormalisationKind::parse(kind)?)))
    }

    /// The same rows under the normalisation that was fitted on another data set.
    #[wasm_bindgen(js_name = normalisedLike)]
    pub fn normalised_like(&self, fitted: &Dataset) -> Result<Dataset, Thrown> {
        Ok(Self(self.0.normalised_like(&fitted.0)?))
    }

    /// Two random parts, the first with `round(rows · trainShare)` rows.
    #[wasm_bindgen(unchecked_return_type = "[Dataset, Dataset]")]
    pub fn split(
        &self,
        #[wasm_bindgen(js_name = trainShare)] train_share: f64,
        seed: f64,
    ) -> Result<Array, Thrown> {
        let (train, test) = self.0.split(train_share, whole("seed", seed)?)?;
        Ok(Array::of2(&Self(train).into(), &Self(test).into()))
    }

    /// A random share of the rows; for one seed smaller shares are subsets of larger ones.
    pub fn share(&self, fraction: f64, seed: f64) -> Result<Dataset, Thrown> {
        Ok(Self(self.0.share(fraction, whole("seed", seed)?)?))
    }

    /// Label of a row, if there is one.
    pub fn label(&self, row: f64) -> Option<u8> {
        self.0.label(count("row", row).ok()?)
    }

    /// The same rows with labels from a data set of one byte column.
    #[wasm_bindgen(js_name = withLabels)]
    pub fn with_labels(&self, labels: &Dataset) -> Result<Dataset, Thrown> {
        Ok(Self(self.0.clone().labelled_by(&labels.0)?))
    }
}

fn rows_number(n: f64) -> Result<u32, Thrown> {
    Ok(u32::try_from(whole("n", n)?).map_err(|_| Error::option("n", n, "below 2^32"))?)
}

/// The tensors of a file.
#[wasm_bindgen]
pub struct TensorFile(data::TensorFile);

#[derive(Serialize)]
struct TensorInfo<'a> {
    name: &'a str,
    dtype: &'static str,
    shape: &'a [usize],
}

#[wasm_bindgen]
impl TensorFile {
    /// Name, type and shape of each tensor.
    #[wasm_bindgen(getter, unchecked_return_type = "{ name: string; dtype: string; shape: number[] }[]")]
    pub fn tensors(&self) -> Result<JsValue, Thrown> {
        let infos = self.0.tensors();
        let infos: Vec<_> = infos
            .map(|info| TensorInfo { name: &info.name, dtype: info.dtype.name(), shape: &info.shape })
            .collect();
        to_js(&infos)
    }

    /// One tensor as rows; the name may be left out if there is only one.
    pub fn dataset(&self, name: Option<String>) -> Result<Dataset, Thrown> {
        Ok(Dataset(self.0.dataset(name.as_deref())?))
    }
}

/// Reads a file of tensors, recognised by its content first and then by its name: IDX, gzipped or not.
#[wasm_bindgen(js_name = readTensors)]
pub fn read_tensors(
    bytes: &[u8],
    #[wasm_bindgen(js_name = fileName)] file_name: &str,
) -> Result<TensorFile, Thrown> {
    Ok(TensorFile(data::read_tensors(bytes, file_name)?))
}
