//! The order of sites along a Hilbert curve, in which consecutive sites lie close together.

/// Bits of each coordinate: a grid of 65 536² squares, far finer than 1e5 sites need.
const BITS: u32 = 16;

/// The numbers of the points `[x, y]`, |x|, |y| ≤ 1, along the curve; points of one square keep their order, so
/// that of two equal sites the first comes first.
pub(super) fn order(points: &[[f64; 2]]) -> Vec<u32> {
    let mut keys: Vec<u64> = points
        .iter()
        .zip(0u64..)
        .map(|(&[x, y], index)| u64::from(place(square(x), square(y))) << 32 | index)
        .collect();
    keys.sort_unstable();
    keys.iter().map(|&key| key as u32).collect()
}

fn square(v: f64) -> u32 {
    // From [−1, 1] to 0..65 536; the cast saturates.
    (((v + 1.0) * f64::from(1u32 << (BITS - 1))) as u32).min((1 << BITS) - 1)
}

/// Distance along the curve, from the highest bit of the coordinates down.
fn place(mut x: u32, mut y: u32) -> u32 {
    let mut distance = 0;
    let mut side = 1u32 << (BITS - 1);
    while side > 0 {
        let (right, upper) = (x & side != 0, y & side != 0);
        distance = distance << 2 | if right { if upper { 2 } else { 3 } } else { u32::from(upper) };
        if !upper {
            if right {
                x ^= (1 << BITS) - 1;
                y ^= (1 << BITS) - 1;
            }
            (x, y) = (y, x);
        }
        side >>= 1;
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_along_the_curve_are_neighbours_in_the_plane() {
        let middle = |i: u32| (f64::from(i) + 0.5) / 32.0 - 1.0;
        let points: Vec<[f64; 2]> = (0..4096).map(|i| [middle(i % 64), middle(i / 64)]).collect();
        let curve = order(&points);
        for pair in curve.windows(2) {
            let (a, b) = (points[pair[0] as usize], points[pair[1] as usize]);
            assert_eq!((a[0] - b[0]).abs() + (a[1] - b[1]).abs(), 1.0 / 32.0);
        }
    }
}
