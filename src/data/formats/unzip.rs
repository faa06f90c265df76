//! A small zip archive unpacked in memory, for files that belong together.

use std::borrow::Cow;

use super::zip::directory;
use crate::data::read::{InputFile, now};
use crate::error::{Error, Result};
use crate::memory::{dimension, zeros};

/// Bytes that an archive may unpack to: this many, plus this multiple of its own size, since weights hardly compress.
const UNPACKED: u64 = 64 << 20;
const RATIO: u64 = 4;

/// Names and contents.
type Unpacked = Vec<(String, Vec<u8>)>;

/// The files of an archive by name, if one of them has one of the `telling` names (folders ignored), else `None`.
///
/// # Errors
/// If the archive is damaged, or unpacks to more than 64 MB and four times its size.
pub(crate) fn unzip(bytes: &[u8], name: &str, telling: &[&str]) -> Result<Option<Unpacked>> {
    now(unpack(bytes, name, telling)).unwrap_or_else(|| Err(Error::format(name, "cannot be read at once")))
}

async fn unpack(bytes: &[u8], name: &str, telling: &[&str]) -> Result<Option<Unpacked>> {
    let file = InputFile::open(Box::new(Cow::Borrowed(bytes)), name).await?;
    let entries = directory(&file).await?;
    if !entries.iter().any(|entry| entry.name.rsplit('/').next().is_some_and(|base| telling.contains(&base)))
    {
        return Ok(None);
    }
    let mut left = UNPACKED + RATIO * bytes.len() as u64;
    let mut files = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.name.ends_with('/')) {
        let span = entry.span(&file).await?;
        let length = span.unpacked.unwrap_or(span.stored);
        left = left.checked_sub(length).ok_or_else(|| {
            span.format_error(format!(
                "unpacks to {length} bytes, far more than weights in an archive of {} bytes do",
                bytes.len()
            ))
        })?;
        let mut content = span.content(&file);
        let mut unpacked = zeros(&span.label, &[dimension(length)])?;
        let found = content.fill(&mut unpacked).await?;
        if found < unpacked.len() || content.fill(&mut [0]).await? > 0 {
            return Err(
                span.format_error(format!("does not unpack to the {length} bytes that the archive states"))
            );
        }
        content.verify()?;
        files.push((entry.name.clone(), unpacked));
    }
    Ok(Some(files))
}
