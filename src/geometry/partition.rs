//! The result of every diagram: convex cells that fill the box, in flat arrays.

use super::clip::Corner;
use super::frame::{Bounds, Frame};

/// Stands for "no cell" among the neighbours: the edge lies on the box.
pub const NO_CELL: u32 = u32::MAX;

/// A box cut in convex cells.
///
/// Each cell has owners: the site of an order-1 cell, the K sites of an order-K cell, the active latents of a cell
/// of an encoder; ascending. A site that owns no part of the box has no cell: the areas of a partition's cells sum
/// to the box's.
///
/// Corners, areas and owners lie in flat arrays with offsets, to be drawn or sent away as they are; cell `i` has the
/// corners `offsets[i]..offsets[i + 1]`, corner `k` is at `coordinates[2k]`, `coordinates[2k + 1]`, and the edge
/// from corner `k` to the next borders on cell `neighbours[k]`.
#[derive(Debug, Clone)]
pub struct Partition {
    frame: Frame,
    owner_offsets: Vec<u32>,
    owners: Vec<u32>,
    offsets: Vec<u32>,
    coordinates: Vec<f64>,
    neighbours: Vec<u32>,
    areas: Vec<f64>,
    /// For each cell the affine function (of frame coordinates) that is the largest of all cells' in the cell: the
    /// sum of its owners' functions.
    functions: Vec<[f64; 3]>,
}

impl Partition {
    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.areas.len()
    }

    /// The box.
    pub fn bounds(&self) -> Bounds {
        self.frame.world()
    }

    /// Owners of a cell, ascending; `None` if there is no such cell. Where no latent is active the list is empty.
    pub fn owners(&self, cell: usize) -> Option<&[u32]> {
        part(&self.owners, &self.owner_offsets, cell, 1)
    }

    /// Corners `x0 y0 x1 y1 …` of a cell, counter-clockwise; `None` if there is no such cell.
    pub fn polygon(&self, cell: usize) -> Option<&[f64]> {
        part(&self.coordinates, &self.offsets, cell, 2)
    }

    /// For each edge of a cell, from its corner to the next, the cell behind it, [`NO_CELL`] at the box; `None` if
    /// there is no such cell.
    pub fn neighbours(&self, cell: usize) -> Option<&[u32]> {
        part(&self.neighbours, &self.offsets, cell, 1)
    }

    /// Area of a cell, in the units of the box squared; `None` if there is no such cell.
    pub fn area(&self, cell: usize) -> Option<f64> {
        self.areas.get(cell).copied()
    }

    /// Areas of all cells.
    pub fn areas(&self) -> &[f64] {
        &self.areas
    }

    /// Where the corners of each cell begin, counted in corners; one more entry than cells.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// Corners of all cells, `x y` after `x y`.
    pub fn coordinates(&self) -> &[f64] {
        &self.coordinates
    }

    /// The cell behind each edge of all cells, one for each corner; [`NO_CELL`] at the box.
    pub fn all_neighbours(&self) -> &[u32] {
        &self.neighbours
    }

    /// Where the owners of each cell begin; one more entry than cells.
    pub fn owner_offsets(&self) -> &[u32] {
        &self.owner_offsets
    }

    /// Owners of all cells.
    pub fn all_owners(&self) -> &[u32] {
        &self.owners
    }

    /// Calls each owner by its name, `names` ascending: of the sites that the diagram was cut of.
    pub(super) fn rename_owners(&mut self, names: &[u32]) {
        for owner in &mut self.owners {
            *owner = names[*owner as usize];
        }
    }

    /// The cell that holds a point; on a border one of the cells that share it. `None` outside the box and for NaN.
    ///
    /// Starts at the best of a few cells and walks to the neighbour whose function is larger until none is: the
    /// functions of all cells form a convex surface, so a cell that beats its neighbours beats all.
    pub fn locate(&self, x: f64, y: f64) -> Option<usize> {
        if !self.bounds().contains(x, y) || self.areas.is_empty() {
            return None;
        }
        let [x, y] = self.frame.place(x, y);
        let value = |cell: usize| {
            let [a, b, c] = self.functions[cell];
            a * x + b * y + c
        };
        let stride = (1..).find(|s: &usize| s * s * s >= self.cells()).map_or(1, |s| s * s);
        let best_of = |cells: &mut dyn Iterator<Item = usize>, start: usize| {
            cells.fold((start, value(start)), |best, cell| {
                let here = value(cell);
                if here > best.1 { (cell, here) } else { best }
            })
        };
        let mut at = best_of(&mut (0..self.cells()).step_by(stride), 0).0;
        loop {
            let around = self.neighbours(at)?.iter().filter(|&&n| n != NO_CELL).map(|&n| n as usize);
            let (next, _) = best_of(&mut { around }, at);
            if next == at {
                return Some(at);
            }
            at = next;
        }
    }
}

/// Part `at` of a flat array with `width` values for each unit of the offsets.
fn part<'a, T>(values: &'a [T], offsets: &[u32], at: usize, width: usize) -> Option<&'a [T]> {
    let (&from, &to) = (offsets.get(at)?, offsets.get(at.checked_add(1)?)?);
    values.get(from as usize * width..to as usize * width)
}

/// Collects cells, in frame coordinates, for a [`Partition`].
#[derive(Debug)]
pub(super) struct Builder {
    partition: Partition,
}

impl Builder {
    /// Room for about `cells` cells.
    pub(super) fn new(frame: Frame, cells: usize) -> Self {
        let offsets = || {
            let mut offsets = Vec::with_capacity(cells + 1);
            offsets.push(0);
            offsets
        };
        Self {
            partition: Partition {
                frame,
                owner_offsets: offsets(),
                owners: Vec::with_capacity(cells),
                offsets: offsets(),
                // A large planar map has six edges a cell on average.
                coordinates: Vec::with_capacity(12 * cells),
                neighbours: Vec::with_capacity(6 * cells),
                areas: Vec::with_capacity(cells),
                functions: Vec::with_capacity(cells),
            },
        }
    }

    /// Number of cells so far.
    pub(super) fn cells(&self) -> usize {
        self.partition.areas.len()
    }

    /// Adds a cell; its corners carry the numbers that [`Builder::finish`] turns into cells.
    pub(super) fn push(
        &mut self,
        owners: impl Iterator<Item = u32>,
        function: [f64; 3],
        corners: impl Iterator<Item = ([f64; 2], u32)>,
        area: f64,
    ) {
        let p = &mut self.partition;
        p.owners.extend(owners);
        p.owner_offsets.push(p.owners.len() as u32);
        for ([x, y], label) in corners {
            p.coordinates.extend(p.frame.restore(x, y));
            p.neighbours.push(label);
        }
        p.offsets.push(p.neighbours.len() as u32);
        p.areas.push(area / p.frame.scale() / p.frame.scale());
        p.functions.push(function);
    }

    /// The partition, each edge's label replaced by the cell it stands for ([`NO_CELL`] if none).
    pub(super) fn finish(mut self, cell_of: impl Fn(u32) -> u32) -> Partition {
        for label in &mut self.partition.neighbours {
            *label = cell_of(*label);
        }
        self.partition
    }
}

/// Twice the area of a polygon and its perimeter measured along the axes, in frame coordinates.
pub(super) fn measure(corners: impl Iterator<Item = [f64; 2]> + Clone) -> (f64, f64) {
    let Some(first) = corners.clone().next() else { return (0.0, 0.0) };
    let (mut twice, mut around) = (0.0, 0.0);
    let mut before = [0.0, 0.0];
    for [x, y] in corners.skip(1).chain([first]) {
        let at = [x - first[0], y - first[1]];
        twice += before[0] * at[1] - before[1] * at[0];
        around += (at[0] - before[0]).abs() + (at[1] - before[1]).abs();
        before = at;
    }
    (twice, around)
}

/// Corners closer than this share of their cell's size are one.
const SAME: f64 = 1e-12;

/// Joins the corners from `start` on that coincide, as four equal distances or a cut close to a corner make them.
/// The last of each group is kept, whose edge is the one of a length.
pub(super) fn join_equal_corners(corners: &mut Vec<([f64; 2], u32)>, start: usize) {
    let cell = &corners[start..];
    let count = cell.len();
    let Some(&([x, y], _)) = cell.first() else { return };
    let size = cell.iter().map(|(c, _)| (c[0] - x).abs().max((c[1] - y).abs())).fold(0.0, f64::max);
    let same = SAME * size;
    let equal = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() <= same && (a[1] - b[1]).abs() <= same;
    let mut before = cell[count - 1].0;
    let distinct = cell.iter().all(|&(at, _)| !equal(std::mem::replace(&mut before, at), at));
    if distinct {
        return;
    }
    let first = cell[0].0;
    let mut kept = start;
    for k in start..start + count {
        let corner = corners[k];
        let next = if k + 1 < start + count { corners[k + 1].0 } else { first };
        if !equal(corner.0, next) {
            corners[kept] = corner;
            kept += 1;
        }
    }
    corners.truncate(kept);
}

/// Positions of [`Corner`]s.
pub(super) fn positions(corners: &[Corner]) -> impl Iterator<Item = [f64; 2]> + Clone + '_ {
    corners.iter().map(|corner| [corner.x, corner.y])
}
