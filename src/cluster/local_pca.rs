//! The best affine map of a given rank for each cluster.

use nalgebra::{DMatrix, SymmetricEigen};

use super::check::{labels_fit, rows};
use crate::error::{Error, Result};
use crate::memory::elements;

/// What local PCA found.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalPca {
    /// Mean over all elements of the squared difference between points and their projections.
    pub mse: f64,
    /// For each cluster its first `rank` principal directions, unit vectors, strongest first:
    /// `[clusters, rank, dims]` row-major. The largest entry of each is positive.
    pub directions: Vec<f64>,
    /// The variance of the cluster's points about its centre along each direction, `[clusters, rank]`; 0 in a cluster
    /// without points.
    pub variances: Vec<f64>,
}

/// Projects each point to the plane through its cluster's centre along the cluster's `rank` strongest principal
/// directions (about that centre). With the means as centres this is the least error of any affine map of that rank
/// for each cluster; rank 0 is the error of k-means.
///
/// # Errors
/// If `dims` is 0, a list is empty or no multiple of `dims`, a value is NaN, infinite or above 1e140 in
/// magnitude, there is not one label for each point, a label is not the number of a centre, `rank` is above `dims`,
/// or memory has no room for a covariance.
pub fn local_pca(
    points: &[f64],
    dims: usize,
    labels: &[u32],
    centers: &[f64],
    rank: usize,
) -> Result<LocalPca> {
    let (count, clusters) = rows(points, dims, centers)?;
    labels_fit(labels, count, clusters)?;
    if rank > dims {
        return Err(Error::option("rank", rank, format!("0 to {dims}, the dims")));
    }
    let size = elements::<f64>("directions", &[clusters, rank, dims])?;
    if rank > 0 {
        elements::<f64>("covariance", &[dims, dims])?;
    }
    let mut found = LocalPca { mse: 0.0, directions: Vec::with_capacity(size), variances: Vec::new() };
    let mut error = 0.0;
    let (starts, grouped) = by_cluster(labels, clusters);
    let (mut offset, mut rest) = (Vec::with_capacity(dims), Vec::with_capacity(dims));
    for (cluster, center) in centers.chunks_exact(dims).enumerate() {
        let own = &grouped[starts[cluster]..starts[cluster + 1]];
        let members = || own.iter().map(|&point| &points[point * dims..][..dims]);
        let start = found.directions.len();
        if rank > 0 {
            principal(members(), dims, center, rank, &mut found);
        }
        let directions = &found.directions[start..];
        for point in members() {
            offset.clear();
            offset.extend(point.iter().zip(center).map(|(p, c)| p - c));
            rest.clone_from(&offset);
            for direction in directions.chunks_exact(dims) {
                let along: f64 = offset.iter().zip(direction).map(|(o, d)| o * d).sum();
                rest.iter_mut().zip(direction).for_each(|(r, d)| *r -= along * d);
            }
            error += rest.iter().map(|r: &f64| r * r).sum::<f64>();
        }
    }
    found.mse = error / points.len() as f64;
    Ok(found)
}

/// The numbers of the points by cluster, ascending in each: where those of each cluster begin, and the numbers.
fn by_cluster(labels: &[u32], clusters: usize) -> (Vec<usize>, Vec<usize>) {
    let mut starts = vec![0; clusters + 1];
    for &label in labels {
        starts[label as usize + 1] += 1;
    }
    for cluster in 0..clusters {
        starts[cluster + 1] += starts[cluster];
    }
    let mut next = starts.clone();
    let mut grouped = vec![0; labels.len()];
    for (point, &label) in labels.iter().enumerate() {
        grouped[next[label as usize]] = point;
        next[label as usize] += 1;
    }
    (starts, grouped)
}

/// Appends a cluster's directions and variances.
fn principal<'a>(
    members: impl Iterator<Item = &'a [f64]>,
    dims: usize,
    center: &[f64],
    rank: usize,
    found: &mut LocalPca,
) {
    let mut moments = DMatrix::<f64>::zeros(dims, dims);
    let mut count = 0u32;
    for point in members {
        count += 1;
        for row in 0..dims {
            let left = point[row] - center[row];
            for col in 0..=row {
                moments[(row, col)] += left * (point[col] - center[col]);
            }
        }
    }
    moments /= f64::from(count.max(1));
    moments.fill_upper_triangle_with_lower_triangle();
    let eigen = SymmetricEigen::new(moments);
    let mut order: Vec<usize> = (0..dims).collect();
    order.sort_by(|&p, &q| eigen.eigenvalues[q].total_cmp(&eigen.eigenvalues[p]));
    for &column in &order[..rank] {
        let direction = eigen.eigenvectors.column(column);
        let largest = direction.iter().fold(0.0, |m: f64, v| if v.abs() > m.abs() { *v } else { m });
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        found.directions.extend(direction.iter().map(|v| sign * v));
        found.variances.push(eigen.eigenvalues[column].max(0.0));
    }
}
