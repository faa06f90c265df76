//! The folder of dictionary_learning: `config.json` and `ae.pt`. All its dictionaries here but `AutoEncoderNew` and
//! `JumpReluAutoEncoder` see `x − b_dec`.
//!
//! A `BatchTopKSAE`, or a `MatryoshkaBatchTopKSAE`, shares k among the rows of a batch only while it trains. Afterwards it keeps what lies above the
//! threshold that training left (its `encode` with `use_threshold`, the default): that is JumpReLU, and is read so.

use serde::Serialize;

use super::saelens::{after_relu, never_set, parameters, thresholds_after_relu};
use crate::error::{Error, Result};
use crate::interop::config::{self, Config};
use crate::interop::model_format::{Format, ModelFormat, ModelReader, ModelWriter};
use crate::interop::named_file::NamedFile;
use crate::interop::signed_topk::positive_topk;
use crate::interop::torch_file::{self, TorchTensor, Values};
use crate::interop::weights::{Weights, check_range};
use crate::sae::{Activation, Sae, Threshold, TopKBy, transpose};

pub const FORMAT: ModelFormat = ModelFormat {
    weights: Some(WEIGHTS),
    recognises: |weights, config| {
        let trained = config.is_some_and(|config| config.has("trainer"));
        weights.has("decoder.weight") || (weights.has("W_enc") && trained)
    },
    read: ModelReader::WithConfig(CONFIG, read),
    writer: Some(ModelWriter { format: Format::DictionaryLearning, name: "dictionary_learning", write }),
};

const WEIGHTS: &str = "ae.pt";
const CONFIG: &str = "config.json";

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

#[derive(Serialize)]
struct WrittenConfig {
    trainer: WrittenTrainer,
    buffer: WrittenBuffer,
}

#[derive(Serialize)]
struct WrittenTrainer {
    dict_class: &'static str,
    activation_dim: usize,
    dict_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<usize>,
}

#[derive(Serialize)]
struct WrittenBuffer {
    d_submodule: usize,
}

/// Writes the folder: the class whose arithmetic is the model's.
fn write(sae: &Sae) -> Result<Vec<NamedFile>> {
    match &sae.activation {
        Activation::Relu => linear_folder(sae, "AutoEncoderNew", None),
        Activation::JumpRelu { threshold } => {
            let threshold = after_relu(threshold, sae.d_sae, "dictionary_learning")?;
            jumprelu_folder(sae, &threshold)
        }
        Activation::BatchTopK { k, threshold } => {
            let threshold = threshold.ok_or_else(never_set)?;
            linear_folder(&about_b_dec(sae)?, "BatchTopKSAE", Some((*k, threshold)))
        }
        &Activation::TopK { k, by } => {
            let positive = positive_topk(sae, k, by)?;
            linear_folder(&about_b_dec(&positive)?, "AutoEncoderTopK", Some((k, NO_THRESHOLD)))
        }
    }
}

/// As the class has it before training has set one; TopK encodes without it.
const NO_THRESHOLD: f32 = -1.0;

/// The same function of `x − b_dec`.
fn about_b_dec(sae: &Sae) -> Result<Sae> {
    let mut sae = sae.clone();
    sae.shift_input_by_b_dec(1.0);
    check_range(&sae, WEIGHTS)?;
    Ok(sae)
}

/// Two linear layers, and for TopK the buffers `k` and `threshold`.
fn linear_folder(sae: &Sae, dict_class: &'static str, topk: Option<(usize, f32)>) -> Result<Vec<NamedFile>> {
    let (d_in, d_sae) = (sae.d_in, sae.d_sae);
    let w_dec = transpose(sae.decoder(), d_sae, d_in);
    let f32s = |name, shape, values| TorchTensor { name, shape, values: Values::F32(values) };
    let bias = if topk.is_some() { "b_dec" } else { "decoder.bias" };
    let mut tensors = vec![
        f32s("encoder.weight", vec![d_sae, d_in], &sae.w_enc),
        f32s("encoder.bias", vec![d_sae], &sae.b_enc),
        f32s("decoder.weight", vec![d_in, d_sae], &w_dec),
        f32s(bias, vec![d_in], &sae.b_dec),
    ];
    if let Some((k, threshold)) = &topk {
        let narrow = i32::try_from(*k)
            .map_err(|_| Error::option("k", k, "at most 2³¹ − 1, as dictionary_learning keeps it"))?;
        tensors.push(TorchTensor { name: "k", shape: vec![], values: Values::I32(narrow) });
        tensors.push(f32s("threshold", vec![], std::slice::from_ref(threshold)));
    }
    folder(sae, dict_class, topk.map(|(k, _)| k), &tensors)
}

fn jumprelu_folder(sae: &Sae, threshold: &[f32]) -> Result<Vec<NamedFile>> {
    let (d_in, d_sae) = (sae.d_in, sae.d_sae);
    let w_enc = transpose(&sae.w_enc, d_sae, d_in);
    let f32s = |name, shape, values| TorchTensor { name, shape, values: Values::F32(values) };
    let tensors = [
        f32s("W_enc", vec![d_in, d_sae], &w_enc),
        f32s("b_enc", vec![d_sae], &sae.b_enc),
        f32s("W_dec", vec![d_sae, d_in], sae.decoder()),
        f32s("b_dec", vec![d_in], &sae.b_dec),
        f32s("threshold", vec![d_sae], threshold),
    ];
    folder(sae, "JumpReluAutoEncoder", None, &tensors)
}

fn folder(
    sae: &Sae,
    dict_class: &'static str,
    k: Option<usize>,
    tensors: &[TorchTensor<'_>],
) -> Result<Vec<NamedFile>> {
    let (activation_dim, dict_size) = (sae.d_in, sae.d_sae);
    let trainer = WrittenTrainer { dict_class, activation_dim, dict_size, k };
    let written = WrittenConfig { trainer, buffer: WrittenBuffer { d_submodule: activation_dim } };
    Ok(vec![config::write(CONFIG, &written)?, torch_file::write(WEIGHTS, tensors)?])
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
