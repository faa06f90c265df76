//! `Sae.read`, `Sae.write`, `zipFiles`: models in other programs' files.

use js_sys::{Array, JsString, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::content::content_of;
use super::convert::{array, bytes, field, text};
use super::error::Thrown;
use super::results::object;
use super::sae::Sae;
use crate::data;
use crate::interop::{self, Format, NamedFile};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A file by its name; folders in the name do not matter. */
export interface NamedFile {
  name: string;
  bytes: Uint8Array;
}
"#;

#[wasm_bindgen]
impl Sae {
    /// A model from the files of a folder, or a zip archive of them: of SAELens, sparsify, dictionary_learning or Gemma
    /// Scope, or from the checkpoint of a run. Other files among them are passed over.
    pub fn read(
        #[wasm_bindgen(unchecked_param_type = "NamedFile[]")] files: &JsValue,
    ) -> Result<Sae, Thrown> {
        Ok(Self::new(interop::read(&named_files(files)?)?))
    }

    /// The files of a folder of another program. TopK by magnitude is written with twice the latents. `folded` first
    /// if the model was trained on normalised data.
    #[wasm_bindgen(unchecked_return_type = "NamedFile[]")]
    pub fn write(
        &self,
        #[wasm_bindgen(unchecked_param_type = "'saelens' | 'sparsify' | 'dictionary_learning'")]
        format: &JsString,
    ) -> Result<Array, Thrown> {
        let format = Format::parse(&text("format", format)?)?;
        let files = interop::write(self.content.get()?, format)?;
        Ok(files
            .into_iter()
            .map(|file| {
                let bytes = Uint8Array::from(file.bytes.as_slice());
                object([("name", file.name.into()), ("bytes", bytes.into())])
            })
            .collect())
    }

    /// A model with the same codes that takes activations as the data set stores them, and gives such, where this one
    /// takes them as the data set normalises them.
    pub fn folded(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
    ) -> Result<Sae, Thrown> {
        let data = content_of::<data::Dataset>("data", data)?;
        Ok(Self::new(self.content.get()?.for_stored(data.normalisation())?))
    }

    /// The inverse of `folded`: a model for normalised activations from one for stored ones.
    pub fn unfolded(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
    ) -> Result<Sae, Thrown> {
        let data = content_of::<data::Dataset>("data", data)?;
        Ok(Self::new(self.content.get()?.for_normalised(data.normalisation())?))
    }
}

/// One zip archive of files, uncompressed.
#[wasm_bindgen(js_name = zipFiles)]
pub fn zip_files(
    #[wasm_bindgen(unchecked_param_type = "NamedFile[]")] files: &JsValue,
) -> Result<Vec<u8>, Thrown> {
    Ok(interop::zip_files(&named_files(files)?)?)
}

fn named_files(files: &JsValue) -> Result<Vec<NamedFile>, Thrown> {
    let named = |file: JsValue| {
        let name = text("files.name", field(&file, "name").unchecked_ref())?;
        Ok(NamedFile { name, bytes: bytes("files.bytes", &field(&file, "bytes"))? })
    };
    array("files", files, "an array of { name, bytes }")?.iter().map(named).collect()
}
