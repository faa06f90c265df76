//! `Sae.encodeAsync`, `decodeAsync`, `forwardAsync`: any number of rows, in pieces, on the GPU where that helps.

use js_sys::{Float32Array, Function};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::convert::{float32, option_field};
use super::error::Thrown;
use super::sae::Sae;
use super::trainer::next_task;
use crate::engine::{Backend, Inference, Operation};
use crate::error::Error;
use crate::sae;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Options of work on many rows. */
export interface BulkOptions {
  /** 'auto' by default: a GPU where the work is worth one and it is no software adapter, else the CPU. */
  backend?: 'auto' | 'gpu' | 'cpu';
  /** Hears of the rows done and of all. */
  onProgress?: (done: number, total: number) => void;
}
"#;

#[wasm_bindgen]
impl Sae {
    /// As `encode`, without blocking: dense codes `z [n, dSae]` of `rows [n, dIn]`.
    #[wasm_bindgen(js_name = encodeAsync, unchecked_return_type = "Float32Array")]
    pub async fn encode_async(
        &self,
        rows: &Float32Array,
        #[wasm_bindgen(unchecked_optional_param_type = "BulkOptions")] options: JsValue,
    ) -> Result<JsValue, Thrown> {
        run(Operation::Encode, self.0.clone(), rows.to_vec(), options).await
    }

    /// As `decode`, without blocking: reconstructions `[n, dIn]` of dense codes `z [n, dSae]`.
    #[wasm_bindgen(js_name = decodeAsync, unchecked_return_type = "Float32Array")]
    pub async fn decode_async(
        &self,
        z: &Float32Array,
        #[wasm_bindgen(unchecked_optional_param_type = "BulkOptions")] options: JsValue,
    ) -> Result<JsValue, Thrown> {
        run(Operation::Decode, self.0.clone(), z.to_vec(), options).await
    }

    /// As `forward`, without blocking: reconstructions `[n, dIn]` of `rows [n, dIn]`.
    #[wasm_bindgen(js_name = forwardAsync, unchecked_return_type = "Float32Array")]
    pub async fn forward_async(
        &self,
        rows: &Float32Array,
        #[wasm_bindgen(unchecked_optional_param_type = "BulkOptions")] options: JsValue,
    ) -> Result<JsValue, Thrown> {
        run(Operation::Forward, self.0.clone(), rows.to_vec(), options).await
    }
}

/// Owns what it works on, since nothing of JavaScript's may be borrowed across an await.
async fn run(
    operation: Operation,
    sae: sae::Sae,
    input: Vec<f32>,
    options: JsValue,
) -> Result<JsValue, Thrown> {
    let field = |name: &str| option_field(&options, name);
    let backend = match field("backend") {
        none if none.is_undefined() => Backend::Auto,
        given => {
            let name = given
                .as_string()
                .ok_or_else(|| Error::option("backend", format!("{given:?}"), "'auto', 'gpu' or 'cpu'"))?;
            Backend::parse(&name)?
        }
    };
    let on_progress: Option<Function> = field("onProgress").dyn_into().ok();
    let progress = async |done: usize, total: usize| {
        if let Some(on_progress) = &on_progress {
            // A callback that throws is the page's mistake and no reason to stop.
            let _ = on_progress.call2(&JsValue::NULL, &(done as f64).into(), &(total as f64).into());
        }
        next_task().await;
        Ok(())
    };
    Ok(float32(&Inference::default().run(operation, &sae, &input, backend, progress).await?))
}
