//! `Sae`.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{count, float32, float32_field, float64, from_js, object, option_field, to_js};
use super::error::Thrown;
use crate::engine::{Operation, apply};
use crate::error::Error;
use crate::sae::{self, Activation, Parts};

/// A sparse autoencoder: `pre = x W_enc + b_enc`, `z = ρ(pre)`, `x̂ = z W_dec + b_dec`.
#[wasm_bindgen]
pub struct Sae(pub(super) sae::Sae);

#[wasm_bindgen]
impl Sae {
    /// A model from its parameters: `W_enc [dIn, dSae]`, `b_enc [dSae]`, `W_dec [dSae, dIn]`, `b_dec [dIn]`.
    #[wasm_bindgen(js_name = fromParts)]
    pub fn from_parts(
        #[wasm_bindgen(unchecked_param_type = "Parameters & { activation: Activation }")] parts: &JsValue,
        #[wasm_bindgen(js_name = dIn)] d_in: f64,
        #[wasm_bindgen(js_name = dSae)] d_sae: f64,
    ) -> Result<Sae, Thrown> {
        if !parts.is_object() {
            return Err(Error::option("parts", format!("{parts:?}"), "an object").into());
        }
        let activation = option_field(parts, "activation");
        let activation: Activation = from_js("activation", activation)?;
        let parts = Parts {
            w_enc: float32_field(parts, "W_enc")?,
            b_enc: float32_field(parts, "b_enc")?,
            w_dec: float32_field(parts, "W_dec")?,
            b_dec: float32_field(parts, "b_dec")?,
        };
        Ok(Self(sae::Sae::from_parts(parts, activation, count("dIn", d_in)?, count("dSae", d_sae)?)?))
    }

    /// Columns of the data.
    #[wasm_bindgen(getter, js_name = dIn)]
    pub fn d_in(&self) -> f64 {
        self.0.d_in as f64
    }

    /// Number of latents.
    #[wasm_bindgen(getter, js_name = dSae)]
    pub fn d_sae(&self) -> f64 {
        self.0.d_sae as f64
    }

    /// ρ.
    #[wasm_bindgen(getter, unchecked_return_type = "Activation")]
    pub fn activation(&self) -> Result<JsValue, Thrown> {
        to_js(&self.0.activation)
    }

    /// Dense codes `z [n, dSae]` of `rows [n, dIn]`.
    pub fn encode(&self, rows: &[f32]) -> Result<Vec<f32>, Thrown> {
        Ok(apply(Operation::Encode, &self.0, rows)?)
    }

    /// Reconstructions `[n, dIn]` of dense codes `z [n, dSae]`.
    pub fn decode(&self, z: &[f32]) -> Result<Vec<f32>, Thrown> {
        Ok(apply(Operation::Decode, &self.0, z)?)
    }

    /// Reconstructions `[n, dIn]` of `rows [n, dIn]`.
    pub fn forward(&self, rows: &[f32]) -> Result<Vec<f32>, Thrown> {
        Ok(apply(Operation::Forward, &self.0, rows)?)
    }

    /// The affine map `x ↦ matrix·x + offset` that the model is wherever these latents are active: `matrix [dIn, dIn]`
    /// row-major, `offset [dIn]`.
    #[wasm_bindgen(js_name = affineMap, unchecked_return_type = "{ matrix: Float64Array; offset: Float64Array }")]
    pub fn affine_map(&self, active: &[u32]) -> Result<JsValue, Thrown> {
        let map = self.0.affine_map(active)?;
        Ok(object([("matrix", float64(&map.matrix)), ("offset", float64(&map.offset))]))
    }

    /// The parameters; a tied decoder is written out.
    #[wasm_bindgen(unchecked_return_type = "Parameters")]
    pub fn parameters(&self) -> JsValue {
        let parts = self.0.to_parts();
        object([
            ("W_enc", float32(&parts.w_enc)),
            ("b_enc", float32(&parts.b_enc)),
            ("W_dec", float32(&parts.w_dec)),
            ("b_dec", float32(&parts.b_dec)),
        ])
    }
}
