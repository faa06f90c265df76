//! `powerDiagram`, `Partition`, `Sae.slice`, and the lifting.

use js_sys::{Float32Array, Number};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::Content;
use super::convert::{box_numbers, count, float32s, number, numbers};
use super::error::Thrown;
use super::options::optional_from_js;
use super::results::{float64, object, uint32};
use super::sae::Sae;
use crate::error::Error;
use crate::geometry::{self, Bounds, Bounds3};
use crate::sae::Activation;
use crate::spline::{self, Plane};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A box of the plane, x0 < x1 and y0 < y1. */
export type Box = [x0: number, y0: number, x1: number, y1: number] | Float64Array;

/** All cells of a partition in flat arrays: cell i has the corners offsets[i] … offsets[i + 1], corner k lies at
 *  coordinates[2 k], coordinates[2 k + 1], and the edge from corner k to the next of its cell borders on cell
 *  neighbours[k], 0xffffffff at the box. Its owners are owners[ownerOffsets[i]] … owners[ownerOffsets[i + 1]]. */
export interface Cells {
  offsets: Uint32Array;
  coordinates: Float64Array;
  neighbours: Uint32Array;
  areas: Float64Array;
  ownerOffsets: Uint32Array;
  owners: Uint32Array;
}

/** Convex polyhedra in flat arrays: the cell of site i has the faces cellOffsets[i] … cellOffsets[i + 1], face f the
 *  corners faceOffsets[f] … faceOffsets[f + 1], counter-clockwise seen from outside, corner k the coordinates
 *  coordinates[3 k] … coordinates[3 k + 2]. Behind face f lies the cell of site neighbours[f], 0xffffffff at the box. */
export interface Polyhedra {
  cellOffsets: Uint32Array;
  faceOffsets: Uint32Array;
  coordinates: Float64Array;
  neighbours: Uint32Array;
  volumes: Float64Array;
  /** 0, 1, … for each cell; cells that share a face differ. */
  colours: Uint32Array;
}

/** Options of a slice. */
export interface SliceOptions {
  /** Replaces the model's own. */
  activation?: Activation;
}
"#;

/// A box cut in convex cells. Cells are numbered from 0; a site or a set that owns no part of the box has none, so
/// the areas sum to the box's.
#[wasm_bindgen]
pub struct Partition(Content<geometry::Partition>);

#[wasm_bindgen]
impl Partition {
    /// Number of cells.
    #[wasm_bindgen(getter)]
    pub fn cells(&self) -> Result<u32, Thrown> {
        Ok(self.0.get()?.cells() as u32)
    }

    /// The box that the cells fill.
    #[wasm_bindgen(getter, js_name = "box")]
    pub fn bounds(&self) -> Result<Vec<f64>, Thrown> {
        Ok(self.0.get()?.bounds().to_array().to_vec())
    }

    /// What owns a cell, ascending: its site (order 1), its K sites, or its active latents.
    pub fn owners(&self, i: &Number) -> Result<Vec<u32>, Thrown> {
        self.of(i, |partition, cell| partition.owners(cell).map(<[u32]>::to_vec))
    }

    /// Corners `x0 y0 x1 y1 …` of a cell, counter-clockwise.
    pub fn polygon(&self, i: &Number) -> Result<Vec<f64>, Thrown> {
        self.of(i, |partition, cell| partition.polygon(cell).map(<[f64]>::to_vec))
    }

    /// Area of a cell.
    pub fn area(&self, i: &Number) -> Result<f64, Thrown> {
        self.of(i, geometry::Partition::area)
    }

    /// For each edge of a cell, from its corner to the next, the cell behind it; 0xffffffff at the box.
    pub fn neighbours(&self, i: &Number) -> Result<Vec<u32>, Thrown> {
        self.of(i, |partition, cell| partition.neighbours(cell).map(<[u32]>::to_vec))
    }

    /// The cell that holds a point, on a border one of those that share it; −1 outside the box and for NaN.
    pub fn locate(&self, x: &Number, y: &Number) -> Result<i32, Thrown> {
        let cell = self.0.get()?.locate(number("x", x)?, number("y", y)?);
        Ok(cell.map_or(-1, |cell| cell as i32))
    }

    /// All cells at once, to draw them: one copy instead of one for each cell.
    #[wasm_bindgen(unchecked_return_type = "Cells")]
    pub fn all(&self) -> Result<JsValue, Thrown> {
        let partition = self.0.get()?;
        Ok(object([
            ("offsets", uint32(partition.offsets())),
            ("coordinates", float64(partition.coordinates())),
            ("neighbours", uint32(partition.all_neighbours())),
            ("areas", float64(partition.areas())),
            ("ownerOffsets", uint32(partition.owner_offsets())),
            ("owners", uint32(partition.all_owners())),
        ]))
    }

    /// A colour 0, 1, … for each cell such that neighbours differ. Six are enough; a cell keeps its colour where it
    /// can while sites move.
    pub fn colours(&self) -> Result<Vec<u8>, Thrown> {
        Ok(self.0.get()?.colours())
    }
}

impl Partition {
    /// A partition of JavaScript's.
    pub(super) fn new(partition: geometry::Partition) -> Self {
        Self(Content::new(partition))
    }

    /// What other files of the surface add methods to.
    pub(super) fn content(&self) -> Result<&geometry::Partition, Thrown> {
        self.0.get()
    }

    /// What a cell has.
    fn of<T>(
        &self,
        i: &Number,
        get: impl FnOnce(&geometry::Partition, usize) -> Option<T>,
    ) -> Result<T, Thrown> {
        let (partition, i) = (self.0.get()?, count("i", i)?);
        let expected = || format!("a cell, below {}", partition.cells());
        get(partition, i).ok_or_else(|| Error::option("i", i, expected()).into())
    }
}

/// The power diagram of order K of sites `x0 y0 x1 y1 …` in a box: cells are where the same K sites are nearest by
/// `|x − s_i|² − weight_i`. Cells of order 1 ascend by site; a site that is nearest nowhere in the box has no cell.
/// Of equal sites with equal weights the first counts as nearer; order n, and one site, is the box whole.
#[wasm_bindgen(js_name = powerDiagram)]
pub fn power_diagram(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] sites: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] weights: &JsValue,
    order: &Number,
    #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &JsValue,
) -> Result<Partition, Thrown> {
    let (sites, weights) = (numbers("sites", sites)?, numbers("weights", weights)?);
    let (order, bounds) = (count("order", order)?, Bounds::new(box_numbers("box", bounds)?)?);
    Ok(Partition::new(geometry::power_diagram(&sites, &weights, order, bounds)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SliceOptions {
    activation: Option<Activation>,
}

#[wasm_bindgen]
impl Sae {
    /// The partition of a box of the plane `origin + p·u + q·v` by which latents are active; owners are the active
    /// latents. ReLU and JumpReLU give arrangements of lines, TopK power diagrams of order k. With u and v orthonormal,
    /// lengths and areas are those of the input space. `options.activation` replaces the model's own.
    pub fn slice(
        &self,
        origin: &Float32Array,
        u: &Float32Array,
        v: &Float32Array,
        #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "SliceOptions")] options: &JsValue,
    ) -> Result<Partition, Thrown> {
        let sae = self.content.get()?;
        let (origin, u, v) = (float32s("origin", origin)?, float32s("u", u)?, float32s("v", v)?);
        let plane = Plane { origin: &origin, u: &u, v: &v };
        let bounds = Bounds::new(box_numbers("box", bounds)?)?;
        let options: SliceOptions = optional_from_js("options", options)?;
        let activation = options.activation.as_ref().unwrap_or(&sae.activation);
        Ok(Partition::new(spline::slice(sae.into(), activation, plane, bounds)?))
    }
}

/// Heights `sqrt(max weight − weight_i)`: over the plane z = 0 the Voronoi diagram of the sites lifted so is their
/// power diagram.
#[wasm_bindgen]
pub fn lift(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] weights: &JsValue,
) -> Result<Vec<f64>, Thrown> {
    Ok(geometry::lift(&numbers("weights", weights)?))
}

/// The weights `−(height_i − level)²` of the power diagram that the plane z = level cuts out.
#[wasm_bindgen(js_name = weightsAt)]
pub fn weights_at(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] heights: &JsValue,
    level: &Number,
) -> Result<Vec<f64>, Thrown> {
    Ok(geometry::weights_at(&numbers("heights", heights)?, number("level", level)?))
}

/// The Voronoi cells of points `x0 y0 z0 x1 …` in a box `[x0, y0, z0, x1, y1, z1]`.
#[wasm_bindgen(js_name = voronoiCells, unchecked_return_type = "Polyhedra")]
pub fn voronoi_cells(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
    #[wasm_bindgen(js_name = "box", unchecked_param_type = "number[] | Float64Array")] bounds: &JsValue,
) -> Result<JsValue, Thrown> {
    let points = numbers("points", points)?;
    let cells = geometry::voronoi_cells(&points, Bounds3::new(box_numbers("box", bounds)?)?)?;
    Ok(object([
        ("cellOffsets", uint32(&cells.cell_offsets)),
        ("faceOffsets", uint32(&cells.face_offsets)),
        ("coordinates", float64(&cells.coordinates)),
        ("neighbours", uint32(&cells.neighbours)),
        ("volumes", float64(&cells.volumes)),
        ("colours", uint32(&cells.colours())),
    ]))
}
