//! A power diagram as a Voronoi diagram one dimension up, cut by a plane (paper, figure 7).
//!
//! Lift site `s_i` to height `h_i = sqrt(max ω − ω_i)`. At a point x of the plane z = 0 the squared distance to the
//! lifted site is `|x − s_i|² + h_i² = |x − s_i|² − ω_i + max ω`: the order of the power distances.

/// The height of each site above the plane in which its Voronoi diagram is the power diagram of these weights;
/// at least 0, and 0 for the heaviest.
///
/// ```
/// assert_eq!(splinterp::geometry::lift(&[1.0, 5.0, -4.0]), [2.0, 0.0, 3.0]);
/// ```
pub fn lift(weights: &[f64]) -> Vec<f64> {
    let heaviest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    weights.iter().map(|w| (heaviest - w).sqrt()).collect()
}

/// The weights whose power diagram the plane z = `level` cuts out of the Voronoi diagram of the lifted sites:
/// `−(h_i − level)²`.
pub fn weights_at(heights: &[f64], level: f64) -> Vec<f64> {
    heights.iter().map(|h| -(h - level) * (h - level)).collect()
}
