//! `Sae.encodeAsync`, `decodeAsync`, `forwardAsync`: any number of rows, in pieces, on the GPU where that helps.

use js_sys::{Float32Array, Promise};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{callback, field, float32s};
use super::options::optional_from_js_without;
use super::promise::{Cancellation, Page, promise};
use super::results::float32;
use super::sae::Sae;
use crate::engine::{Backend, Operation};
use crate::error::Error;
use crate::progress::Observer;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Options of work on many rows. */
export interface BulkOptions {
  /** 'auto' by default: a GPU where the work is worth one and it is no software adapter, else the CPU. */
  backend?: 'auto' | 'gpu' | 'cpu';
  /** Called with the rows done and the number of all rows. */
  onProgress?: (done: number, total: number) => void;
}
"#;

#[wasm_bindgen]
impl Sae {
    /// As `encode`, without blocking: dense codes `z [n, dSae]` of `rows [n, dIn]`.
    #[wasm_bindgen(js_name = encodeAsync, unchecked_return_type = "Promise<Float32Array>")]
    pub fn encode_async(
        &self,
        rows: &Float32Array,
        #[wasm_bindgen(unchecked_optional_param_type = "BulkOptions")] options: &JsValue,
    ) -> Promise {
        self.run(Operation::Encode, "rows", rows, options)
    }

    /// As `decode`, without blocking: reconstructions `[n, dIn]` of dense codes `z [n, dSae]`.
    #[wasm_bindgen(js_name = decodeAsync, unchecked_return_type = "Promise<Float32Array>")]
    pub fn decode_async(
        &self,
        z: &Float32Array,
        #[wasm_bindgen(unchecked_optional_param_type = "BulkOptions")] options: &JsValue,
    ) -> Promise {
        self.run(Operation::Decode, "z", z, options)
    }

    /// As `forward`, without blocking: reconstructions `[n, dIn]` of `rows [n, dIn]`.
    #[wasm_bindgen(js_name = forwardAsync, unchecked_return_type = "Promise<Float32Array>")]
    pub fn forward_async(
        &self,
        rows: &Float32Array,
        #[wasm_bindgen(unchecked_optional_param_type = "BulkOptions")] options: &JsValue,
    ) -> Promise {
        self.run(Operation::Forward, "rows", rows, options)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkOptions {
    #[serde(default)]
    backend: Backend,
}

impl Sae {
    fn run(&self, operation: Operation, name: &'static str, input: &JsValue, options: &JsValue) -> Promise {
        promise(|| {
            let (sae, inference) = (self.content.share()?, self.inference.clone());
            let input = float32s(name, input)?;
            let BulkOptions { backend } = optional_from_js_without("options", options, &["onProgress"])?;
            let on_progress = callback("options.onProgress", &field(options, "onProgress"))?;
            let mut page = Page::new(on_progress, Cancellation::default().flag());
            Ok(async move {
                let progress = async |done: usize, total: usize| {
                    let decision = page.progress(done as u64, total as u64).await;
                    if decision.is_break() { Err(Error::Cancelled) } else { Ok(()) }
                };
                let output = inference.run(operation, &sae, &input, backend, progress).await;
                Ok(float32(&page.outcome(output)?))
            })
        })
    }
}
