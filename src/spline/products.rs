//! Inner products in float64 of rows that are stored in float32 or float64, eight at a time.
//!
//! Every sum runs over its terms in order: the same bits natively and in wasm, for a row alone and for a row among
//! others.

/// Rows beside one another.
pub(super) const LANES: usize = 8;
/// One number of each of these rows.
pub(super) type Lanes = [f64; LANES];

/// Puts up to [`LANES`] rows of `width` numbers side by side; the lanes of rows that are not there are 0.
pub(super) fn pack<T: Copy + Into<f64>>(rows: &[T], width: usize, tile: &mut Vec<Lanes>) {
    tile.clear();
    tile.resize(width, [0.0; LANES]);
    for (lane, row) in rows.chunks_exact(width).take(LANES).enumerate() {
        tile.iter_mut().zip(row).for_each(|(lanes, &value)| lanes[lane] = value.into());
    }
}

/// The products of a row with each of the rows in a tile.
#[inline]
pub(super) fn products<T: Copy + Into<f64>>(row: &[T], tile: &[Lanes]) -> Lanes {
    let mut sums = [0.0; LANES];
    for (&value, lanes) in row.iter().zip(tile) {
        let value: f64 = value.into();
        for (sum, lane) in sums.iter_mut().zip(lanes) {
            *sum += value * lane;
        }
    }
    sums
}

/// Adds the products of all rows from `first` on with the rows `first .. first + LANES` to the lower triangle of
/// `sums [rows, rows]`.
pub(super) fn add_gram_tile<T: Copy + Into<f64>>(
    rows: &[T],
    width: usize,
    first: usize,
    tile: &mut Vec<Lanes>,
    sums: &mut [f64],
) {
    let count = rows.len() / width;
    pack(&rows[first * width..], width, tile);
    for (row, values) in rows.chunks_exact(width).enumerate().skip(first) {
        let found = products(values, tile);
        let end = (first + LANES).min(row + 1);
        sums[row * count + first..row * count + end].iter_mut().zip(found).for_each(|(sum, p)| *sum += p);
    }
}

/// Copies the lower triangle of a square matrix to the upper one.
pub(super) fn mirror(matrix: &mut [f64], size: usize) {
    for row in 1..size {
        for col in 0..row {
            matrix[col * size + row] = matrix[row * size + col];
        }
    }
}

/// `Σ a·b`.
pub(super) fn dot<A: Copy + Into<f64>, B: Copy + Into<f64>>(a: &[A], b: &[B]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| a.into() * b.into()).sum()
}

/// The Euclidean norm.
pub(super) fn norm(row: &[f32]) -> f64 {
    dot(row, row).sqrt()
}
