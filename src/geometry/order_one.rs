//! The cells of an order-1 power diagram, from the regular triangulation.
//!
//! A cell's corners are the power centres of the triangles around its site. Where all of these are well conditioned
//! and within the box, they are the cell; elsewhere the box is cut by the bisectors of the site's neighbours, which
//! needs no centre and no ray to infinity.

use super::clip::{Cut, Line, Polygon};
use super::frame::Frame;
use super::partition::{Builder, NO_CELL, Partition, join_equal_corners, measure, positions};
use super::predicates::Site;
use super::triangulation::{NONE, Triangulation};

/// A triangle whose edges meet at a sine above the root of this has a centre good to 1e-12 of its size.
const FLAT: f64 = 1e-6;
/// A polygon narrower than this share of its coordinates is rounding, not a cell.
const THIN: f64 = 16.0 * f64::EPSILON;

/// The cells of all sites; `names[i]` is the site's number in the caller's order, by which the cells are sorted.
pub(super) fn partition(
    triangulation: &Triangulation,
    names: &[u32],
    sites: usize,
    frame: Frame,
) -> Partition {
    let mut cells = OrderOneCells::new(triangulation, &frame);
    for site in 0..triangulation.count() {
        cells.add(site);
    }
    cells.sorted(names, sites, frame)
}

/// OrderOneCells in the order of the triangulation, in which neighbours lie close in memory.
struct OrderOneCells<'a> {
    triangulation: &'a Triangulation,
    frame: &'a Frame,
    /// For each triangle its power centre; NaN if ill conditioned, outside the box, or of an outer corner.
    centres: Vec<[f64; 2]>,
    /// A half-edge that leaves each vertex, `NONE` for hidden sites.
    leaving: Vec<u32>,
    corners: Vec<([f64; 2], u32)>,
    /// For each site its part of `corners`, and its area.
    found: Vec<(u32, u32, f64)>,
    polygon: Polygon,
}

impl<'a> OrderOneCells<'a> {
    fn new(triangulation: &'a Triangulation, frame: &'a Frame) -> Self {
        let count = triangulation.count();
        let mut centres = Vec::with_capacity(triangulation.triangles.len());
        let mut leaving = vec![NONE; triangulation.sites.len()];
        for (edge, triangle) in (0u32..).step_by(3).zip(&triangulation.triangles) {
            let mut centre = [f64::NAN; 2];
            if triangle.corners[0] != NONE {
                for (k, &corner) in (0..).zip(&triangle.corners) {
                    leaving[corner as usize] = edge + k;
                }
                if triangle.corners.iter().all(|&corner| corner < count) {
                    let [a, b, c] = triangle.corners.map(|corner| &triangulation.sites[corner as usize]);
                    centre = power_centre(a, b, c).filter(|c| inside(frame, c)).unwrap_or(centre);
                }
            }
            centres.push(centre);
        }
        Self {
            triangulation,
            frame,
            centres,
            leaving,
            corners: Vec::with_capacity(6 * count as usize),
            found: Vec::with_capacity(count as usize),
            polygon: Polygon::default(),
        }
    }

    /// Finds the cell of a site.
    fn add(&mut self, site: u32) {
        let start = self.corners.len();
        let first = self.leaving[site as usize];
        let mut area = 0.0;
        if first != NONE {
            area = if self.walk_round(first) {
                join_equal_corners(&mut self.corners, start);
                self.area(start)
            } else {
                self.corners.truncate(start);
                self.cut_box(site, first)
            };
            if area == 0.0 {
                self.corners.truncate(start);
            }
        }
        self.found.push((start as u32, self.corners.len() as u32, area));
    }

    /// The half-edge that leaves the same vertex next, counter-clockwise, and the vertex at the end of both triangles'
    /// common edge.
    #[inline]
    fn turn(&self, edge: u32) -> (u32, u32) {
        let (triangle, k) = ((edge / 3) as usize, (edge % 3) as usize);
        let before = if k == 0 { 2 } else { k - 1 };
        let triangle = &self.triangulation.triangles[triangle];
        (triangle.twins[before], triangle.corners[before])
    }

    /// Collects the centres around a vertex; false if one of them does not serve.
    fn walk_round(&mut self, first: u32) -> bool {
        let mut edge = first;
        loop {
            let centre = self.centres[(edge / 3) as usize];
            if centre[0].is_nan() {
                return false;
            }
            let (next, neighbour) = self.turn(edge);
            self.corners.push((centre, neighbour));
            edge = next;
            if edge == first {
                return true;
            }
        }
    }

    /// Cuts the box by the bisectors towards all neighbours; its area.
    fn cut_box(&mut self, site: u32, first: u32) -> f64 {
        let sites = &self.triangulation.sites;
        let own = sites[site as usize];
        self.polygon.reset(&self.frame.bounds, NONE);
        let mut edge = first;
        loop {
            let (next, neighbour) = self.turn(edge);
            if neighbour < self.triangulation.count()
                && self.polygon.cut(bisector(&own, &sites[neighbour as usize]), neighbour) == Cut::Empty
            {
                return 0.0;
            }
            edge = next;
            if edge == first {
                break;
            }
        }
        let start = self.corners.len();
        self.corners.extend(self.polygon.corners.iter().map(|c| ([c.x, c.y], c.label)));
        join_equal_corners(&mut self.corners, start);
        let (_, around) = measure(positions(&self.polygon.corners));
        let reach = self.polygon.corners.iter().map(|c| c.x.abs().max(c.y.abs())).fold(0.0, f64::max);
        let area = self.area(start);
        if area > THIN * reach * around { area } else { 0.0 }
    }

    fn area(&self, start: usize) -> f64 {
        let (twice, _) = measure(self.corners[start..].iter().map(|corner| corner.0));
        (twice / 2.0).max(0.0)
    }

    /// The partition, its cells in the order of the caller's sites.
    fn sorted(self, names: &[u32], sites: usize, frame: Frame) -> Partition {
        let mut order = vec![NONE; sites];
        for (number, (&name, found)) in (0..).zip(names.iter().zip(&self.found)) {
            if found.2 > 0.0 {
                order[name as usize] = number;
            }
        }
        let mut cell_of = vec![NO_CELL; self.triangulation.sites.len()];
        let mut builder = Builder::new(frame, names.len());
        for (name, &number) in (0..).zip(&order) {
            if number == NONE {
                continue;
            }
            let (from, to, area) = self.found[number as usize];
            let site = &self.triangulation.sites[number as usize];
            cell_of[number as usize] = builder.cells() as u32;
            let corners = self.corners[from as usize..to as usize].iter().copied();
            builder.push([name].into_iter(), [2.0 * site.x, 2.0 * site.y, -site.z], corners, area);
        }
        builder.finish(|label| cell_of.get(label as usize).copied().unwrap_or(NO_CELL))
    }
}

/// Where the power distances to three sites are equal; `None` for a flat triangle. Like [`bisector`] it goes by the
/// lifts, whose rounding the triangulation has seen too: so the cells fit together without gap, and are those of
/// weights moved by a rounding, however close two sites lie.
fn power_centre(a: &Site, b: &Site, c: &Site) -> Option<[f64; 2]> {
    let (ux, uy) = (b.x - a.x, b.y - a.y);
    let (vx, vy) = (c.x - a.x, c.y - a.y);
    let cross = ux * vy - uy * vx;
    if cross * cross <= FLAT * (ux * ux + uy * uy) * (vx * vx + vy * vy) {
        return None;
    }
    let (r, s) = (b.z - a.z, c.z - a.z);
    let half = 0.5 / cross;
    Some([(r * vy - s * uy) * half, (ux * s - vx * r) * half])
}

fn inside(frame: &Frame, [x, y]: &[f64; 2]) -> bool {
    let b = &frame.bounds;
    *x > b.x0 && *x < b.x1 && *y > b.y0 && *y < b.y1
}

/// The half-plane of points nearer (in power distance) to `own` than to `other`.
fn bisector(own: &Site, other: &Site) -> Line {
    [2.0 * (own.x - other.x), 2.0 * (own.y - other.y), other.z - own.z]
}
