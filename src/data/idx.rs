//! IDX, the format of MNIST, gzipped or not: two zero bytes, a type code, the number of dimensions, the dimensions
//! as 32-bit big-endian integers, then the elements, row-major and big-endian.

use std::sync::Arc;

use super::Storage;
use super::content::Content;
use super::elements::{Elements, Layout};
use super::tensor_file::{Dtype, Format, Tensor, TensorInfo};
use crate::error::{Error, Result};

pub const FORMAT: Format = Format {
    name: "IDX (MNIST's format, as in train-images-idx3-ubyte, gzipped or not)",
    by_content: |start| matches!(start, [0, 0, code, _, ..] if dtype(*code).is_some()),
    by_name: |name| {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        name.ends_with("ubyte") || name.ends_with(".idx")
    },
    read,
};

fn dtype(code: u8) -> Option<Dtype> {
    match code {
        0x08 => Some(Dtype::U8),
        0x09 => Some(Dtype::I8),
        0x0b => Some(Dtype::I16),
        0x0c => Some(Dtype::I32),
        0x0d => Some(Dtype::F32),
        0x0e => Some(Dtype::F64),
        _ => None,
    }
}

fn read(bytes: &[u8], file: &str) -> Result<Vec<Tensor>> {
    let mut content = Content::new(bytes, file);
    let elements = read_header(&mut content)?;
    elements.check_length(&content)?;
    let values = match elements.dtype {
        Dtype::U8 => Storage::U8(elements.read(&mut content, |[byte]| byte)?),
        Dtype::I8 => elements.floats(&mut content, |b: [u8; 1]| f32::from(i8::from_be_bytes(b)))?,
        Dtype::I16 => elements.floats(&mut content, |b: [u8; 2]| f32::from(i16::from_be_bytes(b)))?,
        Dtype::I32 => elements.floats(&mut content, |b: [u8; 4]| i32::from_be_bytes(b) as f32)?,
        Dtype::F32 => elements.floats(&mut content, f32::from_be_bytes)?,
        _ => elements.floats(&mut content, |b: [u8; 8]| f64::from_be_bytes(b) as f32)?,
    };
    elements.check_end(&mut content)?;
    // Rows are the first dimension: an image is a row, and so is a single label.
    let cols = elements.shape.iter().skip(1).product();
    let info = TensorInfo { name: file.to_owned(), dtype: elements.dtype, shape: elements.shape };
    Ok(vec![Tensor { info, cols, values: Arc::new(values) }])
}

fn read_header(content: &mut Content) -> Result<Elements> {
    let file = content.file();
    let mut magic = [0; 4];
    let found = content.fill(&mut magic)?;
    if found < magic.len() {
        return Err(Error::format(
            file,
            format!("ends at byte {found}, in the header of 4 bytes that an IDX file begins with"),
        ));
    }
    let [0, 0, code, dimensions] = magic else {
        return Err(Error::format(
            file,
            format!("begins with the bytes {magic:02x?}, expected an IDX header: 00 00, then a type code"),
        ));
    };
    let Some(dtype) = dtype(code) else {
        return Err(Error::format(
            file,
            format!(
                "type code {code:02x} at byte 2, expected 08 (u8), 09 (i8), 0b (i16), 0c (i32), 0d (f32) or \
                 0e (f64)"
            ),
        ));
    };
    if dimensions == 0 {
        return Err(Error::format(file, "0 dimensions at byte 3, expected 1 or more"));
    }
    let mut shape = Vec::with_capacity(usize::from(dimensions));
    for _ in 0..dimensions {
        let mut size = [0; 4];
        let at = content.position();
        if content.fill(&mut size)? < size.len() {
            return Err(Error::format(
                file,
                format!(
                    "ends at byte {}, in the header of {} bytes that its {dimensions} dimensions need",
                    content.position(),
                    4 + 4 * u64::from(dimensions)
                ),
            ));
        }
        let size = u32::from_be_bytes(size);
        if size == 0 {
            return Err(Error::format(
                file,
                format!("dimension {} is 0 at byte {at}, expected 1 or more", shape.len()),
            ));
        }
        shape.push(size as usize);
    }
    Elements::new(content, dtype, shape, Layout::C)
}
