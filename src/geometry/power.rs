//! Power diagrams of order 1 and K: the check of the input, and the choice of the way.

use super::frame::{Bounds, Frame, LARGEST};
use super::hilbert;
use super::order_k;
use super::order_one;
use super::partition::Partition;
use super::predicates::Site;
use super::ranking::Ranking;
use super::triangulation::Triangulation;
use crate::error::{Error, Result};

/// Relative weights are kept within ± this, in squared frame units. Squared distances in the frame's square are
/// below 8, so a site this much above the reference is nearer than all below it everywhere, and one this much below
/// never near; how much more makes no difference. So a weight of 1e300 costs no digits.
const WEIGHT_LIMIT: f64 = 32.0;

/// The power diagram of order K in a box: its cells are where the same K sites are nearest by power distance
/// `|x − s_i|² − ω_i`. Order 1 with equal weights is the Voronoi diagram; order 1 with ω_i = |s_i|² + 2 b_i is the
/// Top-1 partition of an encoder with columns s_i and biases b_i (paper, section on TopK and power diagrams).
///
/// `sites` holds `x0 y0 x1 y1 …`, `weights` one weight for each site. Cells of order 1 come in ascending order of
/// their sites. Degenerate input has a plain answer: a site that is nearest nowhere in the box has no cell; of equal
/// sites with equal weights the first counts as nearer; where all sites are equal the heaviest (of those the first)
/// own the box; order n, and one site, is the box whole, owned by all. Weights of any size, 1e300 say, are allowed.
///
/// Order 1 takes O(n log n) and serves 1e5 sites; order K serves some hundred sites with K up to 20 or so.
///
/// # Errors
/// If there is no site, the lengths do not match, the order is 0 or above the number of sites, a coordinate or
/// weight is NaN or infinite or a coordinate above 1e150 in magnitude, the box has a side below 1e-50 of the extent,
/// or the diagram has more cells than [`MAX_CELLS`](super::MAX_CELLS) (order above 1).
///
/// ```
/// use splinterp::geometry::{Bounds, power_diagram};
/// let square = Bounds::new([0.0, 0.0, 2.0, 1.0])?;
/// // The bisector of (0.5, 0.5) and (1.5, 0.5) is x = 1; weight 0.5 of the first moves it by 0.25.
/// let diagram = power_diagram(&[0.5, 0.5, 1.5, 0.5], &[0.5, 0.0], 1, square)?;
/// assert_eq!(diagram.cells(), 2);
/// assert_eq!(diagram.area(0), Some(1.25));
/// assert_eq!(diagram.locate(1.2, 0.3).and_then(|cell| diagram.owners(cell)), Some(&[0][..]));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn power_diagram(sites: &[f64], weights: &[f64], order: usize, bounds: Bounds) -> Result<Partition> {
    check(sites, weights, order)?;
    let frame = Frame::of_sites(bounds, sites)?;
    let relative = relative_weights(weights, order, frame.scale());
    let points: Vec<[f64; 2]> = sites.chunks_exact(2).map(|s| frame.place(s[0], s[1])).collect();
    if order == 1 {
        return Ok(first_order(&points, &relative, frame));
    }
    let functions = points.iter().zip(&relative).map(|(&[x, y], w)| [2.0 * x, 2.0 * y, w - (x * x + y * y)]);
    order_k::partition(&Ranking { functions: functions.collect(), order, positive: false }, frame, |site| {
        site
    })
}

fn check(sites: &[f64], weights: &[f64], order: usize) -> Result<()> {
    let count = weights.len();
    if sites.is_empty() {
        return Err(Error::option("sites", "an empty list", "at least one site, x y"));
    }
    if sites.len() != 2 * count {
        return Err(Error::shape(
            "number of coordinates in sites",
            sites.len(),
            format!("{}, two for each of {count} weights", 2 * count),
        ));
    }
    // Half-edges are numbered in 32 bits, six for each site.
    if count > 1 << 28 {
        return Err(Error::option("sites", format!("{count} sites"), "at most 2^28 sites"));
    }
    if order == 0 || order > count {
        return Err(Error::option("order", order, format!("1 to {count}, the number of sites")));
    }
    for (site, (at, &weight)) in sites.chunks_exact(2).zip(weights).enumerate() {
        if let Some(col) = at.iter().position(|v| !v.is_finite()) {
            return Err(Error::option(
                "sites",
                format!("{} at site {site}, {}", at[col], ["x", "y"][col]),
                "finite coordinates",
            ));
        }
        if let Some(col) = at.iter().position(|v| v.abs() > LARGEST) {
            return Err(Error::option(
                "sites",
                format!("{:e} at site {site}, {}", at[col], ["x", "y"][col]),
                "coordinates of at most 1e150 in magnitude",
            ));
        }
        if !weight.is_finite() {
            return Err(Error::option("weights", format!("{weight} at site {site}"), "finite weights"));
        }
    }
    Ok(())
}

/// Weights less the K-th largest, in squared frame units: only differences count, and those near the K-th largest
/// decide.
fn relative_weights(weights: &[f64], order: usize, scale: f64) -> Vec<f64> {
    let mut sorted = weights.to_vec();
    let (_, &mut reference, _) = sorted.select_nth_unstable_by(order - 1, |a, b| b.total_cmp(a));
    weights.iter().map(|w| ((w - reference) * scale * scale).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT)).collect()
}

fn first_order(points: &[[f64; 2]], relative: &[f64], frame: Frame) -> Partition {
    let kept = within_reach(points, relative, &frame.bounds);
    let near: Vec<[f64; 2]> = kept.iter().map(|&site| points[site as usize]).collect();
    let names: Vec<u32> = hilbert::order(&near).into_iter().map(|at| kept[at as usize]).collect();
    let along = names.iter().map(|&site| {
        let ([x, y], w) = (points[site as usize], relative[site as usize]);
        Site { x, y, z: x * x + y * y - w }
    });
    let triangulation = Triangulation::new(along.collect());
    order_one::partition(&triangulation, &names, points.len(), frame)
}

/// The sites that may own a part of the box. Some site is nowhere in the box farther than `bound` by power distance,
/// so one that is nowhere nearer than that owns nothing. The box has a point at distance at most 8 (squared) from the
/// heaviest site, so `bound` is at most 8, and so is the lower envelope anywhere in the box.
fn within_reach(points: &[[f64; 2]], relative: &[f64], bounds: &Bounds) -> Vec<u32> {
    // Least and greatest distance along an axis from a point to an interval.
    let reach = |v: f64, low: f64, high: f64| {
        ((low - v).max(v - high).max(0.0), (v - low).abs().max((v - high).abs()))
    };
    let mut nearest = Vec::with_capacity(points.len());
    let mut bound = f64::INFINITY;
    for (&[x, y], w) in points.iter().zip(relative) {
        let (near_x, far_x) = reach(x, bounds.x0, bounds.x1);
        let (near_y, far_y) = reach(y, bounds.y0, bounds.y1);
        nearest.push(near_x * near_x + near_y * near_y - w);
        bound = bound.min(far_x * far_x + far_y * far_y - w);
    }
    // Slack for the rounding of numbers up to 40.
    bound += 64.0 * f64::EPSILON * (1.0 + bound.abs());
    (0..).zip(&nearest).filter(|(_, near)| **near <= bound).map(|(site, _)| site).collect()
}
