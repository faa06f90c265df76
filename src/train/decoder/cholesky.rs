//! Cholesky factorisation of a positive semidefinite matrix with a right-hand side, float64, blocked, row by row.
//!
//! Written here and not taken from a library because the same seed must give the same bits natively and in wasm:
//! every element is one sum in a fixed order without fused multiply-add, which no tuned library promises.

use std::ops::Range;

use super::Pause;
use crate::error::Result;

/// A pivot below this share of the sums behind its diagonal element is rounding noise: the column depends on earlier
/// ones.
const DEPENDENT: f64 = 1e-13;
/// Rows factored together; their update by earlier rows is one blocked product.
const BLOCK: usize = 32;
/// Columns of a tile of the product.
const TILE: usize = 8;
/// Multiply-adds between two pauses, where a tile does not need more: 15 ms at 1.3e9 a second, measured in Chromium.
const PIECE: usize = 20_000_000;
/// Rows of a piece of a product: each tile of the right side is packed once for them.
const PIECE_ROWS: usize = 128;

/// Solves `A W = C` for a positive semidefinite `A [n, n]` and `C [n, m]`, row-major, both overwritten: `C` becomes
/// `W`. `sums [n]` is the size of the sums from which the diagonal of `A` was computed: where they cancelled, what is
/// left is rounding noise up to that size, not its own. Returns how many columns of `A` were found to depend on
/// earlier ones; their rows of `W` are 0, which still minimises `tr(Wᵀ A W) − 2 tr(Wᵀ C)` when `C` lies in the range
/// of `A`.
///
/// # Errors
/// What ends the pauses.
pub async fn solve_semidefinite(
    a: &mut [f64],
    c: &mut [f64],
    n: usize,
    sums: &[f64],
    pause: &mut dyn Pause,
) -> Result<usize> {
    let m = c.len() / n;
    let scale = equilibrate(a, c, n, sums);
    // After equilibration a diagonal element is 1 and its noise the size of its sums.
    let noise = |row: usize| DEPENDENT * (sums[row] * scale[row] * scale[row]).max(1.0);
    let mut dependent = 0;
    let mut weights = Vec::new();
    for first in (0..n).step_by(BLOCK) {
        let end = (first + BLOCK).min(n);
        // U[r, :] −= Σ_{p < first} U[p, r] U[p, :], and the same for the right-hand side: forward substitution.
        weights.clear();
        for row in first..end {
            weights.extend((0..first).map(|p| a[p * n + row]));
        }
        for (matrix, width, from) in [(&mut *a, n, first), (&mut *c, m, 0)] {
            let (done, rest) = matrix.split_at_mut(first * width);
            let block = &mut rest[..(end - first) * width];
            subtract_product_in_pieces(block, &weights, done, width, from, pause).await?;
        }
        for row in first..end {
            dependent += usize::from(!eliminate(a, c, n, row..end, noise(row)));
        }
        pause.after(((end - first) * (end - first) * (n - first + m) / 2) as u64).await?;
    }
    for first in (0..n).step_by(BLOCK).rev() {
        let end = (first + BLOCK).min(n);
        weights.clear();
        for row in first..end {
            weights.extend_from_slice(&a[row * n + end..(row + 1) * n]);
        }
        let (block, done) = c[first * m..].split_at_mut((end - first) * m);
        subtract_product_in_pieces(block, &weights, done, m, 0, pause).await?;
        back_substitute(a, block, n, first..end);
        pause.after(((end - first) * (end - first) * m / 2) as u64).await?;
    }
    for (row, scale) in c.chunks_exact_mut(m).zip(&scale) {
        row.iter_mut().for_each(|w| *w *= scale);
    }
    Ok(dependent)
}

/// Scales rows and columns so that the diagonal is 1. A diagonal element that is noise of its sums gets scale 0, by which
/// its column counts as dependent: scaled up, its neighbours would overflow where the ridge is tiny. Returns the scales.
fn equilibrate(a: &mut [f64], c: &mut [f64], n: usize, sums: &[f64]) -> Vec<f64> {
    let inverse_root = |i: usize| {
        let diagonal = a[i * n + i];
        if diagonal > DEPENDENT * sums[i] { 1.0 / diagonal.sqrt() } else { 0.0 }
    };
    let scale: Vec<f64> = (0..n).map(inverse_root).collect();
    for (row, s) in a.chunks_exact_mut(n).zip(&scale) {
        row.iter_mut().zip(&scale).for_each(|(a, t)| *a *= s * t);
    }
    let m = c.len() / n;
    for (row, s) in c.chunks_exact_mut(m).zip(&scale) {
        row.iter_mut().for_each(|c| *c *= s);
    }
    scale
}

/// Turns the first of `rows` into a row of the factor and subtracts it from the others. False if it is dependent: its
/// pivot is not above `noise`.
fn eliminate(a: &mut [f64], c: &mut [f64], n: usize, rows: Range<usize>, noise: f64) -> bool {
    let (m, row, end) = (c.len() / n, rows.start, rows.end);
    let pivot = a[row * n + row];
    let inverse = if pivot > noise { 1.0 / pivot.sqrt() } else { 0.0 };
    a[row * n + row..(row + 1) * n].iter_mut().for_each(|u| *u *= inverse);
    c[row * m..(row + 1) * m].iter_mut().for_each(|y| *y *= inverse);
    for later in row + 1..end {
        let weight = a[row * n + later];
        for (matrix, width, from) in [(&mut *a, n, later), (&mut *c, m, 0)] {
            let (done, rest) = matrix.split_at_mut(later * width);
            let source = &done[row * width + from..(row + 1) * width];
            rest[from..width].iter_mut().zip(source).for_each(|(out, u)| *out -= weight * u);
        }
    }
    inverse > 0.0
}

/// Solves within the given rows of the factor, from the last row up.
fn back_substitute(a: &[f64], block: &mut [f64], n: usize, rows: Range<usize>) {
    let (first, m) = (rows.start, block.len() / rows.len());
    for row in (0..rows.len()).rev() {
        let (above, below) = block.split_at_mut((row + 1) * m);
        let out = &mut above[row * m..];
        let factor = &a[(first + row) * n..(first + row + 1) * n];
        for (later, solved) in below.chunks_exact(m).enumerate() {
            let weight = factor[first + row + 1 + later];
            out.iter_mut().zip(solved).for_each(|(out, w)| *out -= weight * w);
        }
        let pivot = factor[first + row];
        let inverse = if pivot > 0.0 { 1.0 / pivot } else { 0.0 };
        out.iter_mut().for_each(|w| *w *= inverse);
    }
}

/// [`subtract_product`] for the columns from `from` on, with pauses: some rows and columns at a time.
pub async fn subtract_product_in_pieces(
    out: &mut [f64],
    weights: &[f64],
    rows: &[f64],
    width: usize,
    from: usize,
    pause: &mut dyn Pause,
) -> Result<()> {
    let depth = rows.len() / width;
    if depth == 0 {
        return Ok(());
    }
    let mut panel = Vec::new();
    for (out, weights) in out.chunks_mut(PIECE_ROWS * width).zip(weights.chunks(PIECE_ROWS * depth)) {
        let height = out.len() / width;
        let tiles = (PIECE / (height * depth * TILE)).max(1);
        for col in (from..width).step_by(tiles * TILE) {
            let cols = col..(col + tiles * TILE).min(width);
            let work = height * depth * cols.len();
            subtract_product(out, weights, rows, width, cols, &mut panel);
            pause.after(work as u64).await?;
        }
    }
    Ok(())
}

/// `out[r, c] −= Σ_k weights[r, k] · rows[k, c]` for `c` in `cols`; `out [R, width]`, `weights [R, K]`,
/// `rows [K, width]`. `panel` is scratch.
fn subtract_product(
    out: &mut [f64],
    weights: &[f64],
    rows: &[f64],
    width: usize,
    cols: Range<usize>,
    panel: &mut Vec<[f64; TILE]>,
) {
    let depth = rows.len() / width;
    for col in cols.clone().step_by(TILE) {
        let cols = TILE.min(cols.end - col);
        panel.clear();
        panel.extend(rows.chunks_exact(width).map(|row| {
            let mut tile = [0.0; TILE];
            tile[..cols].copy_from_slice(&row[col..col + cols]);
            tile
        }));
        let mut pairs = out.chunks_exact_mut(2 * width);
        let mut weight_pairs = weights.chunks_exact(2 * depth);
        for (out, weights) in (&mut pairs).zip(&mut weight_pairs) {
            let (w0, w1) = weights.split_at(depth);
            let (out0, out1) = out.split_at_mut(width);
            let [sum0, sum1] = tile_products([w0, w1], panel);
            subtract(&mut out0[col..col + cols], &sum0);
            subtract(&mut out1[col..col + cols], &sum1);
        }
        let (last, weights) = (pairs.into_remainder(), weight_pairs.remainder());
        if !last.is_empty() {
            let [sum] = tile_products([weights], panel);
            subtract(&mut last[col..col + cols], &sum);
        }
    }
}

#[inline(always)]
fn tile_products<const R: usize>(weights: [&[f64]; R], panel: &[[f64; TILE]]) -> [[f64; TILE]; R] {
    let weights: [&[f64]; R] = std::array::from_fn(|r| &weights[r][..panel.len()]);
    let mut sums = [[0.0; TILE]; R];
    for (k, row) in panel.iter().enumerate() {
        for r in 0..R {
            for c in 0..TILE {
                sums[r][c] += weights[r][k] * row[c];
            }
        }
    }
    sums
}

fn subtract(out: &mut [f64], sum: &[f64]) {
    out.iter_mut().zip(sum).for_each(|(out, sum)| *out -= sum);
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
        (1usize..70, 1usize..11, any::<u64>()).prop_map(|(n, m, seed)| {
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
            run_now(solve_semidefinite(&mut factor, &mut w, n, &sums, &mut NoPause)).expect("nothing ends it");
            let mut residual = c.clone();
            subtract_product(&mut residual, &a, &w, m, 0..m, &mut Vec::new());
            let size = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
            prop_assert!(size(&residual) <= 1e-9 * size(&c), "{} of {}", size(&residual), size(&c));
        }
    }

    #[test]
    fn dependent_columns_are_counted() {
        // The second column is twice the first, the third is zero.
        let mut a = vec![1.0, 2.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        let mut c = vec![3.0, 6.0, 0.0];
        assert_eq!(run_now(solve_semidefinite(&mut a, &mut c, 3, &[1.0, 4.0, 0.0], &mut NoPause)), Ok(2));
        assert!((c[0] - 3.0).abs() < 1e-12 && c[1] == 0.0 && c[2] == 0.0, "{c:?}");
    }
}
