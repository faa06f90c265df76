//! Where arithmetic runs: one coarse trait, and the engines that implement it.
//!
//! The contract of an engine:
//! - It holds the training rows, the test rows and the whole trainable [`State`] on its side; between calls nothing
//!   crosses but what a method takes and returns. Whatever concerns its rows it answers itself.
//! - Every call does a bounded amount of work, which the caller chooses by the number of rows. Cancelling, progress
//!   and yielding to an event loop happen between calls.
//! - Methods that read something back return futures, since a GPU answers later; the CPU's are ready at once.
//! - Large buffers are made when a method first needs them.
//! - After an error the engine may be in any state until [`Engine::load`] and [`Engine::begin_epoch`] are called.

mod active;
pub(crate) mod adam;
mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;
mod inference;
mod state;
mod statistics;
mod variants;

use std::future::Future;
use std::ops::Range;

pub use active::{ActiveEngine, Place};
pub use cpu::{CpuEngine, CpuInference};
pub use inference::{Inference, Operation, apply};
pub use state::{Decoder, Moments, Optimiser, State};
pub use statistics::{STATISTICS_BLOCK, SufficientStats};
pub use variants::{AuxK, MOST_IDLE_ROWS, OFFERED as VARIANTS_OFFERED, ThresholdTraining, Variants};

use serde::{Deserialize, Serialize};

use crate::data::{DataMoments, Dataset};
use crate::error::{Error, Result};
use crate::sae::{Parameter, Penalties, Regularizer};

/// Whether [`Engine::prepare`] does anything in this build. The MNIST lab's does without it, which saves it a kilobyte: most
/// bytes of its rows are 0, so that a call takes a fifth of the time there.
pub const PREPARES: bool = cfg!(feature = "screen");

/// Where to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The GPU where it works and is faster, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU, or an error.
    Gpu,
}

impl Backend {
    /// Reads the public name.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            other => Err(Error::option("backend", format!("'{other}'"), "'auto', 'gpu' or 'cpu'")),
        }
    }
}

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The rows that are trained on.
    Train,
    /// The rows that are only measured.
    Test,
}

/// What a step of the optimiser needs to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepOptions<'a> {
    /// Rows in a batch; the last batch may be smaller.
    pub batch_size: usize,
    /// Adam steps on each batch.
    pub updates_per_batch: usize,
    /// Step size of Adam on the first batch of a call.
    pub lr: f64,
    /// What is added to it from batch to batch.
    pub lr_slope: f64,
    /// L2 weight decay as in `torch.optim.Adam`: `gradient += decay · W`, on the matrices and not on the biases.
    pub weight_decay: f64,
    /// Largest Euclidean norm that the gradient of F by all trained parameters together may have: a longer one is
    /// scaled by `clip / (norm + 1e-6)`, as `torch.nn.utils.clip_grad_norm_` does, before the weight decay is added.
    pub clip: Option<f64>,
    /// The other terms of F.
    pub penalties: Penalties,
    /// What a step does beyond that.
    pub variants: &'a Variants,
    /// Whether the decoder follows the last update on each batch.
    pub sweep: Option<Sweep>,
}

/// How the decoder of PAM-SGD follows a step: by one sweep of block coordinate descent on the batch, with the curvature
/// of more rows (Mairal et al. 2010, "Online learning for matrix factorization and sparse coding", algorithm 2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sweep {
    /// Rows whose curvature that is.
    pub rows: f64,
    /// Ridge on `W_dec` beside the sums of squares of so many rows.
    pub ridge: f64,
    /// Least that is added to the sums of squares. Without it a latent with a tiny value in one row alone would take all of
    /// that row's residual, and get a huge row of `W_dec`.
    pub damping: f64,
    /// The same for `b_dec`.
    pub bias_ridge: f64,
}

impl Sweep {
    /// What is added to the sums of squares.
    fn added_curvature(&self) -> f32 {
        self.ridge.max(self.damping) as f32
    }
}

impl StepOptions<'_> {
    /// The terms that concern one parameter alone.
    pub fn regularizer(&self, parameter: Parameter, tied: bool) -> Regularizer {
        self.penalties.regularizer(parameter, tied, self.weight_decay)
    }
}

/// Sums over the batches of a call of [`Engine::steps`], measured before each update.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepSums {
    /// Number of updates.
    pub updates: u64,
    /// Sum of the batches' mse.
    pub mse: f64,
    /// Sum of the batches' `mean_rows Σ|z|`.
    pub l1: f64,
    /// Sum of the batches' other terms of F that depend on rows: the losses of shorter prefixes, and the distance from a
    /// target l0.
    pub others: f64,
}

impl StepSums {
    /// Adds those of other batches.
    pub fn add(&mut self, other: &Self) {
        self.updates += other.updates;
        self.mse += other.mse;
        self.l1 += other.l1;
        self.others += other.others;
    }
}

/// Sums over evaluated rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EvaluationSums {
    /// Rows seen.
    pub rows: u64,
    /// `Σ‖x − x̂‖²`.
    pub squares: f64,
    /// Number of active latents in all rows.
    pub active: u64,
    /// `Σ|z|`.
    pub l1: f64,
}

/// Training arithmetic: see the module for the contract.
pub trait Engine {
    /// What the user sees: the engine and what it runs on.
    fn name(&self) -> String;

    /// Multiply-adds of an encode that a call should do: enough to be worth the call, and at most some tens of
    /// milliseconds.
    fn work_per_call(&self) -> usize {
        100_000_000
    }

    /// After an error: moves to where the work can continue from `state`, if there is such a place, and says whether
    /// the epoch may be repeated.
    fn recover(&mut self, _error: &Error, _state: &State) -> impl Future<Output = bool> {
        std::future::ready(false)
    }

    /// Replaces the training rows by others of the same length.
    fn hold(&mut self, train: Dataset) -> impl Future<Output = Result<()>>;

    /// Replaces the whole trainable state, and nothing else.
    fn load(&mut self, state: &State) -> Result<()>;

    /// Reads the whole trainable state back.
    fn state(&mut self) -> impl Future<Output = Result<State>>;

    /// Replaces the state that the last epoch left by the present one, and returns the penalties of its parameters, of which
    /// the proximal ones are measured from the last. After an error `last` is as it was.
    ///
    /// # Errors
    /// If the state cannot be read back.
    fn keep(&mut self, last: &mut State, penalties: &Penalties) -> impl Future<Output = Result<f64>> {
        async {
            let state = self.state().await?;
            let penalty = penalties.of(&state.sae, &last.sae);
            *last = state;
            Ok(penalty)
        }
    }

    /// Starts an epoch: the present parameters become the `previous` of the proximal terms, and activity and
    /// sufficient statistics start anew.
    fn begin_epoch(&mut self);

    /// Does some of what [`Engine::steps`], or without `step` [`Engine::accumulate`], needs of the training rows numbered
    /// `rows`, where they are one batch or block whose encode is more work than a call should do. Returns whether nothing
    /// is left of it, so that the call may come, which must be the next.
    ///
    /// # Errors
    /// If a thread ends.
    fn prepare(&mut self, _rows: &[u32], _step: Option<&Variants>) -> Result<bool> {
        Ok(true)
    }

    /// Takes optimiser steps on consecutive batches of the training rows numbered `rows`.
    fn steps(&mut self, rows: &[u32], options: &StepOptions<'_>) -> impl Future<Output = Result<StepSums>>;

    /// Latents that were active in a step since [`Engine::begin_epoch`], `[d_sae]` counts.
    fn activity(&mut self) -> impl Future<Output = Result<Vec<u64>>>;

    /// Makes some of the room that [`Engine::accumulate`] needs, some milliseconds' worth. Returns whether there is enough.
    ///
    /// # Errors
    /// If memory has no room.
    fn make_room(&mut self) -> Result<bool> {
        Ok(true)
    }

    /// Adds the training rows numbered `rows` to the sufficient statistics of the present encoder.
    fn accumulate(&mut self, rows: &[u32]) -> impl Future<Output = Result<()>>;

    /// Hands the sufficient statistics over and starts new ones.
    fn take_stats(&mut self) -> impl Future<Output = Result<SufficientStats>>;

    /// Means and total sum of squares of the training rows numbered `rows`, in float64.
    fn moments(&mut self, rows: &[u32]) -> impl Future<Output = Result<DataMoments>>;

    /// Residuals `x − x̂ [d_in]` of the at most `count` worst reconstructed of the training rows numbered `rows`, the
    /// worst first. Rows that are reconstructed exactly are left out.
    fn worst_rows(&mut self, rows: &[u32], count: usize) -> impl Future<Output = Result<Vec<Vec<f32>>>>;

    /// Reads the decoder back; of a tied model `W_dec` is the encoder.
    fn decoder(&mut self) -> impl Future<Output = Result<Decoder>>;

    /// Replaces the decoder of an untied model.
    fn set_decoder(&mut self, decoder: Decoder) -> Result<()>;

    /// Measures the present model on rows of a split.
    fn evaluate(&mut self, split: Split, rows: Range<u32>) -> impl Future<Output = Result<EvaluationSums>>;
}

/// Positions of the at most `count` largest of squared lengths above 0, the largest first; ties go to the earlier.
fn longest(squared_lengths: impl Iterator<Item = f64>, count: usize) -> Vec<usize> {
    let mut order: Vec<(f64, usize)> =
        squared_lengths.enumerate().map(|(at, square)| (square.sqrt(), at)).collect();
    order.retain(|(length, _)| *length > 0.0);
    // Unstable: a stable sort would be a hundredth of the lab's module.
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    order.truncate(count);
    order.into_iter().map(|(_, at)| at).collect()
}
