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
    let Some(class) = trainer.word("dict_class")? else {
        return Err(trainer.error("entry 'trainer.dict_class' is missing, expected a word"));
    };
    let (d_in, d_sae) = match class {
        "AutoEncoder" | "AutoEncoderNew" | "AutoEncoderTopK" | "BatchTopKSAE" => {
            let (d_sae, d_in) = tensors.matrix("encoder.weight")?;
            (d_in, d_sae)
        }
        "JumpReluAutoEncoder" => tensors.matrix("W_enc")?,
        other => {
            return Err(trainer.error(format!(
                "dictionary class '{other}' cannot be read: expected AutoEncoder, AutoEncoderNew, AutoEncoderTopK, \
                 BatchTopKSAE or JumpReluAutoEncoder"
            )));
        }
    };
    trainer.agrees("dict_size", d_sae)?;
    trainer.agrees("activation_dim", d_in)?;
    let mut sae = match class {
        "AutoEncoder" => linear_layers(&mut tensors, d_in, d_sae, "bias")?,
        "AutoEncoderNew" => linear_layers(&mut tensors, d_in, d_sae, "decoder.bias")?,
        "JumpReluAutoEncoder" => parameters(&mut tensors, d_in, d_sae)?,
        _ => linear_layers(&mut tensors, d_in, d_sae, "b_dec")?,
    };
    if !matches!(class, "AutoEncoderNew" | "JumpReluAutoEncoder") {
        sae.shift_input_by_b_dec(-1.0);
    }
    sae.activation = match class {
        "AutoEncoderTopK" => {
            let k = tensors.count("k")?;
            trainer.agrees("k", k)?;
            // For another way to encode, which is not the default.
            tensors.number("threshold")?;
            Activation::TopK { k, by: TopKBy::Positive }
        }
        "BatchTopKSAE" => {
            tensors.count("k")?;
            Activation::JumpRelu { threshold: Threshold::Shared(batch_threshold(&mut tensors)?) }
        }
        "JumpReluAutoEncoder" => {
            Activation::JumpRelu { threshold: thresholds_after_relu(&mut tensors, d_sae)? }
        }
        _ => Activation::Relu,
    };
    tensors.finish()?;
    Ok(sae)
}

/// −1 until training has set one; with it the other program would compute a plain ReLU.
fn batch_threshold(tensors: &mut Tensors<'_>) -> Result<f32> {
    match tensors.number("threshold")? {
        threshold if threshold >= 0.0 => Ok(threshold),
        threshold => Err(tensors.error(format!(
            "tensor threshold is {threshold}: this BatchTopKSAE never set one in training, expected 0 or above"
        ))),
    }
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
