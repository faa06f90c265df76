//! Lloyd's algorithm from given centres.

use super::check::rows;
use super::lloyd::Lloyd;
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
    let (count, _) = rows(points, dims, centers0)?;
    if max_rounds == 0 {
        return Err(Error::option("maxIter", max_rounds, "at least 1"));
    }
    let mut lloyd = Lloyd::new(centers0.to_vec(), dims);
    let mut labels = vec![0; count];
    let mut rounds = 0;
    let squares = loop {
        labels.iter_mut().zip(points.chunks_exact(dims)).for_each(|(label, point)| *label = lloyd.add(point));
        let squares = lloyd.squares();
        if rounds == max_rounds || !lloyd.step() {
            break squares;
        }
        rounds += 1;
    };
    Ok(KMeans { centers: lloyd.into_centers(), labels, mse: squares / points.len() as f64, rounds })
}
