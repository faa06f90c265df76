//! A small zip archive unpacked in memory, for files that belong together.

use std::borrow::Cow;

use super::source::{File, now};
use super::zip::directory;
use crate::error::{Error, Result};

/// Unpacked bytes that are reserved beyond some times the archive's own: weights hardly shrink.
const ROOM: u64 = 64 << 20;
const RATIO: u64 = 4;

/// Names and contents.
type Unpacked = Vec<(String, Vec<u8>)>;

/// The files of an archive by name, if one of them has one of the names `telling` (folders left out); else `None`.
///
/// # Errors
/// If the archive is damaged, or unpacks to more than 64 MB and four times its size.
pub(crate) fn unzip(bytes: &[u8], name: &str, telling: &[&str]) -> Result<Option<Unpacked>> {
    now(unpack(bytes, name, telling)).unwrap_or_else(|| Err(Error::format(name, "has to be waited for")))
}

async fn unpack(bytes: &[u8], name: &str, telling: &[&str]) -> Result<Option<Unpacked>> {
    let file = File::open(Box::new(Cow::Borrowed(bytes)), name).await?;
    let entries = directory(&file).await?;
    if !entries.iter().any(|entry| entry.name.rsplit('/').next().is_some_and(|base| telling.contains(&base)))
    {
        return Ok(None);
    }
    let mut room = ROOM + RATIO * bytes.len() as u64;
    let mut files = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.name.ends_with('/')) {
        let span = entry.checked_span(&file).await?;
        let length = span.unpacked.unwrap_or(span.stored);
        room = room.checked_sub(length).ok_or_else(|| {
            span.damage(format!("unpacks to {length} bytes, far more than weights in {} would", bytes.len()))
        })?;
        let mut content = span.content(&file);
        let mut unpacked = vec![0; length as usize];
        let found = content.fill(&mut unpacked).await?;
        if found < unpacked.len() || content.fill(&mut [0]).await? > 0 {
            return Err(span.damage(format!("does not unpack to the {length} bytes that the archive claims")));
        }
        files.push((entry.name.clone(), unpacked));
    }
    Ok(Some(files))
}
