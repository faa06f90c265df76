//! The box that a diagram is cut to, and the frame of coordinates in which it is computed.

use crate::error::{Error, Result};

/// Largest magnitude of a coordinate: its square must stay a finite number.
pub(super) const LARGEST: f64 = 1e150;
/// A box smaller than this share of the sites' extent would drown in their rounding and in underflow.
const SMALLEST_SHARE: f64 = 1e-50;

/// An axis-parallel box of the plane, never empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Left side.
    pub(super) x0: f64,
    /// Lower side.
    pub(super) y0: f64,
    /// Right side.
    pub(super) x1: f64,
    /// Upper side.
    pub(super) y1: f64,
}

impl Bounds {
    /// The box `[x0, y0, x1, y1]`.
    ///
    /// # Errors
    /// If a number is not finite or above 1e150 in magnitude, or the box is empty or inverted (`x0 < x1` and
    /// `y0 < y1` must hold).
    pub fn new([x0, y0, x1, y1]: [f64; 4]) -> Result<Self> {
        let found = || format!("[{x0}, {y0}, {x1}, {y1}]");
        // NaN fails the comparison.
        if ![x0, y0, x1, y1].iter().all(|v| v.abs() <= LARGEST) {
            return Err(Error::option("box", found(), "four finite numbers, at most 1e150 in magnitude"));
        }
        if x0 >= x1 || y0 >= y1 {
            return Err(Error::option("box", found(), "[x0, y0, x1, y1] with x0 < x1 and y0 < y1"));
        }
        Ok(Self { x0, y0, x1, y1 })
    }

    /// The four numbers `[x0, y0, x1, y1]`.
    pub fn to_array(self) -> [f64; 4] {
        [self.x0, self.y0, self.x1, self.y1]
    }

    /// Area of the box.
    pub fn area(self) -> f64 {
        (self.x1 - self.x0) * (self.y1 - self.y0)
    }

    /// Whether the point lies in the box or on its border; NaN does not.
    pub fn contains(self, x: f64, y: f64) -> bool {
        x >= self.x0 && x <= self.x1 && y >= self.y0 && y <= self.y1
    }

    /// What lies in both boxes; an error if nothing does.
    pub(super) fn meet(self, other: Self) -> Result<Self> {
        Self::new([
            self.x0.max(other.x0),
            self.y0.max(other.y0),
            self.x1.min(other.x1),
            self.y1.min(other.y1),
        ])
    }
}

/// Where coordinates are small and no larger than 1: `frame = (world − origin)·scale`.
///
/// The scale is a power of two and the origin has few digits, so that the change of frame is exact for most
/// inputs: grids stay grids, cocircular sites cocircular, and a diagram 1e6 away from zero loses nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    origin: [f64; 2],
    scale: f64,
    world: Bounds,
    /// The box in this frame.
    pub(super) bounds: Bounds,
}

impl Frame {
    /// A frame for the box alone.
    pub(super) fn of_box(world: Bounds) -> Self {
        let centre = [(world.x0 + world.x1) / 2.0, (world.y0 + world.y1) / 2.0];
        let side = (world.x1 - world.x0).max(world.y1 - world.y0);
        Self::new(world, centre, side, side)
    }

    /// A frame for sites `x0 y0 x1 y1 …` and the box. Its origin is the point of the box nearest to the middle of
    /// the sites, so that both a small box among many sites and a few sites in a large box keep their digits.
    pub(super) fn of_sites(world: Bounds, sites: &[f64]) -> Result<Self> {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for site in sites.chunks_exact(2) {
            for axis in 0..2 {
                low[axis] = low[axis].min(site[axis]);
                high[axis] = high[axis].max(site[axis]);
            }
        }
        let origin = [
            ((low[0] + high[0]) / 2.0).clamp(world.x0, world.x1),
            ((low[1] + high[1]) / 2.0).clamp(world.y0, world.y1),
        ];
        let side = (world.x1 - world.x0).max(world.y1 - world.y0);
        let spread = (high[0] - low[0]).max(high[1] - low[1]);
        let reach = |axis: usize, w0: f64, w1: f64| {
            let o = origin[axis];
            (high[axis] - o).abs().max((o - low[axis]).abs()).max(w1 - o).max(o - w0)
        };
        let extent = 2.0 * reach(0, world.x0, world.x1).max(reach(1, world.y0, world.y1));
        let shortest = (world.x1 - world.x0).min(world.y1 - world.y0);
        if shortest < SMALLEST_SHARE * extent {
            return Err(Error::option(
                "box",
                format!("of side {shortest:e}"),
                format!("a side of at least 1e-50 of the extent {extent:e} of the sites and the box"),
            ));
        }
        let unit = if spread > 0.0 { side.min(spread) } else { side };
        Ok(Self::new(world, origin, extent, unit))
    }

    /// `extent`: no coordinate is farther than half of it from `origin`; `unit`: the length whose sixteenth the
    /// origin may move to have few digits.
    fn new(world: Bounds, origin: [f64; 2], extent: f64, unit: f64) -> Self {
        let step = power_of_two_below(unit) / 16.0;
        let origin = origin.map(|o| (o / step).round() * step);
        // The origin moved by at most unit / 32, so no coordinate is farther than (1/2 + 1/32)·extent.
        let scale = 1.0 / power_of_two_below((1.0 + 1.0 / 16.0) * extent);
        let place = |v: f64, axis: usize| (v - origin[axis]) * scale;
        let bounds = Bounds {
            x0: place(world.x0, 0),
            y0: place(world.y0, 1),
            x1: place(world.x1, 0),
            y1: place(world.y1, 1),
        };
        Self { origin, scale, world, bounds }
    }

    /// The box in world coordinates.
    pub(super) fn world(&self) -> Bounds {
        self.world
    }

    /// World units times this are frame units.
    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// From world to frame.
    pub(super) fn place(&self, x: f64, y: f64) -> [f64; 2] {
        [(x - self.origin[0]) * self.scale, (y - self.origin[1]) * self.scale]
    }

    /// From frame to world. The sides of the box come back as they were given, and nothing leaves it.
    pub(super) fn restore(&self, x: f64, y: f64) -> [f64; 2] {
        let axis = |v: f64, o: f64, side: [f64; 2], given: [f64; 2]| {
            if v <= side[0] {
                given[0]
            } else if v >= side[1] {
                given[1]
            } else {
                (v / self.scale + o).clamp(given[0], given[1])
            }
        };
        let (b, w) = (&self.bounds, &self.world);
        [
            axis(x, self.origin[0], [b.x0, b.x1], [w.x0, w.x1]),
            axis(y, self.origin[1], [b.y0, b.y1], [w.y0, w.y1]),
        ]
    }

    /// The affine function `a·x + b·y + c` of world coordinates as one of frame coordinates.
    pub(super) fn affine(&self, [a, b, c]: [f64; 3]) -> [f64; 3] {
        [a / self.scale, b / self.scale, c + a * self.origin[0] + b * self.origin[1]]
    }
}

/// The largest power of two that is at most `v`, a positive normal number.
fn power_of_two_below(v: f64) -> f64 {
    f64::from_bits(v.to_bits() & 0x7ff0_0000_0000_0000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_far_from_zero_loses_nothing() {
        let world = Bounds::new([1e6, -1e6, 1e6 + 1.0, -1e6 + 1.0]).unwrap();
        let frame = Frame::of_sites(world, &[1e6 + 0.25, -1e6 + 0.5, 1e6 + 0.75, -1e6 + 0.5]).unwrap();
        let b = frame.bounds;
        assert_eq!((b.x1 - b.x0) / frame.scale(), 1.0);
        let [x, y] = frame.place(1e6 + 0.25, -1e6 + 0.5);
        assert_eq!(frame.restore(x, y), [1e6 + 0.25, -1e6 + 0.5]);
        assert!([b.x0, b.y0, b.x1, b.y1, x, y].iter().all(|v| v.abs() <= 1.0));
    }

    #[test]
    fn empty_inverted_and_infinite_boxes_are_named() {
        for bad in [
            [0.0, 0.0, 0.0, 1.0],
            [0.0, 2.0, 1.0, 1.0],
            [f64::NAN, 0.0, 1.0, 1.0],
            [0.0, 0.0, f64::INFINITY, 1.0],
        ] {
            assert!(Bounds::new(bad).unwrap_err().to_string().starts_with("box is ["));
        }
    }
}
