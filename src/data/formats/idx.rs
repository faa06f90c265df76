//! IDX, the format of MNIST, gzipped or not: two zero bytes, a type code, the number of dimensions, the dimensions
//! as 32-bit big-endian integers, then the elements, row-major and big-endian.

use crate::data::dtype::{Dtype, ElementType};
use crate::data::read::{
    Content, Contents, ElementOrder, Elements, InputFile, Span, Tensor, TensorBody, TensorFormat, TensorInfo,
    whole_row_length,
};
use crate::error::{Error, Result};

pub const FORMAT: TensorFormat = TensorFormat {
    names: &[("IDX, the format of MNIST", &["-ubyte", ".idx"])],
    by_content: |start| matches!(start, [0, 0, code, _, ..] if dtype(*code).is_some()),
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

async fn open(file: &InputFile<'_>) -> Result<Contents> {
    let span = Span::of(file);
    let elements = read_header(&span, file).await?;
    elements.check_length()?;
    elements.check_end()?;
    let shape = elements.shape().to_vec();
    let cols = whole_row_length(&shape).map_err(|what| span.format_error(what))?;
    let info = TensorInfo { name: file.name.clone(), dtype: elements.element_type().dtype, shape };
    Ok(Tensor::of_elements(info, cols, elements).into())
}

async fn read_header(span: &Span, file: &InputFile<'_>) -> Result<Elements> {
    let mut content = span.content(file);
    let mut magic = [0; 4];
    let found = content.fill(&mut magic).await?;
    if found < magic.len() {
        return Err(
            span.format_error(format!("ends at byte {found}, within the 4 bytes that begin an IDX header"))
        );
    }
    let [0, 0, code, dimensions] = magic else {
        return Err(span.format_error(format!(
            "begins with the bytes {magic:02x?}, expected an IDX header: 00 00, then a type code"
        )));
    };
    let Some(dtype) = dtype(code) else {
        return Err(span.format_error(format!(
            "type code {code:02x} at byte 2, expected 08 (u8), 09 (i8), 0b (i16), 0c (i32), 0d (f32) or 0e (f64)"
        )));
    };
    if dimensions == 0 {
        return Err(span.format_error("0 dimensions at byte 3, expected 1 or more"));
    }
    let mut shape = Vec::with_capacity(usize::from(dimensions));
    for _ in 0..dimensions {
        shape.push(read_dimension(&mut content, shape.len(), dimensions).await?);
    }
    let element_type = ElementType { dtype, big_endian: true };
    Elements::new(span.clone(), content.position(), element_type, shape, &ElementOrder::C)
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
