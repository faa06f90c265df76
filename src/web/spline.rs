//! `Sae.margins`, `path`, `localMap`: the cells about single rows.

use js_sys::Float32Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::float32s;
use super::error::Thrown;
use super::results::{float64, latents, object, uint32};
use super::sae::Sae;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The nearest border of the cell of each row, [rows]. A cell is where one formula for the active latents holds. */
export interface Margins {
  /** Euclidean; Infinity where the cell is the whole space. */
  distance: Float64Array;
  /** The latent that is no longer active behind the border; −1 where none is. */
  leaving: Int32Array;
  /** The latent that is active behind it; −1 where none is. */
  entering: Int32Array;
  /** How far the reconstruction jumps at the nearest point of the border. */
  jump: Float64Array;
}

/** A line through the cells: its breakpoints in order, and the error between them. */
export interface SplinePath {
  /** Where each breakpoint lies between `from` (0) and `to` (1). */
  t: Float64Array;
  /** The latent that is no longer active after it; −1 where none is. */
  leaving: Int32Array;
  /** The latent that is active after it; −1 where none is. */
  entering: Int32Array;
  /** How far the reconstruction jumps there. */
  jump: Float64Array;
  /** On each piece, one more than there are breakpoints, |x − x̂|² = a t² + b t + c: [pieces, 3]. */
  squaredError: Float64Array;
}

/** The affine map of a cell in terms of its s active latents. */
export interface LocalMap {
  /** Ascending. */
  active: Uint32Array;
  /** Encoder column i times decoder row j, [s, s] row-major: on the diagonal the gain of each feature, beside it
   *  cross-talk. */
  gram: Float64Array;
  /** Of gram: the effective dimension. */
  trace: number;
  /** Of gram, and but for zeros of the map: [s, 2], real and imaginary part, the largest in modulus first. */
  eigenvalues: Float64Array;
}
"#;

#[wasm_bindgen]
impl Sae {
    /// How far each of `rows [n, dIn]` is from the border of its cell, and what changes there: exact, in float64.
    #[wasm_bindgen(unchecked_return_type = "Margins")]
    pub fn margins(&self, rows: &Float32Array) -> Result<JsValue, Thrown> {
        let margins = self.content.get()?.margins(&float32s("rows", rows)?)?;
        let distance: Vec<f64> = margins.iter().map(|margin| margin.distance).collect();
        let jump: Vec<f64> = margins.iter().map(|margin| margin.jump).collect();
        Ok(object([
            ("distance", float64(&distance)),
            ("leaving", latents(margins.iter().map(|margin| margin.leaving))),
            ("entering", latents(margins.iter().map(|margin| margin.entering))),
            ("jump", float64(&jump)),
        ]))
    }

    /// Every change of the active latents on the line from one row to another, and the squared error in between.
    #[wasm_bindgen(unchecked_return_type = "SplinePath")]
    pub fn path(&self, from: &Float32Array, to: &Float32Array) -> Result<JsValue, Thrown> {
        let path = self.content.get()?.path(&float32s("from", from)?, &float32s("to", to)?)?;
        let breakpoints = &path.breakpoints;
        let t: Vec<f64> = breakpoints.iter().map(|breakpoint| breakpoint.t).collect();
        let jump: Vec<f64> = breakpoints.iter().map(|breakpoint| breakpoint.jump).collect();
        Ok(object([
            ("t", float64(&t)),
            ("leaving", latents(breakpoints.iter().map(|breakpoint| breakpoint.leaving))),
            ("entering", latents(breakpoints.iter().map(|breakpoint| breakpoint.entering))),
            ("jump", float64(&jump)),
            ("squaredError", float64(path.squared_error.as_flattened())),
        ]))
    }

    /// What the model does to its active features on the cell of a row.
    #[wasm_bindgen(js_name = localMap, unchecked_return_type = "LocalMap")]
    pub fn local_map(&self, row: &Float32Array) -> Result<JsValue, Thrown> {
        let map = self.content.get()?.local_map(&float32s("row", row)?)?;
        Ok(object([
            ("active", uint32(&map.active)),
            ("gram", float64(&map.gram)),
            ("trace", map.trace.into()),
            ("eigenvalues", float64(map.eigenvalues.as_flattened())),
        ]))
    }
}
