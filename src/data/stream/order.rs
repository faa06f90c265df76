//! Which files are a set of shards, and in which order: an index decides, as Hugging Face writes it; else the numbers in
//! their names, and a missing one is named. A native program asks of a folder's files, the page of those that it is given.

use std::cmp::Ordering;

use serde_json::Value;

use crate::error::{Error, Result};

/// An index of ten thousand files is shorter.
pub const LONGEST_INDEX: usize = 1 << 24;

/// A file that lists the files of a set.
pub struct ShardIndex {
    /// Its name, for messages.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// Whether a file lists the files of a set: `NAME.index.json`, and `state.json` of a data set that was saved to disk.
#[must_use]
pub fn is_shard_index(path: &str) -> bool {
    path.ends_with(".index.json") || base_name(path) == "state.json"
}

/// The places in `paths` of the files of a set, in its order: those that the index lists, else all of them, by their numbers.
///
/// # Errors
/// If a file is missing, or the index lists none.
pub fn shard_order(paths: &[String], index: Option<&ShardIndex>) -> Result<Vec<usize>> {
    if let Some(index) = index {
        return listed_by(index, paths);
    }
    let mut order: Vec<usize> = (0..paths.len()).collect();
    let path = |at: &usize| paths.get(*at).map_or("", String::as_str);
    order.sort_by(|a, b| by_number(path(a), path(b)));
    let mut folders: Vec<(&str, Vec<&str>)> = Vec::new();
    for path in order.iter().map(path) {
        let (folder, name) = path.split_at(path.len() - base_name(path).len());
        match folders.iter_mut().find(|(known, _)| *known == folder) {
            Some((_, names)) => names.push(name),
            None => folders.push((folder, vec![name])),
        }
    }
    for (folder, names) in folders {
        check_complete(&names).map_err(|(name, what)| Error::format(format!("{folder}{name}"), what))?;
    }
    Ok(order)
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(path)
}

/// The files that an index lists: `{"weight_map": {tensor: file}}`, or `{"_data_files": [{"filename": file}]}`.
fn listed_by(index: &ShardIndex, paths: &[String]) -> Result<Vec<usize>> {
    let failed = |what: &str| Error::format(&index.name, what);
    if index.text.len() > LONGEST_INDEX {
        return Err(failed(&format!("is longer than {LONGEST_INDEX} bytes, more than an index has")));
    }
    let content: Value = serde_json::from_str(&index.text).unwrap_or_default();
    let names: Option<Vec<&str>> = match (&content["weight_map"], &content["_data_files"]) {
        (Value::Object(map), _) => map.values().map(Value::as_str).collect(),
        (_, Value::Array(files)) => files.iter().map(|file| file["filename"].as_str()).collect(),
        _ => None,
    };
    let mut names = names
        .filter(|names| !names.is_empty() && names.iter().all(|name| !name.is_empty()))
        .ok_or_else(|| failed("lists no files, expected an object with 'weight_map' or '_data_files'"))?;
    if content["weight_map"].is_object() {
        names.sort_by(|a, b| by_number(a, b));
    }
    let mut order = Vec::new();
    for name in names {
        let at = paths.iter().position(|path| base_name(path) == name).ok_or_else(|| {
            Error::format(name, format!("is listed in {} and is not there", base_name(&index.name)))
        })?;
        if !order.contains(&at) {
            order.push(at);
        }
    }
    Ok(order)
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
fn check_complete(names: &[&str]) -> Result<(), (String, String)> {
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
    let same = |name: &&str| numbered(name).is_some_and(|(a, _, c)| (a, c) == (stem, rest));
    if !names.iter().all(same) {
        return Ok(());
    }
    let expected =
        |at: usize| format!("{stem}{:0width$}{rest}", start.saturating_add(at), width = first.len());
    in_place(names, names.len(), expected)
}

/// Whether name after name is the expected one, `total` in all.
fn in_place(
    names: &[&str],
    total: usize,
    expected: impl Fn(usize) -> String,
) -> Result<(), (String, String)> {
    for at in 0..total.min(names.len() + 1) {
        let (expected, found) = (expected(at), names.get(at));
        if found != Some(&expected.as_str()) {
            let instead = found.map_or(String::new(), |found| format!(": {found} is in its place"));
            return Err((expected, format!("is missing from the set{instead}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(paths: &[&str], index: Option<&str>) -> Result<Vec<String>, String> {
        let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
        let index = index.map(|text| ShardIndex { name: "in/x.index.json".into(), text: text.into() });
        let order = shard_order(&paths, index.as_ref()).map_err(|error| error.to_string())?;
        Ok(order.iter().map(|&at| paths[at].clone()).collect())
    }

    fn names(names: &[&str]) -> Result<Vec<String>, String> {
        Ok(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[test]
    fn files_come_by_the_numbers_in_their_names() {
        assert_eq!(
            ordered(&["acts_10.npy", "acts_9.npy", "acts_8.npy"], None),
            names(&["acts_8.npy", "acts_9.npy", "acts_10.npy"])
        );
        let of_three = ["a-00000-of-00003.npy", "a-00001-of-00003.npy", "a-00002-of-00003.npy"];
        assert!(ordered(&of_three, None).is_ok());
        assert!(ordered(&["é1.npy", "é2.npy"], None).is_ok());
        assert!(ordered(&["layer3.npy"], None).is_ok());
        assert!(ordered(&["train.npy", "test.npy"], None).is_ok());
        // Each split of a data set is counted through by itself.
        assert_eq!(
            ordered(&["train/a2.npy", "test/a7.npy", "train/a1.npy"], None),
            names(&["test/a7.npy", "train/a1.npy", "train/a2.npy"])
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        assert_eq!(
            ordered(&["acts_8.npy", "acts_10.npy"], None),
            Err("acts_9.npy: is missing from the set: acts_10.npy is in its place".into())
        );
        assert_eq!(
            ordered(&["a-00001-of-00003.npy", "a-00002-of-00003.npy"], None),
            Err("a-00003-of-00003.npy: is missing from the set".into())
        );
        assert_eq!(
            ordered(&["in/a-00000-of-00003.npy", "in/a-00002-of-00003.npy"], None),
            Err("in/a-00001-of-00003.npy: is missing from the set: a-00002-of-00003.npy is in its place"
                .into())
        );
    }

    #[test]
    fn an_index_decides() {
        let given = ["in/b.npy", "in/a2.npy", "in/a10.npy"];
        let weights = r#"{"weight_map": {"x": "a10.npy", "y": "a2.npy", "z": "a10.npy"}}"#;
        assert_eq!(ordered(&given, Some(weights)), names(&["in/a2.npy", "in/a10.npy"]));
        let files = r#"{"_data_files": [{"filename": "a10.npy"}, {"filename": "a2.npy"}]}"#;
        assert_eq!(ordered(&given, Some(files)), names(&["in/a10.npy", "in/a2.npy"]));
        assert_eq!(
            ordered(&given, Some(r#"{"weight_map": {"x": "c.npy"}}"#)),
            Err("c.npy: is listed in x.index.json and is not there".into())
        );
        for nothing in ["", "[]", "{}", r#"{"weight_map": {}}"#, r#"{"_data_files": [{"filename": 1}]}"#] {
            let expected =
                "in/x.index.json: lists no files, expected an object with 'weight_map' or '_data_files'";
            assert_eq!(ordered(&given, Some(nothing)), Err(expected.into()), "{nothing}");
        }
        let long = " ".repeat(LONGEST_INDEX + 1);
        assert!(ordered(&given, Some(&long)).is_err_and(|message| message.contains("is longer than")));
    }

    #[test]
    fn indices_are_known_by_their_names() {
        assert!(is_shard_index("in/model.safetensors.index.json") && is_shard_index("in/state.json"));
        assert!(!is_shard_index("estate.json") && !is_shard_index("in/cfg.json"));
    }
}
