//! Trained SAEs in other programs' files.
//!
//! | format | files | read | written |
//! | --- | --- | --- | --- |
//! | SAELens | `cfg.json`, `sae_weights.safetensors` | standard, topk, abstopk, jumprelu | ReLU, JumpReLU, TopK, BatchTopK |
//! | sparsify | `cfg.json`, `sae.safetensors` | topk | TopK |
//! | dictionary_learning | `config.json`, `ae.pt` | ReLU, TopK, batch TopK, Matryoshka, JumpReLU | ReLU, JumpReLU, TopK, BatchTopK |
//! | Gemma Scope | `params.npz` | JumpReLU | |
//! | a run's checkpoint | one file | all | [`crate::train::Trainer::checkpoint`] |
//!
//! Each format is one file here. What a format can say and a model here cannot do, or the other way round, is an error
//! with a sentence: no model is read or written that would give other outputs.

mod config;
mod formats;
mod model_format;
mod named_file;
mod signed_topk;
mod torch_file;
mod weights;
mod zip_files;

use crate::data::{TensorFile, unzip};
use crate::error::{Error, Result};
use crate::sae::Sae;
use crate::train;

use config::Config;
use formats::FORMATS;
pub use model_format::Format;
use model_format::{ModelReader, ModelWriter};
pub use named_file::NamedFile;
use weights::{Weights, check_range};
pub use zip_files::zip_files;

impl Format {
    /// Reads the public name.
    ///
    /// # Errors
    /// If there is no such format.
    pub fn parse(name: &str) -> Result<Self> {
        writers().find(|writer| writer.name == name).map(|writer| writer.format).ok_or_else(|| {
            let names: Vec<_> = writers().map(|writer| format!("'{}'", writer.name)).collect();
            Error::option("format", format!("'{name}'"), names.join(" or "))
        })
    }
}

/// What a file of tensors is to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Rows of activations, or whatever else a model may be trained on.
    Rows,
    /// The weights of a model.
    Sae,
    /// A run, with its model.
    Checkpoint,
}

/// Names by which weights without a configuration are known.
const WEIGHTS: [&str; 3] = ["W_enc", "W_dec", "encoder.weight"];

/// What a file holds, by its header.
pub fn holding(file: &TensorFile<'_>) -> Holding {
    if train::is_checkpoint(file) {
        Holding::Checkpoint
    } else if file.tensors().any(|info| WEIGHTS.contains(&info.name.as_str())) {
        Holding::Sae
    } else {
        Holding::Rows
    }
}

fn writers() -> impl Iterator<Item = &'static ModelWriter> {
    FORMATS.iter().filter_map(|format| format.writer.as_ref())
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
    let writer = writers().find(|writer| writer.format == format);
    let writer =
        writer.ok_or_else(|| Error::option("format", format!("{format:?}"), "a format that is written"))?;
    (writer.write)(sae)
}

/// Reads a model from the files of a folder or a zip archive of them, or from a run's checkpoint. Files that belong to
/// no format are passed over if one of the weights has a format's own name.
///
/// # Errors
/// If weights or configuration are missing, damaged or do not fit each other, or if the model is of a kind that would
/// give other outputs here. The message names the file and the tensor or entry.
pub fn read(files: &[NamedFile]) -> Result<Sae> {
    match files {
        [archive] if archive.bytes.starts_with(b"PK\x03\x04") => {
            let configs: Vec<_> = FORMATS.iter().filter_map(|format| format.config()).collect();
            match unzip(&archive.bytes, &archive.name, &configs)? {
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
    let weights = Weights::read(weights_among(files)?)?;
    let config = config_among(files)?;
    let file = weights.file();
    let Some(format) = FORMATS.iter().find(|format| (format.recognises)(&weights, config.as_ref())) else {
        let what = format!("has tensors {}, expected an encoder: W_enc or encoder.weight", weights.names());
        return Err(weights.error(what));
    };
    let sae = match (&format.read, &config) {
        (ModelReader::Alone(read), _) => read(weights),
        (ModelReader::WithConfig(_, read), Some(config)) => read(weights, config),
        (ModelReader::WithConfig(name, _), None) => {
            Err(weights.error(format!("came without its configuration: {name} is needed too")))
        }
    }?;
    sae.activation.validate(sae.d_sae)?;
    check_range(&sae, file)?;
    Ok(sae)
}

/// The one configuration, if there is any.
fn config_among(files: &[NamedFile]) -> Result<Option<Config>> {
    let is_config = |file: &&NamedFile| FORMATS.iter().any(|format| format.config() == Some(file.base()));
    let mut configs = files.iter().filter(is_config);
    match (configs.next(), configs.next()) {
        (_, Some(second)) => {
            Err(Error::format(&second.name, "is a second configuration: expected the files of one SAE"))
        }
        (Some(config), None) => Config::parse(config).map(Some),
        (None, None) => Ok(None),
    }
}

/// The one file that holds weights.
fn weights_among(files: &[NamedFile]) -> Result<&NamedFile> {
    let names: Vec<&str> = FORMATS.iter().filter_map(|format| format.weights).collect();
    let others = || files.iter().filter(|file| !file.base().ends_with(".json"));
    let known: Vec<_> = others().filter(|file| names.contains(&file.base())).collect();
    let candidates = if known.is_empty() { others().collect() } else { known };
    match candidates.as_slice() {
        [weights] => Ok(weights),
        [] => {
            let given = files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ");
            let given = if given.is_empty() { "no files".to_owned() } else { given };
            Err(Error::format(
                given,
                format!("expected weights: {} or the checkpoint of a run", names.join(", ")),
            ))
        }
        [first, second, ..] => Err(Error::format(
            &second.name,
            format!("holds weights, as {} does: expected the files of one SAE", first.name),
        )),
    }
}
