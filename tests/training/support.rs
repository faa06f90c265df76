//! Rows for the tests of training.

use splinterp::data::{Dataset, Storage};
use splinterp::random::{Random, Stream};

/// Rows of standard normal numbers.
pub fn random_rows(n: usize, cols: usize, seed: u64) -> Dataset {
    let mut random = Random::new(seed, Stream::Generator);
    let values = (0..n * cols).map(|_| random.normal() as f32).collect();
    Dataset::new(Storage::F32(values), cols).expect("finite rows")
}
