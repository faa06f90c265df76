//! Lloyd's algorithm from given centres.

use super::check::rows;
use crate::error::{Error, Result};

/// What k-means found.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// Centres, `[clusters, dims]` row-major.
    pub centers: Vec<f64>,
    /// The nearest centre of each point.
    pub labels: Vec<u32>,
    /// Mean over all elements of the squared difference between points and their centres.
    pub mse: f64,
    /// Rounds in which a centre moved.
    pub rounds: u32,
}

/// Lloyd's k-means from `centers0` (`[clusters, dims]` row-major) until no centre moves, or for `max_rounds` rounds:
/// each point goes to its nearest centre (ties to the lower number), each centre to the mean of its points. A centre
/// without points stays where it is. Labels and mse belong to the centres returned.
///
/// # Errors
/// If `dims` is 0, a list is empty or no multiple of `dims`, a value is NaN, infinite or above 1e140 in
/// magnitude, or `max_rounds` is 0.
///
/// ```
/// let found = splinterp::cluster::kmeans(&[0.0, 1.0, 8.0, 10.0], 1, &[0.0, 1.0], 100)?;
/// assert_eq!((found.centers, found.labels, found.mse), (vec![0.5, 9.0], vec![0, 0, 1, 1], 0.625));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn kmeans(points: &[f64], dims: usize, centers0: &[f64], max_rounds: u32) -> Result<KMeans> {
    let (count, clusters) = rows(points, dims, centers0)?;
    if max_rounds == 0 {
        return Err(Error::option("maxIter", max_rounds, "at least 1"));
    }
    let mut centers = centers0.to_vec();
    let mut labels = vec![0u32; count];
    let mut error = assign(points, dims, &centers, &mut labels);
    let mut rounds = 0;
    while rounds < max_rounds {
        let moved = means(points, dims, &labels, &centers, clusters);
        if moved == centers {
            break;
        }
        centers = moved;
        rounds += 1;
        error = assign(points, dims, &centers, &mut labels);
    }
    Ok(KMeans { centers, labels, mse: error / points.len() as f64, rounds })
}

/// Labels each point with its nearest centre; the sum of the squared distances.
fn assign(points: &[f64], dims: usize, centers: &[f64], labels: &mut [u32]) -> f64 {
    let mut error = 0.0;
    for (point, label) in points.chunks_exact(dims).zip(labels) {
        let mut least = f64::INFINITY;
        for (number, center) in (0..).zip(centers.chunks_exact(dims)) {
            let distance = squared_distance(point, center);
            if distance < least {
                (least, *label) = (distance, number);
            }
        }
        error += least;
    }
    error
}

/// The mean of each cluster's points, or its old centre if it has none.
fn means(points: &[f64], dims: usize, labels: &[u32], centers: &[f64], clusters: usize) -> Vec<f64> {
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
    sums
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
