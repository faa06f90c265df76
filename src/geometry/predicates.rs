//! Exact signs: on which side of a line, and below or above which plane.
//!
//! A short floating-point evaluation answers whenever its error bound allows (Shewchuk's first filter, "Adaptive
//! precision floating-point arithmetic and fast robust geometric predicates", 1997); the crate `robust` decides the
//! rest exactly.

use robust::{Coord, Coord3D};

/// A weighted site: position and lift `z = x² + y² − w`, w the weight relative to the reference weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) z: f64,
}

/// Half the distance between 1 and the next number.
const EPSILON: f64 = f64::EPSILON / 2.0;
/// Shewchuk's bound A for orient2d.
const LINE_BOUND: f64 = (3.0 + 16.0 * EPSILON) * EPSILON;
/// Shewchuk's bound A for orient3d.
const PLANE_BOUND: f64 = (7.0 + 56.0 * EPSILON) * EPSILON;

/// Whether `p` lies strictly to the right of the line from `a` to `b`.
#[inline]
pub(super) fn right_of(a: &Site, b: &Site, p: &Site) -> bool {
    let left = (a.x - p.x) * (b.y - p.y);
    let right = (a.y - p.y) * (b.x - p.x);
    let det = left - right;
    if det.abs() > LINE_BOUND * (left.abs() + right.abs()) {
        return det < 0.0;
    }
    let flat = |s: &Site| Coord { x: s.x, y: s.y };
    robust::orient2d(flat(a), flat(b), flat(p)) < 0.0
}

/// Whether the lift of `p` lies strictly below the plane through the lifts of `a`, `b`, `c`, which turn to the left.
#[inline]
pub(super) fn below(a: &Site, b: &Site, c: &Site, p: &Site) -> bool {
    let (ax, ay, az) = (a.x - p.x, a.y - p.y, a.z - p.z);
    let (bx, by, bz) = (b.x - p.x, b.y - p.y, b.z - p.z);
    let (cx, cy, cz) = (c.x - p.x, c.y - p.y, c.z - p.z);
    let (bc, cb) = (bx * cy, cx * by);
    let (ca, ac) = (cx * ay, ax * cy);
    let (ab, ba) = (ax * by, bx * ay);
    let det = az * (bc - cb) + bz * (ca - ac) + cz * (ab - ba);
    let size = (bc.abs() + cb.abs()) * az.abs()
        + (ca.abs() + ac.abs()) * bz.abs()
        + (ab.abs() + ba.abs()) * cz.abs();
    if det.abs() > PLANE_BOUND * size {
        return det > 0.0;
    }
    let lifted = |s: &Site| Coord3D { x: s.x, y: s.y, z: s.z };
    robust::orient3d(lifted(a), lifted(b), lifted(c), lifted(p)) > 0.0
}
