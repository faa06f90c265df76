//! What can be chosen about a run.

use serde::{Deserialize, Serialize};

#[cfg(feature = "variants")]
use super::recipe_options::{AuxKOptions, BiasStart, DecoderNorm, DecoderStart, is_default};
#[cfg(feature = "variants")]
use crate::engine::ThresholdTraining;
use crate::engine::{Backend, StepOptions, Sweep, Variants};
use crate::error::{Error, Result};
use crate::sae::{Activation, Penalties};
use crate::threads::{MOST_THREADS, Threads};

/// Ridge on the decoder of PAM-SGD in units of raw sums divided by `d_in`, from which the default α is derived: a
/// constant pull against which a latent's own energy `Σz²` is weighed, so that α falls with the number of rows.
const RIDGE_PER_COLUMN: f64 = 0.6;

/// How the decoder is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Encoder and decoder by Adam.
    Sgd,
    /// The encoder by Adam, the decoder in closed form once an epoch (the paper's algorithm 1).
    Pam,
}

/// Which half of an epoch of PAM-SGD comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The paper's MNIST script: the decoder that is evaluated fits the encoder.
    #[default]
    EncoderFirst,
    /// The paper's LLM script: the epoch ends with a decoder older than the encoder.
    DecoderFirst,
}

/// How the decoder half of PAM-SGD is solved.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum DecoderSolve {
    /// The exact joint minimiser of F over `(W_dec, b_dec)`.
    #[default]
    Joint,
    /// As the paper's scripts: `W_dec` from raw sums with this ridge, then the bias as the mean residual.
    Script {
        /// ε in `(ZᵀZ + ε I)⁻¹ ZᵀX`.
        ridge: f64,
    },
}

/// Options of a run. Those left out take the paper's values for MNIST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrainOptions {
    /// Number of latents.
    pub d_sae: usize,
    /// ρ.
    pub activation: Activation,
    /// SGD or PAM-SGD.
    pub method: Method,
    /// Whether the decoder is the encoder transposed. Default: with SGD yes; PAM-SGD cannot.
    #[serde(default)]
    pub tied: Option<bool>,
    /// Step size of Adam.
    #[serde(default = "default_lr")]
    pub lr: f64,
    /// Rows in a batch.
    #[serde(default = "default_batch_size")]
    pub batch_size: usize,
    /// Adam steps on each batch.
    #[serde(default = "default_updates")]
    pub updates_per_batch: usize,
    /// λ: weight of the mean over rows of `Σ|z|`.
    #[serde(default)]
    pub l1: f64,
    /// L2 weight decay of Adam on the matrices.
    #[serde(default)]
    pub weight_decay: f64,
    /// Largest norm of the gradient; a longer one is scaled down to it. Default: none. The decoder half of PAM-SGD
    /// has no gradient, so that there it is that of the encoder alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// α: ridge on `W_dec`. Default: 0 for SGD, 0.6 / rows for PAM-SGD.
    #[serde(default)]
    pub alpha: Option<f64>,
    /// β: ridge on `b_dec`.
    #[serde(default)]
    pub beta: f64,
    /// μ_enc: pull of `W_enc` towards its value at the start of the epoch.
    #[serde(default)]
    pub mu_enc: f64,
    /// ν_enc: the same for `b_enc`.
    #[serde(default)]
    pub nu_enc: f64,
    /// μ_dec: the same for `W_dec`.
    #[serde(default)]
    pub mu_dec: f64,
    /// ν_dec: the same for `b_dec`.
    #[serde(default)]
    pub nu_dec: f64,
    /// Which half of PAM-SGD comes first.
    #[serde(default)]
    pub order: Order,
    /// Epochs over which the step size falls linearly to 0. Default: it stays.
    #[serde(default)]
    pub lr_decay_epochs: Option<u32>,
    /// How PAM-SGD solves for the decoder.
    #[serde(default)]
    pub decoder: DecoderSolve,
    /// Whether PAM-SGD fits the decoder to the random encoder before the first step.
    #[serde(default)]
    pub initial_solve: bool,
    /// How often PAM-SGD solves for the decoder in an epoch: the last time on all training rows, before that on at
    /// most 4 096 of them.
    #[serde(default = "default_solves")]
    pub solves_per_epoch: usize,
    /// Lets the decoder of PAM-SGD follow each batch by a sweep over its latents, with the curvature of so many rows; see
    /// [`Sweep`]. 0, the default: it stays as it is between solves.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sweep_rows: usize,
    /// Whether latents that no row of an epoch activates start anew from badly reconstructed rows, except in the last 30 %
    /// of a run whose step size falls to 0. PAM-SGD solves for their decoder rows; with SGD these begin as the encoder's
    /// vectors do, and an epoch's report is of the model with them.
    #[serde(default, rename = "revive")]
    pub resample: bool,
    /// Steps of Adam over which the step size rises linearly from 0.
    #[cfg(feature = "variants")]
    #[serde(default, skip_serializing_if = "is_default")]
    pub warmup_steps: u64,
    /// Lengths of the rows of W_dec; PAM-SGD solves for them.
    #[cfg(feature = "variants")]
    #[serde(default, skip_serializing_if = "is_default")]
    pub decoder_norm: DecoderNorm,
    /// How an untied decoder begins.
    #[cfg(feature = "variants")]
    #[serde(default, skip_serializing_if = "is_default")]
    pub decoder_start: DecoderStart,
    /// How `b_dec` begins.
    #[cfg(feature = "variants")]
    #[serde(default, skip_serializing_if = "is_default")]
    pub bias_start: BiasStart,
    /// AuxK: dead latents are trained on what the others leave. Default: none.
    #[cfg(feature = "variants")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auxk: Option<AuxKOptions>,
    /// Trains the thresholds of JumpReLU towards a number of active latents. Default: they stay.
    #[cfg(feature = "variants")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jumprelu: Option<ThresholdTraining>,
    /// Matryoshka: numbers of latents, ascending, by whose first latents rows are reconstructed too; F has the sum of the
    /// losses, that of all latents included. Default: none.
    #[cfg(feature = "variants")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<usize>,
    /// Seed of every random choice.
    pub seed: u64,
    /// Where to train.
    #[serde(default)]
    pub backend: Backend,
    /// How many threads the CPU engine may use at most. Default: all that there are. They change no bit of the result,
    /// so that a checkpoint names them only where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn default_lr() -> f64 {
    0.003
}

fn default_batch_size() -> usize {
    128
}

fn default_updates() -> usize {
    1
}

fn default_solves() -> usize {
    1
}

impl TrainOptions {
    /// Options with the defaults for everything else.
    pub fn new(method: Method, d_sae: usize, activation: Activation, seed: u64) -> Self {
        Self {
            d_sae,
            activation,
            method,
            tied: None,
            lr: default_lr(),
            batch_size: default_batch_size(),
            updates_per_batch: default_updates(),
            l1: 0.0,
            weight_decay: 0.0,
            clip: None,
            alpha: None,
            beta: 0.0,
            mu_enc: 0.0,
            nu_enc: 0.0,
            mu_dec: 0.0,
            nu_dec: 0.0,
            order: Order::default(),
            lr_decay_epochs: None,
            decoder: DecoderSolve::default(),
            initial_solve: false,
            solves_per_epoch: default_solves(),
            sweep_rows: 0,
            resample: false,
            #[cfg(feature = "variants")]
            warmup_steps: 0,
            #[cfg(feature = "variants")]
            decoder_norm: DecoderNorm::default(),
            #[cfg(feature = "variants")]
            decoder_start: DecoderStart::default(),
            #[cfg(feature = "variants")]
            bias_start: BiasStart::default(),
            #[cfg(feature = "variants")]
            auxk: None,
            #[cfg(feature = "variants")]
            jumprelu: None,
            #[cfg(feature = "variants")]
            prefixes: Vec::new(),
            seed,
            backend: Backend::default(),
            threads: None,
        }
    }

    /// Fills in what depends on the method and the size of the training data, and checks everything.
    ///
    /// # Errors
    /// If an option is outside its range or does not fit another; the message names it.
    pub fn resolve(mut self, rows: usize, cols: usize) -> Result<Self> {
        let pam = self.method == Method::Pam;
        self.tied = Some(self.tied.unwrap_or(!pam));
        self.alpha = Some(self.alpha.unwrap_or(if pam { RIDGE_PER_COLUMN / rows as f64 } else { 0.0 }));
        self.resolve_recipe(rows, cols);
        self.validate()?;
        Ok(self)
    }

    fn validate(&self) -> Result<()> {
        if self.d_sae == 0 {
            return Err(Error::option("dSae", self.d_sae, "at least 1"));
        }
        self.activation.validate(self.d_sae)?;
        self.validate_recipe()?;
        if self.method == Method::Pam && self.tied == Some(true) {
            return Err(Error::option("tied", true, "false: PAM-SGD solves for an untied decoder"));
        }
        if !(self.lr.is_finite() && self.lr > 0.0) {
            return Err(Error::option("lr", self.lr, "a finite number above 0"));
        }
        for (name, count) in [
            ("batchSize", self.batch_size),
            ("updatesPerBatch", self.updates_per_batch),
            ("solvesPerEpoch", self.solves_per_epoch),
        ] {
            if count == 0 {
                return Err(Error::option(name, count, "at least 1"));
            }
        }
        if let Some(threads) = self.threads
            && !(1..=MOST_THREADS).contains(&threads)
        {
            return Err(Error::option("threads", threads, format!("from 1 to {MOST_THREADS}")));
        }
        if self.sweep_rows > 0 && (self.method == Method::Sgd || self.decoder != DecoderSolve::Joint) {
            let expected = "0 unless PAM-SGD solves for the joint decoder";
            return Err(Error::option("sweepRows", self.sweep_rows, expected));
        }
        if let Some(clip) = self.clip
            && !(clip.is_finite() && clip > 0.0)
        {
            return Err(Error::option("clip", clip, "a finite number above 0"));
        }
        if self.lr_decay_epochs == Some(0) {
            return Err(Error::option("lrDecayEpochs", 0, "at least 1"));
        }
        if let DecoderSolve::Script { ridge } = self.decoder
            && !(ridge.is_finite() && ridge >= 0.0)
        {
            return Err(Error::option("decoder.ridge", ridge, "a finite number, 0 or above"));
        }
        for (name, weight) in [
            ("l1", self.l1),
            ("weightDecay", self.weight_decay),
            ("alpha", self.alpha.unwrap_or(0.0)),
            ("beta", self.beta),
            ("muEnc", self.mu_enc),
            ("nuEnc", self.nu_enc),
            ("muDec", self.mu_dec),
            ("nuDec", self.nu_dec),
        ] {
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(Error::option(name, weight, "a finite number, 0 or above"));
            }
        }
        Ok(())
    }

    /// Weights of the terms of F.
    pub fn penalties(&self) -> Penalties {
        Penalties {
            l1: self.l1,
            alpha: self.alpha.unwrap_or(0.0),
            beta: self.beta,
            mu_enc: self.mu_enc,
            nu_enc: self.nu_enc,
            mu_dec: self.mu_dec,
            nu_dec: self.nu_dec,
        }
    }

    /// How the decoder follows steps. The ridge keeps its size in units of raw sums, as in refits.
    fn sweep(&self, rows: usize, cols: usize) -> Option<Sweep> {
        let elements = rows as f64 * cols as f64;
        let Penalties { alpha, beta, .. } = self.penalties();
        (self.sweep_rows > 0).then_some(Sweep {
            rows: self.sweep_rows as f64,
            ridge: alpha * elements,
            damping: RIDGE_PER_COLUMN * cols as f64,
            bias_ridge: beta * elements,
        })
    }

    /// Threads of the CPU engine.
    pub fn threads(&self) -> Threads {
        Threads::up_to(self.threads)
    }

    /// What an engine's steps on data of so many rows and columns need; the variants are those of
    /// [`TrainOptions::variants`].
    pub(super) fn step_options<'a>(
        &self,
        variants: &'a Variants,
        (rows, cols): (usize, usize),
    ) -> StepOptions<'a> {
        StepOptions {
            batch_size: self.batch_size,
            updates_per_batch: self.updates_per_batch,
            lr: self.lr,
            lr_slope: 0.0,
            weight_decay: self.weight_decay,
            clip: self.clip,
            penalties: self.penalties(),
            variants,
            sweep: self.sweep(rows, cols),
        }
    }
}
