//! The folder of dictionary_learning: `config.json` and `ae.pt`. All its dictionaries here but `AutoEncoderNew` and
//! `JumpReluAutoEncoder` see `x − b_dec`.
//!
//! A `BatchTopKSAE`, or a `MatryoshkaBatchTopKSAE`, shares k among the rows of a batch only while it trains. Afterwards it keeps what lies above the
//! threshold that training left (its `encode` with `use_threshold`, the default): that is JumpReLU, and is read so.

use super::saelens::{parameters, thresholds_after_relu};
use crate::error::Result;
use crate::interop::config::Config;
use crate::interop::model_format::{ModelFormat, ModelReader};
use crate::interop::weights::Weights;
use crate::sae::{Activation, Sae, Threshold, TopKBy, transpose};

pub const FORMAT: ModelFormat = ModelFormat {
    weights: Some("ae.pt"),
    recognises: |weights, config| {
        let trained = config.is_some_and(|config| config.has("trainer"));
        weights.has("decoder.weight") || (weights.has("W_enc") && trained)
    },
    read: ModelReader::WithConfig("config.json", read),
    writer: None,
};

/// Its classes of dictionaries.
#[derive(Clone, Copy)]
enum DictionaryClass {
    AutoEncoder,
    AutoEncoderNew,
    TopK,
    BatchTopK,
    MatryoshkaBatchTopK,
    JumpRelu,
}

impl DictionaryClass {
    fn of(trainer: &Config) -> Result<Self> {
        match trainer.text("dict_class")? {
            Some("AutoEncoder") => Ok(Self::AutoEncoder),
            Some("AutoEncoderNew") => Ok(Self::AutoEncoderNew),
            Some("AutoEncoderTopK") => Ok(Self::TopK),
            Some("BatchTopKSAE") => Ok(Self::BatchTopK),
            Some("MatryoshkaBatchTopKSAE") => Ok(Self::MatryoshkaBatchTopK),
            Some("JumpReluAutoEncoder") => Ok(Self::JumpRelu),
            Some(other) => Err(trainer.error(format!(
                "dictionary class '{other}' cannot be read: expected AutoEncoder, AutoEncoderNew, AutoEncoderTopK, \
                 BatchTopKSAE, MatryoshkaBatchTopKSAE or JumpReluAutoEncoder"
            ))),
            None => Err(trainer.error("entry 'trainer.dict_class' is missing, expected a string")),
        }
    }

    fn subtracts_b_dec(self) -> bool {
        match self {
            Self::AutoEncoder | Self::TopK | Self::BatchTopK | Self::MatryoshkaBatchTopK => true,
            Self::AutoEncoderNew | Self::JumpRelu => false,
        }
    }
}

/// Reads the folder.
fn read(mut weights: Weights<'_>, config: &Config) -> Result<Sae> {
    let trainer = config.inner("trainer")?;
    let class = DictionaryClass::of(&trainer)?;
    let (d_in, d_sae) = match class {
        DictionaryClass::JumpRelu | DictionaryClass::MatryoshkaBatchTopK => weights.matrix("W_enc")?,
        DictionaryClass::AutoEncoder
        | DictionaryClass::AutoEncoderNew
        | DictionaryClass::TopK
        | DictionaryClass::BatchTopK => {
            let (d_sae, d_in) = weights.matrix("encoder.weight")?;
            (d_in, d_sae)
        }
    };
    trainer.agrees("dict_size", d_sae)?;
    trainer.agrees("activation_dim", d_in)?;
    let mut sae = match class {
        DictionaryClass::AutoEncoder => linear_layers(&mut weights, d_in, d_sae, "bias")?,
        DictionaryClass::AutoEncoderNew => linear_layers(&mut weights, d_in, d_sae, "decoder.bias")?,
        DictionaryClass::TopK | DictionaryClass::BatchTopK => {
            linear_layers(&mut weights, d_in, d_sae, "b_dec")?
        }
        DictionaryClass::JumpRelu | DictionaryClass::MatryoshkaBatchTopK => {
            parameters(&mut weights, d_in, d_sae)?
        }
    };
    if class.subtracts_b_dec() {
        sae.shift_input_by_b_dec(-1.0);
    }
    sae.activation = match class {
        DictionaryClass::AutoEncoder | DictionaryClass::AutoEncoderNew => Activation::Relu,
        DictionaryClass::TopK => {
            let k = weights.count("k")?;
            trainer.agrees("k", k)?;
            // For another way to encode, which is not the default.
            weights.number("threshold")?;
            Activation::TopK { k, by: TopKBy::Positive }
        }
        DictionaryClass::BatchTopK | DictionaryClass::MatryoshkaBatchTopK => {
            weights.count("k")?;
            if weights.has("group_sizes") {
                check_groups(&mut weights, d_sae)?;
            }
            Activation::JumpRelu { threshold: Threshold::Shared(batch_threshold(&mut weights)?) }
        }
        DictionaryClass::JumpRelu => {
            Activation::JumpRelu { threshold: thresholds_after_relu(&mut weights, d_sae)? }
        }
    };
    weights.finish()?;
    Ok(sae)
}

/// Groups of latents, each a prefix's difference to the one before: all are in use.
fn check_groups(weights: &mut Weights<'_>, d_sae: usize) -> Result<()> {
    let sum: f64 = weights.values("group_sizes")?.into_iter().map(f64::from).sum();
    if sum == d_sae as f64 {
        return Ok(());
    }
    Err(weights.error(format!("tensor group_sizes adds up to {sum}, expected the {d_sae} latents")))
}

/// −1 until training has set one; with it the other program would compute a plain ReLU.
fn batch_threshold(weights: &mut Weights<'_>) -> Result<f32> {
    match weights.number("threshold")? {
        threshold if threshold >= 0.0 => Ok(threshold),
        threshold => Err(weights.error(format!(
            "tensor threshold is {threshold}: this dictionary never set one in training, expected 0 or above"
        ))),
    }
}

/// A dictionary of two linear layers, whose decoder has a column for each latent.
fn linear_layers(weights: &mut Weights<'_>, d_in: usize, d_sae: usize, bias: &str) -> Result<Sae> {
    Ok(Sae {
        d_in,
        d_sae,
        activation: Activation::Relu,
        w_enc: weights.take("encoder.weight", &[d_sae, d_in])?,
        b_enc: weights.take("encoder.bias", &[d_sae])?,
        w_dec: Some(transpose(&weights.take("decoder.weight", &[d_in, d_sae])?, d_in, d_sae)),
        b_dec: weights.take(bias, &[d_in])?,
    })
}
