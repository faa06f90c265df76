//! Sufficient statistics of codes and data: all that the decoder half of PAM-SGD needs to know of the rows.

use crate::error::Result;
use crate::memory::{reserve, zeros};

/// Rows that the CPU engine sums in float32 before it adds in float64. Rows accumulated in multiples of it give the same
/// bits as all at once.
pub const STATISTICS_BLOCK: usize = 256;

/// Numbers of `ZᵀZ` that are made in one go.
const EXTENSION: usize = 1 << 20;

/// Raw sums over rows, in float64.
#[derive(Debug, Clone, PartialEq)]
pub struct SufficientStats {
    /// Rows summed over, N.
    pub rows: u64,
    /// `ZᵀZ`, `[d_sae, d_sae]`, of which the upper triangle counts; what is below the diagonal means nothing.
    pub zz: Vec<f64>,
    /// `ZᵀX`, `[d_sae, d_in]`.
    pub zx: Vec<f64>,
    /// Column sums of Z, `[d_sae]`.
    pub z: Vec<f64>,
    /// Rows on which each latent is active, `[d_sae]`.
    pub active: Vec<u64>,
    /// `Σ|z|`.
    pub l1: f64,
}

impl SufficientStats {
    /// Empty sums.
    ///
    /// # Errors
    /// If `d_sae · d_sae` or `d_sae · d_in` numbers are beyond memory.
    pub fn new(d_in: usize, d_sae: usize) -> Result<Self> {
        let mut stats = Self::begin(d_in, d_sae)?;
        while !stats.extend() {}
        Ok(stats)
    }

    /// Empty sums whose `ZᵀZ` has yet to be made by [`SufficientStats::extend`].
    ///
    /// # Errors
    /// As [`SufficientStats::new`].
    pub fn begin(d_in: usize, d_sae: usize) -> Result<Self> {
        Ok(Self {
            rows: 0,
            zz: reserve("ZᵀZ", &[d_sae, d_sae])?,
            zx: zeros("ZᵀX", &[d_sae, d_in])?,
            z: vec![0.0; d_sae],
            active: vec![0; d_sae],
            l1: 0.0,
        })
    }

    /// Makes some more of `ZᵀZ`, some milliseconds' worth: to touch 134 MB for the first time takes 80. Returns whether it is
    /// whole.
    pub fn extend(&mut self) -> bool {
        let all = self.z.len() * self.z.len();
        self.zz.resize(all.min(self.zz.len() + EXTENSION), 0.0);
        self.zz.len() == all
    }

    /// The triangle of `ZᵀZ` that counts, row after row from the diagonal on.
    pub fn upper(&self) -> Vec<f64> {
        let rows = self.zz.chunks(self.z.len()).enumerate();
        rows.flat_map(|(latent, row)| &row[latent..]).copied().collect()
    }
}
