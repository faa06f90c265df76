//! safetensors: the length of a JSON header as 8 bytes, the header (name to type, shape and range of bytes), then the
//! tensors, little-endian and row-major, without gaps. The crate of the name reads bytes in memory and counts bits in
//! `usize`, which ends at 512 MB in WebAssembly, so the header is read here, into 64 bits, and by ranges of the file;
//! files are written from memory, with that crate's header.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};

use crate::data::dtype::{Dtype, ElementType};
use crate::data::read::{
    Contents, ElementOrder, Elements, InputFile, MOST_TENSORS, Span, Tensor, TensorFormat, TensorInfo,
    row_length, times,
};
use crate::error::{Error, Result};
use crate::memory::reserve;

pub const FORMAT: TensorFormat = TensorFormat {
    names: &[("safetensors", &[".safetensors"])],
    by_content: |start| matches!(start, [_, _, _, _, _, 0, 0, 0, b'{', ..]),
    open: |file| Box::pin(open(file)),
};

/// Longest header that is read: a tensor takes about 100 bytes.
const LONGEST_HEADER: u64 = 8 << 20;
/// Bytes of the header's length.
const LENGTH: u64 = 8;
/// The entry of the header that is not a tensor.
const METADATA: &str = "__metadata__";

/// What the header says of a tensor.
#[derive(Deserialize)]
struct TensorEntry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// The tensors in the order of the header.
#[derive(Default)]
struct SafetensorsHeader {
    tensors: Vec<(String, TensorEntry)>,
    metadata: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for SafetensorsHeader {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = SafetensorsHeader;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<SafetensorsHeader, M::Error> {
        let mut header = SafetensorsHeader::default();
        while let Some(name) = map.next_key::<String>()? {
            if name == METADATA {
                header.metadata = map.next_value()?;
            } else if header.tensors.len() == MOST_TENSORS {
                return Err(M::Error::custom(format!("more than {MOST_TENSORS} tensors")));
            } else {
                header.tensors.push((name, map.next_value()?));
            }
        }
        Ok(header)
    }
}

fn dtype(name: &str) -> Option<Dtype> {
    Some(match name {
        "BOOL" => Dtype::Bool,
        "U8" => Dtype::U8,
        "I8" => Dtype::I8,
        "I16" => Dtype::I16,
        "U16" => Dtype::U16,
        "F16" => Dtype::F16,
        "BF16" => Dtype::BF16,
        "I32" => Dtype::I32,
        "U32" => Dtype::U32,
        "F32" => Dtype::F32,
        "I64" => Dtype::I64,
        "U64" => Dtype::U64,
        "F64" => Dtype::F64,
        _ => return None,
    })
}

async fn open(file: &InputFile<'_>) -> Result<Contents> {
    let span = Span::of(file);
    if file.gzip {
        return Err(
            span.format_error("is gzipped, but its tensors are read by their offsets: gunzip it first")
        );
    }
    let mut content = span.content(file);
    let mut length = [0; LENGTH as usize];
    let found = content.fill(&mut length).await?;
    if found < length.len() {
        return Err(span.format_error(format!("ends at byte {found}, in the 8 bytes of its header's length")));
    }
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        let what = format!("its header claims {length} bytes, expected at most {LONGEST_HEADER}");
        return Err(span.format_error(what));
    }
    let start = LENGTH + length;
    if start > span.longest() {
        let what = format!("ends at byte {}, in a header that reaches to byte {start}", span.longest());
        return Err(span.format_error(what));
    }
    let mut text = vec![0; length as usize];
    if content.fill(&mut text).await? < text.len() {
        return Err(span.format_error(format!("ends at byte {}, in its header", content.position())));
    }
    let unreadable =
        |error: &dyn fmt::Display| span.format_error(format!("its header cannot be read: {error}"));
    // All JSON is parsed from text: a parser of bytes would come a second time into the download.
    let text = std::str::from_utf8(&text).map_err(|error| unreadable(&error))?;
    let header: SafetensorsHeader = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
    check_places(&span, &header.tensors, start)?;
    let mut contents = Contents { metadata: header.metadata, ..Contents::default() };
    for (name, entry) in header.tensors {
        let tensor = tensor(&span, &name, entry, start);
        contents.push(&name, tensor);
    }
    Ok(contents)
}

/// Tensors fill the file from the header to its end, without gap and without overlap; no name comes twice.
fn check_places(span: &Span, tensors: &[(String, TensorEntry)], start: u64) -> Result<()> {
    let mut sorted: Vec<_> = tensors.iter().collect();
    sort(&mut sorted, &|(_, a), (_, b)| a.data_offsets.cmp(&b.data_offsets));
    let mut reached = 0;
    for (name, entry) in &sorted {
        let (from, to) = entry.data_offsets;
        if from != reached || to < from {
            let what =
                format!("tensor '{name}' lies from byte {from} to {to} of the data, expected from {reached}");
            return Err(span.format_error(what));
        }
        reached = to;
    }
    sort(&mut sorted, &|(a, _), (b, _)| a.cmp(b));
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(span.format_error(format!("holds two tensors named '{}'", twice[0].0)));
    }
    let end = reached.checked_add(start);
    if end.is_none_or(|end| end > span.longest()) {
        let what =
            format!("ends at byte {}, expected {start} of header and {reached} of tensors", span.longest());
        return Err(span.format_error(what));
    }
    if end != Some(span.longest()) {
        return Err(
            span.format_error(format!("goes on past byte {}, where its tensors end", start + reached))
        );
    }
    Ok(())
}

type TensorOrder<'o> = dyn Fn(&(String, TensorEntry), &(String, TensorEntry)) -> Ordering + 'o;

/// One copy for both orders.
fn sort(tensors: &mut [&(String, TensorEntry)], order: &TensorOrder<'_>) {
    tensors.sort_unstable_by(|a, b| order(a, b));
}

fn tensor(span: &Span, name: &str, entry: TensorEntry, start: u64) -> Result<Tensor> {
    let error = |what: String| span.format_error(format!("tensor '{name}' {what}"));
    let Some(dtype) = dtype(&entry.dtype) else {
        let what =
            format!("is of type {}, expected BOOL, a whole number, F16, BF16, F32 or F64", entry.dtype);
        return Err(error(what));
    };
    let shape: Result<Vec<_>, _> = entry.shape.iter().map(|&size| usize::try_from(size)).collect();
    let shape = shape.map_err(|_| error("has a dimension that memory cannot hold".to_owned()))?;
    if let Some(at) = shape.iter().position(|&size| size == 0) {
        return Err(error(format!("has dimension {at} of size 0, expected 1 or more")));
    }
    let cols = row_length(&shape).map_err(&error)?;
    let from = start + entry.data_offsets.0;
    let part = Span { label: format!("{}: {name}", span.label), ..span.clone() };
    let elements =
        Elements::new(part, from, ElementType::little_endian(dtype), shape.clone(), &ElementOrder::C)?;
    if elements.end() != start + entry.data_offsets.1 {
        let (from_offset, to_offset) = entry.data_offsets;
        let what = format!(
            "takes {} bytes, expected {} for {} elements of type {}",
            to_offset - from_offset,
            elements.end() - from,
            times(&shape),
            dtype.name()
        );
        return Err(error(what));
    }
    Ok(Tensor::of_elements(TensorInfo { name: name.to_owned(), dtype, shape }, cols, elements))
}

/// Tensors to write: name, shape and values of each.
pub type NamedTensors<'a> = Vec<(&'a str, Vec<usize>, &'a [f32])>;

/// The parts of a file, which follow one another: the header, then each tensor, of 32-bit floats. They are sorted by name,
/// as the crate writes them. `file` is for messages.
///
/// # Errors
/// If a shape does not fit its values.
pub fn parts<'a>(
    file: &str,
    mut tensors: NamedTensors<'a>,
    (key, metadata): (&str, String),
) -> Result<Vec<Cow<'a, [u8]>>> {
    use ::safetensors::tensor::{Dtype, Metadata, TensorInfo};
    let failed = |error: &dyn fmt::Display| Error::format(file, format!("cannot be written: {error}"));
    tensors.sort_by_key(|&(name, ..)| name);
    let mut infos = Vec::with_capacity(tensors.len());
    let mut end = 0;
    for (name, shape, values) in &tensors {
        let start = end;
        end += size_of_val(*values);
        let info = TensorInfo { dtype: Dtype::F32, shape: shape.clone(), data_offsets: (start, end) };
        infos.push(((*name).to_owned(), info));
    }
    let metadata = HashMap::from([(key.to_owned(), metadata)]);
    let metadata = Metadata::new(Some(metadata), infos).map_err(|error| failed(&error))?;
    let mut json = serde_json::to_vec(&metadata).map_err(|error| failed(&error))?;
    // Values begin at a multiple of 8 bytes.
    json.resize(json.len().next_multiple_of(LENGTH as usize), b' ');
    let header = [&(json.len() as u64).to_le_bytes()[..], &json].concat();
    let values = tensors.into_iter().map(|(_, _, values)| Cow::Borrowed(bytemuck::cast_slice(values)));
    Ok(std::iter::once(Cow::Owned(header)).chain(values).collect())
}

/// The parts as one file.
///
/// # Errors
/// If memory has no room for it; `file` is for messages.
pub fn joined(file: &str, parts: &[Cow<'_, [u8]>]) -> Result<Vec<u8>> {
    let mut bytes = reserve(file, &[parts.iter().map(|part| part.len()).sum()])?;
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_the_crate_writes() {
        use ::safetensors::tensor::{Dtype, TensorView};
        let (wide, narrow) = ([1.0_f32, -2.5, 3.0, f32::MIN_POSITIVE, 0.0, 7.0], [0.25_f32]);
        let tensors: NamedTensors<'_> =
            vec![("b", vec![2, 3], &wide), ("a.m", vec![1], &narrow), ("c", vec![0], &[])];
        let views = tensors.iter().map(|(name, shape, values)| {
            let bytes = bytemuck::cast_slice(values);
            (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("fits"))
        });
        let metadata = HashMap::from([("key".to_owned(), "\"text\"".to_owned())]);
        let expected = ::safetensors::serialize(views, Some(metadata)).expect("is written");
        let parts = parts("file", tensors.clone(), ("key", "\"text\"".to_owned())).expect("fits");
        assert_eq!(joined("file", &parts).expect("fits"), expected);
    }

    #[test]
    fn a_shape_that_does_not_fit_is_refused() {
        let error =
            parts("file", vec![("a", vec![2], &[1.0])], ("key", String::new())).expect_err("one of two");
        assert!(error.to_string().starts_with("file: cannot be written"), "{error}");
    }
}
