//! The cell of one set of functions: where the least of the set is at least the greatest of the others.
//!
//! It is a convex polygon that starts as the box. At each corner not yet seen the least of the set and the greatest of
//! the others are found, and if the other is the greater, the line on which they are equal cuts the polygon. Corners
//! that a cell cut before has too need not be looked at.

use super::candidates::Candidates;
use super::clip::{Corner, Cut, Polygon};
use super::frame::Bounds;
use super::owner_sets::{BOX, OwnerSets, Pair};
use super::partition::{measure, positions};
use super::ranking::{NONE, Ranking, value};

/// A cell narrower than this (frame units) is rounding: corners are good to some 1e-15.
const THIN: f64 = 1e-13;
/// Rounding of a·x + b·y + c with |x|, |y| ≤ 1, relative to the largest coefficient.
const NOISE: f64 = 8.0 * f64::EPSILON;
/// Two lines meet in a point that rounding does not move far if the square of the sine of their angle is above this.
const SHARP: f64 = 1e-6;
/// Cuts cells one after the other, with room that is used again.
pub(super) struct Carver<'a> {
    ranking: &'a Ranking,
    bounds: Bounds,
    candidates: Candidates,
    /// Values that differ by less may differ by rounding only.
    noise: f64,
    polygon: Polygon,
    /// The pairs that label the polygon's edges.
    pairs: Vec<Pair>,
    /// The edges that meet at corners which other cells have too, by their labels.
    known: Vec<(u32, u32)>,
    /// For each function the number of the last set that was cut and contains it.
    stamp: Vec<u32>,
    /// The functions of the set, which lie far apart otherwise.
    own: Vec<[f64; 3]>,
    ranked: Vec<(f64, u32)>,
}

impl<'a> Carver<'a> {
    pub(super) fn new(ranking: &'a Ranking, bounds: Bounds) -> Self {
        Self {
            ranking,
            bounds,
            candidates: Candidates::new(ranking, &bounds),
            noise: NOISE * ranking.largest(),
            polygon: Polygon::default(),
            pairs: Vec::new(),
            known: Vec::new(),
            stamp: vec![NONE; ranking.functions.len()],
            own: Vec::new(),
            ranked: Vec::new(),
        }
    }

    /// Corners of the cell that was cut last, counter-clockwise.
    pub(super) fn corners(&self) -> &[Corner] {
        &self.polygon.corners
    }

    /// The pair of an edge of that cell, by its label.
    pub(super) fn pair(&self, label: u32) -> Pair {
        if label == NONE { BOX } else { self.pairs[label as usize] }
    }

    /// Cuts the box down to the cell of a set; its area, or `None` if it is not the owner of what is left.
    pub(super) fn carve(&mut self, sets: &OwnerSets, number: u32) -> Option<f64> {
        let members = sets.members(number);
        self.own.clear();
        for &member in members {
            self.stamp[member as usize] = number;
            self.own.push(self.ranking.functions[member as usize]);
        }
        self.polygon.reset(&self.bounds, NONE);
        self.pairs.clear();
        if !self.cut_by_hints(sets, number) {
            return None;
        }
        self.pass_known_corners();
        while let Some(at) = self.polygon.corners.iter().position(|corner| !corner.seen) {
            let corner = self.polygon.corners[at];
            let pair = self.wrong_pair(number, members, corner.x, corner.y);
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
        let pair = self.wrong_pair(number, members, x, y);
        if pair != (NONE, NONE) {
            // Values may tie by rounding where their difference, which the cuts go by, does not.
            let [a, b, c] = self.ranking.line(pair.0, pair.1);
            if a * x + b * y + c < 0.0 {
                return None;
            }
        }
        Some(twice / 2.0)
    }

    /// Cuts by the edges that cells found so far share with the cell of a set; false if nothing is left.
    fn cut_by_hints(&mut self, sets: &OwnerSets, number: u32) -> bool {
        self.known.clear();
        let mut at = sets.first_hint(number);
        while let Some(((ends, begins), next)) = sets.hint(at) {
            let [Some(ends), Some(begins)] = [ends, begins].map(|pair| self.label(pair)) else {
                return false;
            };
            if let (Some(ends), Some(begins)) = (ends, begins) {
                self.known.push((ends, begins));
            }
            at = next;
        }
        true
    }

    /// The label of an edge, by which the polygon is cut unless it was already; nothing left is `None`, no edge `Some(None)`.
    fn label(&mut self, pair: Option<Pair>) -> Option<Option<u32>> {
        let Some(pair) = pair else { return Some(None) };
        if pair == BOX {
            return Some(Some(NONE));
        }
        if let Some(label) = self.pairs.iter().position(|&other| other == pair) {
            return Some(Some(label as u32));
        }
        self.cut(pair).then(|| Some(self.pairs.len() as u32 - 1))
    }

    /// What ranks at a corner that a neighbour has too was seen there.
    fn pass_known_corners(&mut self) {
        let corners = &mut self.polygon.corners;
        let Some(last) = corners.last() else { return };
        let mut before = (last.label, last.line);
        for corner in corners {
            let ([ea, eb, _], [la, lb, _]) = (before.1, corner.line);
            let det = ea * lb - eb * la;
            let is_sharp = det * det > SHARP * (ea * ea + eb * eb) * (la * la + lb * lb);
            corner.seen = is_sharp && self.known.contains(&(before.0, corner.label));
            before = (corner.label, corner.line);
        }
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
    fn wrong_pair(&self, number: u32, members: &[u32], x: f64, y: f64) -> (u32, u32) {
        let ranking = self.ranking;
        let (mut least, mut low) = (NONE, f64::INFINITY);
        for (&i, function) in members.iter().zip(&self.own) {
            let value = value(function, x, y);
            if value <= low + self.noise && (least == NONE || !self.ahead((i, value), (least, low), x, y)) {
                (least, low) = (i, value);
            }
        }
        let (mut most, mut high) = (NONE, f64::NEG_INFINITY);
        for (i, function) in self.candidates.at(x, y) {
            let value = value(function, x, y);
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
    pub(super) fn rank_at(&mut self, x: f64, y: f64, set: &mut Vec<u32>) {
        let ranking = self.ranking;
        let ranked = &mut self.ranked;
        ranked.clear();
        ranked.extend(self.candidates.at(x, y).map(|(i, function)| (value(function, x, y), i)));
        if ranked.len() > ranking.order {
            ranked.select_nth_unstable_by(ranking.order, |p, q| q.0.total_cmp(&p.0).then(p.1.cmp(&q.1)));
            ranked.truncate(ranking.order);
        }
        set.clear();
        set.extend(ranked.iter().filter(|(value, _)| !ranking.positive || *value > 0.0).map(|&(_, i)| i));
        set.sort_unstable();
    }
}
