//! PyTorch's `.pt` and `.pth` (since version 1.6): a zip archive of one folder with `data.pkl`, which says which
//! tensors there are, and `data/0`, `data/1` …, their storages. Tensors may be views: an offset and a stride for each
//! dimension say where in its storage an element lies. What else the pickle holds is passed over.

mod opcode;
mod pickle_bytes;
mod pickle_value;
mod unpickler;

use std::collections::HashMap;

use super::zip::ArchiveEntry;
use crate::data::dtype::ElementType;
use crate::data::read::{
    Contents, ElementOrder, Elements, InputFile, MOST_TENSORS, Span, Tensor, TensorInfo, row_length,
};
use crate::error::{Error, Result};
use pickle_value::{Id, PickleValue, TensorRef, Unpickled};
use unpickler::unpickle;

/// The file of an archive that names the tensors.
const PICKLE: &str = "data.pkl";
/// Longest pickle that is read; a tensor takes about 200 bytes of it.
const LONGEST_PICKLE: u64 = 16 << 20;
/// Longest text that says in which order bytes are.
const LONGEST_BYTEORDER: u64 = 16;
/// Dictionaries within dictionaries.
const DEEPEST: usize = 32;
/// Longest dotted name.
const LONGEST_NAME: usize = 200;
/// Values looked at: what is shared is looked at wherever it is named.
const MOST_VISITS: usize = 1 << 20;

/// Whether a file of an archive is the pickle. PyTorch's archives have all in one folder.
pub fn is_pickle(name: &str) -> bool {
    name.strip_suffix(PICKLE).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// The tensors of an archive whose directory is `entries`.
pub async fn read(file: &InputFile<'_>, entries: &[ArchiveEntry], pickle: &ArchiveEntry) -> Result<Contents> {
    let text = read_whole(file, &pickle.pytorch_span(file).await?, LONGEST_PICKLE).await?;
    let error = |what: String| Error::format(&file.name, what);
    let unpickled = unpickle(&text).map_err(error)?;
    let folder = pickle.name.strip_suffix(PICKLE).unwrap_or_default();
    let by_name: HashMap<&str, &ArchiveEntry> =
        entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
    let big_endian = match by_name.get(format!("{folder}byteorder").as_str()) {
        Some(entry) => read_whole(file, &entry.pytorch_span(file).await?, LONGEST_BYTEORDER).await? == b"big",
        None => false,
    };
    let mut finder = TensorFinder { unpickled: &unpickled, found: Vec::new(), visits: 0 };
    finder.visit(unpickled.root, "", 0).map_err(error)?;
    if finder.found.is_empty() {
        return Err(error(no_tensor(&unpickled)));
    }
    let mut contents = Contents::default();
    // One for each storage: tensors that share it share its checksum.
    let mut spans: HashMap<&str, Result<Span>> = HashMap::new();
    for (name, id) in finder.found {
        let name = if name.is_empty() { file.name.clone() } else { name };
        let view = match unpickled.get(id) {
            PickleValue::Tensor(view) => view,
            other => {
                let what = format!("tensor '{name}' is {}, expected a dense tensor", described(other));
                contents.push(&name, Err(error(what)));
                continue;
            }
        };
        let key = view.storage.key;
        if !spans.contains_key(key) {
            let span = match by_name.get(format!("{folder}data/{key}").as_str()) {
                Some(entry) => entry.pytorch_span(file).await,
                None => Err(error(format!("tensor '{name}' lies in data/{key}, which is missing"))),
            };
            spans.insert(key, span);
        }
        let span = spans.get(key).cloned().unwrap_or_else(|| Err(error(format!("data/{key} is missing"))));
        contents.push(&name, span.and_then(|span| tensor(view, &name, span, big_endian)));
    }
    Ok(contents)
}

/// Why a pickle without tensors is of no use, by what it holds instead.
fn no_tensor(unpickled: &Unpickled<'_>) -> String {
    const EXPECTED: &str = "expected a tensor, or a dictionary or list of them, such as model.state_dict()";
    match unpickled.first_unknown() {
        Some(name) => format!("holds no tensor, but names {name}, which is never executed: {EXPECTED}"),
        None => format!("holds no tensor, {EXPECTED}"),
    }
}

fn described(value: &PickleValue<'_>) -> String {
    match value {
        PickleValue::Object(name) => format!("made by {name}"),
        _ => "not a tensor".to_owned(),
    }
}

/// A small part of the file as a whole.
async fn read_whole(file: &InputFile<'_>, span: &Span, longest: u64) -> Result<Vec<u8>> {
    let length = span.unpacked.unwrap_or(span.stored);
    if length > longest {
        return Err(span.format_error(format!("has {length} bytes, expected at most {longest}")));
    }
    let mut bytes = vec![0; length as usize];
    let mut content = span.content(file);
    let found = content.fill(&mut bytes).await?;
    if found < bytes.len() {
        return Err(span.format_error(format!("ends at byte {found}, expected {length}")));
    }
    content.verify()?;
    Ok(bytes)
}

/// Finds tensors and their dotted names, and those that are saved in a way that is not read.
struct TensorFinder<'u, 'p> {
    unpickled: &'u Unpickled<'p>,
    found: Vec<(String, Id)>,
    visits: usize,
}

impl TensorFinder<'_, '_> {
    fn visit(&mut self, id: Id, name: &str, depth: usize) -> Result<(), String> {
        self.visits += 1;
        if self.visits > MOST_VISITS || self.found.len() > MOST_TENSORS {
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
            PickleValue::Tensor(_) => self.found.push((name.to_owned(), id)),
            PickleValue::Object(object) if object.rebuilds_tensor() => self.found.push((name.to_owned(), id)),
            PickleValue::Sequence(items) => {
                for (index, &item) in items.iter().enumerate() {
                    self.visit(item, &dotted(&index), depth + 1)?;
                }
            }
            PickleValue::Dict(entries) => {
                for &(key, item) in entries {
                    match unpickled.get(key) {
                        PickleValue::Text(key) if key.len() <= LONGEST_NAME => {
                            self.visit(item, &dotted(key), depth + 1)?;
                        }
                        PickleValue::Int(key) => self.visit(item, &dotted(key), depth + 1)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A tensor of the pickle, checked against its storage.
fn tensor(view: &TensorRef<'_>, name: &str, span: Span, big_endian: bool) -> Result<Tensor> {
    let label = format!("{}: tensor '{name}'", span.label);
    let span = Span { label, ..span };
    let Some(dtype) = view.dtype() else {
        let what = format!("is of type torch.{}, expected numbers up to 64 bits", view.type_name());
        return Err(span.format_error(what));
    };
    if view.shape.len() != view.strides.len() {
        let what = format!("has {} dimensions but {} strides", view.shape.len(), view.strides.len());
        return Err(span.format_error(what));
    }
    let mut shape = Vec::with_capacity(view.shape.len());
    for (at, &size) in view.shape.iter().enumerate() {
        match usize::try_from(size) {
            Ok(size) if size > 0 => shape.push(size),
            _ => {
                let what = format!("has dimension {at} of size {size}, expected 1 or more");
                return Err(span.format_error(what));
            }
        }
    }
    let cols = match shape.as_slice() {
        [] => 1,
        shape => row_length(shape).map_err(|what| span.format_error(what))?,
    };
    let negative = || span.format_error("has a negative stride or offset");
    let strides: Result<Vec<_>, _> = view.strides.iter().map(|&stride| u64::try_from(stride)).collect();
    let order = ElementOrder::Strides(strides.map_err(|_| negative())?);
    let offset = u64::try_from(view.offset).map_err(|_| negative())?;
    let start = offset
        .checked_mul(dtype.size() as u64)
        .ok_or_else(|| span.format_error(format!("begins at element {offset}, which no file reaches")))?;
    let element_type = ElementType { dtype, big_endian };
    let elements = Elements::new(span.clone(), start, element_type, shape.clone(), &order)?;
    // The storage is as long as the pickle says, no matter what else its file holds.
    if view.storage_bytes(dtype).is_none_or(|stored| elements.end() > stored) {
        let what = format!(
            "reaches to byte {} of a storage of {} elements of type {}",
            elements.end(),
            view.storage.count,
            dtype.name()
        );
        return Err(span.format_error(what));
    }
    elements.check_length()?;
    let info = TensorInfo { name: name.to_owned(), dtype, shape };
    Ok(Tensor::of_elements(info, cols, elements))
}
