//! Affine functions of the plane, and the rule by which they rank at a point.

/// No function: zero, or the side of the box.
pub(super) const NONE: u32 = u32::MAX;

/// What decides which functions own a point: the `order` largest, equal ones by lower index, and where `positive`
/// holds only those above zero.
#[derive(Debug)]
pub(super) struct Ranking {
    /// `[a, b, c]` stands for a·x + b·y + c, in frame coordinates.
    pub(super) functions: Vec<[f64; 3]>,
    pub(super) order: usize,
    pub(super) positive: bool,
}

/// Of a function at a point.
#[inline]
pub(super) fn value([a, b, c]: &[f64; 3], x: f64, y: f64) -> f64 {
    a * x + b * y + c
}

impl Ranking {
    #[inline]
    pub(super) fn value(&self, function: u32, x: f64, y: f64) -> f64 {
        value(&self.functions[function as usize], x, y)
    }

    /// The half-plane in which `ahead` is at least `behind`; exactly opposite with the two exchanged.
    pub(super) fn line(&self, ahead: u32, behind: u32) -> [f64; 3] {
        let of = |i: u32| if i == NONE { [0.0; 3] } else { self.functions[i as usize] };
        let (p, q) = (of(ahead), of(behind));
        [p[0] - q[0], p[1] - q[1], p[2] - q[2]]
    }

    /// Magnitude of the largest coefficient, by which the rounding of values is measured.
    pub(super) fn largest(&self) -> f64 {
        self.functions.iter().flatten().fold(0.0, |m: f64, v| m.max(v.abs()))
    }
}
