//! What the options of the field's other recipes mean for a run's steps. A build without the feature `variants` has
//! `no_recipe` in its place.

use super::options::{DecoderSolve, Method, TrainOptions};
use super::recipe_options::{DecoderNorm, DecoderStart};
use crate::engine::Variants;
use crate::error::{Error, Result};
use crate::sae::Activation;

/// Weight of a batch in the average that is BatchTopK's threshold: that of SAELens (`topk_threshold_lr`). Where an epoch has
/// fewer steps than it averages over, the weight is 1 / steps, so that a short run's threshold is not that of its start.
const LEAST_THRESHOLD_RATE: f32 = 0.01;
/// Most prefixes: each is a reconstruction of its own.
const MOST_PREFIXES: usize = 32;

/// # Errors
/// If they do not ascend from 1 or more to at most `d_sae`, or are too many.
fn check_prefixes(prefixes: &[usize], d_sae: usize) -> Result<()> {
    if prefixes.len() > MOST_PREFIXES {
        return Err(Error::option(
            "prefixes",
            format!("{} numbers", prefixes.len()),
            format!("at most {MOST_PREFIXES}"),
        ));
    }
    let mut before = 0;
    for &prefix in prefixes {
        if prefix <= before || prefix > d_sae {
            let expected =
                format!("numbers of latents that rise from 1 or more to at most d_sae, here {d_sae}");
            return Err(Error::option("prefixes", format!("{prefixes:?}"), expected));
        }
        before = prefix;
    }
    Ok(())
}

impl TrainOptions {
    /// Fills in what depends on the data.
    pub(super) fn resolve_recipe(&mut self, rows: usize, cols: usize) {
        self.auxk = self.auxk.map(|auxk| auxk.resolve(rows, cols));
    }

    /// The options of the field's other recipes.
    pub(super) fn validate_recipe(&self) -> Result<()> {
        if let (DecoderNorm::Unit, Method::Pam) = (self.decoder_norm, self.method) {
            return Err(Error::option("decoderNorm", "'unit'", "'free': PAM-SGD solves for the decoder"));
        }
        for (name, is_default) in [
            ("decoderNorm", self.decoder_norm == DecoderNorm::Free),
            ("decoderStart", self.decoder_start == DecoderStart::Small),
        ] {
            if self.tied == Some(true) && !is_default {
                return Err(Error::option(name, "given", "left out: a tied model has no decoder of its own"));
            }
        }
        if let Some(auxk) = &self.auxk {
            auxk.validate()?;
        }
        if let Some(training) = &self.jumprelu {
            training.validate(self.d_sae)?;
            let Activation::JumpRelu { threshold } = &self.activation else {
                return Err(Error::option(
                    "jumprelu",
                    "given",
                    "left out unless the activation is 'jumprelu'",
                ));
            };
            if let Some(below) = threshold.iter().find(|&threshold| threshold < 0.0) {
                return Err(Error::option("threshold", below, "0 or above where thresholds are trained"));
            }
        }
        if let (DecoderSolve::Script { .. }, [_, ..]) = (self.decoder, &*self.prefixes) {
            return Err(Error::option("decoder", "'script'", "'joint' where there are prefixes"));
        }
        check_prefixes(&self.prefixes, self.d_sae)
    }

    /// The prefixes with that of all latents; none where that is the only one.
    pub(super) fn all_prefixes(&self) -> Vec<usize> {
        let mut prefixes = self.prefixes.clone();
        if prefixes.last().is_some_and(|&last| last < self.d_sae) {
            prefixes.push(self.d_sae);
        }
        if prefixes.len() < 2 { Vec::new() } else { prefixes }
    }

    /// What a step on a data set of `rows` rows does beyond a plain step on F.
    pub(super) fn variants(&self, rows: usize) -> Variants {
        let steps = rows.div_ceil(self.batch_size).saturating_mul(self.updates_per_batch);
        Variants {
            warmup_steps: self.warmup_steps,
            unit_decoder: self.decoder_norm == DecoderNorm::Unit,
            auxk: self.auxk.and_then(|auxk| auxk.terms()),
            thresholds: self.jumprelu,
            threshold_rate: LEAST_THRESHOLD_RATE.max(1.0 / steps as f32),
            prefixes: self.all_prefixes(),
        }
    }
}
