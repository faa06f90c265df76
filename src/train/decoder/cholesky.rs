//! Cholesky factorisation of a positive semidefinite matrix with a right-hand side, float64, blocked.

use super::Pause;
use super::pass::{rows, upper_rows};
use super::product::{Left, Product};
use super::triangle::{BLOCK, Triangle};
use crate::error::Result;

/// A pivot below this share of the sums behind its diagonal element is rounding noise: the column depends on earlier
/// ones. A pivot just above it leaves more noise in later columns, ε over the pivot, which this share does not cover.
pub const DEPENDENT: f64 = 1e-13;

/// Solves `A W = C` for a positive semidefinite `A [n, n]`, of which the upper triangle is read, and `C [n, m]`,
/// row-major, both overwritten: `C` becomes `W`. `sums [n]` is the size of the sums from which the diagonal of `A`
/// was computed: where they cancelled, what is left is rounding noise up to that size, not its own. A pivot counts as
/// noise below the share `noise` of that size, [`DEPENDENT`] or more. Returns how many columns of `A` were found to
/// depend on earlier ones; their rows of `W` are 0, which still minimises `tr(Wᵀ A W) − 2 tr(Wᵀ C)` when `C` lies in
/// the range of `A`.
///
/// # Errors
/// What ends the pauses.
pub async fn solve_semidefinite(
    a: &mut [f64],
    c: &mut [f64],
    n: usize,
    sums: &[f64],
    noise: f64,
    pause: &mut dyn Pause,
) -> Result<usize> {
    let m = c.len() / n;
    let scale = equilibrate(a, c, n, sums, noise, pause).await?;
    let mut product = Product::default();
    let mut dependent = 0;
    for first in (0..n).step_by(BLOCK) {
        let end = (first + BLOCK).min(n);
        // U[r, :] −= Σ_{p < first} U[p, r] U[p, :], and the same for the right-hand side: forward substitution.
        let (done, rest) = a.split_at_mut(first * n);
        let block = &mut rest[..(end - first) * n];
        let left = Left { values: &done[first.min(done.len())..], stride: n, transposed: true };
        product.subtract(block, left, done, n, first..n, pause).await?;
        // After equilibration a diagonal element is 1 and its noise the size of its sums.
        let noise_of = |row: usize| noise * (sums[first + row] * scale[first + row].powi(2)).max(1.0);
        let triangle = Triangle::factor(block, n, first, noise_of);
        dependent += triangle.dependent();
        triangle.forward(block, n, end..n, pause.threads())?;
        let (c_done, c_rest) = c.split_at_mut(first * m);
        let c_block = &mut c_rest[..(end - first) * m];
        product.subtract(c_block, left, c_done, m, 0..m, pause).await?;
        triangle.forward(c_block, m, 0..m, pause.threads())?;
        pause.after(((end - first) * (end - first) * (n - first + m) / 2) as u64).await?;
    }
    for first in (0..n).step_by(BLOCK).rev() {
        let end = (first + BLOCK).min(n);
        let (block, done) = c[first * m..].split_at_mut((end - first) * m);
        let rows = &a[first * n..end * n];
        let left = Left { values: &rows[end.min(n - 1)..], stride: n, transposed: false };
        product.subtract(block, left, done, m, 0..m, pause).await?;
        Triangle::read(rows, n, first).backward(block, m, pause.threads())?;
        pause.after(((end - first) * (end - first) * m / 2) as u64).await?;
    }
    rows(c, m, pause, &mut |i, row| row.iter_mut().for_each(|w| *w *= scale[i])).await?;
    Ok(dependent)
}

/// Scales rows and columns so that the diagonal is 1. A diagonal element that is noise of its sums gets scale 0, by which
/// its column counts as dependent: scaled up, its neighbours would overflow where the ridge is tiny. Returns the scales.
async fn equilibrate(
    a: &mut [f64],
    c: &mut [f64],
    n: usize,
    sums: &[f64],
    noise: f64,
    pause: &mut dyn Pause,
) -> Result<Vec<f64>> {
    let inverse_root = |i: usize| {
        let diagonal = a[i * n + i];
        if diagonal > noise * sums[i] { 1.0 / diagonal.sqrt() } else { 0.0 }
    };
    let scale: Vec<f64> = (0..n).map(inverse_root).collect();
    upper_rows(a, n, pause, &mut |i, row| {
        row.iter_mut().zip(&scale[i..]).for_each(|(a, t)| *a *= scale[i] * t);
    })
    .await?;
    let m = c.len() / n;
    rows(c, m, pause, &mut |i, row| row.iter_mut().for_each(|c| *c *= scale[i])).await?;
    Ok(scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::run_now;
    use crate::train::decoder::NoPause;
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    /// `ZᵀZ` of a random Z with some columns zero and some repeated, and a right-hand side in its range.
    fn system() -> impl Strategy<Value = (usize, usize, Vec<f64>, Vec<f64>)> {
        (1usize..150, 1usize..11, any::<u64>()).prop_map(|(n, m, seed)| {
            let mut random = crate::random::Random::new(seed, crate::random::Stream::Generator);
            let rows = 2 * n + 3;
            let mut z: Vec<f64> = (0..rows * n).map(|_| random.normal()).collect();
            for col in 0..n {
                let kind = random.below(8);
                let other = random.below(col as u32 + 1) as usize;
                for row in 0..rows {
                    match kind {
                        0 => z[row * n + col] = 0.0,
                        1 => z[row * n + col] = 2.0 * z[row * n + other],
                        _ => {}
                    }
                }
            }
            let z = DMatrix::from_row_slice(rows, n, &z);
            let x = DMatrix::from_fn(rows, m, |_, _| random.normal());
            let (a, c) = (z.transpose() * &z, z.transpose() * x);
            (n, m, a.transpose().as_slice().to_vec(), c.transpose().as_slice().to_vec())
        })
    }

    proptest! {
        #[test]
        fn the_normal_equations_hold_with_dead_and_repeated_columns((n, m, a, c) in system()) {
            let (mut factor, mut w) = (a.clone(), c.clone());
            let sums: Vec<f64> = a.iter().step_by(n + 1).copied().collect();
            run_now(solve_semidefinite(&mut factor, &mut w, n, &sums, DEPENDENT, &mut NoPause))
                .expect("nothing ends it");
            let mut residual = c.clone();
            let left = Left { values: &a, stride: n, transposed: false };
            run_now(async {
                Product::default().subtract(&mut residual, left, &w, m, 0..m, &mut NoPause).await
            }).expect("nothing ends it");
            let size = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
            prop_assert!(size(&residual) <= 1e-9 * size(&c), "{} of {}", size(&residual), size(&c));
        }
    }

    #[test]
    fn dependent_columns_are_counted() {
        // The second column is twice the first, the third is zero.
        let mut a = vec![1.0, 2.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        let mut c = vec![3.0, 6.0, 0.0];
        assert_eq!(
            run_now(solve_semidefinite(&mut a, &mut c, 3, &[1.0, 4.0, 0.0], DEPENDENT, &mut NoPause)),
            Ok(2)
        );
        assert!((c[0] - 3.0).abs() < 1e-12 && c[1] == 0.0 && c[2] == 0.0, "{c:?}");
    }
}
