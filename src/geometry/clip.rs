//! A convex polygon that lines cut down, each edge remembering the line it lies on.

use super::frame::Bounds;

/// The half-plane `a·x + b·y + c ≥ 0`.
pub(super) type Line = [f64; 3];

/// Rounding of a·x + b·y + c is below this share of |a·x| + |b·y| + |c|: a corner that close lies on the line.
const ON_LINE: f64 = 4.0 * f64::EPSILON;

/// A corner and the edge that leaves it, counter-clockwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corner {
    pub(super) x: f64,
    pub(super) y: f64,
    /// The line of the edge that leaves this corner.
    pub(super) line: Line,
    /// Whatever the caller gave with the line.
    pub(super) label: u32,
    /// For the caller: cleared in corners that a cut makes.
    pub(super) seen: bool,
}

/// What a cut did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// No corner lay beyond the line.
    Nothing,
    /// The polygon is smaller now.
    Smaller,
    /// Nothing is left.
    Empty,
}

/// The polygon, with room to be cut again and again without allocation.
#[derive(Debug, Default)]
pub(super) struct Polygon {
    pub(super) corners: Vec<Corner>,
    spare: Vec<Corner>,
    /// For each corner how far it lies within the line, 0 where it lies on it.
    depths: Vec<f64>,
}

impl Polygon {
    /// Starts again as the box, its edges labelled `label`.
    pub(super) fn reset(&mut self, bounds: &Bounds, label: u32) {
        let Bounds { x0, y0, x1, y1 } = *bounds;
        self.corners.clear();
        for (x, y, line) in [
            (x0, y0, [0.0, 1.0, -y0]),
            (x1, y0, [-1.0, 0.0, x1]),
            (x1, y1, [0.0, -1.0, y1]),
            (x0, y1, [1.0, 0.0, -x0]),
        ] {
            self.corners.push(Corner { x, y, line, label, seen: false });
        }
    }

    /// Keeps the part within the line's half-plane; the new edge, if any, is labelled.
    pub(super) fn cut(&mut self, line: Line, label: u32) -> Cut {
        let [a, b, c] = line;
        self.depths.clear();
        let (mut any_out, mut any_in) = (false, false);
        for corner in &self.corners {
            let (u, v) = (a * corner.x, b * corner.y);
            let depth = u + v + c;
            let near = depth.abs() <= ON_LINE * (u.abs() + v.abs() + c.abs());
            any_out |= !near && depth < 0.0;
            any_in |= !near && depth > 0.0;
            self.depths.push(if near { 0.0 } else { depth });
        }
        if !any_out {
            return Cut::Nothing;
        }
        if !any_in {
            return Cut::Empty;
        }
        self.spare.clear();
        let count = self.corners.len();
        for k in 0..count {
            let next = if k + 1 == count { 0 } else { k + 1 };
            let (corner, depth, ahead) = (self.corners[k], self.depths[k], self.depths[next]);
            if depth > 0.0 {
                self.spare.push(corner);
                if ahead < 0.0 {
                    let (x, y) = crossing(&corner, &self.corners[next], depth, ahead, &line);
                    self.spare.push(Corner { x, y, line, label, seen: false });
                }
            } else if depth == 0.0 {
                // A corner on the line leaves along the line if what follows is cut off.
                if ahead < 0.0 {
                    self.spare.push(Corner { line, label, seen: false, ..corner });
                } else {
                    self.spare.push(corner);
                }
            } else if ahead > 0.0 {
                let (x, y) = crossing(&corner, &self.corners[next], depth, ahead, &line);
                self.spare.push(Corner { x, y, seen: false, ..corner });
            }
        }
        std::mem::swap(&mut self.corners, &mut self.spare);
        if self.corners.len() < 3 { Cut::Empty } else { Cut::Smaller }
    }
}

/// Where the edge from `from` to `to` crosses the line, at depths of opposite sign.
///
/// Either as the intersection of two lines, which forgets the rounding of earlier cuts and errs by the lines' distance
/// from zero over the sine of their angle; or along the edge between its ends, which errs by the size of the ends.
/// Whichever errs less.
fn crossing(from: &Corner, to: &Corner, depth: f64, ahead: f64, line: &Line) -> (f64, f64) {
    let ([ea, eb, ec], [la, lb, lc]) = (from.line, *line);
    let det = ea * lb - eb * la;
    let ends = from.x.abs().max(from.y.abs()).max(to.x.abs()).max(to.y.abs());
    let far = ec * ec * (la * la + lb * lb) + lc * lc * (ea * ea + eb * eb);
    let (mut x, mut y) = if far < ends * ends * det * det {
        ((eb * lc - lb * ec) / det, (la * ec - ea * lc) / det)
    } else {
        let t = depth / (depth - ahead);
        (from.x + t * (to.x - from.x), from.y + t * (to.y - from.y))
    };
    // The sides of the box are kept to the last bit.
    if eb == 0.0 {
        x = from.x;
    }
    if ea == 0.0 {
        y = from.y;
    }
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_through_corners_makes_no_edge_of_length_zero() {
        let mut polygon = Polygon::default();
        polygon.reset(&Bounds { x0: 0.0, y0: 0.0, x1: 1.0, y1: 1.0 }, 9);
        assert_eq!(polygon.cut([1.0, -1.0, 0.0], 5), Cut::Smaller);
        let corners: Vec<_> = polygon.corners.iter().map(|c| (c.x, c.y, c.label)).collect();
        assert_eq!(corners, [(0.0, 0.0, 9), (1.0, 0.0, 9), (1.0, 1.0, 5)]);
        assert_eq!(polygon.cut([1.0, -1.0, 0.0], 6), Cut::Nothing);
        assert_eq!(polygon.cut([-1.0, 1.0, 0.0], 6), Cut::Empty);
    }
}
