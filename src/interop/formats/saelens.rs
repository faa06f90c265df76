//! The folder of SAELens: `cfg.json` and `sae_weights.safetensors`.
//!
//! Configurations of SAELens before 6.0 say `activation_fn_str: "topk"` and `activation_fn_kwargs` instead of the
//! architecture `topk`; both are read.

use serde::Serialize;
use serde_json::json;

use crate::error::{Error, Result};
use crate::interop::config::{self, Config};
use crate::interop::model_format::{Format, ModelFormat, ModelReader, ModelWriter};
use crate::interop::named_file::NamedFile;
use crate::interop::signed_topk::positive_topk;
use crate::interop::weights::{self, Weights};
use crate::sae::{Activation, Sae, Threshold, TopKBy, transpose};

pub const FORMAT: ModelFormat = ModelFormat {
    weights: Some(WEIGHTS),
    recognises: |weights, config| {
        // Without a configuration, which SAELens needs, thresholds are those of Gemma Scope.
        let own = config.map_or(!weights.has("threshold"), |config| !config.has("trainer"));
        weights.has("W_enc") && own
    },
    read: ModelReader::WithConfig(CONFIG, read),
    writer: Some(ModelWriter { format: Format::SaeLens, name: "saelens", write }),
};

const WEIGHTS: &str = "sae_weights.safetensors";
/// Name of the configuration, of sparsify's too.
pub const CONFIG: &str = "cfg.json";
/// The version whose loader the files were tried with first; a version below 6.0, or none, would be read as an old
/// configuration.
const VERSION: &str = "6.18.0";

#[derive(Serialize)]
struct SaelensConfig {
    architecture: &'static str,
    d_in: usize,
    d_sae: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<usize>,
    dtype: &'static str,
    device: &'static str,
    /// Left out, it would be true.
    apply_b_dec_to_input: bool,
    normalize_activations: &'static str,
    reshape_activations: &'static str,
    metadata: SaelensMetadata,
}

#[derive(Serialize)]
struct SaelensMetadata {
    sae_lens_version: &'static str,
}

/// Writes the folder.
fn write(sae: &Sae) -> Result<Vec<NamedFile>> {
    match &sae.activation {
        Activation::Relu => folder(sae, "standard", None, None),
        Activation::JumpRelu { threshold } => {
            folder(sae, "jumprelu", None, Some(after_relu(threshold, sae.d_sae, "SAELens")?))
        }
        // As SAELens saves a BatchTopK SAE that it has trained.
        Activation::BatchTopK { threshold: Some(threshold), .. } => {
            folder(sae, "jumprelu", None, Some(vec![*threshold; sae.d_sae]))
        }
        Activation::BatchTopK { threshold: None, .. } => Err(never_set()),
        &Activation::TopK { k, by } => folder(&*positive_topk(sae, k, by)?, "topk", Some(k), None),
    }
}

/// Of BatchTopK whose threshold no step has set.
pub fn never_set() -> Error {
    Error::option(
        "activation",
        "BatchTopK without a threshold",
        "one that training has set: no step has seen an active latent yet",
    )
}

/// Thresholds for a program that applies ReLU before it compares.
pub fn after_relu(threshold: &Threshold, d_sae: usize, program: &str) -> Result<Vec<f32>> {
    let thresholds = threshold.per_latent(d_sae);
    match thresholds.iter().position(|&threshold| threshold < 0.0) {
        None => Ok(thresholds),
        Some(latent) => Err(Error::option(
            "threshold",
            format!("{} at latent {latent}", thresholds[latent]),
            format!("0 or above: {program} sets negative activations to 0"),
        )),
    }
}

fn folder(
    sae: &Sae,
    architecture: &'static str,
    k: Option<usize>,
    threshold: Option<Vec<f32>>,
) -> Result<Vec<NamedFile>> {
    let written = SaelensConfig {
        architecture,
        d_in: sae.d_in,
        d_sae: sae.d_sae,
        k,
        dtype: "float32",
        device: "cpu",
        apply_b_dec_to_input: false,
        normalize_activations: "none",
        reshape_activations: "none",
        metadata: SaelensMetadata { sae_lens_version: VERSION },
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
    Ok(vec![config::write(CONFIG, &written)?, weights::write(WEIGHTS, list)?])
}

/// Reads the folder.
fn read(mut weights: Weights<'_>, config: &Config) -> Result<Sae> {
    config.refuse_unless("normalize_activations", &[json!("none"), json!(false)])?;
    config.refuse_unless("finetuning_scaling_factor", &[json!(false)])?;
    let activation = activation(config)?;
    let (d_in, d_sae) = weights.matrix("W_enc")?;
    config.agrees("d_in", d_in)?;
    config.agrees("d_sae", d_sae)?;
    let mut sae = parameters(&mut weights, d_in, d_sae)?;
    sae.activation = match activation {
        SaelensActivation::Standard => Activation::Relu,
        SaelensActivation::JumpRelu => {
            Activation::JumpRelu { threshold: thresholds_after_relu(&mut weights, d_sae)? }
        }
        SaelensActivation::TopK(k, by) => Activation::TopK { k, by },
    };
    // Some versions write them, all ones.
    if weights.has("scaling_factor") {
        let factors = weights.take("scaling_factor", &[d_sae])?;
        if factors.iter().any(|&factor| factor != 1.0) {
            return Err(weights
                .error("has scaling factors that are not folded into its weights, which is not supported"));
        }
    }
    weights.finish()?;
    if config.flag("apply_b_dec_to_input", true)? {
        sae.shift_input_by_b_dec(-1.0);
    }
    if config.flag("rescale_acts_by_decoder_norm", false)? {
        fold_decoder_norms(&mut sae);
    }
    Ok(sae)
}

/// `W_enc`, `b_enc`, `W_dec` and `b_dec` in the orientation of the paper. The caller sets the activation.
pub fn parameters(weights: &mut Weights<'_>, d_in: usize, d_sae: usize) -> Result<Sae> {
    let w_enc = weights.take("W_enc", &[d_in, d_sae])?;
    Ok(Sae {
        d_in,
        d_sae,
        activation: Activation::Relu,
        w_enc: transpose(&w_enc, d_in, d_sae),
        b_enc: weights.take("b_enc", &[d_sae])?,
        w_dec: Some(weights.take("W_dec", &[d_sae, d_in])?),
        b_dec: weights.take("b_dec", &[d_in])?,
    })
}

/// Thresholds of a model that also sets negative activations to 0: one below 0 acts as 0.
pub fn thresholds_after_relu(weights: &mut Weights<'_>, d_sae: usize) -> Result<Threshold> {
    let thresholds = weights.take("threshold", &[d_sae])?;
    Ok(Threshold::PerLatent(thresholds.into_iter().map(|threshold| threshold.max(0.0)).collect()))
}

enum SaelensActivation {
    Standard,
    JumpRelu,
    TopK(usize, TopKBy),
}

fn activation(config: &Config) -> Result<SaelensActivation> {
    let old = config.text("activation_fn_str")?.or(config.text("activation_fn")?).unwrap_or("relu");
    match (config.text("architecture")?.unwrap_or("standard"), old) {
        ("standard", "topk") => Ok(SaelensActivation::TopK(
            config.inner("activation_fn_kwargs")?.needed_count("k")?,
            TopKBy::Positive,
        )),
        ("topk", _) if config.has("k") => {
            Ok(SaelensActivation::TopK(config.needed_count("k")?, TopKBy::Positive))
        }
        ("topk", _) => Ok(SaelensActivation::TopK(
            config.inner("activation_fn_kwargs")?.needed_count("k")?,
            TopKBy::Positive,
        )),
        ("abstopk", _) => Ok(SaelensActivation::TopK(config.needed_count("k")?, TopKBy::Magnitude)),
        ("standard", "relu") => Ok(SaelensActivation::Standard),
        ("jumprelu", "relu") => Ok(SaelensActivation::JumpRelu),
        ("standard" | "jumprelu", other) => {
            Err(config.error(format!("activation function '{other}' is neither 'relu' nor 'topk'")))
        }
        (other, _) => Err(config.error(format!(
            "architecture '{other}' cannot be read: expected 'standard', 'topk', 'abstopk' or 'jumprelu'"
        ))),
    }
}

/// SAELens chooses the k largest after multiplication by the decoder's norms, and divides by them again. Multiplying
/// the encoder and dividing the decoder once does the same.
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
