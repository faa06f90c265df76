//! Named settings: ours, and those of the paper's public scripts.

use serde::{Deserialize, Serialize};

use super::{DecoderSolve, Method, Order, TrainOptions};
use crate::error::{Error, Result};

/// Ridge of the scripts' decoder on raw sums. The LLM script squares it.
const SCRIPT_RIDGE: f64 = 1e-6;

/// A set of options for a method, given the size of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// What measurements favoured on generated digits and 5 % of MNIST.
    Recommended,
    /// The paper's MNIST script: constant step size, decoder once an epoch with its bias afterwards.
    PaperMnist,
    /// The paper's LLM script: the same with smaller steps, larger batches, and the decoder first.
    PaperLlm,
}

impl Preset {
    /// Reads the public name.
    ///
    /// # Errors
    /// If it is none of the three.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "recommended" => Ok(Self::Recommended),
            "paper-mnist" => Ok(Self::PaperMnist),
            "paper-llm" => Ok(Self::PaperLlm),
            other => Err(Error::option(
                "preset",
                format!("'{other}'"),
                "'recommended', 'paper-mnist' or 'paper-llm'",
            )),
        }
    }

    /// Fills in what the preset decides about a run of `epochs` epochs on `rows` training rows.
    ///
    /// [`Preset::Recommended`] gives both methods a step size that falls linearly to 0. PAM-SGD starts with a decoder
    /// that fits the random encoder, refits it ten times an epoch, resamples dead latents, and takes
    /// `0.05 · steps^(−1/4)` as its first step size: of 0.003, 0.006, 0.01 and 0.02 the best were 0.01 to 0.02 for 230
    /// steps and 0.006 for 4 700. Untied SGD was at its best at 0.01 and 0.003, and
    /// keeps the step size that it is given.
    pub fn apply(self, options: TrainOptions, rows: usize, epochs: u32) -> TrainOptions {
        let pam = options.method == Method::Pam;
        match self {
            Self::Recommended => {
                let batches = rows.div_ceil(options.batch_size.max(1)) as f64;
                let steps = (batches * options.updates_per_batch as f64 * f64::from(epochs)).max(1.0);
                TrainOptions {
                    lr: if pam { 0.05 / steps.sqrt().sqrt() } else { options.lr },
                    lr_decay_epochs: Some(epochs),
                    initial_solve: pam,
                    solves_per_epoch: if pam { 10 } else { 1 },
                    resample: pam,
                    ..options
                }
            }
            Self::PaperMnist => TrainOptions {
                lr: 0.003,
                batch_size: 128,
                alpha: Some(0.0),
                decoder: DecoderSolve::Script { ridge: SCRIPT_RIDGE },
                order: Order::EncoderFirst,
                ..options
            },
            Self::PaperLlm => TrainOptions {
                lr: 0.001,
                batch_size: 256,
                alpha: Some(0.0),
                decoder: DecoderSolve::Script { ridge: SCRIPT_RIDGE * SCRIPT_RIDGE },
                order: Order::DecoderFirst,
                ..options
            },
        }
    }
}
