//! What labels say of points: the means, spreads and projections of clusters, and where two labellings agree.

use super::check::{labels_fit, row_fits, rows};
use crate::error::{Error, Result};
use crate::memory::zeros;

/// The mean of each cluster's points, `[clusters, dims]` row-major; of a cluster without points its row of `centers`.
///
/// # Errors
/// If `dims` is 0, a list is empty or no multiple of `dims`, a value is NaN, infinite or above 1e140 in magnitude,
/// there is not one label for each point, or a label is not the number of a centre.
///
/// ```
/// let means = splinterp::cluster::means(&[1.0, 3.0, 7.0], 1, &[0, 0, 1], &[0.0, 0.0, 5.0])?;
/// assert_eq!(means, [2.0, 7.0, 5.0]);
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn means(points: &[f64], dims: usize, labels: &[u32], centers: &[f64]) -> Result<Vec<f64>> {
    let clusters = check(points, dims, labels, centers)?;
    let mut sums = vec![0.0; clusters * dims];
    let mut counts = vec![0u32; clusters];
    for (point, &label) in points.chunks_exact(dims).zip(labels) {
        counts[label as usize] += 1;
        for (sum, value) in sums[label as usize * dims..].iter_mut().zip(point) {
            *sum += value;
        }
    }
    for ((sum, center), &count) in sums.chunks_exact_mut(dims).zip(centers.chunks_exact(dims)).zip(&counts) {
        if count == 0 {
            sum.copy_from_slice(center);
        } else {
            sum.iter_mut().for_each(|value| *value /= f64::from(count));
        }
    }
    Ok(sums)
}

/// The mean squared distance of each cluster's points from its centre, `[clusters]`; 0 in a cluster without points.
///
/// # Errors
/// As [`means`].
pub fn spreads(points: &[f64], dims: usize, labels: &[u32], centers: &[f64]) -> Result<Vec<f64>> {
    let clusters = check(points, dims, labels, centers)?;
    let mut spreads = vec![0.0; clusters];
    let mut counts = vec![0u32; clusters];
    for (point, &label) in points.chunks_exact(dims).zip(labels) {
        let label = label as usize;
        counts[label] += 1;
        spreads[label] += squared_distance(point, &centers[label * dims..][..dims]);
    }
    for (spread, &count) in spreads.iter_mut().zip(&counts) {
        *spread /= f64::from(count.max(1));
    }
    Ok(spreads)
}

/// Each point's nearest place on the plane through its cluster's centre along the cluster's `directions`, orthonormal
/// and as [`LocalPca`](super::LocalPca) has them, `[clusters, rank, dims]`. Without directions, its centre.
///
/// # Errors
/// As [`means`], or if there are not as many directions for each cluster, or a value of them is not finite.
pub fn projections(
    points: &[f64],
    dims: usize,
    labels: &[u32],
    centers: &[f64],
    directions: &[f64],
) -> Result<Vec<f64>> {
    check(points, dims, labels, centers)?;
    if !directions.len().is_multiple_of(centers.len()) {
        return Err(Error::shape(
            "number of values in directions",
            directions.len(),
            format!("a multiple of {}, the values in centers", centers.len()),
        ));
    }
    if let Some(at) = directions.iter().position(|v| !v.is_finite()) {
        return Err(Error::NotFinite { row: at / dims, col: at % dims, value: directions[at] });
    }
    let rank = directions.len() / centers.len();
    let mut projected = zeros("projections", &[points.len()])?;
    for ((point, &label), place) in
        points.chunks_exact(dims).zip(labels).zip(projected.chunks_exact_mut(dims))
    {
        let label = label as usize;
        let center = &centers[label * dims..][..dims];
        place.copy_from_slice(center);
        for direction in directions[label * rank * dims..][..rank * dims].chunks_exact(dims) {
            let along: f64 = point.iter().zip(center).zip(direction).map(|((p, c), d)| (p - c) * d).sum();
            place.iter_mut().zip(direction).for_each(|(place, d)| *place += along * d);
        }
    }
    Ok(projected)
}

/// The share of places in which two labellings agree; 1 where there is none.
///
/// # Errors
/// If one is longer than the other.
pub fn agreement(a: &[u32], b: &[u32]) -> Result<f64> {
    if a.len() != b.len() {
        return Err(Error::shape("number of labels", b.len(), a.len()));
    }
    let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
    Ok(if a.is_empty() { 1.0 } else { same as f64 / a.len() as f64 })
}

/// The point nearest to a place, the first of several.
///
/// # Errors
/// If `dims` is 0, there is no point, the number of values is no multiple of `dims` or, in `place`, not `dims`, or a
/// value is NaN, infinite or above 1e140 in magnitude.
pub fn nearest(points: &[f64], dims: usize, place: &[f64]) -> Result<usize> {
    rows(points, dims, place)?;
    row_fits("place", place, dims)?;
    let distances = points.chunks_exact(dims).map(|point| squared_distance(point, place));
    let first = |best: (usize, f64), (i, distance)| if distance < best.1 { (i, distance) } else { best };
    Ok(distances.enumerate().fold((0, f64::INFINITY), first).0)
}

fn check(points: &[f64], dims: usize, labels: &[u32], centers: &[f64]) -> Result<usize> {
    let (count, clusters) = rows(points, dims, centers)?;
    labels_fit(labels, count, clusters)?;
    Ok(clusters)
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
