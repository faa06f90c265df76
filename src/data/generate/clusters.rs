//! Points in the plane for the toy experiment "between k-means and PCA": three shapes that no single idea fits.
//! Three means describe the square, a line per cluster describes the noisy line and the diagonal.

use crate::data::dataset::Dataset;
use crate::data::storage::Storage;
use crate::error::{Error, Result};
use crate::random::Random;

/// Largest number of points in a data set: the drawing and the exact diagrams end well before it.
pub const MAX_POINTS: u32 = 1_000_000;
/// Standard deviation of the noise across the level line.
const LINE_NOISE: f64 = 0.08;
/// Standard deviation of the noise across the diagonal.
const DIAGONAL_NOISE: f64 = 0.03;

impl Dataset {
    /// `n` points (x, y) as 32-bit floats, within about [−2, 2]². Point `i` has label `i mod 3`: 0 a level line
    /// with noise, 1 a filled square, 2 a diagonal. Point `i` of a seed is the same for every `n`.
    ///
    /// # Errors
    /// If `n` is 0 or above [`MAX_POINTS`].
    pub fn clusters(n: u32, seed: u64) -> Result<Self> {
        if !(1..=MAX_POINTS).contains(&n) {
            return Err(Error::option("n", n, format!("1 to {MAX_POINTS} points")));
        }
        let mut points = Vec::with_capacity(2 * n as usize);
        for i in 0..n {
            let mut random = Random::sample(seed, i);
            let (x, y) = match i % 3 {
                0 => (random.between(-1.9, 0.1), 1.2 + LINE_NOISE * random.normal()),
                1 => (random.between(0.7, 1.7), random.between(0.3, 1.3)),
                _ => {
                    let (along, across) = (random.between(-1.2, 0.6), DIAGONAL_NOISE * random.normal());
                    (along - across, -0.7 + along + across)
                }
            };
            points.extend([x as f32, y as f32]);
        }
        Self::new(Storage::F32(points), 2)?.with_labels((0..n).map(|i| (i % 3) as u8).collect())
    }
}
