//! What the algorithms ask of points, centres and labels.

use crate::error::{Error, Result};

/// Largest magnitude of a value: sums of squared differences must stay finite numbers.
const LARGEST: f64 = 1e140;

/// Checks `points` and `centers`, both row-major with `dims` columns, and gives the numbers of their rows.
pub(super) fn rows(points: &[f64], dims: usize, centers: &[f64]) -> Result<(usize, usize)> {
    if dims == 0 {
        return Err(Error::option("dims", dims, "at least 1"));
    }
    for (name, values) in [("points", points), ("centers", centers)] {
        if values.is_empty() || !values.len().is_multiple_of(dims) {
            return Err(Error::shape(
                format!("number of values in {name}"),
                values.len(),
                format!("a multiple of dims = {dims}, at least one row"),
            ));
        }
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { row: at / dims, col: at % dims, value: values[at] });
        }
        if let Some(at) = values.iter().position(|v| v.abs() > LARGEST) {
            return Err(Error::option(
                name,
                format!("{:e} in row {}, column {}", values[at], at / dims, at % dims),
                "values of at most 1e140 in magnitude",
            ));
        }
    }
    let centers = centers.len() / dims;
    if u32::try_from(centers).is_err() {
        return Err(Error::shape("number of centers", centers, "below 2^32"));
    }
    Ok((points.len() / dims, centers))
}

/// Checks that there is one label for each of `count` points, each the number of one of so many clusters.
pub(super) fn labels_fit(labels: &[u32], count: usize, clusters: usize) -> Result<()> {
    if labels.len() != count {
        return Err(Error::shape("number of labels", labels.len(), format!("{count}, one for each point")));
    }
    match labels.iter().position(|&label| label as usize >= clusters) {
        None => Ok(()),
        Some(at) => Err(Error::option(
            "labels",
            format!("{} at {at}", labels[at]),
            format!("0 to {}, the centers", clusters - 1),
        )),
    }
}

/// Checks that there is one value for each dimension.
pub(super) fn row_fits(name: &str, values: &[f64], dims: usize) -> Result<()> {
    if values.len() == dims {
        return Ok(());
    }
    Err(Error::shape(format!("number of values in {name}"), values.len(), format!("{dims}, the dims")))
}
