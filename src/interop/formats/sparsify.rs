//! The folder of EleutherAI's sparsify: `cfg.json` and `sae.safetensors`. TopK with ReLU, and nothing else; the
//! encoder always sees `x − b_dec`.

use serde::Serialize;
use serde_json::json;

use super::saelens::CONFIG;
use crate::error::{Error, Result};
use crate::interop::config::{self, Config};
use crate::interop::model_format::{Format, ModelFormat, ModelReader, ModelWriter};
use crate::interop::named_file::NamedFile;
use crate::interop::signed_topk::positive_topk;
use crate::interop::weights::{self, Weights, check_range};
use crate::sae::{Activation, Sae, TopKBy};

pub const FORMAT: ModelFormat = ModelFormat {
    weights: Some(WEIGHTS),
    recognises: |weights, _| weights.has("encoder.weight") && !weights.has("decoder.weight"),
    read: ModelReader::WithConfig(CONFIG, read),
    writer: Some(ModelWriter { format: Format::Sparsify, name: "sparsify", write }),
};

const WEIGHTS: &str = "sae.safetensors";

#[derive(Serialize)]
struct SparsifyConfig {
    activation: &'static str,
    d_in: usize,
    num_latents: usize,
    k: usize,
    /// About training, not about what the model computes.
    normalize_decoder: bool,
    multi_topk: bool,
    skip_connection: bool,
    transcode: bool,
}

/// Writes the folder, with `encoder.bias = b_enc + b_dec W_enc`.
fn write(sae: &Sae) -> Result<Vec<NamedFile>> {
    let refused =
        |name| Error::option("activation", name, "TopK for the format 'sparsify', which knows TopK only");
    let (sae, k) = match sae.activation {
        Activation::TopK { k, by } => (positive_topk(sae, k, by)?, k),
        Activation::Relu => return Err(refused("ReLU")),
        Activation::JumpRelu { .. } => return Err(refused("JumpReLU")),
        Activation::BatchTopK { .. } => return Err(refused("BatchTopK")),
    };
    let mut sae = sae.into_owned();
    sae.shift_input_by_b_dec(1.0);
    check_range(&sae, WEIGHTS)?;
    let (d_in, d_sae) = (sae.d_in, sae.d_sae);
    let written = SparsifyConfig {
        activation: "topk",
        d_in,
        num_latents: d_sae,
        k,
        normalize_decoder: false,
        multi_topk: false,
        skip_connection: false,
        transcode: false,
    };
    let list: Vec<(&str, Vec<usize>, &[f32])> = vec![
        ("encoder.weight", vec![d_sae, d_in], &sae.w_enc),
        ("encoder.bias", vec![d_sae], &sae.b_enc),
        ("W_dec", vec![d_sae, d_in], sae.decoder()),
        ("b_dec", vec![d_in], &sae.b_dec),
    ];
    Ok(vec![config::write(CONFIG, &written)?, weights::write(WEIGHTS, list)?])
}

/// Reads the folder.
fn read(mut weights: Weights<'_>, config: &Config) -> Result<Sae> {
    config.refuse_unless("activation", &[json!("topk")])?;
    config.refuse_unless("transcode", &[json!(false)])?;
    config.refuse_unless("skip_connection", &[json!(false)])?;
    let (d_sae, d_in) = weights.matrix("encoder.weight")?;
    config.agrees("d_in", d_in)?;
    // 0 stands for expansion_factor · d_in.
    if config.count("num_latents")? != Some(0) {
        config.agrees("num_latents", d_sae)?;
    }
    let mut sae = Sae {
        d_in,
        d_sae,
        activation: Activation::TopK { k: config.needed_count("k")?, by: TopKBy::Positive },
        w_enc: weights.take("encoder.weight", &[d_sae, d_in])?,
        b_enc: weights.take("encoder.bias", &[d_sae])?,
        w_dec: Some(weights.take("W_dec", &[d_sae, d_in])?),
        b_dec: weights.take("b_dec", &[d_in])?,
    };
    weights.finish()?;
    sae.shift_input_by_b_dec(-1.0);
    Ok(sae)
}
