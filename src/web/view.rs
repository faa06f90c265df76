//! `principalComponents`, `PlaneView`, `Sae.reading`: planes through an input space, as a page shows them.

use std::rc::Rc;

use js_sys::{Float32Array, Float64Array, Number};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::{Content, content_of};
use super::convert::{self, box_numbers, count, field, float32s, float64s, number};
use super::error::Thrown;
use super::geometry::Partition;
use super::options::{from_js, optional_from_js};
use super::results::{float64, latents, object, uint32};
use super::sae::Sae;
use crate::cluster::{self, Components};
use crate::error::Error;
use crate::geometry::Bounds;
use crate::sae;
use crate::spline::{self, Angles, PlaneAxes, PlaneChoice, Wanted};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Leading principal components: mean [cols]; directions [count, cols], orthonormal, the strongest first; the standard
 *  deviation of the rows along each. There may be fewer than were asked for. */
export interface PrincipalComponents {
  mean: Float64Array;
  directions: Float64Array;
  deviations: Float64Array;
}

/** What a plane goes through: three rows; the mean of the rows along their first two principal components; or a row along
 *  the decoder rows of two latents. */
export type PlaneChoice =
  | { kind: 'rows'; rows: [number, number, number] }
  | { kind: 'components' }
  | { kind: 'latents'; row: number; latents: [number, number] };

/** Degrees by which a plane is turned about its origin: its first axis towards one direction beyond it, its second towards
 *  another. Those are the leading principal components that the plane does not hold. */
export interface PlaneAngles {
  turn: number;
  tilt: number;
}

/** What of a view is wanted beside its cells; false where it is left out. */
export interface ViewOptions {
  leading?: boolean;
  errors?: boolean;
  jumps?: boolean;
}

/** The cells in a box of a plane. */
export interface PlaneCut extends Cells {
  partition: Partition;
  /** 0, 1, … for each cell; neighbours differ. */
  colours: Uint8Array;
  /** For each cell the latent of the largest pre-activation, −1 where none is active; empty unless wanted, as below. */
  leading: Int32Array;
  /** For each cell the squared error at the middle of its corners, mean over the columns. */
  errors: Float64Array;
  /** For each edge, with the cell of the lower number, how far the reconstruction jumps in its middle; 0 elsewhere. */
  jumps: Float64Array;
}

/** A point as the model sees it. */
export interface Reading {
  /** The strongest latents, the strongest first, and their codes. */
  latents: Uint32Array;
  z: Float64Array;
  /** Number of active latents, also of those not listed. */
  l0: number;
  /** Of the listed latents, [n, n]: encoder column i times decoder row j; the gains on the diagonal. */
  crossTalk: Float64Array;
  /** The sum of the gains of all active latents. */
  trace: number;
  /** Distance to the border of the cell, what leaves and enters there (−1: none), and how far the reconstruction jumps. */
  margin: number;
  leaving: number;
  entering: number;
  jump: number;
  output: Float64Array;
  /** |x − x̂|². */
  squaredError: number;
}
"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct ViewOptions {
    leading: bool,
    errors: bool,
    jumps: bool,
}

/// The first `count` principal components of `rows [n, cols]`; of at most 1,000 rows, evenly spaced.
#[wasm_bindgen(js_name = principalComponents, unchecked_return_type = "PrincipalComponents")]
pub fn principal_components(
    rows: &Float32Array,
    cols: &Number,
    #[wasm_bindgen(js_name = count)] most: &Number,
) -> Result<JsValue, Thrown> {
    let found = cluster::components(&float32s("rows", rows)?, count("cols", cols)?, count("count", most)?)?;
    Ok(object([
        ("mean", float64(&found.mean)),
        ("directions", float64(&found.directions.concat())),
        ("deviations", float64(&found.deviations)),
    ]))
}

fn components(value: &JsValue) -> Result<Components, Thrown> {
    convert::object("components", value)?;
    let mean = float64s("components.mean", &field(value, "mean"))?;
    let directions = float64s("components.directions", &field(value, "directions"))?;
    let deviations = float64s("components.deviations", &field(value, "deviations"))?;
    let expected = deviations.len().checked_mul(mean.len());
    if mean.is_empty() || Some(directions.len()) != expected {
        let expected = format!("{} deviations times {} columns", deviations.len(), mean.len());
        return Err(Error::shape("values in components.directions", directions.len(), expected).into());
    }
    let directions = directions.chunks_exact(mean.len()).map(<[f64]>::to_vec).collect();
    Ok(Components { mean, directions, deviations })
}

/// A plane through the input space of an SAE that turns without new products, with rows that are projected on it.
#[wasm_bindgen]
pub struct PlaneView(Content<spline::PlaneView<Rc<sae::Sae>>>);

#[wasm_bindgen]
impl PlaneView {
    /// The plane that a choice among `rows [n, dIn]` names; `components` are theirs, by `principalComponents`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Sae")] sae: &JsValue,
        rows: &Float32Array,
        #[wasm_bindgen(unchecked_param_type = "PrincipalComponents")] components: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "PlaneChoice")] choice: &JsValue,
    ) -> Result<PlaneView, Thrown> {
        let sae = content_of::<sae::Sae>("sae", sae)?;
        let rows = float32s("rows", rows)?;
        let components = self::components(components)?;
        let choice: PlaneChoice = from_js("choice", choice)?;
        let axes = PlaneAxes::new(&choice, &sae, &rows, &components)?;
        Ok(Self(Content::new(spline::PlaneView::new(sae, axes, &rows)?)))
    }

    /// The cells in a box of the turned plane, and what is wanted of them.
    #[wasm_bindgen(unchecked_return_type = "PlaneCut")]
    pub fn cut(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PlaneAngles")] angles: &JsValue,
        #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ViewOptions")] options: &JsValue,
    ) -> Result<JsValue, Thrown> {
        let (view, angles) = (self.0.get()?, from_js("angles", angles)?);
        let bounds = Bounds::new(box_numbers("box", bounds)?)?;
        let ViewOptions { leading, errors, jumps } = optional_from_js("options", options)?;
        let cut = view.cut(angles, bounds, Wanted { leading, errors, jumps })?;
        let partition = &cut.partition;
        Ok(object([
            ("offsets", uint32(partition.offsets())),
            ("coordinates", float64(partition.coordinates())),
            ("neighbours", uint32(partition.all_neighbours())),
            ("areas", float64(partition.areas())),
            ("ownerOffsets", uint32(partition.owner_offsets())),
            ("owners", uint32(partition.all_owners())),
            ("colours", js_sys::Uint8Array::from(&partition.colours()[..]).into()),
            ("leading", latents(cut.leading.iter().copied())),
            ("errors", float64(&cut.errors)),
            ("jumps", float64(&cut.jumps)),
            ("partition", Partition::new(cut.partition).into()),
        ]))
    }

    /// The pre-activations on the turned plane, a·x + b·y + c: `[dSae, 3]`.
    pub fn functions(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PlaneAngles")] angles: &JsValue,
    ) -> Result<Float64Array, Thrown> {
        let functions = self.0.get()?.functions(from_js("angles", angles)?)?;
        Ok(Float64Array::from(functions.as_flattened()))
    }

    /// Where the rows are projected on the turned plane, and how far they lie from it: `[n, 3]`.
    pub fn project(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PlaneAngles")] angles: &JsValue,
    ) -> Result<Float64Array, Thrown> {
        let angles: Angles = from_js("angles", angles)?;
        let found = self.0.get()?.project(angles)?;
        let flat: Vec<f64> = found.iter().flat_map(|row| [row.at[0], row.at[1], row.distance]).collect();
        Ok(Float64Array::from(&flat[..]))
    }

    /// The point (x, y) of the turned plane, as the SAE reads it.
    pub fn point(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PlaneAngles")] angles: &JsValue,
        x: &Number,
        y: &Number,
    ) -> Result<Vec<f32>, Thrown> {
        let (view, angles) = (self.0.get()?, from_js("angles", angles)?);
        Ok(view.axes().point(angles, [number("x", x)?, number("y", y)?])?)
    }
}

#[wasm_bindgen]
impl Sae {
    /// What a page says of one point `[dIn]`; at most `most` of its latents are listed.
    #[wasm_bindgen(unchecked_return_type = "Reading")]
    pub fn reading(&self, row: &Float32Array, most: &Number) -> Result<JsValue, Thrown> {
        let found = self.content.get()?.reading(&float32s("row", row)?, count("most", most)?)?;
        let listed: Vec<u32> = found.active.iter().map(|active| active.latent).collect();
        let z: Vec<f64> = found.active.iter().map(|active| active.z).collect();
        let latent = |latent: Option<u32>| latent.map_or(-1.0, f64::from).into();
        Ok(object([
            ("latents", uint32(&listed)),
            ("z", float64(&z)),
            ("l0", (found.l0 as f64).into()),
            ("crossTalk", float64(&found.cross_talk)),
            ("trace", found.trace.into()),
            ("margin", found.margin.distance.into()),
            ("leaving", latent(found.margin.leaving)),
            ("entering", latent(found.margin.entering)),
            ("jump", found.margin.jump.into()),
            ("output", float64(&found.output)),
            ("squaredError", found.squared_error.into()),
        ]))
    }
}
