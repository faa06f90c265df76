//! The best one-to-one match of two sets of directions.

use crate::error::{Error, Result};
use crate::memory;

/// Pairs `(left, right)` of the assignment with the largest sum of similarities `[left, right]`, as many as the smaller
/// side has members, in the order of the left ones.
///
/// # Errors
/// If a similarity is not finite.
pub fn match_up(similarity: &Vec<f64>, left: usize, right: usize) -> Result<Vec<(usize, usize)>> {
    let (rows, cols) = lsap::solve(left, right, similarity, true)
        .map_err(|_| Error::shape("similarity of two directions", "no number", "finite numbers"))?;
    let mut pairs: Vec<_> = rows.into_iter().zip(cols).collect();
    pairs.sort_unstable();
    Ok(pairs)
}

/// Rows divided by their lengths; rows of zeros stay.
pub fn unit_rows(rows: &[f32], width: usize) -> Vec<f64> {
    let unit = |row: &[f32]| {
        let length = row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
        row.iter().map(|&v| if length > 0.0 { f64::from(v) / length } else { 0.0 }).collect::<Vec<_>>()
    };
    rows.chunks_exact(width).flat_map(unit).collect()
}

/// Products of all rows of `left` with all of `right`, `[left, right]`.
///
/// # Errors
/// If memory has no room for them.
pub fn products(left: &[f64], right: &[f64], width: usize) -> Result<Vec<f64>> {
    let mut out = memory::reserve("similarities", &[left.len() / width, right.len() / width])?;
    for a in left.chunks_exact(width) {
        out.extend(right.chunks_exact(width).map(|b| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>()));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random, Stream};

    /// The best of all assignments, one by one.
    fn exhaustive(similarity: &[f64], left: usize, right: usize, used: &mut Vec<bool>, row: usize) -> f64 {
        if row == left {
            return 0.0;
        }
        let mut best = f64::NEG_INFINITY;
        for col in 0..right {
            if !used[col] {
                used[col] = true;
                let rest = exhaustive(similarity, left, right, used, row + 1);
                best = best.max(similarity[row * right + col] + rest);
                used[col] = false;
            }
        }
        best
    }

    #[test]
    fn the_match_is_the_best_of_all() {
        let mut random = Random::new(1, Stream::Generator);
        for (left, right) in [(1, 1), (2, 5), (4, 4), (5, 6), (6, 3)] {
            let similarity: Vec<f64> = (0..left * right).map(|_| random.normal()).collect();
            let pairs = match_up(&similarity, left, right).unwrap();
            assert_eq!(pairs.len(), left.min(right));
            let sum: f64 = pairs.iter().map(|&(a, b)| similarity[a * right + b]).sum();
            let best = if left <= right {
                exhaustive(&similarity, left, right, &mut vec![false; right], 0)
            } else {
                let turned: Vec<f64> =
                    (0..right * left).map(|at| similarity[(at % left) * right + at / left]).collect();
                exhaustive(&turned, right, left, &mut vec![false; left], 0)
            };
            assert!((sum - best).abs() < 1e-12, "{left} × {right}: {sum} {best}");
        }
        assert!(match_up(&vec![f64::NAN], 1, 1).is_err());
        assert_eq!(match_up(&vec![], 0, 3).unwrap(), []);
    }
}
