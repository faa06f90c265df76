//! One file per format of tensors, and the table of them: opening, recognising, names in messages and the endings of
//! file names all come from it.
//!
//! A new format is a file with a `FORMAT` and an entry in [`FORMATS`]. The feature `files` adds
//! all but NumPy's npy and IDX; checkpoints are safetensors in any case, and are opened as such.

#[cfg(feature = "files")]
mod archive;
#[cfg(feature = "files")]
mod csv;
mod idx;
mod npy;
#[cfg(feature = "files")]
mod npz;
#[cfg(feature = "files")]
mod pt;
pub(crate) mod safetensors;
#[cfg(feature = "files")]
mod unzip;
#[cfg(feature = "files")]
mod zip;

use super::read::{InputFile, OPENING, Span, TensorFormat, describe, foreign};
use crate::error::{Error, Result};

#[cfg(feature = "files")]
pub(crate) use unzip::unzip;

/// Every format that can be read, in the order in which they are tried.
const FORMATS: &[TensorFormat] = &[
    npy::FORMAT,
    #[cfg(feature = "files")]
    archive::FORMAT,
    #[cfg(feature = "files")]
    safetensors::FORMAT,
    idx::FORMAT,
    #[cfg(feature = "files")]
    csv::FORMAT,
];

/// The format of a file, by its content first and then by its name.
///
/// # Errors
/// If no format matches: the message says what the file looks like and what can be read.
pub async fn sniff(file: &InputFile<'_>) -> Result<&'static TensorFormat> {
    let mut opening = [0; OPENING];
    // A gzip stream damaged this early yields nothing; the reader for its name says why.
    let known = Span::of(file).content(file).fill(&mut opening).await.unwrap_or(0);
    let opening = &opening[..known];
    let name = file.name.to_ascii_lowercase();
    let by_content = FORMATS.iter().find(|format| (format.by_content)(opening));
    // A name does not outweigh content that is known to be something else.
    let by_name = || FORMATS.iter().find(|format| format.by_name(&name));
    let nameable = file.length() > 0 && foreign(opening).is_none();
    by_content.or_else(|| by_name().filter(|_| nameable)).ok_or_else(|| {
        let what = describe(file, opening, &readable());
        Error::UnknownFormat { file: file.name.clone(), what }
    })
}

/// The formats by name, with the endings of their files.
fn readable() -> String {
    let names = FORMATS.iter().flat_map(|format| format.names);
    names.map(|(name, endings)| format!("{name} ({})", endings.join(", "))).collect::<Vec<_>>().join(", ")
}
