//! NumPy's npz: a zip archive of npy files. Arrays are named as their files, without the ending.

use super::npy;
use super::zip::ArchiveEntry;
use crate::data::read::{Contents, InputFile};
use crate::error::{Error, Result};

/// The arrays of an archive whose directory is `entries`.
pub async fn read(file: &InputFile<'_>, entries: &[ArchiveEntry]) -> Result<Contents> {
    let mut contents = Contents::default();
    for entry in entries {
        if let Some(name) = entry.name.strip_suffix(".npy") {
            let array = match entry.span(file).await {
                Ok(span) => npy::array(file, span, name.to_owned()).await,
                Err(error) => Err(error),
            };
            contents.push(name, array);
        }
    }
    if contents.all().next().is_none() && contents.refused.is_empty() {
        let names: Vec<_> = entries.iter().take(5).map(|entry| format!("'{}'", entry.name)).collect();
        let what = format!(
            "is a zip archive of {} files ({}), expected npy files (NumPy's npz) or data.pkl (PyTorch)",
            entries.len(),
            names.join(", ")
        );
        return Err(Error::format(&file.name, what));
    }
    Ok(contents)
}
