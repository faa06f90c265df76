//! Cells on which the same K of n affine functions rank first, by flood fill.
//!
//! The fill starts from the set that owns some point. Each edge of its cell, cut by `carve`, belongs to a pair (a, b):
//! behind it lies the cell of the set without a, with b.
//!
//! One such fill serves order-K power diagrams, TopK in all three kinds, and, with zero as a function that is always
//! there (`positive`), ReLU and JumpReLU: the active set is the set of all positive functions.

use super::carve::Carver;
use super::clip::Corner;
use super::frame::{Bounds, Frame};
use super::owner_sets::{BOX, Outcome, OwnerSets, Pair};
use super::partition::{Builder, NO_CELL, Partition, join_equal_corners};
use super::ranking::{NONE, Ranking};
use crate::error::{Error, Result};

/// A diagram of order K, or of an encoder, may have this many cells; at some 200 bytes each they stay within reach of
/// a browser, and no screen shows more.
pub const MAX_CELLS: usize = 1 << 18;
/// The owners of all cells together, 128 MiB of them: 40 000 cells of 800 active latents, a second or two of work.
const MAX_OWNERS: usize = 1 << 25;

/// First step over a cell too thin to be one, in frame units, and the factor to the next.
const STEP: f64 = 1e-12;
const STRIDE: f64 = 4.0;

/// The partition of a box by which of some affine functions `[a, b, c]`, for a·x + b·y + c, are the `order` largest,
/// equal ones by lower index, and with `positive` above zero too. `owner` gives functions their numbers as owners of
/// cells, not all of which need differ.
///
/// # Errors
/// If the box holds more than [`MAX_CELLS`] cells, or their owners are too many.
pub fn partition_by_rank(
    functions: impl Iterator<Item = [f64; 3]>,
    order: usize,
    positive: bool,
    bounds: Bounds,
    owner: impl Fn(u32) -> u32,
) -> Result<Partition> {
    let frame = Frame::of_box(bounds);
    let functions = functions.map(|function| frame.affine(function)).collect();
    partition(&Ranking { functions, order, positive }, frame, owner)
}

/// The partition of the frame's box; `owner` as above.
pub(super) fn partition(ranking: &Ranking, frame: Frame, owner: impl Fn(u32) -> u32) -> Result<Partition> {
    let mut flood = Flood::new(ranking, frame);
    flood.run()?;
    Ok(flood.finish(owner))
}

struct Flood<'a> {
    ranking: &'a Ranking,
    frame: Frame,
    carver: Carver<'a>,
    sets: OwnerSets,
    /// Cells so far: the owners' set, their part of the corners, and their area.
    cells: Vec<(u32, u32, u32, f64)>,
    corners: Vec<([f64; 2], u32)>,
    /// Room for the set at hand.
    set: Vec<u32>,
}

impl<'a> Flood<'a> {
    fn new(ranking: &'a Ranking, frame: Frame) -> Self {
        Self {
            ranking,
            frame,
            carver: Carver::new(ranking, frame.bounds),
            sets: OwnerSets::default(),
            cells: Vec::new(),
            corners: Vec::new(),
            set: Vec::new(),
        }
    }

    /// Fills the box from a point of it, then continues behind edges whose sets own nothing, until there are none.
    fn run(&mut self) -> Result<()> {
        let b = self.frame.bounds;
        // Off the middle and off the diagonals, where symmetric input has borders.
        let (x, y) = (b.x0 + 0.414 * (b.x1 - b.x0), b.y0 + 0.441 * (b.y1 - b.y0));
        let mut done = 0;
        self.carver.rank_at(x, y, &mut self.set);
        self.sets.enter(&self.set);
        self.carve_from(&mut done)?;
        if self.cells.is_empty() && self.step_over([x, y], [0.6, 0.8], NONE) != NONE {
            self.carve_from(&mut done)?;
        }
        while self.find_behind() {
            self.carve_from(&mut done)?;
        }
        Ok(())
    }

    /// Cuts the cell of every set from number `done` on, including sets found on the way.
    fn carve_from(&mut self, done: &mut u32) -> Result<()> {
        while (*done as usize) < self.sets.count() {
            if self.cells.len() > MAX_CELLS || self.sets.members_of_all() > MAX_OWNERS {
                return Err(Error::option(
                    "box",
                    format!(
                        "cut in more than {MAX_CELLS} cells, or cells of more than {MAX_OWNERS} owners together"
                    ),
                    "a smaller box, fewer sites or a lower order",
                ));
            }
            let number = *done;
            match self.carver.carve(&self.sets, number) {
                Some(area) => self.keep(number, area),
                None => self.sets.decide(number, Outcome::Nothing),
            }
            *done += 1;
        }
        Ok(())
    }

    /// Gives the edges whose sets own nothing the sets that own the points behind; whether there was one.
    fn find_behind(&mut self) -> bool {
        let mut any = false;
        for cell in 0..self.cells.len() {
            let (own, from, to, _) = self.cells[cell];
            for k in from..to {
                let ([x, y], label) = self.corners[k as usize];
                if label == NONE || self.sets.outcome(label) != Outcome::Nothing {
                    continue;
                }
                any = true;
                let [nx, ny] = self.corners[if k + 1 == to { from } else { k + 1 } as usize].0;
                let (dx, dy) = (nx - x, ny - y);
                let length = (dx * dx + dy * dy).sqrt().max(f64::MIN_POSITIVE);
                // The cell is on the left, so the way out is to the right.
                let middle = [(x + nx) / 2.0, (y + ny) / 2.0];
                self.corners[k as usize].1 = self.step_over(middle, [dy / length, -dx / length], own);
            }
        }
        any
    }

    /// The set that owns the first point, ever farther from an edge, whose set may own something and is not `own`;
    /// `NONE` if the box ends before. Two pairs of sites may share their bisector, and nearly equal sites bound
    /// slivers.
    fn step_over(&mut self, [x, y]: [f64; 2], [right, up]: [f64; 2], own: u32) -> u32 {
        let b = self.frame.bounds;
        let mut step = STEP;
        loop {
            let (px, py) = (x + step * right, y + step * up);
            if px <= b.x0 || px >= b.x1 || py <= b.y0 || py >= b.y1 {
                return NONE;
            }
            self.carver.rank_at(px, py, &mut self.set);
            let behind = self.sets.enter(&self.set);
            if behind != own && self.sets.outcome(behind) != Outcome::Nothing {
                return behind;
            }
            step *= STRIDE;
        }
    }

    /// Tells the cells behind the edges that meet at a corner of it, each given by its label and the set behind it. The
    /// two border on one another, and their pair is known where the same function leaves across both edges, or enters.
    fn hint_neighbours(&mut self, (label, set): (u32, u32), (next_label, next_set): (u32, u32)) {
        let back = |(leaves, enters): Pair| (enters, leaves);
        let (first, second) = (self.carver.pair(label), self.carver.pair(next_label));
        if first == BOX || second == BOX {
            if second != BOX {
                self.sets.add_hint(next_set, (Some(back(second)), Some(BOX)));
            } else if first != BOX {
                self.sets.add_hint(set, (Some(BOX), Some(back(first))));
            }
            return;
        }
        let across = if first.0 == second.0 && first.0 != NONE {
            Some((second.1, first.1))
        } else if first.1 == second.1 && first.1 != NONE {
            Some((first.0, second.0))
        } else {
            None
        };
        self.sets.add_hint(next_set, (Some(back(second)), across));
        self.sets.add_hint(set, (across.map(back), Some(back(first))));
    }

    /// Records the current cell and enters the sets behind its edges.
    fn keep(&mut self, number: u32, area: f64) {
        let start = self.corners.len() as u32;
        let cell = self.cells.len() as u32;
        self.sets.decide(number, Outcome::Cell(cell));
        for k in 0..self.carver.corners().len() {
            let Corner { x, y, label, .. } = self.carver.corners()[k];
            let mut behind = NONE;
            if label != NONE {
                let (leaves, enters) = self.carver.pair(label);
                self.set.clear();
                self.set.extend(self.sets.members(number).iter().copied().filter(|&i| i != leaves));
                if enters != NONE {
                    let place = self.set.partition_point(|&i| i < enters);
                    self.set.insert(place, enters);
                }
                behind = self.sets.enter_beside(number, (leaves, enters), &self.set);
            }
            if k > 0 {
                let before = (self.carver.corners()[k - 1].label, self.corners[start as usize + k - 1].1);
                self.hint_neighbours(before, (label, behind));
            }
            self.corners.push(([x, y], behind));
        }
        if let ([first, .., last], Some(&(_, behind))) = (self.carver.corners(), self.corners.last()) {
            let (first, last) = (first.label, last.label);
            self.hint_neighbours((last, behind), (first, self.corners[start as usize].1));
        }
        join_equal_corners(&mut self.corners, start as usize);
        self.cells.push((number, start, self.corners.len() as u32, area));
    }

    fn finish(self, owner: impl Fn(u32) -> u32) -> Partition {
        let mut builder = Builder::new(self.frame, self.cells.len());
        let mut owners = Vec::new();
        for &(set, from, to, area) in &self.cells {
            let members = self.sets.members(set);
            let function = members.iter().fold([0.0; 3], |sum, &i| {
                let f = self.ranking.functions[i as usize];
                [sum[0] + f[0], sum[1] + f[1], sum[2] + f[2]]
            });
            owners.clear();
            owners.extend(members.iter().map(|&i| owner(i)));
            owners.sort_unstable();
            let corners = self.corners[from as usize..to as usize].iter().copied();
            builder.push(owners.iter().copied(), function, corners, area);
        }
        builder.finish(|set| match self.sets.outcome(set) {
            Outcome::Cell(cell) => cell,
            Outcome::Open | Outcome::Nothing => NO_CELL,
        })
    }
}
