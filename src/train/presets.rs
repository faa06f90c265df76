//! Named settings: ours, those of the paper's public scripts, and those of the programs that SAEs are trained with.

use serde::{Deserialize, Serialize};

use super::pam::INNER_ROWS;
#[cfg(feature = "variants")]
use super::{AuxKOptions, BiasStart, DecoderNorm, DecoderStart};
use super::{DecoderSolve, Method, Order, TrainOptions};
use crate::error::{Error, Result};

/// Ridge of the scripts' decoder on raw sums. The LLM script squares it.
const SCRIPT_RIDGE: f64 = 1e-6;

/// Solves in an epoch, at most: with ten full MNIST ends at a test MSE of 0.1201, with one at 0.1236 (sweeps with 4 096 rows).
const MOST_SOLVES: usize = 10;
/// Solves in an epoch, at least: on 10 % of MNIST two end at 0.1607, and one at 0.1623, in 0.87 of the time.
const FEWEST_SOLVES: usize = 2;
/// What a solve counts as, in encoded rows for each latent: fewer than it takes by count of operations, 3.3 on MiniLM. With three solves
/// MiniLM ends at 0.2388 after 2.9 times the time of SGD, with two at 0.2413 after 2.6 times.
const SOLVE_ROWS_PER_LATENT: f64 = 1.5;
/// With fewer rows for each latent the decoder is solved for [`MOST_SOLVES`] times and does not follow batches: on 10 % of
/// MiniLM, 0.94 rows for each of 1 536 latents, that ends at 0.500 and sweeps at 0.526 with two solves. With 2.3 rows
/// sweeps end at 0.385 in a quarter of the time in which ten solves end at 0.374.
const FEW_ROWS_PER_LATENT: usize = 2;
/// Of the training rows a sweep has the curvature of one in so many. Test MSE with 2 048, 4 096, 8 192 and 16 384 rows on
/// 60 000 of MNIST: 0.1218, 0.1201, 0.1197, 0.1205; with 1 024, 2 048 and 4 096 on 6 000: 0.1633, 0.1623, 0.1650.
const SWEEP_PART: usize = 6;
/// But at most of so many.
const MOST_SWEEP_ROWS: usize = 8192;

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
    /// The trainers of dictionary_learning for TopK and BatchTopK (`trainers/top_k.py`, `trainers/batch_top_k.py`).
    #[cfg(feature = "variants")]
    DictionaryLearning,
    /// sparsify (`sparsify/trainer.py`, `optimizer: adam`).
    #[cfg(feature = "variants")]
    Sparsify,
}

/// Steps of warm-up in both programs; a run of fewer than ten times as many has a tenth of its own.
#[cfg(feature = "variants")]
const WARMUP_STEPS: u64 = 1000;

/// Adam's step size of both programs by the number of latents, `2e-4 / √(d_sae / 2¹⁴)` (Gao et al. 2024, figure 3).
#[cfg(feature = "variants")]
fn scaled_step(d_sae: usize) -> f64 {
    2e-4 / (d_sae.max(1) as f64 / 16384.0).sqrt()
}

/// Every preset by its public name.
const NAMES: &[(&str, Preset)] = &[
    ("recommended", Preset::Recommended),
    ("paper-mnist", Preset::PaperMnist),
    ("paper-llm", Preset::PaperLlm),
    #[cfg(feature = "variants")]
    ("dictionary-learning", Preset::DictionaryLearning),
    #[cfg(feature = "variants")]
    ("sparsify", Preset::Sparsify),
];

/// The same for messages.
const EXPECTED: &str = if cfg!(feature = "variants") {
    "'recommended', 'paper-mnist', 'paper-llm', 'dictionary-learning' or 'sparsify'"
} else {
    "'recommended', 'paper-mnist' or 'paper-llm'"
};

impl Preset {
    /// Reads the public name.
    ///
    /// # Errors
    /// If it is none of them.
    pub fn parse(name: &str) -> Result<Self> {
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|&(_, preset)| preset)
            .ok_or_else(|| Error::option("preset", format!("'{name}'"), EXPECTED))
    }

    /// Fills in what the preset decides about a run of `epochs` epochs on `rows` training rows.
    ///
    /// [`Preset::Recommended`] gives both methods a step size that falls linearly to 0. PAM-SGD starts with a decoder
    /// that fits the random encoder, lets it follow each batch by a sweep, solves for it two to ten times an epoch, as often as
    /// counts no more than a pass over the rows, resamples dead latents, and takes
    /// `0.05 · steps^(−1/4)` as its first step size: of 0.003, 0.006, 0.01 and 0.02 the best were 0.01 to 0.02 for 230
    /// steps and 0.006 for 4 700. Untied SGD was at its best at 0.01 and 0.003, and
    /// keeps the step size that it is given.
    ///
    /// [`Preset::DictionaryLearning`] has rows of W_dec of unit norm that start as W_encᵀ, `b_dec` at the geometric median,
    /// AuxK, and a constant step size after warm-up; [`Preset::Sparsify`] starts `b_dec` at the mean, has no AuxK, and lets
    /// the step size fall linearly to 0. Both are recipes of SGD: PAM-SGD takes their step size and warm-up, and the start
    /// of `b_dec`. What they do not say stays, as the batch size. dictionary_learning's clipping at a norm of 1 is left out: it
    /// is in units of a loss that sums over columns.
    pub fn apply(self, options: TrainOptions, rows: usize, epochs: u32) -> TrainOptions {
        let pam = options.method == Method::Pam;
        let batches = rows.div_ceil(options.batch_size.max(1)) as f64;
        let steps = (batches * options.updates_per_batch as f64 * f64::from(epochs)).max(1.0);
        match self {
            Self::Recommended => {
                let (solves, sweep_rows) = if pam { decoder_schedule(rows, options.d_sae) } else { (1, 0) };
                TrainOptions {
                    lr: if pam { 0.05 / steps.sqrt().sqrt() } else { options.lr },
                    lr_decay_epochs: Some(epochs),
                    initial_solve: pam,
                    solves_per_epoch: solves,
                    sweep_rows,
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
            #[cfg(feature = "variants")]
            Self::DictionaryLearning => TrainOptions {
                bias_start: BiasStart::Median,
                auxk: Some(AuxKOptions::default()),
                ..library(options, steps)
            },
            #[cfg(feature = "variants")]
            Self::Sparsify => TrainOptions {
                bias_start: BiasStart::Mean,
                lr_decay_epochs: Some(epochs),
                ..library(options, steps)
            },
        }
    }
}

/// How often [`Preset::Recommended`] solves for the decoder in an epoch, and the rows of its sweeps: all solves but the last
/// together count as much as encoding the rows once, or are one.
fn decoder_schedule(rows: usize, d_sae: usize) -> (usize, usize) {
    if rows < FEW_ROWS_PER_LATENT * d_sae {
        return (MOST_SOLVES, 0);
    }
    let refit = (rows / 2).clamp(1, INNER_ROWS) as f64 + SOLVE_ROWS_PER_LATENT * d_sae as f64;
    let solves = (rows as f64 / refit) as usize + 1;
    (solves.clamp(FEWEST_SOLVES, MOST_SOLVES), (rows / SWEEP_PART).clamp(1, MOST_SWEEP_ROWS))
}

/// What both libraries share, for a run of so many steps.
#[cfg(feature = "variants")]
fn library(options: TrainOptions, steps: f64) -> TrainOptions {
    let pam = options.method == Method::Pam;
    TrainOptions {
        tied: Some(false),
        lr: scaled_step(options.d_sae),
        warmup_steps: WARMUP_STEPS.min(steps as u64 / 10),
        decoder_norm: if pam { DecoderNorm::Free } else { DecoderNorm::Unit },
        decoder_start: if pam { DecoderStart::Small } else { DecoderStart::Transposed },
        ..options
    }
}
