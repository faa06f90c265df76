//! PyTorch's `.pt` and `.pth` (since version 1.6): a zip archive of one folder with `data.pkl`, which says which
//! tensors there are, and `data/0`, `data/1` …, their storages. Tensors may be views: an offset and a stride for each
//! dimension say where in its storage an element lies.

use std::collections::HashMap;

use super::TensorInfo;
use super::content::Span;
use super::elements::{Elements, Layout};
use super::pickle::unpickle;
use super::pickled::{Id, Unpickled, Value, View};
use super::source::File;
use super::tensor_file::{Found, MOST_TENSORS, Tensor, cols_of};
use super::zip::Entry;
use crate::error::{Error, Result};

/// Longest pickle that is read; a tensor takes about 200 bytes of it.
const LONGEST_PICKLE: u64 = 4 << 20;
/// Dictionaries within dictionaries.
const DEEPEST: usize = 32;
/// Longest dotted name.
const LONGEST_NAME: usize = 200;
/// Values looked at: what is shared is looked at wherever it is named.
const MOST_VISITS: usize = 1 << 20;

/// The tensors of an archive whose directory is `entries`.
pub async fn open(file: &File<'_>, entries: &[Entry], pickle: &Entry) -> Result<Found> {
    let text = read(file, &pickle.span(file).await?, LONGEST_PICKLE).await?;
    let damage = |what: String| Error::format(&file.name, what);
    let unpickled = unpickle(&text).map_err(damage)?;
    let folder = pickle.name.strip_suffix("data.pkl").unwrap_or_default();
    let by_name: HashMap<&str, &Entry> = entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
    let big_endian = match by_name.get(format!("{folder}byteorder").as_str()) {
        Some(entry) => read(file, &entry.span(file).await?, 16).await? == b"big",
        None => false,
    };
    let mut walk = Walk { unpickled: &unpickled, tensors: Vec::new(), visits: 0 };
    walk.visit(unpickled.root, "", 0).map_err(damage)?;
    if walk.tensors.is_empty() {
        return Err(damage("holds no tensor, expected one, or a dictionary or list of them".to_owned()));
    }
    let mut found = Found::default();
    for (name, id) in walk.tensors {
        let Value::Tensor(view) = unpickled.get(id) else { continue };
        let name = if name.is_empty() { file.name.clone() } else { name };
        let entry = by_name.get(format!("{folder}data/{}", view.storage.key).as_str());
        let span = match entry {
            Some(entry) => entry.span(file).await,
            None => {
                Err(damage(format!("tensor '{name}' lies in data/{}, which is missing", view.storage.key)))
            }
        };
        found.push(&name, span.and_then(|span| view.tensor(&name, span, big_endian)));
    }
    Ok(found)
}

/// A small part of the file as a whole.
async fn read(file: &File<'_>, span: &Span, longest: u64) -> Result<Vec<u8>> {
    let length = span.unpacked.unwrap_or(span.stored);
    if length > longest {
        return Err(span.damage(format!("has {length} bytes, expected at most {longest}")));
    }
    let mut bytes = vec![0; length as usize];
    let found = span.content(file).fill(&mut bytes).await?;
    if found < bytes.len() {
        return Err(span.damage(format!("ends at byte {found}, expected {length}")));
    }
    Ok(bytes)
}

/// Finds tensors and their dotted names.
struct Walk<'u, 'p> {
    unpickled: &'u Unpickled<'p>,
    tensors: Vec<(String, Id)>,
    visits: usize,
}

impl Walk<'_, '_> {
    fn visit(&mut self, id: Id, name: &str, depth: usize) -> Result<(), String> {
        self.visits += 1;
        if self.visits > MOST_VISITS || self.tensors.len() > MOST_TENSORS {
            return Err(format!("holds more than {MOST_TENSORS} tensors or {MOST_VISITS} values"));
        }
        if name.len() > LONGEST_NAME {
            return Err(format!("names a tensor with more than {LONGEST_NAME} characters"));
        }
        if depth > DEEPEST {
            return Err(format!("holds dictionaries or lists {depth} deep, expected at most {DEEPEST}"));
        }
        let dotted = |key: &dyn std::fmt::Display| {
            if name.is_empty() { key.to_string() } else { format!("{name}.{key}") }
        };
        let unpickled = self.unpickled;
        match unpickled.get(id) {
            Value::Tensor(_) => self.tensors.push((name.to_owned(), id)),
            Value::Sequence(items) => {
                for (index, &item) in items.iter().enumerate() {
                    self.visit(item, &dotted(&index), depth + 1)?;
                }
            }
            Value::Dict(entries) => {
                for &(key, item) in entries {
                    match unpickled.get(key) {
                        Value::Text(key) if key.len() <= LONGEST_NAME => {
                            self.visit(item, &dotted(key), depth + 1)?;
                        }
                        Value::Int(key) => self.visit(item, &dotted(key), depth + 1)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl View<'_> {
    fn tensor(&self, name: &str, span: Span, big_endian: bool) -> Result<Tensor> {
        let label = format!("{}: tensor '{name}'", span.label);
        let span = Span { label, ..span };
        let Some(dtype) = self.storage.dtype() else {
            let what = format!("is of type torch.{}, expected numbers up to 64 bits", self.storage.kind);
            return Err(span.damage(what));
        };
        if self.shape.len() != self.strides.len() {
            let what = format!("has {} dimensions but {} strides", self.shape.len(), self.strides.len());
            return Err(span.damage(what));
        }
        let mut shape = Vec::with_capacity(self.shape.len());
        for (at, &size) in self.shape.iter().enumerate() {
            match usize::try_from(size) {
                Ok(size) if size > 0 => shape.push(size),
                _ => {
                    return Err(span.damage(format!("has dimension {at} of size {size}, expected 1 or more")));
                }
            }
        }
        let cols = if shape.is_empty() { 1 } else { cols_of(&shape).map_err(|what| span.damage(what))? };
        let negative = || span.damage("has a negative stride or offset");
        let strides: Result<Vec<_>, _> = self.strides.iter().map(|&stride| u64::try_from(stride)).collect();
        let layout = Layout::Strides(strides.map_err(|_| negative())?);
        let offset = u64::try_from(self.offset).map_err(|_| negative())?;
        let start = offset
            .checked_mul(dtype.size() as u64)
            .ok_or_else(|| span.damage(format!("begins at element {offset}, past all memory")))?;
        let elements = Elements::new(&span, start, (dtype, big_endian), shape.clone(), &layout)?;
        // The storage is as long as the pickle says, no matter what else its file holds.
        let stored =
            u64::try_from(self.storage.count).ok().and_then(|count| count.checked_mul(dtype.size() as u64));
        if stored.is_none_or(|stored| elements.end() > stored) {
            let what = format!(
                "reaches to byte {} of a storage of {} elements of type {}",
                elements.end(),
                self.storage.count,
                dtype.name()
            );
            return Err(span.damage(what));
        }
        elements.check_length(&span)?;
        let info = TensorInfo { name: name.to_owned(), dtype, shape };
        Ok(Tensor::of_elements(info, cols, span, elements))
    }
}
