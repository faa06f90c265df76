//! Options of the field's other recipes, as a run is given them.

use serde::{Deserialize, Serialize};

use crate::engine::{AuxK, MOST_IDLE_ROWS};
use crate::error::{Error, Result};

/// Weight of AuxK beside the mse: 1/32, as Gao et al. 2024 and dictionary_learning have it.
const AUXK_COEFFICIENT: f64 = 1.0 / 32.0;

/// AuxK; see [`AuxK`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuxKOptions {
    /// Dead latents that reconstruct a row. Default: half of d_in, at least 1 (Gao et al. 2024, appendix B.1).
    #[serde(default)]
    pub k: Option<usize>,
    /// Weight beside the mse. Default: 1/32.
    #[serde(default = "auxk_coefficient")]
    pub coefficient: f64,
    /// Rows without activity after which a latent counts as dead. Default: those of an epoch.
    #[serde(default)]
    pub dead_after: Option<u32>,
}

fn auxk_coefficient() -> f64 {
    AUXK_COEFFICIENT
}

impl Default for AuxKOptions {
    fn default() -> Self {
        Self { k: None, coefficient: AUXK_COEFFICIENT, dead_after: None }
    }
}

impl AuxKOptions {
    /// Fills in what depends on the data.
    pub fn resolve(self, rows: usize, cols: usize) -> Self {
        let rows = u32::try_from(rows).unwrap_or(MOST_IDLE_ROWS).clamp(1, MOST_IDLE_ROWS);
        Self {
            k: Some(self.k.unwrap_or((cols / 2).max(1))),
            dead_after: Some(self.dead_after.unwrap_or(rows)),
            ..self
        }
    }

    /// # Errors
    /// If a number is out of range.
    pub fn validate(&self) -> Result<()> {
        if self.k == Some(0) {
            return Err(Error::option("auxk.k", 0, "at least 1"));
        }
        if !(self.coefficient.is_finite() && self.coefficient >= 0.0) {
            return Err(Error::option("auxk.coefficient", self.coefficient, "a finite number, 0 or above"));
        }
        match self.dead_after {
            Some(rows) if !(1..=MOST_IDLE_ROWS).contains(&rows) => {
                Err(Error::option("auxk.deadAfter", rows, format!("from 1 to {MOST_IDLE_ROWS}")))
            }
            _ => Ok(()),
        }
    }

    /// What steps need, of options as resolved.
    pub fn terms(&self) -> Option<AuxK> {
        Some(AuxK { k: self.k?, coefficient: self.coefficient, dead_after: self.dead_after? })
    }
}

/// Lengths of the rows of W_dec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecoderNorm {
    /// As they come out.
    #[default]
    Free,
    /// 1, also at the start. The gradient along a row is removed before clipping, as in dictionary_learning and sparsify.
    Unit,
}

/// How an untied decoder begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecoderStart {
    /// `0.01·N(0, 1)` beside an encoder of `0.1·N(0, 1)`.
    #[default]
    Small,
    /// `W_dec = W_encᵀ`, random rows of length 1: dictionary_learning.
    Transposed,
}

/// How `b_dec` begins. Unless at 0, `b_enc = −b_dec W_enc`, so that the encoder sees `x − b_dec`, as in the other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BiasStart {
    /// At 0.
    #[default]
    Zero,
    /// At the mean of the training rows: sparsify.
    Mean,
    /// At their geometric median: dictionary_learning, after Gao et al. 2024.
    Median,
}

/// Whether a field has its default, which a checkpoint leaves out.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
