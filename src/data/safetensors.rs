//! safetensors: the length of a JSON header as 8 bytes, the header (name to type, shape and range of bytes), then the
//! tensors, little-endian and row-major, without gaps. The crate of the name reads bytes in memory and counts bits in
//! `usize`, which ends at 512 MB in WebAssembly; the header is therefore read here, into 64 bits.

use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::content::Span;
use super::elements::{Elements, Layout};
use super::source::File;
use super::tensor_file::{Format, Found, MOST_TENSORS, Tensor, cols_of};
use super::{Dtype, TensorInfo};
use crate::error::{Error, Result};

pub const FORMAT: Format = Format {
    name: "safetensors",
    by_content: |start| matches!(start, [_, _, _, _, _, 0, 0, 0, b'{', ..]),
    by_name: |name| name.ends_with(".safetensors"),
    open: |file| Box::pin(open(file)),
};

/// Longest header that is read: it takes 100 bytes a tensor.
const LONGEST_HEADER: u64 = 8 << 20;
/// Bytes of the header's length.
const LENGTH: u64 = 8;

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// The entries in the order of the header.
struct Header(Vec<(String, Entry)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Header, M::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
            } else if entries.len() == MOST_TENSORS {
                return Err(serde::de::Error::custom(format!("more than {MOST_TENSORS} tensors")));
            } else {
                entries.push((name, map.next_value()?));
            }
        }
        Ok(Header(entries))
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

async fn open(file: &File<'_>) -> Result<Found> {
    let span = Span::of(file);
    if file.gzip {
        return Err(span.damage("is gzipped, where tensors are found by their place: gunzip it first"));
    }
    let mut content = span.content(file);
    let mut length = [0; LENGTH as usize];
    let found = content.fill(&mut length).await?;
    if found < length.len() {
        return Err(span.damage(format!("ends at byte {found}, in the 8 bytes of its header's length")));
    }
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        let what = format!("its header claims {length} bytes, expected at most {LONGEST_HEADER}");
        return Err(span.damage(what));
    }
    if LENGTH + length > span.longest() {
        let what =
            format!("ends at byte {}, in a header that reaches to byte {}", span.longest(), LENGTH + length);
        return Err(span.damage(what));
    }
    let mut text = vec![0; length as usize];
    if content.fill(&mut text).await? < text.len() {
        return Err(span.damage(format!("ends at byte {}, in its header", content.position())));
    }
    let header: Header =
        serde_json::from_slice(&text).map_err(|e| span.damage(format!("its header cannot be read: {e}")))?;
    check_places(&span, &header, LENGTH + length)?;
    let mut found = Found::default();
    for (name, entry) in header.0 {
        let tensor = tensor(&span, &name, entry, LENGTH + length);
        found.push(&name, tensor);
    }
    Ok(found)
}

/// Tensors fill the file from the header to its end, without gap and without overlap; no name comes twice.
fn check_places(span: &Span, header: &Header, start: u64) -> Result<()> {
    let mut places: Vec<_> = header.0.iter().map(|(name, entry)| (entry.data_offsets, name)).collect();
    places.sort_unstable();
    let mut reached = 0;
    for ((from, to), name) in places {
        if from != reached || to < from {
            let what =
                format!("tensor '{name}' lies from byte {from} to {to} of the data, expected from {reached}");
            return Err(span.damage(what));
        }
        reached = to;
    }
    let mut names: Vec<_> = header.0.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(span.damage(format!("holds two tensors named '{}'", twice[0])));
    }
    let end = reached.checked_add(start);
    if end.is_none_or(|end| end > span.longest()) {
        let what =
            format!("ends at byte {}, expected {start} of header and {reached} of tensors", span.longest());
        return Err(span.damage(what));
    }
    if end != Some(span.longest()) {
        return Err(span.damage(format!("goes on past byte {}, where its tensors end", start + reached)));
    }
    Ok(())
}

fn tensor(span: &Span, name: &str, entry: Entry, start: u64) -> Result<Tensor> {
    let damage = |what: String| Error::format(&span.label, format!("tensor '{name}' {what}"));
    let Some(dtype) = dtype(&entry.dtype) else {
        let what =
            format!("is of type {}, expected BOOL, a whole number, F16, BF16, F32 or F64", entry.dtype);
        return Err(damage(what));
    };
    let shape: Result<Vec<_>, _> = entry.shape.iter().map(|&size| usize::try_from(size)).collect();
    let shape = shape.map_err(|_| damage("has a dimension beyond what memory can hold".to_owned()))?;
    if let Some(at) = shape.iter().position(|&size| size == 0) {
        return Err(damage(format!("has dimension {at} of size 0, expected 1 or more")));
    }
    let cols = cols_of(&shape).map_err(|what| damage(what.to_owned()))?;
    let span = Span { label: format!("{}: {name}", span.label), ..span.clone() };
    let from = start + entry.data_offsets.0;
    let elements = Elements::new(&span, from, (dtype, false), shape.clone(), &Layout::C)?;
    if elements.end() != start + entry.data_offsets.1 {
        let (from, to) = entry.data_offsets;
        let what = format!(
            "takes {} bytes, expected {} for {} elements of type {}",
            to - from,
            elements.end() - start - from,
            super::elements::times(&shape),
            dtype.name()
        );
        return Err(damage(what));
    }
    Ok(Tensor::of_elements(TensorInfo { name: name.to_owned(), dtype, shape }, cols, span, elements))
}
