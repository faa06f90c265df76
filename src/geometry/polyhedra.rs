//! Voronoi cells in space, cut to a box, as faces to draw.
//!
//! Each cell is the box cut by the bisector planes towards the other sites, nearest first, until the next site is too
//! far to matter. That is O(n²) at worst, for the some hundred sites of a figure.

use super::frame::LARGEST;
use crate::error::{Error, Result};

/// Stands for "no neighbour": the face lies on the box.
pub const NO_NEIGHBOUR: u32 = u32::MAX;
/// More sites than this take too long for one call.
const MAX_SITES: usize = 4096;
/// A corner nearer to a plane than this share of the cell's reach lies on it.
const ON_PLANE: f64 = 1e-13;
/// Corners of a new face closer than this share of the cell's reach are one.
const SAME: f64 = 1e-12;

/// An axis-parallel box in space, never empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds3 {
    low: [f64; 3],
    high: [f64; 3],
}

impl Bounds3 {
    /// The box `[x0, y0, z0, x1, y1, z1]`.
    ///
    /// # Errors
    /// If a number is not finite or above 1e150 in magnitude, or the box is empty or inverted.
    pub fn new([x0, y0, z0, x1, y1, z1]: [f64; 6]) -> Result<Self> {
        let (low, high) = ([x0, y0, z0], [x1, y1, z1]);
        let proper = low.iter().zip(&high).all(|(l, h)| l.abs() <= LARGEST && h.abs() <= LARGEST && l < h);
        if !proper {
            return Err(Error::option(
                "box",
                format!("[{x0}, {y0}, {z0}, {x1}, {y1}, {z1}]"),
                "six finite numbers x0 y0 z0 x1 y1 z1 with x0 < x1, y0 < y1 and z0 < z1",
            ));
        }
        Ok(Self { low, high })
    }
}

/// Convex polyhedra in flat arrays: cell `i` has the faces `cell_offsets[i]..cell_offsets[i + 1]`, face `f` the
/// corners `face_offsets[f]..face_offsets[f + 1]`, counter-clockwise seen from outside, and corner `k` the
/// coordinates `coordinates[3k..3k + 3]`. Faces of one cell repeat the corners they share.
#[derive(Debug, Clone, PartialEq)]
pub struct Polyhedra {
    /// Where the faces of each site's cell begin; one more entry than sites. A site with no cell has no faces.
    pub cell_offsets: Vec<u32>,
    /// Where the corners of each face begin; one more entry than faces.
    pub face_offsets: Vec<u32>,
    /// Corners, x y z.
    pub coordinates: Vec<f64>,
    /// The site behind each face, [`NO_NEIGHBOUR`] on the box.
    pub neighbours: Vec<u32>,
    /// Volume of each site's cell.
    pub volumes: Vec<f64>,
}

impl Polyhedra {
    /// A colour 0, 1, … for each cell such that cells that share a face differ: each the lowest that the cells before it
    /// leave free.
    pub fn colours(&self) -> Vec<u32> {
        let mut colours: Vec<u32> = Vec::with_capacity(self.volumes.len());
        for faces in self.cell_offsets.windows(2) {
            let around = &self.neighbours[faces[0] as usize..faces[1] as usize];
            let taken: Vec<u32> =
                around.iter().filter_map(|&other| colours.get(other as usize).copied()).collect();
            colours.extend((0..).find(|colour| !taken.contains(colour)));
        }
        colours
    }
}

/// The Voronoi cells of points `x0 y0 z0 x1 …` in a box, one for each point. Of equal points the first owns the cell.
///
/// With heights from [`lift`](super::lift) as z, the plane z = 0 cuts the power diagram out of them.
///
/// # Errors
/// If there is no point or more than 4096, the length is not a multiple of 3, or a coordinate is not finite or above
/// 1e150 in magnitude.
pub fn voronoi_cells(points: &[f64], bounds: Bounds3) -> Result<Polyhedra> {
    if points.is_empty() || !points.len().is_multiple_of(3) || points.len() / 3 > MAX_SITES {
        return Err(Error::shape(
            "number of coordinates in points",
            points.len(),
            format!("3 for each of 1 to {MAX_SITES} points"),
        ));
    }
    if let Some(at) = points.iter().position(|v| v.is_nan() || v.abs() > LARGEST) {
        return Err(Error::option(
            "points",
            format!("{} at point {}, {}", points[at], at / 3, ["x", "y", "z"][at % 3]),
            "finite coordinates of at most 1e150 in magnitude",
        ));
    }
    let sites: Vec<[f64; 3]> = points.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
    let mut cells = Polyhedra {
        cell_offsets: vec![0],
        face_offsets: vec![0],
        coordinates: Vec::new(),
        neighbours: Vec::new(),
        volumes: Vec::new(),
    };
    let mut solid = Solid::default();
    let mut others: Vec<(f64, u32)> = Vec::new();
    for (number, site) in (0u32..).zip(&sites) {
        solid.reset(&bounds, site);
        others.clear();
        others.extend((0u32..).zip(&sites).filter(|(i, _)| *i != number).map(|(i, other)| {
            let d = minus(other, site);
            (dot(&d, &d), i)
        }));
        others.sort_unstable_by(|p, q| p.0.total_cmp(&q.0).then(p.1.cmp(&q.1)));
        for &(squared, other) in &others {
            // The bisector is half as far as the site: beyond the farthest corner it cuts nothing.
            if squared > 4.0 * solid.reach() {
                break;
            }
            if squared == 0.0 {
                if other < number {
                    solid.clear();
                    break;
                }
                continue;
            }
            let d = minus(&sites[other as usize], site);
            solid.cut(&[-d[0], -d[1], -d[2]], squared / 2.0, other);
        }
        cells.push(&solid, site);
    }
    Ok(cells)
}

impl Polyhedra {
    fn push(&mut self, solid: &Solid, site: &[f64; 3]) {
        let mut six_volumes = 0.0;
        for face in &solid.faces {
            let corners = &solid.corners[face.from..face.to];
            for corner in corners {
                self.coordinates.extend((0..3).map(|axis| corner[axis] + site[axis]));
            }
            self.face_offsets.push((self.coordinates.len() / 3) as u32);
            self.neighbours.push(face.label);
            for pair in corners.windows(2).skip(1) {
                six_volumes += dot(&corners[0], &cross(&pair[0], &pair[1]));
            }
        }
        self.cell_offsets.push(self.neighbours.len() as u32);
        self.volumes.push(six_volumes / 6.0);
    }
}

#[derive(Debug, Clone, Copy)]
struct Face {
    from: usize,
    to: usize,
    label: u32,
}

/// A convex polyhedron around a site, which is the origin; emptied by a cut that leaves nothing.
#[derive(Debug, Default)]
struct Solid {
    corners: Vec<[f64; 3]>,
    faces: Vec<Face>,
    depths: Vec<f64>,
    spare_corners: Vec<[f64; 3]>,
    spare_faces: Vec<Face>,
    cap: Vec<[f64; 3]>,
}

impl Solid {
    fn clear(&mut self) {
        self.corners.clear();
        self.faces.clear();
    }

    fn reset(&mut self, bounds: &Bounds3, site: &[f64; 3]) {
        self.clear();
        let side = [minus(&bounds.low, site), minus(&bounds.high, site)];
        // Corners by whether each axis is high, as seen from outside counter-clockwise.
        for [a, b, c, d] in
            [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]]
        {
            let from = self.corners.len();
            for bits in [a, b, c, d] {
                self.corners.push([side[bits & 1][0], side[bits >> 1 & 1][1], side[bits >> 2 & 1][2]]);
            }
            self.faces.push(Face { from, to: from + 4, label: NO_NEIGHBOUR });
        }
    }

    /// Squared distance from the site to the farthest corner.
    fn reach(&self) -> f64 {
        self.corners.iter().map(|c| dot(c, c)).fold(0.0, f64::max)
    }

    /// Keeps the part where normal·x + offset ≥ 0.
    fn cut(&mut self, normal: &[f64; 3], offset: f64, label: u32) {
        let reach = self.reach().sqrt();
        let near = ON_PLANE * (dot(normal, normal).sqrt() * reach + offset.abs());
        self.depths.clear();
        self.depths.extend(self.corners.iter().map(|c| {
            let depth = dot(normal, c) + offset;
            if depth.abs() <= near { 0.0 } else { depth }
        }));
        if self.depths.iter().all(|&d| d >= 0.0) {
            return;
        }
        if self.depths.iter().all(|&d| d <= 0.0) {
            self.clear();
            return;
        }
        self.spare_corners.clear();
        self.spare_faces.clear();
        self.cap.clear();
        for face in &self.faces {
            let from = self.spare_corners.len();
            for k in face.from..face.to {
                let next = if k + 1 == face.to { face.from } else { k + 1 };
                let (depth, ahead) = (self.depths[k], self.depths[next]);
                if depth >= 0.0 {
                    self.spare_corners.push(self.corners[k]);
                    if depth == 0.0 {
                        self.cap.push(self.corners[k]);
                    }
                }
                if (depth > 0.0 && ahead < 0.0) || (depth < 0.0 && ahead > 0.0) {
                    // Always from within, so that both faces of the edge get the same point.
                    let (p, q, dp, dq) =
                        if depth > 0.0 { (k, next, depth, ahead) } else { (next, k, ahead, depth) };
                    let t = dp / (dp - dq);
                    let (p, q) = (self.corners[p], self.corners[q]);
                    let point = [0, 1, 2].map(|axis| p[axis] + t * (q[axis] - p[axis]));
                    self.spare_corners.push(point);
                    self.cap.push(point);
                }
            }
            if self.spare_corners.len() >= from + 3 {
                self.spare_faces.push(Face { from, to: self.spare_corners.len(), label: face.label });
            } else {
                self.spare_corners.truncate(from);
            }
        }
        std::mem::swap(&mut self.corners, &mut self.spare_corners);
        std::mem::swap(&mut self.faces, &mut self.spare_faces);
        self.close(normal, SAME * reach, label);
    }

    /// Adds the face on the plane of a cut: its points in order around their middle.
    fn close(&mut self, normal: &[f64; 3], same: f64, label: u32) {
        // Drop the axis along which the plane is steepest; the order of the other two keeps outside in front.
        let steepest =
            (0..3).fold(0, |best, axis| if normal[axis].abs() > normal[best].abs() { axis } else { best });
        let (mut first, mut second) = ((steepest + 1) % 3, (steepest + 2) % 3);
        if normal[steepest] > 0.0 {
            std::mem::swap(&mut first, &mut second);
        }
        let count = self.cap.len() as f64;
        let middle = [first, second].map(|axis| self.cap.iter().map(|p| p[axis]).sum::<f64>() / count);
        let turn = |p: &[f64; 3]| {
            let (x, y) = (p[first] - middle[0], p[second] - middle[1]);
            // Grows with the angle from −2 to 2, along a square instead of a circle.
            let along = x / (x.abs() + y.abs()).max(f64::MIN_POSITIVE);
            if y < 0.0 { along - 1.0 } else { 1.0 - along }
        };
        self.cap.sort_unstable_by(|p, q| turn(p).total_cmp(&turn(q)));
        let close = |p: &[f64; 3], q: &[f64; 3]| (0..3).all(|axis| (p[axis] - q[axis]).abs() <= same);
        self.cap.dedup_by(|p, q| close(p, q));
        while self.cap.len() > 1 && close(&self.cap[0], &self.cap[self.cap.len() - 1]) {
            self.cap.pop();
        }
        if self.cap.len() >= 3 {
            let from = self.corners.len();
            self.corners.extend(&self.cap);
            self.faces.push(Face { from, to: self.corners.len(), label });
        }
    }
}

fn minus(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
