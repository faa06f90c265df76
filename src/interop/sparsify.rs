//! The folder of EleutherAI's sparsify: `cfg.json` and `sae.safetensors`. TopK with ReLU, and nothing else; the
//! encoder always sees `x − b_dec`.

use serde::Serialize;
use serde_json::json;

use super::doubling::positive_topk;
use super::tensors::{self, Tensors};
use super::{Config, NamedFile, config};
use crate::error::{Error, Result};
use crate::sae::{Activation, Sae, TopKBy};

/// Name of the weights.
pub const WEIGHTS: &str = "sae.safetensors";
const CONFIG: &str = super::saelens::CONFIG;

#[derive(Serialize)]
struct Written {
    activation: &'static str,
    d_in: usize,
    num_latents: usize,
    k: usize,
    /// How it trains, not what it computes.
    normalize_decoder: bool,
    multi_topk: bool,
    skip_connection: bool,
    transcode: bool,
}

/// Writes the folder, with `encoder.bias = b_enc + b_dec W_enc`.
pub fn write(sae: &Sae) -> Result<Vec<NamedFile>> {
    let Some((sae, k)) = positive_topk(sae)? else {
        let name = if sae.activation == Activation::Relu { "ReLU" } else { "JumpReLU" };
        return Err(Error::option(
            "activation",
            name,
            "TopK for the format 'sparsify', which knows TopK only",
        ));
    };
    let mut sae = sae.into_owned();
    sae.shift_input_by_b_dec(1.0);
    super::in_range(&sae, WEIGHTS)?;
    let (d_in, d_sae) = (sae.d_in, sae.d_sae);
    let written = Written {
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
    Ok(vec![config::write(CONFIG, &written)?, tensors::write(WEIGHTS, list)?])
}

/// Reads the folder.
pub fn read(mut tensors: Tensors<'_>, config: &Config) -> Result<Sae> {
    config.refuse_unless("activation", &[json!("topk")])?;
    config.refuse_unless("transcode", &[json!(false)])?;
    config.refuse_unless("skip_connection", &[json!(false)])?;
    let (d_sae, d_in) = tensors.matrix("encoder.weight")?;
    config.agrees("d_in", d_in)?;
    // 0 stands for expansion_factor · d_in.
    if config.count("num_latents")? != Some(0) {
        config.agrees("num_latents", d_sae)?;
    }
    let mut sae = Sae {
        d_in,
        d_sae,
        activation: Activation::TopK { k: config.needed_count("k")?, by: TopKBy::Positive },
        w_enc: tensors.take("encoder.weight", &[d_sae, d_in])?,
        b_enc: tensors.take("encoder.bias", &[d_sae])?,
        w_dec: Some(tensors.take("W_dec", &[d_sae, d_in])?),
        b_dec: tensors.take("b_dec", &[d_in])?,
    };
    tensors.finish()?;
    sae.shift_input_by_b_dec(-1.0);
    Ok(sae)
}
