//! `powerDiagram`, `Partition`, `Sae.slice`, and the lifting.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{count, float64, object, option_field, uint32};
use super::error::Thrown;
use super::sae::Sae;
use crate::error::Error;
use crate::geometry::{self, Bounds, Bounds3, Encoder, Plane};

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
}
"#;

/// A box cut in convex cells. Cells are numbered from 0; a site or a set that owns no part of the box has none, so
/// the areas sum to the box's.
#[wasm_bindgen]
pub struct Partition(geometry::Partition);

#[wasm_bindgen]
impl Partition {
    /// Number of cells.
    #[wasm_bindgen(getter)]
    pub fn cells(&self) -> u32 {
        self.0.cells() as u32
    }

    /// What owns a cell, ascending: its site (order 1), its K sites, or its active latents.
    pub fn owners(&self, i: f64) -> Result<Vec<u32>, Thrown> {
        self.of(i, |cell| self.0.owners(cell)).map(<[u32]>::to_vec)
    }

    /// Corners `x0 y0 x1 y1 …` of a cell, counter-clockwise.
    pub fn polygon(&self, i: f64) -> Result<Vec<f64>, Thrown> {
        self.of(i, |cell| self.0.polygon(cell)).map(<[f64]>::to_vec)
    }

    /// Area of a cell.
    pub fn area(&self, i: f64) -> Result<f64, Thrown> {
        self.of(i, |cell| self.0.area(cell))
    }

    /// For each edge of a cell, from its corner to the next, the cell behind it; 0xffffffff at the box.
    pub fn neighbours(&self, i: f64) -> Result<Vec<u32>, Thrown> {
        self.of(i, |cell| self.0.neighbours(cell)).map(<[u32]>::to_vec)
    }

    /// The cell that holds a point, on a border one of those that share it; −1 outside the box and for NaN.
    pub fn locate(&self, x: f64, y: f64) -> i32 {
        self.0.locate(x, y).map_or(-1, |cell| cell as i32)
    }

    /// All cells at once, to draw them: one copy instead of one for each cell.
    #[wasm_bindgen(unchecked_return_type = "Cells")]
    pub fn all(&self) -> JsValue {
        object([
            ("offsets", uint32(self.0.offsets())),
            ("coordinates", float64(self.0.coordinates())),
            ("neighbours", uint32(self.0.all_neighbours())),
            ("areas", float64(self.0.areas())),
            ("ownerOffsets", uint32(self.0.owner_offsets())),
            ("owners", uint32(self.0.all_owners())),
        ])
    }

    /// A colour 0, 1, … for each cell such that neighbours differ. Six are enough; a cell keeps its colour where it
    /// can while sites move.
    pub fn colours(&self) -> Vec<u8> {
        self.0.colours()
    }
}

impl Partition {
    fn of<'a, T>(&'a self, i: f64, get: impl Fn(usize) -> Option<T> + 'a) -> Result<T, Thrown> {
        let cells = self.0.cells();
        get(count("i", i)?).ok_or_else(|| Error::option("i", i, format!("a cell, below {cells}")).into())
    }
}

/// The power diagram of order K of sites `x0 y0 x1 y1 …` in a box: cells are where the same K sites are nearest by
/// `|x − s_i|² − weight_i`. Cells of order 1 ascend by site; a site that is nearest nowhere in the box has no cell.
/// Of equal sites with equal weights the first counts as nearer; order n, and one site, is the box whole.
#[wasm_bindgen(js_name = powerDiagram)]
pub fn power_diagram(
    sites: &[f64],
    weights: &[f64],
    order: f64,
    #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &[f64],
) -> Result<Partition, Thrown> {
    // An order that is no whole number, 0.5 say, is named as the order and not cut off.
    let order = count("order", order)?;
    Ok(Partition(geometry::power_diagram(sites, weights, order, box_of(bounds)?)?))
}

#[wasm_bindgen]
impl Sae {
    /// The partition of a box of the plane `origin + p·u + q·v` by which latents are active; owners are the active
    /// latents. ReLU and JumpReLU give arrangements of lines, TopK power diagrams of order k. With u and v orthonormal,
    /// lengths and areas are those of the input space. `options.activation` replaces the model's own.
    pub fn slice(
        &self,
        origin: &[f32],
        u: &[f32],
        v: &[f32],
        #[wasm_bindgen(js_name = "box", unchecked_param_type = "Box")] bounds: &[f64],
        #[wasm_bindgen(unchecked_optional_param_type = "{ activation?: Activation }")] options: JsValue,
    ) -> Result<Partition, Thrown> {
        let encoder = Encoder { weights: &self.0.w_enc, bias: &self.0.b_enc, d_in: self.0.d_in };
        let plane = Plane { origin, u, v };
        let other = option_field(&options, "activation");
        let bounds = box_of(bounds)?;
        if other.is_undefined() {
            return Ok(Partition(geometry::slice(encoder, &self.0.activation, plane, bounds)?));
        }
        let activation = super::convert::from_js("options.activation", other)?;
        Ok(Partition(geometry::slice(encoder, &activation, plane, bounds)?))
    }
}

/// Heights `sqrt(max weight − weight_i)`: over the plane z = 0 the Voronoi diagram of the sites lifted so is their
/// power diagram.
#[wasm_bindgen]
pub fn lift(weights: &[f64]) -> Vec<f64> {
    geometry::lift(weights)
}

/// The weights `−(height_i − level)²` of the power diagram that the plane z = level cuts out.
#[wasm_bindgen(js_name = weightsAt)]
pub fn weights_at(heights: &[f64], level: f64) -> Vec<f64> {
    geometry::weights_at(heights, level)
}

/// The Voronoi cells of points `x0 y0 z0 x1 …` in a box `[x0, y0, z0, x1, y1, z1]`.
#[wasm_bindgen(js_name = voronoiCells, unchecked_return_type = "Polyhedra")]
pub fn voronoi_cells(
    points: &[f64],
    #[wasm_bindgen(js_name = "box", unchecked_param_type = "number[] | Float64Array")] bounds: &[f64],
) -> Result<JsValue, Thrown> {
    let numbers = <[f64; 6]>::try_from(bounds).map_err(|_| wrong_box(bounds, 6))?;
    let cells = geometry::voronoi_cells(points, Bounds3::new(numbers)?)?;
    Ok(object([
        ("cellOffsets", uint32(&cells.cell_offsets)),
        ("faceOffsets", uint32(&cells.face_offsets)),
        ("coordinates", float64(&cells.coordinates)),
        ("neighbours", uint32(&cells.neighbours)),
        ("volumes", float64(&cells.volumes)),
    ]))
}

fn box_of(numbers: &[f64]) -> Result<Bounds, Thrown> {
    let numbers = <[f64; 4]>::try_from(numbers).map_err(|_| wrong_box(numbers, 4))?;
    Ok(Bounds::new(numbers)?)
}

fn wrong_box(numbers: &[f64], expected: usize) -> Error {
    Error::option("box", format!("{} numbers", numbers.len()), format!("{expected} numbers"))
}
