//! What an epoch reports.

use serde::{Deserialize, Serialize};

/// Figures at the end of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EpochReport {
    /// Number of the epoch, from 1.
    pub epoch: u32,
    /// Mean squared error over all elements of the training rows. PAM-SGD with the encoder first: of the finished
    /// model, from the sufficient statistics. Otherwise: the mean over the epoch's batches, each before its update.
    pub train_mse: f64,
    /// Mean squared error over all elements of the test rows, without penalties.
    pub test_mse: f64,
    /// F on the training rows, with the epoch's start as `previous`.
    pub objective: f64,
    /// The terms of F that involve the decoder on all training rows, before this epoch's decoder half; PAM-SGD with the
    /// joint decoder only.
    pub decoder_before: Option<f64>,
    /// The same after it: never above, but for rounding.
    pub decoder_after: Option<f64>,
    /// `Σ‖x − x̂‖² / Σ‖x − x̄‖²` on the test rows; infinite if they do not vary but are not reproduced.
    pub test_fvu: f64,
    /// Mean number of active latents of a test row.
    pub test_l0: f64,
    /// Mean over the test rows of `Σ|z|`.
    pub test_l1: f64,
    /// Share of latents active on no training row of the epoch.
    pub dead_share: f64,
    /// Time that the epoch took.
    pub seconds: f64,
}
