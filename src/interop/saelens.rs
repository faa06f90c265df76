//! The folder of SAELens: `cfg.json` and `sae_weights.safetensors`.
//!
//! Configurations of SAELens before 6.0 say `activation_fn_str: "topk"` and `activation_fn_kwargs` instead of the
//! architecture `topk`; both are read.

use serde::Serialize;
use serde_json::json;

use super::doubling::positive_topk;
use super::tensors::{self, Tensors};
use super::{Config, NamedFile, config};
use crate::error::{Error, Result};
use crate::sae::{Activation, Sae, Threshold, TopKBy, transpose};

/// Name of the weights.
pub const WEIGHTS: &str = "sae_weights.safetensors";
/// Name of the configuration.
pub const CONFIG: &str = "cfg.json";
/// The version whose loader the files were tried with first; a version below 6.0, or none, would be read as an old
/// configuration.
const VERSION: &str = "6.18.0";

#[derive(Serialize)]
struct Written {
    architecture: &'static str,
    d_in: usize,
    d_sae: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<usize>,
    dtype: &'static str,
    device: &'static str,
    /// It is true where it is left out.
    apply_b_dec_to_input: bool,
    normalize_activations: &'static str,
    reshape_activations: &'static str,
    metadata: Metadata,
}

#[derive(Serialize)]
struct Metadata {
    sae_lens_version: &'static str,
}

/// Writes the folder.
pub fn write(sae: &Sae) -> Result<Vec<NamedFile>> {
    match positive_topk(sae)? {
        Some((sae, k)) => folder(&sae, "topk", Some(k), None),
        None => match &sae.activation {
            Activation::JumpRelu { threshold } => {
                folder(sae, "jumprelu", None, Some(thresholds(threshold, sae.d_sae)?))
            }
            _ => folder(sae, "standard", None, None),
        },
    }
}

/// SAELens applies ReLU before it compares with the threshold.
fn thresholds(threshold: &Threshold, d_sae: usize) -> Result<Vec<f32>> {
    let thresholds = match threshold {
        Threshold::Shared(threshold) => vec![*threshold; d_sae],
        Threshold::PerLatent(thresholds) => thresholds.clone(),
    };
    match thresholds.iter().position(|&threshold| threshold < 0.0) {
        None => Ok(thresholds),
        Some(latent) => Err(Error::option(
            "threshold",
            format!("{} at latent {latent}", thresholds[latent]),
            "0 or above: SAELens sets negative activations to 0",
        )),
    }
}

fn folder(
    sae: &Sae,
    architecture: &'static str,
    k: Option<usize>,
    threshold: Option<Vec<f32>>,
) -> Result<Vec<NamedFile>> {
    let written = Written {
        architecture,
        d_in: sae.d_in,
        d_sae: sae.d_sae,
        k,
        dtype: "float32",
        device: "cpu",
        apply_b_dec_to_input: false,
        normalize_activations: "none",
        reshape_activations: "none",
        metadata: Metadata { sae_lens_version: VERSION },
    };
    let w_enc = transpose(&sae.w_enc, sae.d_sae, sae.d_in);
    let (d_in, d_sae) = (sae.d_in, sae.d_sae);
    let mut list: Vec<(&str, Vec<usize>, &[f32])> = vec![
        ("W_enc", vec![d_in, d_sae], &w_enc),
        ("b_enc", vec![d_sae], &sae.b_enc),
        ("W_dec", vec![d_sae, d_in], sae.decoder()),
        ("b_dec", vec![d_in], &sae.b_dec),
    ];
    list.extend(threshold.as_ref().map(|threshold| ("threshold", vec![d_sae], threshold.as_slice())));
    Ok(vec![config::write(CONFIG, &written)?, tensors::write(WEIGHTS, list)?])
}

/// Reads the folder.
pub fn read(mut tensors: Tensors<'_>, config: &Config) -> Result<Sae> {
    config.refuse_unless("normalize_activations", &[json!("none"), json!(false)])?;
    config.refuse_unless("finetuning_scaling_factor", &[json!(false)])?;
    let activation = activation(config)?;
    let (d_in, d_sae) = tensors.matrix("W_enc")?;
    config.agrees("d_in", d_in)?;
    config.agrees("d_sae", d_sae)?;
    let mut sae = parameters(&mut tensors, d_in, d_sae)?;
    sae.activation = match activation {
        Kind::Standard => Activation::Relu,
        Kind::JumpRelu => Activation::JumpRelu { threshold: thresholds_after_relu(&mut tensors, d_sae)? },
        Kind::TopK(k, by) => Activation::TopK { k, by },
    };
    // Written as all ones for a while.
    if tensors.has("scaling_factor") {
        let factors = tensors.take("scaling_factor", &[d_sae])?;
        if factors.iter().any(|&factor| factor != 1.0) {
            return Err(
                tensors.error("has scaling factors that are not folded in, which models here cannot do")
            );
        }
    }
    tensors.finish()?;
    if config.flag("apply_b_dec_to_input", true)? {
        sae.shift_input_by_b_dec(-1.0);
    }
    if config.flag("rescale_acts_by_decoder_norm", false)? {
        fold_decoder_norms(&mut sae);
    }
    Ok(sae)
}

/// `W_enc`, `b_enc`, `W_dec` and `b_dec` in the orientation of the paper. The activation is set by who calls.
pub fn parameters(tensors: &mut Tensors<'_>, d_in: usize, d_sae: usize) -> Result<Sae> {
    let w_enc = tensors.take("W_enc", &[d_in, d_sae])?;
    Ok(Sae {
        d_in,
        d_sae,
        activation: Activation::Relu,
        w_enc: transpose(&w_enc, d_in, d_sae),
        b_enc: tensors.take("b_enc", &[d_sae])?,
        w_dec: Some(tensors.take("W_dec", &[d_sae, d_in])?),
        b_dec: tensors.take("b_dec", &[d_in])?,
    })
}

/// Thresholds of a model that sets negative activations to 0 besides: one below 0 does as 0 does.
pub fn thresholds_after_relu(tensors: &mut Tensors<'_>, d_sae: usize) -> Result<Threshold> {
    let thresholds = tensors.take("threshold", &[d_sae])?;
    Ok(Threshold::PerLatent(thresholds.into_iter().map(|threshold| threshold.max(0.0)).collect()))
}

enum Kind {
    Standard,
    JumpRelu,
    TopK(usize, TopKBy),
}

fn activation(config: &Config) -> Result<Kind> {
    let old = config.word("activation_fn_str")?.or(config.word("activation_fn")?).unwrap_or("relu");
    match (config.word("architecture")?.unwrap_or("standard"), old) {
        ("standard", "topk") => {
            Ok(Kind::TopK(config.inner("activation_fn_kwargs")?.needed_count("k")?, TopKBy::Positive))
        }
        ("topk", _) if config.has("k") => Ok(Kind::TopK(config.needed_count("k")?, TopKBy::Positive)),
        ("topk", _) => {
            Ok(Kind::TopK(config.inner("activation_fn_kwargs")?.needed_count("k")?, TopKBy::Positive))
        }
        ("abstopk", _) => Ok(Kind::TopK(config.needed_count("k")?, TopKBy::Magnitude)),
        ("standard", "relu") => Ok(Kind::Standard),
        ("jumprelu", "relu") => Ok(Kind::JumpRelu),
        ("standard" | "jumprelu", other) => {
            Err(config.error(format!("activation function '{other}' is none of 'relu' and 'topk'")))
        }
        (other, _) => Err(config.error(format!(
            "architecture '{other}' cannot be read: expected 'standard', 'topk', 'abstopk' or 'jumprelu'"
        ))),
    }
}

/// SAELens chooses the k largest after multiplication by the decoder's norms, and divides by them again. Multiplying
/// the encoder and dividing the decoder once and for all does the same.
fn fold_decoder_norms(sae: &mut Sae) {
    let Some(decoder) = &mut sae.w_dec else { return };
    let latents =
        sae.w_enc.chunks_exact_mut(sae.d_in).zip(decoder.chunks_exact_mut(sae.d_in)).zip(&mut sae.b_enc);
    for ((encoder, decoder), bias) in latents {
        let norm = decoder.iter().map(|&w| f64::from(w) * f64::from(w)).sum::<f64>().sqrt();
        let scale = |w: &mut f32| *w = (f64::from(*w) * norm) as f32;
        encoder.iter_mut().for_each(scale);
        scale(bias);
        if norm > 0.0 {
            decoder.iter_mut().for_each(|w| *w = (f64::from(*w) / norm) as f32);
        }
    }
}
