//! Eigenvalues of a symmetric matrix, in pieces: reduction to three diagonals by Householder's reflections, then the QR
//! algorithm with implicit shifts (EISPACK's imtql1). nalgebra has both in one call, which for a thousand columns takes
//! seconds and cannot be cancelled.

use crate::error::Result;
use crate::train::decoder::Pause;

/// Steps of QR for one eigenvalue. EISPACK gives up after 30; what stands beside the diagonal is then noise.
const STEPS: usize = 60;

/// The eigenvalues of a symmetric `matrix [n, n]`, given in full and overwritten, largest first.
///
/// # Errors
/// What ends the pauses.
pub(super) async fn eigenvalues(matrix: &mut [f64], n: usize, pause: &mut dyn Pause) -> Result<Vec<f64>> {
    let (mut diagonal, mut beside) = tridiagonal(matrix, n, pause).await?;
    implicit_qr(&mut diagonal, &mut beside);
    diagonal.sort_by(|a, b| b.total_cmp(a));
    Ok(diagonal)
}

/// The diagonal of a tridiagonal matrix with the same eigenvalues, and what stands beside it, `[n]` with a 0 at the end.
async fn tridiagonal(a: &mut [f64], n: usize, pause: &mut dyn Pause) -> Result<(Vec<f64>, Vec<f64>)> {
    let mut beside = vec![0.0; n];
    let (mut v, mut w) = (vec![0.0; n], vec![0.0; n]);
    for k in 0..n.saturating_sub(1) {
        let rest = k + 1..n;
        let (v, w) = (&mut v[rest.clone()], &mut w[rest.clone()]);
        v.copy_from_slice(&a[k * n..][rest.clone()]);
        let size = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        beside[k] = if v[0] > 0.0 { -size } else { size };
        if size == 0.0 {
            continue;
        }
        // The reflection 1 − 2 v vᵀ takes the row to its first column, with v of length 1, so that no square of v is lost
        // however small the row is.
        v[0] -= beside[k];
        let length = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        v.iter_mut().for_each(|v| *v /= length);
        w.fill(0.0);
        for (row, &v_row) in rest.clone().zip(v.iter()) {
            let values = &a[row * n..][rest.clone()];
            w.iter_mut().zip(values).for_each(|(w, value)| *w += v_row * value);
        }
        let along: f64 = w.iter().zip(v.iter()).map(|(w, v)| w * v).sum();
        w.iter_mut().zip(v.iter()).for_each(|(w, v)| *w = 2.0 * (*w - along * v));
        for (row, (&v_row, &w_row)) in rest.clone().zip(v.iter().zip(w.iter())) {
            let values = &mut a[row * n..][rest.clone()];
            for (value, (v, w)) in values.iter_mut().zip(v.iter().zip(w.iter())) {
                *value -= v_row * w + w_row * v;
            }
        }
        pause.after(3 * (rest.len() * rest.len()) as u64).await?;
    }
    Ok((a.iter().step_by(n + 1).copied().collect(), beside))
}

/// The eigenvalues take the place of the diagonal.
fn implicit_qr(d: &mut [f64], e: &mut [f64]) {
    for l in 0..d.len() {
        for _ in 0..STEPS {
            let negligible = |m: &usize| e[*m].abs() <= f64::EPSILON * (d[*m].abs() + d[*m + 1].abs());
            let m = (l..d.len() - 1).find(negligible).unwrap_or(d.len() - 1);
            if m == l {
                break;
            }
            step(d, e, l, m);
        }
    }
}

/// One step on the block from `l` to `m`.
fn step(d: &mut [f64], e: &mut [f64], l: usize, m: usize) {
    // Not f64::hypot, which is the system's.
    let hypot = |x: f64, y: f64| (x * x + y * y).sqrt();
    let shift = (d[l + 1] - d[l]) / (2.0 * e[l]);
    let root = hypot(shift, 1.0);
    let mut g = d[m] - d[l] + e[l] / (shift + if shift < 0.0 { -root } else { root });
    let (mut sine, mut cosine, mut p) = (1.0, 1.0, 0.0);
    for i in (l..m).rev() {
        let (f, b) = (sine * e[i], cosine * e[i]);
        let r = hypot(f, g);
        e[i + 1] = r;
        if r == 0.0 {
            // Two blocks have come apart.
            d[i + 1] -= p;
            e[m] = 0.0;
            return;
        }
        (sine, cosine) = (f / r, g / r);
        g = d[i + 1] - p;
        let r = (d[i] - g) * sine + 2.0 * cosine * b;
        p = sine * r;
        d[i + 1] = g + p;
        g = cosine * r - b;
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::run_now;
    use crate::random::{Random, Stream};
    use crate::train::decoder::NoPause;
    use nalgebra::DMatrix;

    #[test]
    fn the_eigenvalues_are_those_of_nalgebra() {
        let mut random = Random::new(5, Stream::Generator);
        for case in 0..300 {
            let n = 1 + random.below(20) as usize;
            let rank = 1 + random.below(20) as usize;
            // Of any rank, some with zeros, some far from one another in size.
            let factor = DMatrix::from_fn(n, rank, |row, _| match case % 3 {
                0 => random.normal(),
                1 => f64::from(random.below(2)),
                _ => random.normal() * 10f64.powi(-(row as i32)),
            });
            let matrix = &factor * factor.transpose();
            let mut values = matrix.as_slice().to_vec();
            let found = run_now(eigenvalues(&mut values, n, &mut NoPause)).expect("nothing ends it");
            let mut expected = matrix.symmetric_eigenvalues().as_slice().to_vec();
            expected.sort_by(|a, b| b.total_cmp(a));
            for (found, value) in found.iter().zip(&expected) {
                assert!((found - value).abs() <= 1e-13 * (1.0 + expected[0]) * n as f64, "{found} {value}");
            }
        }
    }

    #[test]
    fn diagonal_and_empty_matrices_are_their_own_eigenvalues() {
        let values = |matrix: &[f64], n| run_now(eigenvalues(&mut matrix.to_vec(), n, &mut NoPause));
        assert_eq!(values(&[], 0), Ok(vec![]));
        assert_eq!(values(&[2.0], 1), Ok(vec![2.0]));
        assert_eq!(values(&[0.0; 9], 3), Ok(vec![0.0; 3]));
        assert_eq!(values(&[1.0, 0.0, 0.0, 3.0], 2), Ok(vec![3.0, 1.0]));
    }
}
