//! Cholesky factorisation of a positive semidefinite matrix with a right-hand side, float64, blocked.

use super::Pause;
use super::pass::WEIGHT;
use super::product::{Product, Strip};
use super::strips::{BLOCK, Strips, TILE};
use super::triangle::Triangle;
use crate::error::Result;

/// A pivot below this share of the sums behind its diagonal element is rounding noise: the column depends on earlier
/// ones. A pivot just above it leaves more noise in later columns, ε over the pivot, which this share does not cover.
pub const DEPENDENT: f64 = 1e-13;

/// Solves `A W = C` for a positive semidefinite `A [n, n]`, of which the upper triangle is read, and `C [n, m]`, both
/// overwritten. Returns `W`, row-major, and how many columns of `A` were found to depend on earlier ones; their rows of
/// `W` are 0, which still minimises `tr(Wᵀ A W) − 2 tr(Wᵀ C)` when `C` lies in the range of `A`. `sums [n]` is the size
/// of the sums from which the diagonal of `A` was computed: where they cancelled, what is left is rounding noise up to
/// that size, not its own. A pivot counts as noise below the share `noise` of that size, [`DEPENDENT`] or more.
///
/// # Errors
/// [`crate::Error::OutOfMemory`]; what ends the pauses.
pub async fn solve_semidefinite(
    mut a: Strips,
    mut c: Strips,
    m: usize,
    sums: &[f64],
    noise: f64,
    pause: &mut dyn Pause,
) -> Result<(Vec<f64>, usize)> {
    let n = sums.len();
    let scale = equilibrate(&mut a, &mut c, sums, noise, pause).await?;
    let mut product = Product::new((BLOCK, n))?;
    let mut dependent = 0;
    for first in (0..n).step_by(BLOCK) {
        let end = (first + BLOCK).min(n);
        let size = end - first;
        // U[r, :] −= Σ_{p < first} U[p, r] U[p, :], and the same for the right-hand side: forward substitution.
        product.pack((size, first), &|row, term| a.at(term, first + row));
        let of_block = |strip| -> Strip<'_> {
            let (right, out) = <[_]>::split_at_mut(strip, first);
            Strip { right, out: &mut out[..size] }
        };
        let mut strips: Vec<Strip<'_>> =
            a.strips_mut().skip(first / TILE).chain(c.strips_mut()).map(of_block).collect();
        product.subtract(&mut strips, pause).await?;
        // After equilibration a diagonal element is 1 and its noise the size of its sums.
        let noise_of = |row: usize| noise * (sums[first + row] * scale[first + row].powi(2)).max(1.0);
        let (square, later) = strips.split_at_mut(size.div_ceil(TILE));
        let triangle = Triangle::factor(square, size, noise_of);
        dependent += triangle.dependent();
        triangle.forward(later, pause.threads())?;
        pause.after((size * size * (n - first + m) / 2) as u64).await?;
    }
    for first in (0..n).step_by(BLOCK).rev() {
        let end = (first + BLOCK).min(n);
        let size = end - first;
        product.pack((size, n - end), &|row, term| a.at(first + row, end + term));
        let of_block = |strip| -> Strip<'_> {
            let (out, right) = <[_]>::split_at_mut(strip, end);
            Strip { right, out: &mut out[first..] }
        };
        let mut strips: Vec<Strip<'_>> = c.strips_mut().map(of_block).collect();
        product.subtract(&mut strips, pause).await?;
        Triangle::read(&a, first, end).backward(&mut strips, pause.threads())?;
        pause.after((size * size * m / 2) as u64).await?;
    }
    Ok((c.rows("W_dec", &scale, m, pause).await?, dependent))
}

/// Scales rows and columns so that the diagonal is 1. A diagonal element that is noise of its sums gets scale 0, by which
/// its column counts as dependent: scaled up, its neighbours would overflow where the ridge is tiny. Returns the scales.
async fn equilibrate(
    a: &mut Strips,
    c: &mut Strips,
    sums: &[f64],
    noise: f64,
    pause: &mut dyn Pause,
) -> Result<Vec<f64>> {
    let inverse_root = |(i, sum): (usize, &f64)| {
        let diagonal = a.at(i, i);
        if diagonal > noise * sum { 1.0 / diagonal.sqrt() } else { 0.0 }
    };
    let scale: Vec<f64> = sums.iter().enumerate().map(inverse_root).collect();
    for (strip, of_columns) in a.strips_mut().zip(scale.chunks(TILE)) {
        for (line, of_row) in strip.iter_mut().zip(&scale) {
            line.0.iter_mut().zip(of_columns).for_each(|(a, t)| *a *= of_row * t);
        }
        pause.after(WEIGHT * (strip.len() * TILE) as u64).await?;
    }
    for strip in c.strips_mut() {
        for (line, scale) in strip.iter_mut().zip(&scale) {
            line.0.iter_mut().for_each(|c| *c *= scale);
        }
        pause.after(WEIGHT * (strip.len() * TILE) as u64).await?;
    }
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

    fn solve(a: &[f64], c: &[f64], m: usize, sums: &[f64]) -> (Vec<f64>, usize) {
        let solved = run_now(async {
            let a = Strips::of_upper("A", a, sums.len(), &mut NoPause, &mut |_, _| {}).await?;
            let c = Strips::of("C", c, m, &mut NoPause, &mut |_, _| {}).await?;
            solve_semidefinite(a, c, m, sums, DEPENDENT, &mut NoPause).await
        });
        solved.expect("nothing ends it")
    }

    proptest! {
        #[test]
        fn the_normal_equations_hold_with_dead_and_repeated_columns((n, m, a, c) in system()) {
            let sums: Vec<f64> = a.iter().step_by(n + 1).copied().collect();
            let (w, _) = solve(&a, &c, m, &sums);
            let [a, c, w] = [(&a, n), (&c, m), (&w, m)].map(|(rows, width)| DMatrix::from_row_slice(n, width, rows));
            let residual = &c - &a * &w;
            prop_assert!(residual.norm() <= 1e-9 * c.norm(), "{} of {}", residual.norm(), c.norm());
        }
    }

    #[test]
    fn dependent_columns_are_counted() {
        // The second column is twice the first, the third is zero.
        let a = [1.0, 2.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        let (w, dependent) = solve(&a, &[3.0, 6.0, 0.0], 1, &[1.0, 4.0, 0.0]);
        assert_eq!(dependent, 2);
        assert!((w[0] - 3.0).abs() < 1e-12 && w[1] == 0.0 && w[2] == 0.0, "{w:?}");
    }
}
