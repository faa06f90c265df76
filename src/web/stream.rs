//! `RowStream`: rows that stay in their files.

use std::rc::Rc;

use js_sys::{Array, JsString, Number, Promise};
use serde::Deserialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::content::{Argument, Content, content_of};
use super::convert::{array, callback, count, field, instance, number, text, whole};
use super::dataset::Dataset;
use super::error::Thrown;
use super::files::Slices;
use super::options::optional_from_js;
use super::promise::{Cancellation, Page, promise};
use super::results::{object, uint32};
use crate::data::{self, NormalisationKind, StorageKind, StreamFile, StreamOptions};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A file of rows by its name: a `File`, or parts of files in a `Blob`. */
export interface StreamFile {
  name: string;
  file: Blob;
}

/** How rows are streamed. */
export interface StreamOptions {
  /** The tensor that holds the rows, in files of several. */
  tensor?: string;
  /** Type in which values are kept in memory. */
  keep?: 'u8' | 'f16' | 'f32';
  /** Leave out rows that hold NaN or infinity rather than refuse them. */
  dropNonFinite?: boolean;
  /** Bytes of rows in memory at a time, 2^28: half of them are trained on while the other half is read. */
  reservoir?: number;
}

/** A file that lists the files of a set, and its text. */
export interface ShardIndex {
  name: string;
  text: string;
}

/** Rows in memory, and which row of all files each of them is. */
export interface LoadedRows {
  rows: Dataset;
  numbers: Uint32Array;
}
"#;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    tensor: Option<String>,
    keep: Option<String>,
    drop_non_finite: bool,
    reservoir: Option<u64>,
}

impl Options {
    fn read(options: &JsValue) -> Result<StreamOptions, Thrown> {
        let Self { tensor, keep, drop_non_finite, reservoir } = optional_from_js("options", options)?;
        let reservoir = reservoir.unwrap_or(StreamOptions::default().reservoir);
        let keep = keep.as_deref().map(StorageKind::parse).transpose()?;
        Ok(StreamOptions { tensor, keep, drop_non_finite, reservoir })
    }
}

/// Whether a file lists the files of a set: `NAME.index.json`, and `state.json` of a data set that was saved to disk.
#[wasm_bindgen(js_name = isShardIndex)]
pub fn is_shard_index(path: &JsString) -> Result<bool, Thrown> {
    Ok(data::is_shard_index(&text("path", path)?))
}

/// The places in `paths` of the files of a set, in its order: those that the index lists, else all of them, by the numbers
/// in their names. Throws if one is missing.
#[wasm_bindgen(js_name = shardOrder)]
pub fn shard_order(
    #[wasm_bindgen(unchecked_param_type = "string[]")] paths: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "ShardIndex")] index: &JsValue,
) -> Result<Vec<u32>, Thrown> {
    let paths = array("paths", paths, "an array of strings")?.iter();
    let paths = paths.map(|path| text("paths", path.unchecked_ref())).collect::<Result<Vec<_>, _>>()?;
    let index = match index.is_null_or_undefined() {
        true => None,
        false => Some(data::ShardIndex {
            name: text("index.name", field(index, "name").unchecked_ref())?,
            text: text("index.text", field(index, "text").unchecked_ref())?,
        }),
    };
    Ok(data::shard_order(&paths, index.as_ref())?.into_iter().map(|at| at as u32).collect())
}

/// Rows that stay in their files: a data set that memory need not hold, read in blocks in an order that a seed shuffles.
#[wasm_bindgen]
pub struct RowStream {
    stream: Content<data::RowStream>,
    cancellation: Cancellation,
}

impl Argument for data::RowStream {
    const CLASS: &'static str = "RowStream";
}

impl RowStream {
    pub(super) fn new(stream: data::RowStream) -> Self {
        Self { stream: Content::new(stream), cancellation: Cancellation::default() }
    }

    /// The rows, for what another file says of them.
    pub(super) fn rows_here(&self) -> Result<&data::RowStream, Thrown> {
        self.stream.get()
    }

    fn page(&self, on_progress: &JsValue) -> Result<Page, Thrown> {
        Ok(Page::new(callback("onProgress", on_progress)?, self.cancellation.flag()))
    }
}

#[wasm_bindgen]
impl RowStream {
    /// Opens .npy and .safetensors files of one width and type by their headers.
    #[wasm_bindgen(unchecked_return_type = "Promise<RowStream>")]
    pub fn open(
        #[wasm_bindgen(unchecked_param_type = "StreamFile[]")] files: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "StreamOptions")] options: &JsValue,
    ) -> Promise {
        promise(|| {
            let given = array("files", files, "an array of { name, file }")?.iter().map(|each| {
                let name = text("files[].name", field(&each, "name").unchecked_ref())?;
                let file = field(&each, "file");
                let blob = instance::<Blob>("files[].file", file.unchecked_ref(), "a Blob or a File")?;
                let source = Box::new(Slices::new(blob, name.clone()));
                Ok(StreamFile { name, source })
            });
            let files = given.collect::<Result<Vec<_>, Thrown>>()?;
            let options = Options::read(options)?;
            Ok(async move { Ok(Self::new(data::RowStream::open(files, options).await?)) })
        })
    }

    /// Hands its content to a function that takes it as an argument.
    #[wasm_bindgen(js_name = __content, skip_typescript)]
    pub fn hand_over(&self) {
        self.stream.hand_over();
    }

    /// Number of rows, without those that are known to be left out.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> Result<f64, Thrown> {
        Ok(self.stream.get()?.rows() as f64)
    }

    /// Values in a row.
    #[wasm_bindgen(getter)]
    pub fn cols(&self) -> Result<f64, Thrown> {
        Ok(self.stream.get()?.cols() as f64)
    }

    /// Type in which values are kept in memory.
    #[wasm_bindgen(getter, unchecked_return_type = "'u8' | 'f16' | 'f32'")]
    pub fn kept(&self) -> Result<String, Thrown> {
        Ok(self.stream.get()?.kind().name().to_owned())
    }

    /// Two parts: blocks of neighbouring rows drawn at random until they have `rows` rows are the second.
    #[wasm_bindgen(js_name = holdOut, unchecked_return_type = "[RowStream, RowStream]")]
    pub fn hold_out(&self, rows: &Number, seed: &Number) -> Result<Array, Thrown> {
        let (train, held) = self.stream.get()?.hold_out(count("rows", rows)?, whole("seed", seed)?)?;
        Ok(Array::of2(&Self::new(train).into(), &Self::new(held).into()))
    }

    /// A random share of the blocks; for one seed smaller shares are parts of larger ones.
    pub fn share(&self, fraction: &Number, seed: &Number) -> Result<RowStream, Thrown> {
        let (fraction, seed) = (number("fraction", fraction)?, whole("seed", seed)?);
        Ok(Self::new(self.stream.get()?.share(fraction, seed)?))
    }

    /// The same rows normalised, once all have been read for their means and deviations: a `Trainer` takes such. After
    /// [`RowStream::cancel`] the promise rejects with code `cancelled`.
    #[wasm_bindgen(unchecked_return_type = "Promise<RowStream>")]
    pub fn normalised(
        &self,
        #[wasm_bindgen(unchecked_param_type = "'none' | 'mnist' | 'standardise'")] kind: &JsString,
        #[wasm_bindgen(
            js_name = onProgress,
            unchecked_optional_param_type = "(done: number, total: number) => void"
        )]
        on_progress: &JsValue,
    ) -> Promise {
        promise(|| {
            let kind = NormalisationKind::parse(&text("kind", kind)?)?;
            let (stream, mut page) = (self.stream.share()?, self.page(on_progress)?);
            Ok(async move {
                let mut progress = |done, total| page.report(done as f64, total as f64);
                let read = stream.normalised(kind, &mut progress).await;
                page.outcome(read).map(Self::new)
            })
        })
    }

    /// All rows in memory, as they are stored.
    #[wasm_bindgen(unchecked_return_type = "Promise<LoadedRows>")]
    pub fn load(
        &self,
        #[wasm_bindgen(
            js_name = onProgress,
            unchecked_optional_param_type = "(done: number, total: number) => void"
        )]
        on_progress: &JsValue,
    ) -> Promise {
        promise(|| {
            let (stream, mut page) = (self.stream.share()?, self.page(on_progress)?);
            Ok(async move {
                let mut progress = |done, total| page.report(done as f64, total as f64);
                let loaded = stream.load(&mut progress).await;
                let data::LoadedRows { rows, numbers } = page.outcome(loaded)?;
                Ok(object([("rows", Dataset::new(rows).into()), ("numbers", uint32(&numbers))]))
            })
        })
    }

    /// Rows from elsewhere, normalised as these are.
    pub fn normalise(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] rows: &JsValue,
    ) -> Result<Dataset, Thrown> {
        let rows: Rc<data::Dataset> = content_of("rows", rows)?;
        Ok(Dataset::new(self.stream.get()?.normalise((*rows).clone())?))
    }

    /// Ends the `normalised` or `load` that runs, if one does.
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }
}
