//! Several files as one download.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::NamedFile;
use crate::error::{Error, Result};

/// A zip archive of the files, uncompressed: weights hardly shrink. The same files give the same bytes.
///
/// # Errors
/// If two files have one name, or the archive would pass 4 GB.
pub fn zip_files(files: &[NamedFile]) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for file in files {
        let refused =
            |error: String| Error::format(&file.name, format!("cannot be put into the archive: {error}"));
        archive.start_file(file.name.as_str(), options).map_err(|error| refused(error.to_string()))?;
        archive.write_all(&file.bytes).map_err(|error| refused(error.to_string()))?;
    }
    let written =
        archive.finish().map_err(|error| Error::format("archive", format!("cannot be written: {error}")))?;
    Ok(written.into_inner())
}
