//! The folder of dictionary_learning: `config.json` and `ae.pt`. All its dictionaries here but `AutoEncoderNew` and
//! `JumpReluAutoEncoder` see `x − b_dec`.
//!
//! A `BatchTopKSAE` shares k among the rows of a batch only while it trains. Afterwards it keeps what lies above the
//! threshold that training left (its `encode` with `use_threshold`, the default): that is JumpReLU, and is read so.

use super::Config;
use super::saelens::{parameters, thresholds_after_relu};
use super::tensors::Tensors;
use crate::error::Result;
use crate::sae::{Activation, Sae, Threshold, TopKBy, transpose};

/// Name of the weights.
pub const WEIGHTS: &str = "ae.pt";
/// Name of the configuration.
pub const CONFIG: &str = "config.json";

/// Reads the folder.
pub fn read(mut tensors: Tensors<'_>, config: &Config) -> Result<Sae> {
    let trainer = config.inner("trainer")?;
    let class = trainer.word("dict_class")?;
    let Some(class) = class else {
        return Err(trainer.error("entry 'trainer.dict_class' is missing, expected a word"));
    };
    let (matrix, flipped) =
        if class == "JumpReluAutoEncoder" { ("W_enc", true) } else { ("encoder.weight", false) };
    let sizes = |tensors: &Tensors<'_>| -> Result<(usize, usize)> {
        let (rows, cols) = tensors.matrix(matrix)?;
        let (d_sae, d_in) = if flipped { (cols, rows) } else { (rows, cols) };
        trainer.agrees("dict_size", d_sae)?;
        trainer.agrees("activation_dim", d_in)?;
        Ok((d_in, d_sae))
    };
    let sae = match class {
        "AutoEncoder" => {
            let (d_in, d_sae) = sizes(&tensors)?;
            let mut sae = linear_layers(&mut tensors, d_in, d_sae, "bias")?;
            sae.shift_input_by_b_dec(-1.0);
            sae
        }
        "AutoEncoderNew" => {
            let (d_in, d_sae) = sizes(&tensors)?;
            linear_layers(&mut tensors, d_in, d_sae, "decoder.bias")?
        }
        "AutoEncoderTopK" | "BatchTopKSAE" => {
            let (d_in, d_sae) = sizes(&tensors)?;
            let mut sae = linear_layers(&mut tensors, d_in, d_sae, "b_dec")?;
            sae.shift_input_by_b_dec(-1.0);
            let k = tensors.count("k")?;
            let threshold = tensors.number("threshold")?;
            sae.activation = if class == "AutoEncoderTopK" {
                trainer.agrees("k", k)?;
                Activation::TopK { k, by: TopKBy::Positive }
            } else if threshold < 0.0 {
                return Err(tensors.error(format!(
                    "tensor threshold is {threshold}: this BatchTopKSAE never set one in training, expected 0 or above"
                )));
            } else {
                Activation::JumpRelu { threshold: Threshold::Shared(threshold) }
            };
            sae
        }
        "JumpReluAutoEncoder" => {
            let (d_in, d_sae) = sizes(&tensors)?;
            let mut sae = parameters(&mut tensors, d_in, d_sae)?;
            sae.activation = Activation::JumpRelu { threshold: thresholds_after_relu(&mut tensors, d_sae)? };
            sae
        }
        other => {
            return Err(trainer.error(format!(
                "dictionary class '{other}' cannot be read: expected AutoEncoder, AutoEncoderNew, AutoEncoderTopK, \
                 BatchTopKSAE or JumpReluAutoEncoder"
            )));
        }
    };
    tensors.finish()?;
    Ok(sae)
}

/// A dictionary of two linear layers, whose decoder has a column for each latent.
fn linear_layers(tensors: &mut Tensors<'_>, d_in: usize, d_sae: usize, bias: &str) -> Result<Sae> {
    Ok(Sae {
        d_in,
        d_sae,
        activation: Activation::Relu,
        w_enc: tensors.take("encoder.weight", &[d_sae, d_in])?,
        b_enc: tensors.take("encoder.bias", &[d_sae])?,
        w_dec: Some(transpose(&tensors.take("decoder.weight", &[d_in, d_sae])?, d_in, d_sae)),
        b_dec: tensors.take(bias, &[d_in])?,
    })
}
