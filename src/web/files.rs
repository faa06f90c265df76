//! Files read in slices, statistics and tokens: `openTensors`, `TensorFile.load`, `TensorFile.inspect`, `readTokens`.

use std::borrow::Cow;
use std::cell::Cell;

use js_sys::{ArrayBuffer, JsString, Number, Promise, Reflect, TypeError, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamByobReader};

use super::content::Content;
use super::convert::{bytes, callback, count, instance, optional_text, text};
use super::dataset::{Dataset, TensorFile, load_options};
use super::error::Thrown;
use super::options::optional_from_js;
use super::promise::{Page, promise};
use super::results::{float32, object};
use crate::data::{self, Inspection, Reading, Source};
use crate::error::Error;
use crate::interop::{self, Holding};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Statistics of a tensor: minimum to std are those of its finite values, NaN if there are none. */
export interface Inspection {
  rows: number;
  cols: number;
  dtype: string;
  /** Rows that the statistics are of, from the first. */
  rowsRead: number;
  min: number;
  max: number;
  mean: number;
  std: number;
  nans: number;
  infinities: number;
  /** First columns of the first rows, row-major. */
  preview: Float32Array;
  /** Its rows and columns, at most 8 and 16. */
  previewShape: [number, number];
}

/** The token of a row and the text around it; empty where the file has none. */
export interface Token {
  token: string;
  before: string;
  after: string;
}
"#;

/// A browser's `File` or `Blob`.
pub(super) struct Slices {
    blob: Blob,
    name: String,
    /// Serves all slices, one after another.
    buffer: Cell<Option<ArrayBuffer>>,
}

/// Bytes of that buffer: about what browsers hand over at a time.
const BUFFER: usize = 1 << 20;

impl Source for Slices {
    fn length(&self) -> u64 {
        self.blob.size() as u64
    }

    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
        Box::pin(async move {
            let slice = async {
                let slice = self.blob.slice_with_f64_and_f64(at as f64, (at + length as u64) as f64)?;
                self.bytes(&slice, length).await
            };
            Ok(Cow::Owned(slice.await.map_err(|error| self.unreadable(at, &error))?))
        })
    }
}

impl Slices {
    pub(super) fn new(blob: Blob, name: String) -> Self {
        Self { blob, name, buffer: Cell::default() }
    }

    /// The bytes of a slice, through one buffer for all of them where the browser fills buffers of ours. Left to the
    /// garbage collector, those of a file of 1 GB came to 390 MB in Chromium 156; so it is 50 MB.
    async fn bytes(&self, slice: &Blob, length: usize) -> Result<Vec<u8>, JsValue> {
        let Ok(reader) = ReadableStreamByobReader::new(&slice.stream()) else {
            let buffer = JsFuture::from(slice.array_buffer()).await?;
            return Ok(Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>()).to_vec());
        };
        let mut bytes = Vec::with_capacity(length);
        let mut buffer = self.buffer.take().unwrap_or_else(|| ArrayBuffer::new(BUFFER as u32));
        while bytes.len() < length {
            let most = (length - bytes.len()).min(BUFFER) as u32;
            let view = Uint8Array::new_with_byte_offset_and_length(&buffer, 0, most);
            let read = JsFuture::from(reader.read_with_array_buffer_view(&view)).await?;
            let part: Uint8Array = Reflect::get(&read, &"value".into())?.dyn_into()?;
            if part.length() == 0 {
                break;
            }
            bytes.extend_from_slice(&part.to_vec());
            buffer = part.buffer();
        }
        self.buffer.set(Some(buffer));
        Ok(bytes)
    }

    /// The file was moved or changed since the user chose it. Of that Chromium's streams say "network error", by a TypeError.
    fn unreadable(&self, at: u64, error: &JsValue) -> Error {
        let why = error.dyn_ref::<js_sys::Error>().filter(|error| !error.is_instance_of::<TypeError>());
        let why = why.map(|error| String::from(error.message()));
        let what = format!(
            "cannot be read at byte {at}: {}",
            why.unwrap_or_else(|| "it was moved or changed since it was chosen".to_owned())
        );
        Error::format(&self.name, what)
    }
}

/// Opens a file by its header; values are read, in slices, when they are asked for. Works in pages, workers and Node.
#[wasm_bindgen(js_name = openTensors, unchecked_return_type = "Promise<TensorFile>")]
pub fn open_tensors(file: &Blob, #[wasm_bindgen(js_name = fileName)] file_name: &JsString) -> Promise {
    promise(|| {
        let (blob, name) = (instance("file", file, "a Blob or a File")?, text("fileName", file_name)?);
        let source = Slices::new(blob, name.clone());
        Ok(async move { Ok(TensorFile::new(data::TensorFile::open(Box::new(source), &name).await?)) })
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct InspectOptions {
    rows: Option<u64>,
}

#[wasm_bindgen]
impl TensorFile {
    /// One tensor as rows, read in slices. `onProgress(done, total)` is called after each. After [`TensorFile::cancel`] the
    /// promise rejects with code `cancelled`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Dataset>")]
    pub fn load(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "string")] name: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "LoadOptions")] options: &JsValue,
        #[wasm_bindgen(
            js_name = onProgress,
            unchecked_optional_param_type = "(done: number, total: number) => void"
        )]
        on_progress: &JsValue,
    ) -> Promise {
        promise(|| {
            let (name, options) = (optional_text("name", name)?, load_options(options)?);
            let (file, mut page) = (self.file.share()?, self.page(on_progress)?);
            Ok(async move {
                let mut progress = |done, total| page.report(done as f64, total as f64);
                let rows = file.load(name.as_deref(), options, &mut progress).await;
                page.outcome(rows).map(Dataset::new)
            })
        })
    }

    /// Statistics of a tensor, or of its first rows, and a preview; keeps no values.
    #[wasm_bindgen(unchecked_return_type = "Promise<Inspection>")]
    pub fn inspect(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "string")] name: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "{ rows?: number }")] options: &JsValue,
        #[wasm_bindgen(
            js_name = onProgress,
            unchecked_optional_param_type = "(done: number, total: number) => void"
        )]
        on_progress: &JsValue,
    ) -> Promise {
        promise(|| {
            let name = optional_text("name", name)?;
            let InspectOptions { rows } = optional_from_js("options", options)?;
            let (file, mut page) = (self.file.share()?, self.page(on_progress)?);
            Ok(async move {
                let mut progress = |done, total| page.report(done as f64, total as f64);
                let about = file.inspect(name.as_deref(), rows, &mut progress).await;
                Ok(inspection(&page.outcome(about)?))
            })
        })
    }

    /// What the file is by its header: rows to train on, the weights of a model, or the checkpoint of a run.
    #[wasm_bindgen(getter, unchecked_return_type = "'rows' | 'sae' | 'checkpoint'")]
    pub fn holds(&self) -> Result<String, Thrown> {
        Ok(match interop::holding(self.file.get()?) {
            Holding::Rows => "rows",
            Holding::Sae => "sae",
            Holding::Checkpoint => "checkpoint",
        }
        .to_owned())
    }

    /// Ends the `load` or `inspect` that runs, if one does.
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }
}

impl TensorFile {
    fn page(&self, on_progress: &JsValue) -> Result<Page, Thrown> {
        Ok(Page::new(callback("onProgress", on_progress)?, self.cancellation.flag()))
    }
}

fn inspection(about: &Inspection) -> JsValue {
    let shape =
        js_sys::Array::of2(&(about.preview_shape.0 as f64).into(), &(about.preview_shape.1 as f64).into());
    object([
        ("rows", (about.rows as f64).into()),
        ("cols", (about.cols as f64).into()),
        ("dtype", about.dtype.name().into()),
        ("rowsRead", (about.rows_read as f64).into()),
        ("min", about.min.into()),
        ("max", about.max.into()),
        ("mean", about.mean.into()),
        ("std", about.std.into()),
        ("nans", (about.nans as f64).into()),
        ("infinities", (about.infinities as f64).into()),
        ("preview", float32(&about.preview)),
        ("previewShape", shape.into()),
    ])
}

/// A token for each row of a file.
#[wasm_bindgen]
pub struct Tokens(Content<data::Tokens>);

#[wasm_bindgen]
impl Tokens {
    /// Number of rows.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> Result<f64, Thrown> {
        Ok(self.0.get()?.rows() as f64)
    }

    /// Which sequence (a text, a document, a context window) each row of the file is of, numbered in the order in which they
    /// appear; nothing if the file does not say.
    pub fn sequences(&self) -> Result<Option<Vec<u32>>, Thrown> {
        Ok(self.0.get()?.sequences().map(<[u32]>::to_vec))
    }

    /// The token of a row of the file and its context; look up rows of a data set in `Dataset.rowNumbers`.
    #[wasm_bindgen(unchecked_return_type = "Token | undefined")]
    pub fn token(&self, row: &Number) -> Result<JsValue, Thrown> {
        let Some(found) = self.0.get()?.token(count("row", row)?) else { return Ok(JsValue::UNDEFINED) };
        Ok(object([
            ("token", found.token.into()),
            ("before", found.before.into()),
            ("after", found.after.into()),
        ]))
    }
}

/// Reads `NAME.tokens.json`: a list of strings or of `{token, before?, after?, sequence?}`, one for each of the file's `rows` rows.
#[wasm_bindgen(js_name = readTokens)]
pub fn read_tokens(
    #[wasm_bindgen(js_name = bytes)] file: &Uint8Array,
    #[wasm_bindgen(js_name = fileName)] file_name: &JsString,
    rows: &Number,
) -> Result<Tokens, Thrown> {
    let (bytes, name) = (bytes("bytes", file)?, text("fileName", file_name)?);
    Ok(Tokens(Content::new(data::Tokens::read(&bytes, &name, count("rows", rows)?)?)))
}
