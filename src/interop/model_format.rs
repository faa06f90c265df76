//! What a format of models tells about itself; the table of formats is made of these.

use super::config::Config;
use super::named_file::NamedFile;
use super::weights::Weights;
use crate::error::Result;
use crate::sae::Sae;

/// Formats that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// SAELens, 6.0 and later.
    SaeLens,
    /// EleutherAI's sparsify.
    Sparsify,
    /// dictionary_learning.
    DictionaryLearning,
}

/// How a format is recognised, read and written.
pub struct ModelFormat {
    /// Name of the file that holds the weights, if the format has one.
    pub weights: Option<&'static str>,
    /// Whether such weights, with such a configuration, are of this format and of no other.
    pub recognises: fn(&Weights<'_>, Option<&Config>) -> bool,
    pub read: ModelReader,
    pub writer: Option<ModelWriter>,
}

/// Reads a model from its files.
pub enum ModelReader {
    /// From the weights alone.
    Alone(fn(Weights<'_>) -> Result<Sae>),
    /// From the weights and the configuration, whose file has this name.
    WithConfig(&'static str, fn(Weights<'_>, &Config) -> Result<Sae>),
}

/// Writes a model as the files of a folder.
pub struct ModelWriter {
    pub format: Format,
    /// The public name of the format.
    pub name: &'static str,
    pub write: fn(&Sae) -> Result<Vec<NamedFile>>,
}

impl ModelFormat {
    /// Name of the file of the configuration, if the format has one.
    pub fn config(&self) -> Option<&'static str> {
        match self.read {
            ModelReader::Alone(_) => None,
            ModelReader::WithConfig(name, _) => Some(name),
        }
    }
}
