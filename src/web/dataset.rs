//! `Dataset`, `TensorFile`, `readTensors`.

use std::rc::Rc;

use js_sys::Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{count, from_js, to_js, whole};
use super::error::Thrown;
use crate::data::{self, Keep, LoadOptions, NormalisationKind, Storage};
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

    /// Which row of its file each row is, from 0: tokens are looked up by it.
    #[wasm_bindgen(js_name = rowNumbers)]
    pub fn row_numbers(&self) -> Vec<u32> {
        self.0.row_numbers()
    }

    /// Rows of the file that were left out because they hold NaN or infinity.
    #[wasm_bindgen(getter)]
    pub fn dropped(&self) -> f64 {
        self.0.dropped() as f64
    }

    /// Type in which the values are kept in memory.
    #[wasm_bindgen(getter, unchecked_return_type = "'u8' | 'f16' | 'f32'")]
    pub fn kept(&self) -> String {
        self.0.storage().keep().name().to_owned()
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

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A tensor in a file, and the rows that it makes. */
export interface TensorInfo {
  name: string;
  /** bool, u8, i8, i16, i32, i64, u16, u32, u64, f16, bf16, f32 or f64. */
  dtype: string;
  shape: number[];
  rows: number;
  cols: number;
  /** Type in which it is kept unless the options say otherwise: it takes rows · cols · (1, 2 or 4) bytes. */
  keep: 'u8' | 'f16' | 'f32';
}

/** How rows are made of a tensor. */
export interface LoadOptions {
  /** Type in which values are kept in memory. */
  keep?: 'u8' | 'f16' | 'f32';
  /** Leave out rows that hold NaN or infinity (`Dataset.dropped` says how many) rather than refuse them. */
  dropNonFinite?: boolean;
}
"#;

/// The tensors of a file.
#[wasm_bindgen]
pub struct TensorFile {
    pub(super) file: Rc<data::TensorFile<'static>>,
    #[cfg(feature = "files")]
    pub(super) cancelled: Rc<std::cell::Cell<bool>>,
}

#[derive(Serialize)]
struct TensorInfo<'a> {
    name: &'a str,
    dtype: &'static str,
    shape: &'a [usize],
    rows: f64,
    cols: usize,
    keep: &'static str,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    keep: Option<String>,
    drop_non_finite: bool,
}

/// Options of a data set; left out, all take their defaults.
pub(super) fn load_options(options: JsValue) -> Result<LoadOptions, Thrown> {
    let options: Options =
        if options.is_null_or_undefined() { Options::default() } else { from_js("options", options)? };
    let keep = options.keep.as_deref().map(Keep::parse).transpose()?;
    Ok(LoadOptions { keep, drop_non_finite: options.drop_non_finite })
}

impl TensorFile {
    pub(super) fn new(file: data::TensorFile<'static>) -> Self {
        Self {
            file: Rc::new(file),
            #[cfg(feature = "files")]
            cancelled: Rc::default(),
        }
    }
}

#[wasm_bindgen]
impl TensorFile {
    /// What each tensor is.
    #[wasm_bindgen(getter, unchecked_return_type = "TensorInfo[]")]
    pub fn tensors(&self) -> Result<JsValue, Thrown> {
        let infos: Result<Vec<_>, Thrown> = self
            .file
            .tensors()
            .map(|info| {
                let (rows, cols) = self.file.rows_and_cols(Some(&info.name))?;
                Ok(TensorInfo {
                    name: &info.name,
                    dtype: info.dtype.name(),
                    shape: &info.shape,
                    rows: rows as f64,
                    cols,
                    keep: Keep::of(info.dtype).name(),
                })
            })
            .collect();
        to_js(&infos?)
    }

    /// One tensor as rows; the name may be left out if there is only one. For files in memory: those that
    /// `openTensors` opened take `load`.
    pub fn dataset(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "string")] name: Option<String>,
        #[wasm_bindgen(unchecked_optional_param_type = "LoadOptions")] options: JsValue,
    ) -> Result<Dataset, Thrown> {
        Ok(Dataset(self.file.dataset_with(name.as_deref(), load_options(options)?)?))
    }
}

/// Opens a file of tensors in memory, recognised by its content first and then by its name.
#[wasm_bindgen(js_name = readTensors)]
pub fn read_tensors(
    bytes: Vec<u8>,
    #[wasm_bindgen(js_name = fileName)] file_name: &str,
) -> Result<TensorFile, Thrown> {
    Ok(TensorFile::new(data::read_tensors(bytes, file_name)?))
}
