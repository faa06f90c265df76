//! `Sae`.

#[cfg(feature = "figures")]
use js_sys::Uint32Array;
use js_sys::{Float32Array, Number};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::{Argument, Content};
#[cfg(feature = "figures")]
use super::convert::uint32s;
use super::convert::{self, count, field, float32s};
use super::error::Thrown;
use super::options::from_js;
#[cfg(feature = "figures")]
use super::results::float64;
use super::results::{float32, object, to_js};
#[cfg(feature = "bulk")]
use crate::engine::Inference;
use crate::engine::{Operation, VARIANTS_OFFERED, apply};
use crate::sae::{self, Activation, Parts};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** ρ in z = ρ(pre). `by` orders what "largest" means; ties go to the lower index. */
export type Activation =
  | { kind: 'relu' }
  | { kind: 'jumprelu'; threshold: number | Float32Array }
  | { kind: 'topk'; k: number; by: 'magnitude' | 'value' | 'positive' }
  /** Training keeps the k · rows largest of a batch; a model acts as JumpReLU with the threshold that training has left. */
  | { kind: 'batchtopk'; k: number; threshold?: number };

/** W_enc [dIn, dSae], b_enc [dSae], W_dec [dSae, dIn], b_dec [dIn], row-major. */
export interface Parameters {
  W_enc: Float32Array;
  b_enc: Float32Array;
  W_dec: Float32Array;
  b_dec: Float32Array;
}

/** Those of a model: with its thresholds [dSae] where it has some, of JumpReLU and BatchTopK. */
export type ModelParameters = Parameters & { threshold?: Float32Array };
"#;

/// A sparse autoencoder: `pre = x W_enc + b_enc`, `z = ρ(pre)`, `x̂ = z W_dec + b_dec`.
#[wasm_bindgen]
pub struct Sae {
    pub(super) content: Content<sae::Sae>,
    /// Keeps the model on a GPU from call to call.
    #[cfg(feature = "bulk")]
    pub(super) inference: Inference,
}

impl Argument for sae::Sae {
    const CLASS: &'static str = "Sae";
}

impl Sae {
    /// A model of JavaScript's.
    pub(super) fn new(sae: sae::Sae) -> Self {
        Self {
            content: Content::new(sae),
            #[cfg(feature = "bulk")]
            inference: Inference::default(),
        }
    }
}

#[wasm_bindgen]
impl Sae {
    /// A model from its parameters: `W_enc [dIn, dSae]`, `b_enc [dSae]`, `W_dec [dSae, dIn]`, `b_dec [dIn]`.
    #[wasm_bindgen(js_name = fromParts)]
    pub fn from_parts(
        #[wasm_bindgen(unchecked_param_type = "Parameters & { activation: Activation }")] parts: &JsValue,
        #[wasm_bindgen(js_name = dIn)] d_in: &Number,
        #[wasm_bindgen(js_name = dSae)] d_sae: &Number,
    ) -> Result<Sae, Thrown> {
        convert::object("parts", parts)?;
        let activation: Activation = from_js("activation", &field(parts, "activation"))?;
        let parts = Parts {
            w_enc: float32s("W_enc", &field(parts, "W_enc"))?,
            b_enc: float32s("b_enc", &field(parts, "b_enc"))?,
            w_dec: float32s("W_dec", &field(parts, "W_dec"))?,
            b_dec: float32s("b_dec", &field(parts, "b_dec"))?,
        };
        Ok(Self::new(sae::Sae::from_parts(parts, activation, count("dIn", d_in)?, count("dSae", d_sae)?)?))
    }

    /// Hands its content to a function that takes it as an argument.
    #[wasm_bindgen(js_name = __content, skip_typescript)]
    pub fn hand_over(&self) {
        self.content.hand_over();
    }

    /// Columns of the data.
    #[wasm_bindgen(getter, js_name = dIn)]
    pub fn d_in(&self) -> Result<f64, Thrown> {
        Ok(self.content.get()?.d_in as f64)
    }

    /// Number of latents.
    #[wasm_bindgen(getter, js_name = dSae)]
    pub fn d_sae(&self) -> Result<f64, Thrown> {
        Ok(self.content.get()?.d_sae as f64)
    }

    /// ρ.
    #[wasm_bindgen(getter, unchecked_return_type = "Activation")]
    pub fn activation(&self) -> Result<JsValue, Thrown> {
        to_js(&self.content.get()?.activation)
    }

    /// Dense codes `z [n, dSae]` of `rows [n, dIn]`.
    pub fn encode(&self, rows: &Float32Array) -> Result<Vec<f32>, Thrown> {
        Ok(apply(Operation::Encode, self.content.get()?, &float32s("rows", rows)?)?)
    }

    /// Reconstructions `[n, dIn]` of dense codes `z [n, dSae]`.
    pub fn decode(&self, z: &Float32Array) -> Result<Vec<f32>, Thrown> {
        Ok(apply(Operation::Decode, self.content.get()?, &float32s("z", z)?)?)
    }

    /// Reconstructions `[n, dIn]` of `rows [n, dIn]`.
    pub fn forward(&self, rows: &Float32Array) -> Result<Vec<f32>, Thrown> {
        Ok(apply(Operation::Forward, self.content.get()?, &float32s("rows", rows)?)?)
    }

    /// The parameters; a tied decoder is written out, and thresholds are one for each latent.
    #[wasm_bindgen(unchecked_return_type = "ModelParameters")]
    pub fn parameters(&self) -> Result<JsValue, Thrown> {
        let sae = self.content.get()?;
        let parts = sae.to_parts();
        let mut fields = vec![
            ("W_enc", float32(&parts.w_enc)),
            ("b_enc", float32(&parts.b_enc)),
            ("W_dec", float32(&parts.w_dec)),
            ("b_dec", float32(&parts.b_dec)),
        ];
        // A page that trains without the other recipes reads no thresholds.
        if VARIANTS_OFFERED && let Some(thresholds) = sae.thresholds() {
            fields.push(("threshold", float32(&thresholds)));
        }
        Ok(object(fields))
    }
}

#[cfg(feature = "figures")]
#[wasm_bindgen]
impl Sae {
    /// The affine map `x ↦ matrix·x + offset` that the model is wherever these latents are active: `matrix [dIn, dIn]`
    /// row-major, `offset [dIn]`.
    #[wasm_bindgen(js_name = affineMap, unchecked_return_type = "{ matrix: Float64Array; offset: Float64Array }")]
    pub fn affine_map(&self, active: &Uint32Array) -> Result<JsValue, Thrown> {
        let map = self.content.get()?.affine_map(&uint32s("active", active)?)?;
        Ok(object([("matrix", float64(&map.matrix)), ("offset", float64(&map.offset))]))
    }
}
