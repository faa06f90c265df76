//! IDX, the format of MNIST, gzipped or not: two zero bytes, a type code, the number of dimensions, the dimensions
//! as 32-bit big-endian integers, then the elements, row-major and big-endian.

use super::content::{Content, Span};
use super::elements::{Elements, Layout};
use super::source::File;
use super::tensor_file::{Format, Found, Tensor};
use super::{Dtype, TensorInfo};
use crate::error::{Error, Result};

pub const FORMAT: Format = Format {
    name: "IDX (MNIST's format, as in train-images-idx3-ubyte, gzipped or not)",
    by_content: |start| matches!(start, [0, 0, code, _, ..] if dtype(*code).is_some()),
    by_name: |name| {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        name.ends_with("ubyte") || name.ends_with(".idx")
    },
    open: |file| Box::pin(open(file)),
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

async fn open(file: &File<'_>) -> Result<Found> {
    let span = Span::of(file);
    let elements = read_header(&span, file).await?;
    elements.check_length(&span)?;
    elements.check_end(&span)?;
    // Rows are the first dimension: an image is a row, and so is a single label.
    let cols = elements.shape.iter().skip(1).product();
    let info = TensorInfo { name: file.name.clone(), dtype: elements.dtype, shape: elements.shape.clone() };
    Ok(Tensor::of_elements(info, cols, span, elements).into())
}

async fn read_header(span: &Span, file: &File<'_>) -> Result<Elements> {
    let mut content = span.content(file);
    let mut magic = [0; 4];
    let found = content.fill(&mut magic).await?;
    if found < magic.len() {
        return Err(span
            .damage(format!("ends at byte {found}, in the header of 4 bytes that an IDX file begins with")));
    }
    let [0, 0, code, dimensions] = magic else {
        return Err(span.damage(format!(
            "begins with the bytes {magic:02x?}, expected an IDX header: 00 00, then a type code"
        )));
    };
    let Some(dtype) = dtype(code) else {
        return Err(span.damage(format!(
            "type code {code:02x} at byte 2, expected 08 (u8), 09 (i8), 0b (i16), 0c (i32), 0d (f32) or 0e (f64)"
        )));
    };
    if dimensions == 0 {
        return Err(span.damage("0 dimensions at byte 3, expected 1 or more"));
    }
    let mut shape = Vec::with_capacity(usize::from(dimensions));
    for _ in 0..dimensions {
        shape.push(read_dimension(&mut content, shape.len(), dimensions).await?);
    }
    Elements::new(span, content.position(), (dtype, true), shape, &Layout::C)
}

async fn read_dimension(content: &mut Content<'_>, number: usize, dimensions: u8) -> Result<usize> {
    let mut size = [0; 4];
    let at = content.position();
    if content.fill(&mut size).await? < size.len() {
        return Err(Error::format(
            content.label(),
            format!(
                "ends at byte {}, in the header of {} bytes that its {dimensions} dimensions need",
                content.position(),
                4 + 4 * u64::from(dimensions)
            ),
        ));
    }
    match u32::from_be_bytes(size) {
        0 => {
            let what = format!("dimension {number} is 0 at byte {at}, expected 1 or more");
            Err(Error::format(content.label(), what))
        }
        size => Ok(size as usize),
    }
}
