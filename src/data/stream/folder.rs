//! Which files of a folder are a set, and in which order: an index file decides, as Hugging Face writes it; else the numbers
//! in their names, and a missing one is named.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::options::StreamOptions;
use super::read_ahead::{FileAhead, Reader};
use super::row_stream::RowStream;
use super::shards::StreamFile;
use crate::error::{Error, Result};

/// Endings of files whose rows can be read block by block.
const ENDINGS: [&str; 2] = [".npy", ".safetensors"];
/// An index of ten thousand files is shorter.
const LONGEST_INDEX: u64 = 1 << 24;

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
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let is_index = |name: &&String| name.ends_with(".index.json") || *name == "state.json";
    let names = match names.iter().filter(is_index).collect::<Vec<_>>()[..] {
        [index] => listed_by(folder, index, &names)?,
        _ => {
            names.retain(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)));
            names.sort_by(|a, b| by_number(a, b));
            check_complete(&names).map_err(|(name, what)| Error::format(in_folder(folder, &name), what))?;
            names
        }
    };
    if names.is_empty() {
        let what = "holds no .npy or .safetensors file";
        return Err(Error::format(folder.display().to_string(), what));
    }
    Ok(names.iter().map(|name| folder.join(name)).collect())
}

fn in_folder(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// The files that an index lists: `{"weight_map": {tensor: file}}`, or `{"_data_files": [{"filename": file}]}`.
fn listed_by(folder: &Path, index: &str, names: &[String]) -> Result<Vec<String>> {
    let path = folder.join(index);
    let failed = |what: String| Error::format(path.display().to_string(), what);
    let unread = |e: std::io::Error| failed(format!("cannot be read: {e}"));
    let length = std::fs::metadata(&path).map_err(unread)?.len();
    if length > LONGEST_INDEX {
        return Err(failed(format!("has {length} bytes, expected at most {LONGEST_INDEX} of an index")));
    }
    let text = std::fs::read_to_string(&path).map_err(unread)?;
    let content: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut listed: Vec<String> = match (&content["weight_map"], &content["_data_files"]) {
        (Value::Object(map), _) => {
            let mut files: Vec<_> = map.values().filter_map(Value::as_str).map(str::to_owned).collect();
            files.sort_by(|a, b| by_number(a, b));
            files
        }
        (_, Value::Array(files)) => {
            files.iter().filter_map(|file| file["filename"].as_str()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    listed.dedup();
    if listed.is_empty() {
        return Err(failed("lists no files, expected an object with 'weight_map' or '_data_files'".into()));
    }
    match listed.iter().find(|name| !names.contains(name)) {
        Some(missing) => {
            Err(Error::format(in_folder(folder, missing), format!("is listed in {index} and is not there")))
        }
        None => Ok(listed),
    }
}

/// Names in the order of the numbers in them: `acts_2` before `acts_10`.
fn by_number(a: &str, b: &str) -> Ordering {
    parts(a).cmp(&parts(b)).then_with(|| a.cmp(b))
}

/// A name in turns of text and number; a number by its length without leading zeros, then by its digits.
fn parts(name: &str) -> Vec<(&str, usize, &str)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (text, after) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        let number = number.trim_start_matches('0');
        parts.push((text, number.len(), number));
        rest = after;
    }
    parts
}

/// `acts_12.npy` is `("acts_", "12", ".npy")`: the last number of a name.
fn numbered(name: &str) -> Option<(&str, &str, &str)> {
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = name[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    // A letter before the digits may take several bytes, and ends where they begin.
    let start = (start..=end).find(|&at| name.is_char_boundary(at))?;
    Some((&name[..start], &name[start..end], &name[end..]))
}

/// Names that count through, or say how many there are as `acts-00001-of-00003.npy`, must be all there: else the missing
/// one, and what is wrong.
fn check_complete(names: &[String]) -> Result<(), (String, String)> {
    let Some((stem, first, rest)) = names.first().and_then(|name| numbered(name)) else { return Ok(()) };
    if let Some((stem, number, "-of-")) = stem.strip_suffix("-of-").and_then(|_| numbered(stem)) {
        let total: usize = first.parse().unwrap_or(usize::MAX);
        // From 0 in data sets, from 1 in models.
        let from = usize::from(number.bytes().any(|digit| digit != b'0'));
        let expected =
            |at: usize| format!("{stem}{:0width$}-of-{first}{rest}", from + at, width = number.len());
        return in_place(names, total, expected);
    }
    let start: usize = first.parse().unwrap_or(0);
    let same = |name: &String| numbered(name).is_some_and(|(a, _, c)| (a, c) == (stem, rest));
    if !names.iter().all(same) {
        return Ok(());
    }
    let expected =
        |at: usize| format!("{stem}{:0width$}{rest}", start.saturating_add(at), width = first.len());
    in_place(names, names.len(), expected)
}

/// Whether name after name is the expected one, `total` in all.
fn in_place(
    names: &[String],
    total: usize,
    expected: impl Fn(usize) -> String,
) -> Result<(), (String, String)> {
    for at in 0..total.min(names.len() + 1) {
        let (expected, found) = (expected(at), names.get(at));
        if found != Some(&expected) {
            let instead = found.map_or(String::new(), |found| format!(": {found} is in its place"));
            return Err((expected, format!("is missing from the set{instead}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(names: &[&str]) -> Result<Vec<String>, String> {
        let mut names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        names.sort_by(|a, b| by_number(a, b));
        check_complete(&names).map_err(|(name, what)| format!("{name}: {what}"))?;
        Ok(names)
    }

    #[test]
    fn files_come_by_the_numbers_in_their_names() {
        assert_eq!(
            checked(&["acts_10.npy", "acts_9.npy", "acts_8.npy"]),
            Ok(["acts_8.npy", "acts_9.npy", "acts_10.npy"].map(str::to_owned).to_vec())
        );
        let of_three = ["a-00000-of-00003.npy", "a-00001-of-00003.npy", "a-00002-of-00003.npy"];
        assert!(checked(&of_three).is_ok());
        assert!(checked(&["é1.npy", "é2.npy"]).is_ok());
        assert!(checked(&["layer3.npy"]).is_ok());
        assert!(checked(&["train.npy", "test.npy"]).is_ok());
    }

    #[test]
    fn a_missing_file_is_named() {
        assert_eq!(
            checked(&["acts_8.npy", "acts_10.npy"]),
            Err("acts_9.npy: is missing from the set: acts_10.npy is in its place".into())
        );
        assert_eq!(
            checked(&["a-00001-of-00003.npy", "a-00002-of-00003.npy"]),
            Err("a-00003-of-00003.npy: is missing from the set".into())
        );
        assert_eq!(
            checked(&["a-00000-of-00003.npy", "a-00002-of-00003.npy"]),
            Err("a-00001-of-00003.npy: is missing from the set: a-00002-of-00003.npy is in its place".into())
        );
    }
}
