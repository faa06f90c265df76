//! Sites from a seed, and what a page asks while a diagram is on show.

use js_sys::Number;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{self, box_numbers, count, field, float64s, number, numbers, uint32s};
use super::error::Thrown;
use super::geometry::Partition;
use super::results::{float64, object};
use crate::geometry::{self, Bounds};

/// `count` sites spread over the box, weights between ± `spread` times the area that falls to one site; the same for
/// the same seed. Site `i` of a seed changes with `count` only by its jitter and weight, which shrink as sites get
/// denser.
#[wasm_bindgen(js_name = scatterSites, unchecked_return_type = "{ sites: Float64Array; weights: Float64Array }")]
pub fn scatter_sites(
    #[wasm_bindgen(js_name = count)] how_many: &Number,
    seed: &Number,
    #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &JsValue,
    spread: &Number,
) -> Result<JsValue, Thrown> {
    let (how_many, seed) = (count("count", how_many)?, count("seed", seed)?);
    let bounds = Bounds::new(box_numbers("box", bounds)?)?;
    let found = geometry::scatter(how_many, seed, bounds, number("spread", spread)?)?;
    Ok(object([("sites", float64(&found.sites)), ("weights", float64(&found.weights))]))
}

/// `count` points in normal clouds about `classes` scattered middles, point `i` in cloud `i mod classes`; the same for
/// the same seed.
#[wasm_bindgen(js_name = scatterClouds)]
pub fn scatter_clouds(
    #[wasm_bindgen(js_name = count)] how_many: &Number,
    classes: &Number,
    seed: &Number,
    #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &JsValue,
) -> Result<Vec<f64>, Thrown> {
    let (how_many, classes) = (count("count", how_many)?, count("classes", classes)?);
    let (seed, bounds) = (count("seed", seed)?, Bounds::new(box_numbers("box", bounds)?)?);
    Ok(geometry::clouds(how_many, classes, seed, bounds)?)
}

/// The part of the power diagram of order K around `changed`, a box about all sites that differ from those of a diagram
/// that is there: a few milliseconds, however many sites there are. Owners are places in `sites`. The box of the
/// partition is the window that it covers: exact but near its edge, where sites far outside may matter. `undefined`
/// where too many sites would be needed.
#[wasm_bindgen(js_name = powerPatch)]
pub fn power_patch(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] sites: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] weights: &JsValue,
    order: &Number,
    #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Box")] changed: &JsValue,
) -> Result<Option<Partition>, Thrown> {
    let (sites, weights) = (numbers("sites", sites)?, numbers("weights", weights)?);
    let (order, bounds) = (count("order", order)?, Bounds::new(box_numbers("box", bounds)?)?);
    let patch = geometry::power_patch(&sites, &weights, order, bounds, box_numbers("changed", changed)?)?;
    Ok(patch.map(Partition::new))
}

/// The cell of `Partition.all()` that holds a point, −1 if none does: for a diagram that a worker sent.
/// `Partition.locate` is quicker.
#[wasm_bindgen(js_name = cellAt)]
pub fn cell_at(
    #[wasm_bindgen(unchecked_param_type = "Cells")] cells: &JsValue,
    x: &Number,
    y: &Number,
) -> Result<i32, Thrown> {
    convert::object("cells", cells)?;
    let offsets = uint32s("offsets", &field(cells, "offsets"))?;
    let coordinates = float64s("coordinates", &field(cells, "coordinates"))?;
    let cell = geometry::cell_at(&offsets, &coordinates, number("x", x)?, number("y", y)?)?;
    Ok(cell.map_or(-1, |cell| cell as i32))
}

/// The parts of segments `x0 y0 x1 y1 …` that lie in the box; a segment that misses it is left out.
#[wasm_bindgen(js_name = clipSegments)]
pub fn clip_segments(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] segments: &JsValue,
    #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &JsValue,
) -> Result<Vec<f64>, Thrown> {
    let (segments, bounds) = (numbers("segments", segments)?, Bounds::new(box_numbers("box", bounds)?)?);
    Ok(geometry::clip_segments(&segments, bounds)?)
}
