//! Zip archives: PyTorch's files, which hold a pickle that names tensors, and NumPy's npz, which hold npy files.

use super::zip::directory;
use super::{npz, pt};
use crate::data::read::{Contents, InputFile, TensorFormat};
use crate::error::{Error, Result};

pub const FORMAT: TensorFormat = TensorFormat {
    names: &[("NumPy archives", &[".npz"]), ("PyTorch files", &[".pt", ".pth"])],
    by_content: |start| start.starts_with(b"PK\x03\x04"),
    open: |file| Box::pin(open(file)),
};

async fn open(file: &InputFile<'_>) -> Result<Contents> {
    if file.gzip {
        return Err(Error::format(&file.name, "is a gzipped zip archive: gunzip it first"));
    }
    let entries = directory(file).await?;
    match entries.iter().find(|entry| pt::is_pickle(&entry.name)) {
        Some(pickle) => pt::read(file, &entries, pickle).await,
        None => npz::read(file, &entries).await,
    }
}
