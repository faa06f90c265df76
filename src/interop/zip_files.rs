//! Several files as one download.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::named_file::NamedFile;
use crate::error::{Error, Result};
use crate::memory::reserve;

/// Bytes that an entry takes besides its name and content, about.
const ENTRY: usize = 128;

/// A zip archive of the files, uncompressed: weights hardly shrink. The same files give the same bytes.
///
/// # Errors
/// If two files have the same name, or memory has no room for the archive.
pub fn zip_files(files: &[NamedFile]) -> Result<Vec<u8>> {
    // The crate aborts where an allocation fails, so the memory is asked for first.
    let bytes = files.iter().fold(0, |sum: usize, file| {
        sum.saturating_add(2 * file.name.len() + ENTRY).saturating_add(file.bytes.len())
    });
    let mut archive = ZipWriter::new(Cursor::new(reserve("archive", &[bytes])?));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for file in files {
        let refused =
            |error: String| Error::format(&file.name, format!("cannot be added to the archive: {error}"));
        archive.start_file(file.name.as_str(), options).map_err(|error| refused(error.to_string()))?;
        archive.write_all(&file.bytes).map_err(|error| refused(error.to_string()))?;
    }
    let written =
        archive.finish().map_err(|error| Error::format("archive", format!("cannot be written: {error}")))?;
    Ok(written.into_inner())
}
