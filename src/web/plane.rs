//! An SAE of the plane given by sites, and an SAE held against a partition.

use js_sys::{Float32Array, Number};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::content_of;
use super::convert::{box_numbers, count, float32s, numbers};
use super::error::Thrown;
use super::geometry::Partition;
use super::options::from_js;
use super::results::{float32, object};
use super::sae::Sae;
use crate::geometry::Bounds;
use crate::sae;
use crate::toy;

#[wasm_bindgen]
impl Sae {
    /// An SAE of the plane whose latents have the sites `x0 y0 x1 y1 …` with these weights: the encoder columns s_i and
    /// the biases (weight_i − |s_i|²) / 2. With a box its decoder is the one that reconstructs a grid of points of the
    /// box best, without it is zero.
    #[wasm_bindgen(js_name = ofSites)]
    pub fn of_sites(
        #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] sites: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] weights: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Activation")] activation: &JsValue,
        #[wasm_bindgen(js_name = fittedBox, unchecked_optional_param_type = "Box")] fitted: &JsValue,
    ) -> Result<Sae, Thrown> {
        let (sites, weights) = (numbers("sites", sites)?, numbers("weights", weights)?);
        let activation = from_js("activation", activation)?;
        if fitted.is_null_or_undefined() {
            return Ok(Self::new(toy::sae_of_sites(&sites, &weights, activation)?));
        }
        let bounds = Bounds::new(box_numbers("fittedBox", fitted)?)?;
        Ok(Self::new(toy::fitted_sae(&sites, &weights, activation, bounds)?))
    }

    /// Pre-activations `[n, dSae]` of `rows [n, dIn]`.
    #[wasm_bindgen(js_name = preActivations)]
    pub fn pre_activations(&self, rows: &Float32Array) -> Result<Vec<f32>, Thrown> {
        Ok(toy::pre_activations(self.content.get()?, &float32s("rows", rows)?)?)
    }
}

#[wasm_bindgen]
impl Partition {
    /// Holds an SAE of the plane against the partition at `count` random points of its box, the same for the same seed:
    /// `mismatches` are those at which the active latents are not the owners of the cell. `ties` are not counted: points
    /// so near a border that 32-bit floats cannot tell its sides apart.
    #[wasm_bindgen(unchecked_return_type = "{ mismatches: number; ties: number; points: Float32Array }")]
    pub fn check(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Sae")] sae: &JsValue,
        #[wasm_bindgen(js_name = count)] points: &Number,
        seed: &Number,
    ) -> Result<JsValue, Thrown> {
        let sae = content_of::<sae::Sae>("sae", sae)?;
        let found = toy::check(&sae, self.content()?, count("count", points)?, count("seed", seed)?)?;
        Ok(object([
            ("mismatches", found.mismatches.into()),
            ("ties", found.ties.into()),
            ("points", float32(&found.points)),
        ]))
    }
}
