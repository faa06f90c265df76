//! `ToySae`.

use std::cell::RefCell;

use js_sys::Number;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::Content;
use super::convert::{count, number, numbers};
use super::error::Thrown;
use super::options::from_js;
use super::results::object;
use crate::toy::{self, ToyOptions};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Options of a toy SAE. */
export interface ToyOptions {
  /** Number of latents, 1 to 4096. */
  atoms: number;
  /** How many are active. */
  k: number;
  /** z of an active latent: its share of a softmax at temperature 0.3 over all latents, or its pre-activation. */
  code: 'soft' | 'hard';
  /** Sites drawn at random, or the centres of k-means with their Voronoi cells. */
  start: 'random' | 'kmeans';
  /** Step size of Adam. */
  lr: number;
  seed: number;
}

/** Mean squared errors of the best constant and of the best affine map of rank k on each of an SAE's own cells, and
 *  how many of its cells hold points. */
export interface ToyBounds {
  constant: number;
  affine: number;
  cells: number;
}
"#;

/// An SAE on points of the plane `x0 y0 x1 y1 …`, trained one step at a time: experiment 1, between k-means and PCA.
#[wasm_bindgen]
pub struct ToySae(Content<RefCell<toy::ToySae>>);

#[wasm_bindgen]
impl ToySae {
    /// Untrained.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "ToyOptions")] options: &JsValue,
    ) -> Result<ToySae, Thrown> {
        let points = numbers("points", points)?;
        let options: ToyOptions = from_js("options", options)?;
        let toy = toy::ToySae::new(points, options)?;
        Ok(Self(Content::new(RefCell::new(toy))))
    }

    /// Takes `steps` steps of Adam on all points; the mean squared error after them.
    pub fn train(&self, steps: &Number) -> Result<f64, Thrown> {
        let mut toy = self.0.get()?.borrow_mut();
        for _ in 0..count::<u32>("steps", steps)? {
            toy.step()?;
        }
        Ok(toy.mse())
    }

    /// Steps taken so far.
    #[wasm_bindgen(getter)]
    pub fn steps(&self) -> Result<u32, Thrown> {
        Ok(self.0.get()?.borrow().steps())
    }

    /// Mean over all coordinates of the squared error.
    #[wasm_bindgen(getter)]
    pub fn mse(&self) -> Result<f64, Thrown> {
        Ok(self.0.get()?.borrow().mse())
    }

    /// The sites, encoder columns, `x0 y0 x1 y1 …`.
    pub fn sites(&self) -> Result<Vec<f64>, Thrown> {
        Ok(self.0.get()?.borrow().sites().to_vec())
    }

    /// The weights `|s_i|² + 2 b_i` for which the active latents are the k nearest sites.
    pub fn weights(&self) -> Result<Vec<f64>, Thrown> {
        Ok(self.0.get()?.borrow().weights())
    }

    /// Reconstructions of points `x0 y0 x1 y1 …`.
    pub fn forward(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
    ) -> Result<Vec<f64>, Thrown> {
        Ok(self.0.get()?.borrow().forward(&numbers("points", points)?))
    }

    /// The active latents of a point, ascending.
    pub fn active(&self, x: &Number, y: &Number) -> Result<Vec<u32>, Thrown> {
        Ok(self.0.get()?.borrow().active(number("x", x)?, number("y", y)?))
    }

    /// What else the cells of this SAE could do.
    #[wasm_bindgen(unchecked_return_type = "ToyBounds")]
    pub fn bounds(&self) -> Result<JsValue, Thrown> {
        let bounds = self.0.get()?.borrow().bounds()?;
        Ok(object([
            ("constant", bounds.constant.into()),
            ("affine", bounds.affine.into()),
            ("cells", bounds.cells.into()),
        ]))
    }
}
