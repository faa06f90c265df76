//! Cells on which the same K of n affine functions rank first, by flood fill.
//!
//! The cell of a set S is where the least of S is at least the greatest of the others, a convex polygon. It starts as
//! the box; at each corner not yet seen the least of S and the greatest of the others are found, and if the other is
//! the greater, the line on which they are equal cuts the polygon. Each edge that is left belongs to such a
//! pair (a, b), and behind it lies the cell of S without a, with b.
//!
//! One such fill serves order-K power diagrams, TopK in all three kinds, and, with zero as a function that is always
//! there (`positive`), ReLU and JumpReLU: the active set is the set of all positive functions.

use super::candidates::Candidates;
use super::clip::{Cut, Polygon};
use super::frame::{Bounds, Frame};
use super::owner_sets::{Outcome, OwnerSets};
use super::partition::{Builder, NO_CELL, Partition, join_equal_corners, measure, positions};
use super::ranking::{NONE, Ranking};
use crate::error::{Error, Result};

/// A diagram of order K, or of an encoder, may have this many cells; at some 200 bytes each they stay within reach of
/// a browser, and no screen shows more.
pub const MAX_CELLS: usize = 1 << 18;
/// The owners of all cells together, 128 MiB of them: 40 000 cells of 800 active latents, a second or two of work.
const MAX_OWNERS: usize = 1 << 25;

/// A cell narrower than this (frame units) is rounding: corners are good to some 1e-15.
const THIN: f64 = 1e-13;
/// Rounding of a·x + b·y + c with |x|, |y| ≤ 1, relative to the largest coefficient.
const NOISE: f64 = 8.0 * f64::EPSILON;
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
    Ok(flood.finish(frame, owner))
}

struct Flood<'a> {
    ranking: &'a Ranking,
    frame: Frame,
    candidates: Candidates,
    /// Values that differ by less may differ by rounding only.
    noise: f64,
    sets: OwnerSets,
    /// Cells so far: the owners' set, their part of the corners, and their area.
    cells: Vec<(u32, u32, u32, f64)>,
    corners: Vec<([f64; 2], u32)>,
    // Buffers for the current cell.
    polygon: Polygon,
    /// The pairs (leaves, enters) that label the polygon's edges.
    pairs: Vec<(u32, u32)>,
    /// For each function the number of the last set that was cut and contains it.
    stamp: Vec<u32>,
    set: Vec<u32>,
    ranked: Vec<(f64, u32)>,
}

impl<'a> Flood<'a> {
    fn new(ranking: &'a Ranking, frame: Frame) -> Self {
        Self {
            ranking,
            frame,
            candidates: Candidates::new(ranking, &frame.bounds),
            noise: NOISE * ranking.largest(),
            sets: OwnerSets::default(),
            cells: Vec::new(),
            corners: Vec::new(),
            polygon: Polygon::default(),
            pairs: Vec::new(),
            stamp: vec![NONE; ranking.functions.len()],
            set: Vec::new(),
            ranked: Vec::new(),
        }
    }

    /// Fills the box from a point of it, then continues behind edges whose sets own nothing, until there are none.
    fn run(&mut self) -> Result<()> {
        let b = self.frame.bounds;
        // Off the middle and off the diagonals, where symmetric input has borders.
        let (x, y) = (b.x0 + 0.414 * (b.x1 - b.x0), b.y0 + 0.441 * (b.y1 - b.y0));
        let mut done = 0;
        self.rank_at(x, y);
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
            for &member in self.sets.members(number) {
                self.stamp[member as usize] = number;
            }
            match self.carve(number) {
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
            self.rank_at(px, py);
            let behind = self.sets.enter(&self.set);
            if behind != own && self.sets.outcome(behind) != Outcome::Nothing {
                return behind;
            }
            step *= STRIDE;
        }
    }

    /// Cuts the box down to the cell of a set; its area, or `None` if it is not the owner of what is left.
    fn carve(&mut self, number: u32) -> Option<f64> {
        self.polygon.reset(&self.frame.bounds, NONE);
        self.pairs.clear();
        let mut at = self.sets.first_hint(number);
        while let Some((pair, next)) = self.sets.hint(at) {
            if !self.pairs.contains(&pair) && !self.cut(pair) {
                return None;
            }
            at = next;
        }
        while let Some(at) = self.polygon.corners.iter().position(|corner| !corner.seen) {
            let corner = self.polygon.corners[at];
            let pair = self.wrong_pair(number, corner.x, corner.y);
            // A pair that has cut already errs by rounding only. So each cuts once, and the loop ends.
            if pair == (NONE, NONE) || self.pairs.contains(&pair) {
                self.polygon.corners[at].seen = true;
                continue;
            }
            if !self.cut(pair) {
                return None;
            }
        }
        let (twice, around) = measure(positions(&self.polygon.corners));
        if twice <= 2.0 * THIN * around {
            return None;
        }
        // The middle of the cell decides: nearly equal functions could both claim it.
        let count = self.polygon.corners.len() as f64;
        let sum = positions(&self.polygon.corners).fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
        let [x, y] = sum.map(|s| s / count);
        let pair = self.wrong_pair(number, x, y);
        if pair != (NONE, NONE) {
            // Values may tie by rounding where their difference, which the cuts go by, does not.
            let [a, b, c] = self.ranking.line(pair.0, pair.1);
            if a * x + b * y + c < 0.0 {
                return None;
            }
        }
        Some(twice / 2.0)
    }

    /// Cuts by a pair (leaves, enters); false if nothing is left.
    fn cut(&mut self, pair: (u32, u32)) -> bool {
        self.pairs.push(pair);
        let line = self.ranking.line(pair.0, pair.1);
        if line == [0.0; 3] {
            // Equal functions: the lower index ranks first, zero before all.
            return pair.0 == NONE || (pair.1 != NONE && pair.0 < pair.1);
        }
        self.polygon.cut(line, self.pairs.len() as u32 - 1) != Cut::Empty
    }

    /// The least function of a set and the greatest of the others at a point, if the others' is not less;
    /// else (NONE, NONE). One of the two is NONE where zero takes its place.
    fn wrong_pair(&self, number: u32, x: f64, y: f64) -> (u32, u32) {
        let ranking = self.ranking;
        let members = self.sets.members(number);
        let (mut least, mut low) = (NONE, f64::INFINITY);
        for &i in members {
            let value = ranking.value(i, x, y);
            if value <= low + self.noise && (least == NONE || !self.ahead((i, value), (least, low), x, y)) {
                (least, low) = (i, value);
            }
        }
        let (mut most, mut high) = (NONE, f64::NEG_INFINITY);
        for &i in self.candidates.at(x, y) {
            let value = ranking.value(i, x, y);
            if value > high - self.noise
                && self.stamp[i as usize] != number
                && (most == NONE || self.ahead((i, value), (most, high), x, y))
            {
                (most, high) = (i, value);
            }
        }
        if ranking.positive {
            let room = members.len() < ranking.order;
            // With room left, each side is held against zero; the worse offender first.
            if room && most != NONE && high >= 0.0 && (least == NONE || high >= -low) {
                return (NONE, most);
            }
            if least != NONE && low <= 0.0 && (room || most == NONE || high <= 0.0) {
                return (least, NONE);
            }
            if room {
                return (NONE, NONE);
            }
        }
        if most != NONE && least != NONE && high >= low - self.noise { (least, most) } else { (NONE, NONE) }
    }

    /// Whether the first function is greater than the second at a point. Values as close as their rounding are told
    /// apart by the functions' difference, by which the cuts go too.
    fn ahead(&self, (i, value): (u32, f64), (j, other): (u32, f64), x: f64, y: f64) -> bool {
        if (value - other).abs() > self.noise {
            return value > other;
        }
        let [a, b, c] = self.ranking.line(i, j);
        a * x + b * y + c > 0.0
    }

    /// Puts the owners of a point into `set`, ascending.
    fn rank_at(&mut self, x: f64, y: f64) {
        let ranking = self.ranking;
        let ranked = &mut self.ranked;
        ranked.clear();
        ranked.extend(self.candidates.at(x, y).iter().map(|&i| (ranking.value(i, x, y), i)));
        if ranked.len() > ranking.order {
            ranked.select_nth_unstable_by(ranking.order, |p, q| q.0.total_cmp(&p.0).then(p.1.cmp(&q.1)));
            ranked.truncate(ranking.order);
        }
        self.set.clear();
        self.set
            .extend(ranked.iter().filter(|(value, _)| !ranking.positive || *value > 0.0).map(|&(_, i)| i));
        self.set.sort_unstable();
    }

    /// The cells behind two edges that meet border on one another: each edge is given by its label and the set behind it. Their pair is known where the same function leaves across both edges, or enters.
    fn hint_neighbours(&mut self, (label, set): (u32, u32), (next_label, next_set): (u32, u32)) {
        if label == NONE || next_label == NONE {
            return;
        }
        let ((left, entered), (leaves, enters)) =
            (self.pairs[label as usize], self.pairs[next_label as usize]);
        let (go, come) = if left == leaves && left != NONE {
            (enters, entered)
        } else if entered == enters && enters != NONE {
            (left, leaves)
        } else {
            return;
        };
        self.sets.add_hint(next_set, (go, come));
        self.sets.add_hint(set, (come, go));
    }

    /// Records the current cell and enters the sets behind its edges.
    fn keep(&mut self, number: u32, area: f64) {
        let start = self.corners.len() as u32;
        let cell = self.cells.len() as u32;
        self.sets.decide(number, Outcome::Cell(cell));
        let count = self.polygon.corners.len();
        for k in 0..count {
            let corner = self.polygon.corners[k];
            let mut behind = NONE;
            if corner.label != NONE {
                let (leaves, enters) = self.pairs[corner.label as usize];
                self.set.clear();
                self.set.extend(self.sets.members(number).iter().copied().filter(|&i| i != leaves));
                if enters != NONE {
                    let place = self.set.partition_point(|&i| i < enters);
                    self.set.insert(place, enters);
                }
                behind = self.sets.enter(&self.set);
                self.sets.add_hint(behind, (enters, leaves));
                if k > 0 {
                    let before = (self.polygon.corners[k - 1].label, self.corners[start as usize + k - 1].1);
                    self.hint_neighbours(before, (corner.label, behind));
                }
            }
            self.corners.push(([corner.x, corner.y], behind));
        }
        join_equal_corners(&mut self.corners, start as usize);
        self.cells.push((number, start, self.corners.len() as u32, area));
    }

    fn finish(self, frame: Frame, owner: impl Fn(u32) -> u32) -> Partition {
        let mut builder = Builder::new(frame, self.cells.len());
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
