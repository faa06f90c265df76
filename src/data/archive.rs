//! Zip archives: PyTorch's files, which hold a pickle that names tensors, and NumPy's npz, which hold npy files.

use super::source::File;
use super::tensor_file::{Format, Found};
use super::zip::{Entry, directory};
use super::{npy, pt};
use crate::error::{Error, Result};

pub const FORMAT: Format = Format {
    name: "NumPy archives (.npz), PyTorch files (.pt, .pth)",
    by_content: |start| start.starts_with(b"PK\x03\x04"),
    by_name: |name| [".npz", ".pt", ".pth"].iter().any(|ending| name.ends_with(ending)),
    open: |file| Box::pin(open(file)),
};

async fn open(file: &File<'_>) -> Result<Found> {
    if file.gzip {
        return Err(Error::format(&file.name, "is a zip archive within gzip: gunzip it first"));
    }
    let entries = directory(file).await?;
    // PyTorch's archives have all in one folder.
    let pickle = entries.iter().find(|entry| entry.name == "data.pkl" || entry.name.ends_with("/data.pkl"));
    match pickle {
        Some(pickle) => pt::open(file, &entries, pickle).await,
        None => arrays(file, &entries).await,
    }
}

/// The arrays of an npz, named without their ending.
async fn arrays(file: &File<'_>, entries: &[Entry]) -> Result<Found> {
    let mut found = Found::default();
    for entry in entries {
        if let Some(name) = entry.name.strip_suffix(".npy") {
            let array = match entry.checked_span(file).await {
                Ok(span) => npy::array(file, span, name.to_owned()).await,
                Err(error) => Err(error),
            };
            found.push(name, array);
        }
    }
    if found.tensors.is_empty() && found.refused.is_empty() {
        let names: Vec<_> = entries.iter().take(5).map(|entry| format!("'{}'", entry.name)).collect();
        let what = format!(
            "is a zip archive of {} files ({}), expected npy files (NumPy's npz) or data.pkl (PyTorch)",
            entries.len(),
            names.join(", ")
        );
        return Err(Error::format(&file.name, what));
    }
    Ok(found)
}
