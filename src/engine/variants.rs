//! What a training step may do beyond a plain step on F: the recipes of the field's other programs.
//!
//! A build without the feature `variants` refuses them by [`OFFERED`], and its steps have no code for them.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Whether this build has them.
pub const OFFERED: bool = cfg!(feature = "variants");

/// Most rows that are counted without activity: whole numbers up to here are exact in float32, as checkpoints keep them.
pub const MOST_IDLE_ROWS: u32 = 1 << 24;

/// AuxK (Gao et al. 2024, appendix A.2): the strongest dead latents of a row are trained to reconstruct what the others
/// leave of it, so that they come to life.
///
/// With `e = x − x̂` held fixed and ê the sum of `z W_dec` over the `k` largest positive pre-activations of dead latents,
/// steps follow the gradient of `F + coefficient · min(dead / k, 1) · mean (ê − e)²` over all elements: the loss of
/// SAELens (`calculate_topk_aux_loss`) and sparsify in units of the mse, on the rectified pre-activations that
/// dictionary_learning takes. It is no term of F, which the decoder half and the report are about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuxK {
    /// Latents of a row.
    pub k: usize,
    /// Weight beside the mse.
    pub coefficient: f64,
    /// Rows after which a latent that none of them activated counts as dead, at the start of a step.
    pub dead_after: u32,
}

/// Training of JumpReLU's thresholds by straight-through estimation (Rajamanoharan et al. 2024, equations 11 and 12), with
/// `coefficient · (l0 / target_l0 − 1)²` as a term of F, `l0` being the mean number of active latents of a row.
///
/// With the rectangle K of width 1, `∂z/∂θ = −θ/bandwidth · K((pre − θ)/bandwidth)` and
/// `∂[pre > θ]/∂θ = −1/bandwidth · K((pre − θ)/bandwidth)`. Thresholds are trained as they are, not by their logarithm,
/// and stay at 0 or above: other programs set negative activations to 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThresholdTraining {
    /// Width of the window of pre-activations about a threshold that decide about it.
    pub bandwidth: f64,
    /// Active latents of a row that are aimed at.
    #[serde(rename = "targetL0")]
    pub target_l0: f64,
    /// Weight of the distance from them.
    pub coefficient: f64,
}

impl ThresholdTraining {
    /// The term of F where rows have so many active latents on average.
    pub fn penalty(&self, l0: f64) -> f64 {
        self.coefficient * (l0 / self.target_l0 - 1.0).powi(2)
    }

    /// Its derivative by `l0`.
    pub fn slope(&self, l0: f64) -> f64 {
        2.0 * self.coefficient * (l0 / self.target_l0 - 1.0) / self.target_l0
    }

    /// # Errors
    /// If a number is out of range.
    pub fn validate(&self, d_sae: usize) -> Result<()> {
        let Self { bandwidth, target_l0, coefficient } = *self;
        if !(bandwidth.is_finite() && bandwidth as f32 > 0.0) {
            return Err(Error::option("jumprelu.bandwidth", bandwidth, "a finite number above 0"));
        }
        if !(target_l0 > 0.0 && target_l0 <= d_sae as f64) {
            let expected = format!("above 0 and at most d_sae, here {d_sae}");
            return Err(Error::option("jumprelu.targetL0", target_l0, expected));
        }
        if !(coefficient.is_finite() && coefficient >= 0.0) {
            return Err(Error::option("jumprelu.coefficient", coefficient, "a finite number, 0 or above"));
        }
        Ok(())
    }
}

/// What a training step does beyond a plain step on F.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variants {
    /// Steps over which the step size rises: step `t`, counted from 1, takes `min(1, t / warmup_steps)` of it.
    pub warmup_steps: u64,
    /// Whether rows of W_dec have length 1: the part of the loss's gradient along a row is removed, and after the step the
    /// row is scaled to length 1.
    pub unit_decoder: bool,
    /// AuxK.
    pub auxk: Option<AuxK>,
    /// Training of JumpReLU's thresholds.
    pub thresholds: Option<ThresholdTraining>,
    /// Weight of a batch in the moving average of BatchTopK's threshold.
    pub threshold_rate: f32,
    /// Matryoshka (Bussmann et al. 2025): F has the mse of the reconstruction by the first `p` latents for each of these
    /// `p`, which ascend and end with d_sae. None: only that of all latents.
    pub prefixes: Vec<usize>,
}

impl Variants {
    /// A plain step.
    pub const NONE: &'static Self = &Self {
        warmup_steps: 0,
        unit_decoder: false,
        auxk: None,
        thresholds: None,
        threshold_rate: 0.0,
        prefixes: Vec::new(),
    };

    /// [`Variants::unit_decoder`], where this build has it.
    pub fn unit_decoder(&self) -> bool {
        OFFERED && self.unit_decoder
    }

    /// [`Variants::auxk`], where this build has it.
    pub fn auxk(&self) -> Option<AuxK> {
        self.auxk.filter(|_| OFFERED)
    }

    /// [`Variants::thresholds`], where this build has it.
    pub fn thresholds(&self) -> Option<ThresholdTraining> {
        self.thresholds.filter(|_| OFFERED)
    }

    /// [`Variants::prefixes`], where this build has them.
    pub fn prefixes(&self) -> &[usize] {
        if OFFERED { &self.prefixes } else { &[] }
    }

    /// The share of the step size that step `t`, counted from 1, takes.
    pub fn warmup(&self, t: u64) -> f64 {
        if OFFERED && t < self.warmup_steps { t as f64 / self.warmup_steps as f64 } else { 1.0 }
    }
}
