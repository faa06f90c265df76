//! Trained SAEs in other programs' files.
//!
//! | format | files | read | written |
//! | --- | --- | --- | --- |
//! | SAELens | `cfg.json`, `sae_weights.safetensors` | standard, topk, abstopk, jumprelu | ReLU, JumpReLU, TopK |
//! | sparsify | `cfg.json`, `sae.safetensors` | topk | TopK |
//! | dictionary_learning | `config.json`, `ae.pt` | ReLU, TopK, batch TopK, JumpReLU | |
//! | Gemma Scope | `params.npz` | JumpReLU | |
//! | a run's checkpoint | one file | all | [`crate::train::Trainer::checkpoint`] |
//!
//! Each format is one file here. What a format can say and a model here cannot do, or the other way round, is an error
//! with a sentence: no model is read or written that would give other outputs.

mod archive;
mod config;
mod dictionary_learning;
mod doubling;
mod gemma_scope;
mod saelens;
mod sparsify;
mod tensors;

use crate::data::unzip;
use crate::error::{Error, Result};
use crate::sae::Sae;
use crate::train;

pub use archive::zip_files;
use config::Config;
use tensors::Tensors;

/// A file by its name; folders in the name do not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Its name.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl NamedFile {
    /// The name without folders.
    fn base(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or_default()
    }
}

/// Formats that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// SAELens, 6.0 and later.
    SaeLens,
    /// EleutherAI's sparsify.
    Sparsify,
}

impl Format {
    /// Reads the public name.
    ///
    /// # Errors
    /// If there is no such format.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "saelens" => Ok(Self::SaeLens),
            "sparsify" => Ok(Self::Sparsify),
            other => Err(Error::option("format", format!("'{other}'"), "'saelens' or 'sparsify'")),
        }
    }
}

/// Writes a model as the files of a format's folder. They want activations as the model does: see
/// [`Sae::for_stored`] if those are normalised.
///
/// TopK by magnitude becomes TopK with ReLU over a dictionary of twice the size, `[W_enc, −W_enc]`, `[b_enc, −b_enc]`,
/// `[W_dec; −W_dec]`, which gives the same reconstructions: of each pair only the positive latent can be among the k
/// largest.
///
/// # Errors
/// If the format has no such activation.
///
/// ```
/// use splinterp::interop::{Format, read, write};
/// use splinterp::sae::{Activation, Sae};
///
/// let sae = Sae::random(4, 8, Activation::Relu, false, 1);
/// assert_eq!(read(&write(&sae, Format::SaeLens)?)?, sae);
/// let refused = write(&sae, Format::Sparsify).unwrap_err();
/// assert!(refused.to_string().contains("TopK only"));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn write(sae: &Sae, format: Format) -> Result<Vec<NamedFile>> {
    match format {
        Format::SaeLens => saelens::write(sae),
        Format::Sparsify => sparsify::write(sae),
    }
}

/// Names under which the formats keep their weights.
const WEIGHTS: [&str; 4] =
    [saelens::WEIGHTS, sparsify::WEIGHTS, dictionary_learning::WEIGHTS, gemma_scope::WEIGHTS];
/// Names under which they keep their configuration.
const CONFIGS: [&str; 2] = [saelens::CONFIG, dictionary_learning::CONFIG];

/// Reads a model from the files of a folder or a zip archive of them, or from a run's checkpoint. Files that belong to
/// no format are passed over if one of the weights has a format's own name.
///
/// # Errors
/// If weights or configuration are missing, damaged or do not fit each other, or if the model is of a kind that would
/// give other outputs here. The message names the file and the tensor or entry.
pub fn read(files: &[NamedFile]) -> Result<Sae> {
    match files {
        [archive] if archive.bytes.starts_with(b"PK\x03\x04") => {
            match unzip(&archive.bytes, &archive.name, &CONFIGS)? {
                None => read_folder(files),
                Some(unpacked) => {
                    let named = |(name, bytes)| NamedFile { name, bytes };
                    read_folder(&unpacked.into_iter().map(named).collect::<Vec<_>>())
                }
            }
        }
        _ => read_folder(files),
    }
}

fn read_folder(files: &[NamedFile]) -> Result<Sae> {
    let weights = weights_among(files)?;
    if train::is_checkpoint(&weights.bytes) {
        return train::checkpoint_model(&weights.bytes);
    }
    let configs: Vec<_> = files.iter().filter(|file| CONFIGS.contains(&file.base())).collect();
    let config = match configs.as_slice() {
        [] => None,
        [config] => Some(Config::parse(config)?),
        [_, second, ..] => {
            return Err(Error::format(
                &second.name,
                "is a second configuration: expected the files of one SAE",
            ));
        }
    };
    let tensors = Tensors::read(weights)?;
    let need = || {
        config.as_ref().ok_or_else(|| {
            Error::format(
                &weights.name,
                "came alone: its configuration (cfg.json or config.json) is needed too",
            )
        })
    };
    let sae = if tensors.has("decoder.weight") {
        dictionary_learning::read(tensors, need()?)
    } else if tensors.has("encoder.weight") {
        sparsify::read(tensors, need()?)
    } else if tensors.has("W_enc") || tensors.has("w_enc") {
        match &config {
            Some(config) if config.has("trainer") => dictionary_learning::read(tensors, config),
            Some(config) => saelens::read(tensors, config),
            None if tensors.has("threshold") => gemma_scope::read(tensors),
            None => saelens::read(tensors, need()?),
        }
    } else {
        return Err(Error::format(
            &weights.name,
            format!("has tensors {}, expected an encoder: W_enc or encoder.weight", tensors.names()),
        ));
    }?;
    sae.activation.validate(sae.d_sae)?;
    in_range(&sae, &weights.name)?;
    Ok(sae)
}

/// # Errors
/// If folding a bias or a norm into other parameters has left the range of float32.
fn in_range(sae: &Sae, file: &str) -> Result<()> {
    match sae.not_finite() {
        None => Ok(()),
        Some(value) => {
            let what = format!(
                "its biases and weights multiply to {value}, expected numbers within the range of float32"
            );
            Err(Error::format(file, what))
        }
    }
}

/// The one file that holds weights.
fn weights_among(files: &[NamedFile]) -> Result<&NamedFile> {
    let others = || files.iter().filter(|file| !file.base().ends_with(".json"));
    let known: Vec<_> = others().filter(|file| WEIGHTS.contains(&file.base())).collect();
    let candidates = if known.is_empty() { others().collect() } else { known };
    match candidates.as_slice() {
        [weights] => Ok(weights),
        [] => {
            let names = files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ");
            let file = if names.is_empty() { "no files".to_owned() } else { names };
            Err(Error::format(
                file,
                format!("expected weights: {} or a run's checkpoint", WEIGHTS.join(", ")),
            ))
        }
        [first, second, ..] => Err(Error::format(
            &second.name,
            format!("are weights beside {}: expected the files of one SAE", first.name),
        )),
    }
}
