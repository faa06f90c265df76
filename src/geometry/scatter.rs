//! Sites scattered over a box from a seed, for figures: spread evenly, or in clouds.
//!
//! Links hold the seed alone, so a seed must give the same sites for ever: the generator and the order of its draws
//! are fixed by the tests.

use std::f64::consts::TAU;

use super::Bounds;
use crate::error::{Error, Result};
use crate::memory::reserve;

/// More sites than this no diagram of a figure takes.
pub const MAX_SCATTERED: u32 = 1_000_000;

/// Steps of the plastic-number sequence (Roberts 2018): points that keep apart, one by one, for any count.
const STEP: [f64; 2] = [0.7548776662466927, 0.5698402909980532];
/// Part of the box's width that sites keep from its sides, so that a finger can take them.
const MARGIN: f64 = 0.02;
/// Of the space of one site: enough to look scattered, too little to clump.
const JITTER: f64 = 0.7;
/// Standard deviation of a cloud, as a part of the side of the square that falls to one cloud.
const CLOUD_STD: f64 = 0.3;
/// By how much of it clouds differ, either way.
const CLOUD_STD_RANGE: f64 = 0.5;

/// Sites with weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Scattered {
    /// `x0 y0 x1 y1 …`
    pub sites: Vec<f64>,
    /// One for each site.
    pub weights: Vec<f64>,
}

/// `count` sites spread over the box, weights between ± `spread` times the area that falls to one site. Site `i` of a
/// seed changes with `count` only by its jitter and weight, which shrink as sites get denser.
///
/// # Errors
/// If `count` is 0 or above [`MAX_SCATTERED`], or `spread` is not finite or below 0.
///
/// ```
/// use splinterp::geometry::{Bounds, scatter};
/// let found = scatter(3, 7, Bounds::new([0.0, 0.0, 1.5, 1.0])?, 0.0)?;
/// assert_eq!((found.sites.len(), found.weights), (6, vec![0.0; 3]));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn scatter(count: u32, seed: u32, bounds: Bounds, spread: f64) -> Result<Scattered> {
    check("count", count)?;
    if !(spread.is_finite() && spread >= 0.0) {
        return Err(Error::option("spread", spread, "a finite number, 0 or above"));
    }
    let Bounds { x0, y0, x1, y1 } = bounds;
    let mut random = Mulberry(seed);
    let start = [random.uniform(), random.uniform()];
    let space = side(bounds, count);
    let margin = (MARGIN * (x1 - x0)).min(space / 4.0);
    let mut sites = reserve("sites", &[count as usize, 2])?;
    let mut weights = reserve("weights", &[count as usize])?;
    for i in 0..count {
        let mut place = |axis: usize, low: f64, high: f64| {
            let even = (start[axis] + f64::from(i) * STEP[axis]) % 1.0;
            within(low + even * (high - low) + (random.uniform() - 0.5) * JITTER * space, low, high, margin)
        };
        sites.extend([place(0, x0, x1), place(1, y0, y1)]);
        weights.push((2.0 * random.uniform() - 1.0) * spread * space * space);
    }
    Ok(Scattered { sites, weights })
}

/// `count` points `x0 y0 x1 y1 …` in `classes` normal clouds about scattered middles; point `i` belongs to cloud
/// `i mod classes`.
///
/// # Errors
/// If `count` or `classes` is 0 or above [`MAX_SCATTERED`].
pub fn clouds(count: u32, classes: u32, seed: u32, bounds: Bounds) -> Result<Vec<f64>> {
    check("count", count)?;
    check("classes", classes)?;
    let Bounds { x0, y0, x1, y1 } = bounds;
    let middles = scatter(classes, seed, bounds, 0.0)?.sites;
    let mut random = Mulberry(seed.wrapping_add(1));
    let side = side(bounds, classes);
    let mut spread = || side * CLOUD_STD * (1.0 + CLOUD_STD_RANGE * (2.0 * random.uniform() - 1.0));
    let clouds: Vec<_> = middles.chunks_exact(2).map(|middle| ([middle[0], middle[1]], spread())).collect();
    let margin = MARGIN * (x1 - x0);
    let mut points = reserve("points", &[count as usize, 2])?;
    for (_, &([x, y], spread)) in (0..count).zip(clouds.iter().cycle()) {
        points.push(within(x + spread * random.normal(), x0, x1, margin));
        points.push(within(y + spread * random.normal(), y0, y1, margin));
    }
    Ok(points)
}

/// `count` points `x0 y0 x1 y1 …` uniform in the box, as 32-bit floats, to ask a model at.
pub(crate) fn uniform(count: u32, seed: u32, bounds: Bounds) -> Result<Vec<f32>> {
    check("count", count)?;
    let Bounds { x0, y0, x1, y1 } = bounds;
    let mut random = Mulberry(seed);
    let mut points = reserve("points", &[count as usize, 2])?;
    for _ in 0..count {
        points.extend([(x0, x1), (y0, y1)].map(|(low, high)| (low + random.uniform() * (high - low)) as f32));
    }
    Ok(points)
}

fn check(name: &'static str, count: u32) -> Result<()> {
    if (1..=MAX_SCATTERED).contains(&count) {
        return Ok(());
    }
    Err(Error::option(name, count, format!("1 to {MAX_SCATTERED}")))
}

/// Side of the square that falls to each of `count`.
fn side(bounds: Bounds, count: u32) -> f64 {
    (bounds.area() / f64::from(count)).sqrt()
}

/// A value reflected at `margin` from the ends of low … high; where the reflection lies outside too, the end itself.
fn within(value: f64, low: f64, high: f64, margin: f64) -> f64 {
    let (least, most) = (low + margin, high - margin);
    let reflected = if value < least {
        2.0 * least - value
    } else if value > most {
        2.0 * most - value
    } else {
        value
    };
    reflected.max(least).min(most)
}

/// Mulberry32, which is enough to scatter points on a page. The crate's own generator would give a seed other sites
/// than the links that hold it were made with.
struct Mulberry(u32);

impl Mulberry {
    /// Uniform in [0, 1), 32 bits.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut mixed = (self.0 ^ (self.0 >> 15)).wrapping_mul(self.0 | 1);
        mixed ^= mixed.wrapping_add((mixed ^ (mixed >> 7)).wrapping_mul(mixed | 61));
        f64::from(mixed ^ (mixed >> 14)) / 4_294_967_296.0
    }

    /// Standard normal (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(TAU * self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> Bounds {
        Bounds::new([0.0, 0.0, 1.5, 1.0]).unwrap()
    }

    /// Values of JavaScript's mulberry32 as published, by which links of the first figures were made.
    #[test]
    fn a_seed_gives_the_numbers_that_javascript_gives() {
        let draws = |seed, n| {
            let mut random = Mulberry(seed);
            (0..n).map(|_| random.uniform()).collect::<Vec<_>>()
        };
        assert_eq!(draws(3, 3), [0.7202267837710679, 0.03866216051392257, 0.4561921926215291]);
        assert_eq!(draws(u32::MAX, 2), [0.8964226141106337, 0.189478256739676]);
    }

    /// Places and weights that the figures' own JavaScript gave before this code took its place.
    #[test]
    fn sites_are_those_of_earlier_links() {
        let found = scatter(5, 7, stage(), 0.4).unwrap();
        #[rustfmt::skip]
        let sites = [
            0.20040627755327958, 0.1382670157714082, 1.1136500972451442, 0.6188519443590639, 0.802635473792399,
            0.28975395956485694, 0.2825952384291822, 0.8727327222250978, 0.12929620091580324, 0.2906939817289169,
        ];
        let weights = [
            0.005146864447742701,
            -0.06241795537993311,
            -0.05812426535412668,
            0.004416610971093178,
            -0.04962063889950513,
        ];
        assert_eq!(found, Scattered { sites: sites.to_vec(), weights: weights.to_vec() });
        let many = scatter(4000, u32::MAX, Bounds::new([-1.5, -1.0, 1.5, 1.0]).unwrap(), 0.45).unwrap();
        let last = [1.1802125264213401, -0.1879075987592843, 0.4662238991583482, 0.9592688000933192];
        assert_eq!(many.sites[7996..], last);
        assert_eq!(many.weights[3998..], [-0.000057952363695949323, 0.000674941625178326]);
    }

    /// Also from that JavaScript; browsers' own logarithm and cosine may differ in the last bit.
    #[test]
    fn clouds_are_those_of_earlier_links() {
        let found = clouds(6, 4, 1, stage()).unwrap();
        let expected = [
            0.6374286727884676,
            0.04254651623154285,
            0.6784670377930803,
            0.7007108886705129,
            0.2505994419657531,
            0.474945969900454,
            1.1421384684913665,
            0.8889373556356697,
            1.4181239860614125,
            0.25129134913063467,
            0.4959283051729917,
            0.5107294826287573,
        ];
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
    }

    #[test]
    fn values_are_reflected_at_the_margins() {
        assert!((within(0.05, 0.0, 1.0, 0.1) - 0.15).abs() < 1e-15);
        assert!((within(0.97, 0.0, 1.0, 0.1) - 0.83).abs() < 1e-15);
        assert_eq!(within(5.0, 0.0, 1.0, 0.1), 0.1);
        assert_eq!(within(0.4, 0.0, 1.0, 0.1), 0.4);
    }

    #[test]
    fn sites_lie_in_the_box_and_apart_from_each_other() {
        let Scattered { sites, weights } = scatter(400, 7, stage(), 0.4).unwrap();
        assert!(sites.chunks_exact(2).all(|at| stage().contains(at[0], at[1])));
        let space = side(stage(), 400);
        assert!(weights.iter().all(|weight| weight.abs() <= 0.4 * space * space));
        for (i, a) in sites.chunks_exact(2).enumerate() {
            for b in sites.chunks_exact(2).skip(i + 1) {
                assert!((a[0] - b[0]).hypot(a[1] - b[1]) > 0.02 * space);
            }
        }
    }

    #[test]
    fn counts_out_of_range_are_named() {
        let message = scatter(0, 1, stage(), 0.4).unwrap_err().to_string();
        assert_eq!(message, "count is 0, expected 1 to 1000000");
        assert!(scatter(5, 1, stage(), f64::NAN).is_err());
        assert!(clouds(5, 0, 1, stage()).is_err());
        assert!(clouds(MAX_SCATTERED + 1, 2, 1, stage()).is_err());
    }
}
