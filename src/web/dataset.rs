//! `Dataset`, `TensorFile`, `readTensors`.

use js_sys::{Array, Float32Array, JsString, Number, Uint8Array, Uint32Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::{Argument, Content, content_of};
use super::convert::{bytes, count, float32s, number, optional_text, text, uint32s, whole};
use super::error::Thrown;
use super::options::optional_from_js;
use super::results::to_js;
use crate::data::{self, LoadOptions, NormalisationKind, Storage, StorageKind};
use crate::error::Error;

/// Rows of equal length, stored as small as they came and normalised on the fly. Rows are shared between views.
#[wasm_bindgen]
pub struct Dataset(Content<data::Dataset>);

impl Argument for data::Dataset {
    const CLASS: &'static str = "Dataset";
}

impl Dataset {
    /// Rows of JavaScript's.
    pub(super) fn new(rows: data::Dataset) -> Self {
        Self(Content::new(rows))
    }

    /// The rows, for what another file says of them.
    pub(super) fn rows_here(&self) -> Result<&data::Dataset, Thrown> {
        self.0.get()
    }
}

#[wasm_bindgen]
impl Dataset {
    /// `n` handwritten-looking digits drawn by the program: 784 byte columns, labelled.
    pub fn digits(n: &Number, seed: &Number) -> Result<Dataset, Thrown> {
        Ok(Self::new(data::Dataset::digits(count("n", n)?, whole("seed", seed)?)?))
    }

    /// Row-major values, `cols` to a row.
    #[wasm_bindgen(js_name = fromRows)]
    pub fn from_rows(values: &Float32Array, cols: &Number) -> Result<Dataset, Thrown> {
        let values = Storage::F32(float32s("values", values)?);
        Ok(Self::new(data::Dataset::new(values, count("cols", cols)?)?))
    }

    /// Hands its content to a function that takes it as an argument.
    #[wasm_bindgen(js_name = __content, skip_typescript)]
    pub fn hand_over(&self) {
        self.0.hand_over();
    }

    /// Number of rows.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> Result<f64, Thrown> {
        Ok(self.0.get()?.rows() as f64)
    }

    /// Values in a row.
    #[wasm_bindgen(getter)]
    pub fn cols(&self) -> Result<f64, Thrown> {
        Ok(self.0.get()?.cols() as f64)
    }

    /// All values, row-major, as the model sees them.
    pub fn values(&self) -> Result<Vec<f32>, Thrown> {
        Ok(self.0.get()?.try_values()?)
    }

    /// Values of the rows numbered `rows`, as the model sees them.
    #[wasm_bindgen(js_name = rowsAt)]
    pub fn rows_at(&self, rows: &Uint32Array) -> Result<Vec<f32>, Thrown> {
        Ok(self.0.get()?.rows_at(&uint32s("rows", rows)?)?)
    }

    /// Rows of the file that were left out because they hold NaN or infinity.
    #[wasm_bindgen(getter)]
    pub fn dropped(&self) -> Result<f64, Thrown> {
        Ok(self.0.get()?.dropped() as f64)
    }

    /// Type in which the values are kept in memory.
    #[wasm_bindgen(getter, unchecked_return_type = "'u8' | 'f16' | 'f32'")]
    pub fn kept(&self) -> Result<String, Thrown> {
        Ok(self.0.get()?.storage().kind().name().to_owned())
    }

    /// Undoes the normalisation of whole rows: back to stored units, 0 to 255 for images.
    #[wasm_bindgen(js_name = undoNormalisation)]
    pub fn undo_normalisation(&self, values: &Float32Array) -> Result<Vec<f32>, Thrown> {
        let (data, mut values) = (self.0.get()?, float32s("values", values)?);
        let cols = data.cols();
        if !values.len().is_multiple_of(cols) {
            return Err(
                Error::shape("number of values", values.len(), format!("a multiple of {cols}")).into()
            );
        }
        values.chunks_exact_mut(cols).for_each(|row| data.normalisation().undo(row));
        Ok(values)
    }

    /// The same rows under another normalisation, which replaces any earlier one.
    pub fn normalised(
        &self,
        #[wasm_bindgen(unchecked_param_type = "'none' | 'mnist' | 'standardise'")] kind: &JsString,
    ) -> Result<Dataset, Thrown> {
        let kind = NormalisationKind::parse(&text("kind", kind)?)?;
        Ok(Self::new(self.0.get()?.normalised(kind)))
    }

    /// The same rows under the normalisation that was fitted on another data set.
    #[wasm_bindgen(js_name = normalisedLike)]
    pub fn normalised_like(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] fitted: &JsValue,
    ) -> Result<Dataset, Thrown> {
        Ok(Self::new(self.0.get()?.normalised_like(&*content_of::<data::Dataset>("fitted", fitted)?)?))
    }

    /// Two random parts, the first with `round(rows · trainShare)` rows.
    #[wasm_bindgen(unchecked_return_type = "[Dataset, Dataset]")]
    pub fn split(
        &self,
        #[wasm_bindgen(js_name = trainShare)] train_share: &Number,
        seed: &Number,
    ) -> Result<Array, Thrown> {
        let (share, seed) = (number("trainShare", train_share)?, whole("seed", seed)?);
        let (train, test) = self.0.get()?.split(share, seed)?;
        Ok(Array::of2(&Self::new(train).into(), &Self::new(test).into()))
    }

    /// A random share of the rows; for one seed smaller shares are subsets of larger ones.
    pub fn share(&self, fraction: &Number, seed: &Number) -> Result<Dataset, Thrown> {
        Ok(Self::new(self.0.get()?.share(number("fraction", fraction)?, whole("seed", seed)?)?))
    }

    /// Label of a row, if there is one.
    pub fn label(&self, row: &Number) -> Result<Option<u8>, Thrown> {
        Ok(self.0.get()?.label(count("row", row)?))
    }

    /// The same rows with labels from a data set of one byte column.
    #[wasm_bindgen(js_name = withLabels)]
    pub fn with_labels(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] labels: &JsValue,
    ) -> Result<Dataset, Thrown> {
        let labels = content_of::<data::Dataset>("labels", labels)?;
        Ok(Self::new(self.0.get()?.clone().labelled_by(&labels)?))
    }
}

#[cfg(feature = "figures")]
#[wasm_bindgen]
impl Dataset {
    /// `n` points of the plane on a noisy line, a square and a diagonal, labelled by which.
    pub fn clusters(n: &Number, seed: &Number) -> Result<Dataset, Thrown> {
        Ok(Self::new(data::Dataset::clusters(count("n", n)?, whole("seed", seed)?)?))
    }
}

#[cfg(feature = "files")]
#[wasm_bindgen]
impl Dataset {
    /// Which row of its file each row is, from 0: tokens are looked up by it.
    #[wasm_bindgen(js_name = rowNumbers)]
    pub fn row_numbers(&self) -> Result<Vec<u32>, Thrown> {
        Ok(self.0.get()?.row_numbers())
    }
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
    pub(super) file: Content<data::TensorFile<'static>>,
    #[cfg(feature = "files")]
    pub(super) cancellation: super::promise::Cancellation,
}

#[derive(Serialize)]
struct TensorSummary<'a> {
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
pub(super) fn load_options(options: &JsValue) -> Result<LoadOptions, Thrown> {
    let options: Options = optional_from_js("options", options)?;
    let keep = options.keep.as_deref().map(StorageKind::parse).transpose()?;
    Ok(LoadOptions { keep, drop_non_finite: options.drop_non_finite })
}

impl TensorFile {
    pub(super) fn new(file: data::TensorFile<'static>) -> Self {
        Self {
            file: Content::new(file),
            #[cfg(feature = "files")]
            cancellation: Default::default(),
        }
    }
}

#[wasm_bindgen]
impl TensorFile {
    /// What each tensor is.
    #[wasm_bindgen(getter, unchecked_return_type = "TensorInfo[]")]
    pub fn tensors(&self) -> Result<JsValue, Thrown> {
        let file = self.file.get()?;
        let infos: Result<Vec<_>, Thrown> = file
            .tensors()
            .map(|info| {
                let (rows, cols) = file.rows_and_cols(Some(&info.name))?;
                Ok(TensorSummary {
                    name: &info.name,
                    dtype: info.dtype.name(),
                    shape: &info.shape,
                    rows: rows as f64,
                    cols,
                    keep: StorageKind::of(info.dtype).name(),
                })
            })
            .collect();
        to_js(&infos?)
    }

    /// One tensor as rows; the name may be left out if there is only one. For files in memory: those that
    /// `openTensors` opened take `load`.
    pub fn dataset(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "string")] name: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "LoadOptions")] options: &JsValue,
    ) -> Result<Dataset, Thrown> {
        let (name, options) = (optional_text("name", name)?, load_options(options)?);
        Ok(Dataset::new(self.file.get()?.dataset_with(name.as_deref(), options)?))
    }
}

/// Opens a file of tensors in memory, recognised by its content first and then by its name.
#[wasm_bindgen(js_name = readTensors)]
pub fn read_tensors(
    #[wasm_bindgen(js_name = bytes)] file: &Uint8Array,
    #[wasm_bindgen(js_name = fileName)] file_name: &JsString,
) -> Result<TensorFile, Thrown> {
    let (bytes, name) = (bytes("bytes", file)?, text("fileName", file_name)?);
    Ok(TensorFile::new(data::read_tensors(bytes, &name)?))
}
