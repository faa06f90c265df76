//! The directions in which rows vary most: principal components, of the few that a plane needs.
//!
//! Lanczos' method on the covariance, which is never written out, with every new vector made orthogonal to all before it
//! twice. After some tens of steps the leading eigenvectors are those of the covariance but for rounding.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::error::{Error, Result};
use crate::memory;
use crate::random::{Random, Stream};

/// Rows that are looked at, evenly spaced: directions to look along need no more.
const MOST_ROWS: usize = 1000;
/// Steps, of which each takes two products with the rows.
const STEPS: usize = 80;
/// A direction along which rows vary by less than this share of the largest variation is rounding.
const NEGLIGIBLE: f64 = 1e-7;
/// What is left of a vector of length 1 beside others below which it counts as lying among them.
const PARALLEL: f64 = 1e-6;

/// Leading principal components.
#[derive(Debug, Clone, PartialEq)]
pub struct Components {
    /// Of the rows, `[cols]`.
    pub mean: Vec<f64>,
    /// Orthonormal, the strongest first; the largest entry of each is positive.
    pub directions: Vec<Vec<f64>>,
    /// Standard deviation of the rows along each.
    pub deviations: Vec<f64>,
}

/// The first `count` principal components of `rows [n, cols]`, or as many as there are; of at most 1,000 rows, evenly
/// spaced.
///
/// # Errors
/// If `cols` is 0, there is no row, the length is no multiple of `cols`, a value is NaN or infinite, or memory has no
/// room.
///
/// ```
/// use splinterp::cluster::components;
/// let found = components(&[0.0, 0.0, 2.0, 2.0], 2, 5)?;
/// assert_eq!((found.mean, found.directions.len()), (vec![1.0, 1.0], 1));
/// assert!((found.deviations[0] - 2f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn components(rows: &[f32], cols: usize, count: usize) -> Result<Components> {
    if cols == 0 {
        return Err(Error::option("cols", cols, "at least 1"));
    }
    if rows.is_empty() || !rows.len().is_multiple_of(cols) {
        let expected = format!("a multiple of cols = {cols}, at least one row");
        return Err(Error::shape("number of values in rows", rows.len(), expected));
    }
    let step = (rows.len() / cols / MOST_ROWS).max(1);
    let taken = || rows.chunks_exact(cols).step_by(step).take(MOST_ROWS);
    let n = taken().len();
    let mut centred = memory::reserve("centred rows", &[n, cols])?;
    for (row, values) in taken().enumerate() {
        if let Some(col) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { row: row * step, col, value: f64::from(values[col]) });
        }
        centred.extend(values.iter().map(|&value| f64::from(value)));
    }
    let mut mean = vec![0.0; cols];
    for row in centred.chunks_exact(cols) {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value / n as f64);
    }
    for row in centred.chunks_exact_mut(cols) {
        row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
    }
    let (basis, small) = tridiagonal(&centred, cols);
    let SymmetricEigen { eigenvalues, eigenvectors } = SymmetricEigen::new(small);
    let mut order: Vec<usize> = (0..eigenvalues.len()).collect();
    order.sort_by(|&p, &q| eigenvalues[q].total_cmp(&eigenvalues[p]));
    let mut found = Components { mean, directions: Vec::new(), deviations: Vec::new() };
    for &place in order.iter().take(count) {
        let deviation = eigenvalues[place].max(0.0).sqrt();
        if deviation <= NEGLIGIBLE * found.deviations.first().copied().unwrap_or_default() {
            break;
        }
        let mut direction = vec![0.0; cols];
        for (vector, &part) in basis.iter().zip(&eigenvectors.column(place)) {
            direction.iter_mut().zip(vector).for_each(|(sum, value)| *sum += part * value);
        }
        let largest = direction.iter().fold(0.0, |most: f64, v| if v.abs() > most.abs() { *v } else { most });
        direction.iter_mut().for_each(|v| *v *= largest.signum());
        found.directions.push(direction);
        found.deviations.push(deviation);
    }
    Ok(found)
}

/// An orthonormal basis, and the covariance of centred rows in terms of it, which has three diagonals.
fn tridiagonal(centred: &[f64], cols: usize) -> (Vec<Vec<f64>>, DMatrix<f64>) {
    let steps = STEPS.min(cols);
    let mut random = Random::new(0, Stream::Components);
    // A direction that no rows are orthogonal to by their make.
    let mut fresh = |basis: &[Vec<f64>]| {
        let vector: Vec<f64> = (0..cols).map(|_| random.normal()).collect();
        orthonormal(&vector, basis)
    };
    let mut small = DMatrix::zeros(steps, steps);
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(steps);
    let mut next = fresh(&basis);
    let mut scale = 0.0f64;
    while let Some(vector) = next.take() {
        let at = basis.len();
        let mut image = times_covariance(centred, &vector);
        small[(at, at)] = dot(&image, &vector);
        scale = scale.max(small[(at, at)].abs());
        basis.push(vector);
        if basis.len() == steps {
            break;
        }
        reject(&mut image, &basis);
        let length = dot(&image, &image).sqrt();
        // Where the rows have no more directions of this kind, another start finds those that are left.
        if length > f64::EPSILON * cols as f64 * scale {
            (small[(at + 1, at)], small[(at, at + 1)]) = (length, length);
            image.iter_mut().for_each(|value| *value /= length);
            next = Some(image);
        } else {
            next = fresh(&basis);
        }
    }
    let found = basis.len();
    (basis, small.resize(found, found, 0.0))
}

fn times_covariance(centred: &[f64], vector: &[f64]) -> Vec<f64> {
    let mut image = vec![0.0; vector.len()];
    let share = vector.len() as f64 / centred.len() as f64;
    for row in centred.chunks_exact(vector.len()) {
        let along = share * dot(row, vector);
        image.iter_mut().zip(row).for_each(|(sum, value)| *sum += along * value);
    }
    image
}

/// The part of a vector that is orthogonal to orthonormal others, of length 1; `None` where the vector is 0, not finite,
/// or lies among them.
pub(crate) fn orthonormal(vector: &[f64], others: &[Vec<f64>]) -> Option<Vec<f64>> {
    // By the largest entry first, whose square might not be a number.
    let largest = vector.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    if !(largest > 0.0 && vector.iter().all(|v| v.is_finite())) {
        return None;
    }
    let mut rest: Vec<f64> = vector.iter().map(|v| v / largest).collect();
    let length = dot(&rest, &rest).sqrt();
    reject(&mut rest, others);
    let left = dot(&rest, &rest).sqrt();
    if left <= PARALLEL * length {
        return None;
    }
    rest.iter_mut().for_each(|v| *v /= left);
    Some(rest)
}

/// Takes out what lies among orthonormal vectors. Twice is enough: what the first pass leaves by rounding, the second
/// takes.
fn reject(vector: &mut [f64], others: &[Vec<f64>]) {
    for _ in 0..2 {
        for other in others {
            let along = dot(vector, other);
            vector.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random rows with a spectrum that falls slowly, some of low rank.
    fn rows(case: u64) -> (Vec<f32>, usize) {
        let mut random = Random::new(case, Stream::Generator);
        let (n, cols) = (1 + random.below(60) as usize, 1 + random.below(40) as usize);
        let rank = 1 + random.below(40) as usize;
        let factor = DMatrix::from_fn(rank, cols, |row, _| random.normal() * 0.9f64.powi(row as i32));
        let values = DMatrix::from_fn(n, rank, |_, _| random.normal()) * factor;
        (
            values
                .row_iter()
                .flat_map(|row| row.iter().map(|v| *v as f32 + 3.0).collect::<Vec<_>>())
                .collect(),
            cols,
        )
    }

    #[test]
    fn components_are_those_of_the_singular_value_decomposition() {
        for case in 0..300 {
            let (rows, cols) = rows(case);
            let n = rows.len() / cols;
            let found = components(&rows, cols, 5).unwrap();
            let mut matrix = DMatrix::from_row_iterator(n, cols, rows.iter().map(|&v| f64::from(v)));
            for (col, mean) in found.mean.iter().enumerate() {
                matrix.column_mut(col).add_scalar_mut(-mean);
            }
            let svd = matrix.clone().svd(false, false);
            let mut expected: Vec<f64> =
                svd.singular_values.iter().map(|value| value / (n as f64).sqrt()).collect();
            expected.sort_by(|a, b| b.total_cmp(a));
            let scale = expected[0].max(1e-12);
            for (place, deviation) in found.deviations.iter().enumerate() {
                assert!((deviation - expected[place]).abs() < 1e-7 * scale, "case {case}, component {place}");
                // Along the direction the rows vary as much as is said, whichever of equals it is.
                let direction = nalgebra::DVector::from_vec(found.directions[place].clone());
                let along = (&matrix * &direction).norm() / (n as f64).sqrt();
                assert!((along - deviation).abs() < 1e-7 * scale, "case {case}, component {place}");
            }
            let missing = expected.get(found.deviations.len()).copied().unwrap_or_default();
            assert!(
                found.deviations.len() == 5 || missing < 1e-6 * scale.max(1e-4),
                "case {case}: {missing}"
            );
            for (i, p) in found.directions.iter().enumerate() {
                for (j, q) in found.directions.iter().enumerate() {
                    let identity = f64::from(u8::from(i == j));
                    assert!((dot(p, q) - identity).abs() < 1e-12, "case {case}");
                }
            }
        }
    }

    #[test]
    fn directions_of_equal_variance_are_all_found() {
        let rows = [1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0];
        let found = components(&rows, 3, 3).unwrap();
        assert_eq!(found.directions.len(), 2);
        assert!(found.deviations.iter().all(|deviation| (deviation - 0.5f64.sqrt()).abs() < 1e-12));
    }

    #[test]
    fn rows_that_do_not_vary_have_no_components_and_others_are_refused() {
        assert_eq!(components(&[2.0; 6], 2, 2).unwrap().directions.len(), 0);
        assert!(components(&[1.0; 5], 2, 2).is_err());
        assert!(components(&[], 2, 2).is_err());
        assert!(components(&[1.0], 0, 2).is_err());
        let message = components(&[1.0, f32::NAN], 1, 1).unwrap_err().to_string();
        assert_eq!(message, "row 1, column 0 is NaN, expected a finite number");
    }
}
