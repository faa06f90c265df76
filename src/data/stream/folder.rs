//! The files of a folder as a stream.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::options::StreamOptions;
use super::order::{LONGEST_INDEX, ShardIndex, is_shard_index, shard_order};
use super::read_ahead::{FileAhead, Reader};
use super::row_stream::RowStream;
use super::shards::StreamFile;
use crate::error::{Error, Result};

/// Endings of files whose rows can be read block by block.
const ENDINGS: [&str; 2] = [".npy", ".safetensors"];

impl RowStream {
    /// The rows of one file, or of all .npy or .safetensors files of a folder.
    ///
    /// # Errors
    /// As [`RowStream::open`]; if the folder holds none, one is missing, or the system cannot list it.
    pub async fn open_path(path: &Path, options: StreamOptions) -> Result<Self> {
        let paths = if path.is_dir() { files_of(path)? } else { vec![path.to_owned()] };
        let reader = Reader::start(&path.display().to_string())?;
        let opened = paths.iter().map(|path| {
            let source = Box::new(FileAhead::open(path, &reader)?);
            Ok(StreamFile { name: path.display().to_string(), source })
        });
        Self::open(opened.collect::<Result<_>>()?, options).await
    }
}

/// The files of a set, in its order.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed =
        |e: std::io::Error| Error::format(folder.display().to_string(), format!("cannot be listed: {e}"));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path().display().to_string());
    }
    let (indices, mut paths): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_shard_index(path));
    let index = match &indices[..] {
        [index] => Some(read_index(index)?),
        // A data set of several splits has one for each.
        _ => {
            paths.retain(|path| ENDINGS.iter().any(|ending| path.ends_with(ending)));
            None
        }
    };
    let order = shard_order(&paths, index.as_ref())?;
    if order.is_empty() {
        let what = "holds no .npy or .safetensors file";
        return Err(Error::format(folder.display().to_string(), what));
    }
    Ok(order.into_iter().filter_map(|at| paths.get(at)).map(PathBuf::from).collect())
}

fn read_index(path: &str) -> Result<ShardIndex> {
    let unread = |e: std::io::Error| Error::format(path, format!("cannot be read: {e}"));
    let mut text = String::new();
    // One byte more than it may have, by which it is known to be too long.
    let file = std::fs::File::open(path).map_err(unread)?;
    file.take(LONGEST_INDEX as u64 + 1).read_to_string(&mut text).map_err(unread)?;
    Ok(ShardIndex { name: path.to_owned(), text })
}
