//! The JSON beside the weights.

use serde::Serialize;
use serde_json::{Map, Value};

use super::named_file::NamedFile;
use crate::error::{Error, Result};

/// Longest configuration that is read; runs of other programs list their layers and hooks here.
const LONGEST: usize = 4 << 20;

/// A JSON object and the file that it came from.
#[derive(Debug)]
pub struct Config {
    file: String,
    entries: Map<String, Value>,
}

impl Config {
    /// # Errors
    /// If the file is not a JSON object.
    pub fn parse(file: &NamedFile) -> Result<Self> {
        if file.bytes.len() > LONGEST {
            return Err(Error::format(
                &file.name,
                format!("has {} bytes, expected a short JSON object", file.bytes.len()),
            ));
        }
        // Python never writes a byte order mark, but editors do.
        let text = std::str::from_utf8(&file.bytes)
            .map_err(|error| Error::format(&file.name, format!("is not UTF-8 text: {error}")))?;
        let entries = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| Error::format(&file.name, format!("is not a JSON object: {error}")))?;
        Ok(Self { file: file.name.clone(), entries })
    }

    /// Whether there is an entry of this name other than null.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.entries.get(name).filter(|value| !value.is_null())
    }

    /// An object within this one, as an object of the same file.
    pub fn inner(&self, name: &str) -> Result<Self> {
        match self.get(name) {
            Some(Value::Object(entries)) => Ok(Self { file: self.file.clone(), entries: entries.clone() }),
            other => Err(self.wrong(name, other, "an object")),
        }
    }

    /// A whole number, if it is there.
    pub fn count(&self, name: &str) -> Result<Option<usize>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().and_then(|number| usize::try_from(number).ok()) {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong(name, Some(value), "a whole number")),
            },
        }
    }

    /// A whole number that must be there.
    pub fn needed_count(&self, name: &str) -> Result<usize> {
        self.count(name)?.ok_or_else(|| self.wrong(name, None, "a whole number"))
    }

    /// True or false, with a default where it is missing.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            other => Err(self.wrong(name, other, "true or false")),
        }
    }

    /// A string, if it is there.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            other => Err(self.wrong(name, other, "a string")),
        }
    }

    /// # Errors
    /// If the entry is there and is not the size that the weights have.
    pub fn agrees(&self, name: &str, size: usize) -> Result<()> {
        match self.count(name)? {
            Some(given) if given != size => {
                Err(self.error(format!("entry '{name}' is {given}, but the weights have {size}")))
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// If the entry is there and is none of the `allowed` values, under which activations pass unchanged.
    pub fn refuse_unless(&self, name: &str, allowed: &[Value]) -> Result<()> {
        match self.get(name) {
            Some(value) if !allowed.contains(value) => {
                Err(self.error(format!("entry '{name}' is {}, which is not supported", short(value))))
            }
            _ => Ok(()),
        }
    }

    /// An error about this file.
    pub fn error(&self, what: impl Into<String>) -> Error {
        Error::format(&self.file, what)
    }

    fn wrong(&self, name: &str, found: Option<&Value>, expected: &str) -> Error {
        match found {
            None => self.error(format!("entry '{name}' is missing, expected {expected}")),
            Some(value) => self.error(format!("entry '{name}' is {}, expected {expected}", short(value))),
        }
    }
}

/// A value as JSON, cut where it is long.
fn short(value: &Value) -> String {
    const SHOWN: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= SHOWN { text } else { text.chars().take(SHOWN).chain("…".chars()).collect() }
}

/// Writes a configuration.
pub fn write(name: &str, entries: &impl Serialize) -> Result<NamedFile> {
    let mut bytes = serde_json::to_vec_pretty(entries)
        .map_err(|error| Error::format(name, format!("cannot be written: {error}")))?;
    bytes.push(b'\n');
    Ok(NamedFile { name: name.to_owned(), bytes })
}
