//! What both algorithms ask of points and centres.

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
