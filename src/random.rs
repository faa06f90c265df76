//! Random numbers that are the same bits in every browser and natively.
//!
//! ChaCha8 gives the words; everything made of them here uses only operations that IEEE 754 defines exactly or
//! that `libm` computes in software, and 32-bit counters, so that wasm32 and 64-bit machines agree.
//!
//! ```
//! use splinterp::random::{Random, Stream};
//!
//! let draw = |stream| Random::new(7, stream).permutation(100);
//! assert_eq!(draw(Stream::Rows), draw(Stream::Rows));
//! assert_ne!(draw(Stream::Rows), draw(Stream::Kept));
//! ```

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of random numbers is for. Separate streams keep one choice from shifting another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Stream {
    /// Initial parameters.
    Parameters = 1,
    /// Which rows belong to a share or a split.
    Rows = 2,
    /// Generated data.
    Generator = 3,
    /// Starting centres of k-means.
    Centers = 4,
    /// Which rows are kept as examples of features.
    Kept = 5,
    /// Where the search for principal components starts.
    Components = 6,
    /// Order of the blocks of a stream of rows in epoch `n`: stream `Blocks + n`.
    Blocks = 4 << 32,
    /// Examples of feature `i`: stream `Examples + i`.
    Examples = 3 << 32,
    /// Order of the rows in epoch `n`: stream `Epochs + n`.
    Epochs = 1 << 32,
    /// Sample `i` of generated data: stream `Samples + i`.
    Samples = 2 << 32,
}

/// A seeded stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random {
    words: ChaCha8Rng,
    spare_normal: Option<f64>,
}

impl Random {
    /// The stream `stream` of the seed.
    pub fn new(seed: u64, stream: Stream) -> Self {
        Self::numbered(seed, stream as u64)
    }

    /// The order of rows in the given epoch.
    pub fn epoch(seed: u64, epoch: u32) -> Self {
        Self::numbered(seed, Stream::Epochs as u64 + u64::from(epoch))
    }

    /// The order of a stream's blocks in the given epoch.
    #[cfg(feature = "files")]
    pub(crate) fn blocks(seed: u64, epoch: u32) -> Self {
        Self::numbered(seed, Stream::Blocks as u64 + u64::from(epoch))
    }

    /// The stream of one sample of generated data, so that it does not depend on how many there are.
    pub fn sample(seed: u64, sample: u32) -> Self {
        Self::numbered(seed, Stream::Samples as u64 + u64::from(sample))
    }

    /// The stream that chooses examples of one feature.
    pub fn examples(seed: u64, feature: u32) -> Self {
        Self::numbered(seed, Stream::Examples as u64 + u64::from(feature))
    }

    fn numbered(seed: u64, stream: u64) -> Self {
        let mut words = ChaCha8Rng::seed_from_u64(seed);
        words.set_stream(stream);
        Self { words, spare_normal: None }
    }

    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        self.words.next_u32()
    }

    /// Uniform in [0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.words.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in 0..bound; `bound` must not be 0. Bias below bound / 2^32 (multiply and shift).
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.words.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// Standard normal, by Marsaglia's polar method.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        loop {
            let (u, v) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let scale = (-2.0 * libm::log(s) / s).sqrt();
                self.spare_normal = Some(v * scale);
                return u * scale;
            }
        }
    }

    /// Fisher–Yates shuffle in place.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }

    /// The numbers 0..n in random order.
    pub fn permutation(&mut self, n: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_streams_differ() {
        let draw = |seed, stream| {
            let mut random = Random::new(seed, stream);
            (random.uniform(), random.normal(), random.below(1000))
        };
        assert_eq!(draw(7, Stream::Rows), draw(7, Stream::Rows));
        assert_ne!(draw(7, Stream::Rows), draw(7, Stream::Parameters));
        assert_ne!(draw(7, Stream::Rows), draw(8, Stream::Rows));
    }

    #[test]
    fn normal_has_mean_zero_and_variance_one() {
        let mut random = Random::new(1, Stream::Generator);
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
        // Standard errors are 1/sqrt(n) = 0.003 and sqrt(2/n) = 0.0045: four of each.
        assert!(mean.abs() < 0.013, "{mean}");
        assert!((variance - 1.0).abs() < 0.018, "{variance}");
    }

    #[test]
    fn a_permutation_holds_each_number_once() {
        let mut order = Random::epoch(3, 5).permutation(1000);
        assert_ne!(order, Random::epoch(3, 6).permutation(1000));
        order.sort_unstable();
        assert!(order.iter().copied().eq(0..1000));
    }
}
