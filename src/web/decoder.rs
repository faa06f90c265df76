//! `decoderStep`.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::convert::{self, count, field, float64s, number};
use super::error::Thrown;
use super::results::{float64, object};
use crate::train::decoder::{self, DecoderInput, DecoderPenalties};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Z [n, dSae], X [n, dIn], W_dec0 [dSae, dIn], b_dec0 [dIn], row-major; weights as in F. */
export interface DecoderStepInput {
  Z: Float64Array;
  X: Float64Array;
  W_dec0: Float64Array;
  b_dec0: Float64Array;
  n: number;
  dSae: number;
  dIn: number;
  alpha: number;
  beta: number;
  muDec: number;
  nuDec: number;
}
"#;

/// The decoder half of PAM-SGD on dense codes: the exact joint minimiser of F over `(W_dec, b_dec)`.
#[wasm_bindgen(
    js_name = decoderStep,
    unchecked_return_type = "{ W_dec: Float64Array; b_dec: Float64Array; objective: number; mse: number }"
)]
pub fn decoder_step(
    #[wasm_bindgen(unchecked_param_type = "DecoderStepInput")] input: &JsValue,
) -> Result<JsValue, Thrown> {
    convert::object("input", input)?;
    let values = |name| float64s(name, &field(input, name));
    let size = |name| count(name, field(input, name).unchecked_ref());
    let weight = |name| number(name, field(input, name).unchecked_ref());
    let (z, x, w_dec0, b_dec0) = (values("Z")?, values("X")?, values("W_dec0")?, values("b_dec0")?);
    let solution = decoder::decoder_step(&DecoderInput {
        z: &z,
        x: &x,
        w_dec0: &w_dec0,
        b_dec0: &b_dec0,
        n: size("n")?,
        d_sae: size("dSae")?,
        d_in: size("dIn")?,
        penalties: DecoderPenalties {
            alpha: weight("alpha")?,
            beta: weight("beta")?,
            mu_dec: weight("muDec")?,
            nu_dec: weight("nuDec")?,
        },
    })?;
    Ok(object([
        ("W_dec", float64(&solution.w_dec)),
        ("b_dec", float64(&solution.b_dec)),
        ("objective", solution.objective.into()),
        ("mse", solution.mse.into()),
    ]))
}
