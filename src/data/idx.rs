//! IDX, the format of MNIST, gzipped or not: two zero bytes, a type code, the number of dimensions, the dimensions
//! as 32-bit big-endian integers, then the elements, row-major and big-endian.

use std::sync::Arc;

use super::Storage;
use super::content::{Content, TRUSTED};
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
    let header = Header::read(&mut content)?;
    header.check_length(&content)?;
    let values = match header.dtype {
        Dtype::U8 => Storage::U8(header.bytes(&mut content)?),
        Dtype::I8 => header.floats(&mut content, |b: [u8; 1]| f32::from(i8::from_be_bytes(b)))?,
        Dtype::I16 => header.floats(&mut content, |b: [u8; 2]| f32::from(i16::from_be_bytes(b)))?,
        Dtype::I32 => header.floats(&mut content, |b: [u8; 4]| i32::from_be_bytes(b) as f32)?,
        Dtype::F32 => header.floats(&mut content, f32::from_be_bytes)?,
        Dtype::F64 => header.floats(&mut content, |b: [u8; 8]| f64::from_be_bytes(b) as f32)?,
    };
    header.check_end(&mut content)?;
    // Rows are the first dimension: an image is a row, and so is a single label.
    let cols = header.shape.iter().skip(1).product();
    let info = TensorInfo { name: file.to_owned(), dtype: header.dtype, shape: header.shape };
    Ok(vec![Tensor { info, cols, values: Arc::new(values) }])
}

struct Header {
    dtype: Dtype,
    shape: Vec<usize>,
    elements: usize,
    /// Length of the whole content, header included.
    length: u64,
}

impl Header {
    fn read(content: &mut Content) -> Result<Self> {
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
                format!(
                    "begins with the bytes {magic:02x?}, expected an IDX header: 00 00, then a type code"
                ),
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
        // What is kept is no larger than 4 bytes an element, or the element itself.
        let widest = dtype.size().max(4);
        let elements = shape
            .iter()
            .try_fold(1usize, |product, &size| product.checked_mul(size))
            .filter(|&elements| elements <= isize::MAX as usize / widest);
        let Some(elements) = elements else {
            return Err(Error::format(
                file,
                format!("its dimensions {} multiply past what memory can hold", times(&shape)),
            ));
        };
        let length = content.position() + (elements * dtype.size()) as u64;
        Ok(Self { dtype, shape, elements, length })
    }

    /// Before anything is allocated: can the file hold what the header claims?
    fn check_length(&self, content: &Content) -> Result<()> {
        let longest = content.longest();
        if self.length > longest {
            return Err(if content.is_gzip() {
                self.too_short(content, &format!("can unpack to {longest} bytes at most"))
            } else {
                self.too_short(content, &format!("ends at byte {longest}"))
            });
        }
        if content.is_gzip() && self.elements.saturating_mul(self.dtype.size().max(4)) > TRUSTED {
            let counted = content.count(self.length)?;
            if counted < self.length {
                return Err(self.too_short(content, &format!("unpacks to {counted} bytes")));
            }
        }
        Ok(())
    }

    fn too_short(&self, content: &Content, found: &str) -> Error {
        let expected = format!(
            "{found}, expected {} for {} elements of type {}",
            self.length,
            times(&self.shape),
            self.dtype.name()
        );
        Error::format(content.file(), expected)
    }

    /// The elements as they are stored.
    fn bytes(&self, content: &mut Content) -> Result<Vec<u8>> {
        let mut values = self.reserve(content)?;
        values.resize(self.elements, 0);
        let found = content.fill(&mut values)?;
        self.check_filled(content, found, values.len())?;
        Ok(values)
    }

    /// The elements as 32-bit floats, converted in pieces.
    fn floats<const N: usize>(
        &self,
        content: &mut Content,
        convert: impl Fn([u8; N]) -> f32,
    ) -> Result<Storage> {
        let mut values = self.reserve(content)?;
        let mut buffer = [0; 1 << 15];
        while values.len() < self.elements {
            let wanted = (buffer.len() / N).min(self.elements - values.len()) * N;
            let found = content.fill(&mut buffer[..wanted])?;
            self.check_filled(content, found, wanted)?;
            values.extend(buffer[..wanted].as_chunks().0.iter().map(|&bytes| convert(bytes)));
        }
        Ok(Storage::F32(values))
    }

    fn check_filled(&self, content: &Content, found: usize, wanted: usize) -> Result<()> {
        if found < wanted {
            return Err(
                self.too_short(content, &format!("ends at byte {} of its content", content.position()))
            );
        }
        Ok(())
    }

    fn reserve<T>(&self, content: &Content) -> Result<Vec<T>> {
        let mut values = Vec::new();
        values.try_reserve_exact(self.elements).map_err(|_| {
            let megabytes = self.elements.saturating_mul(size_of::<T>()) >> 20;
            Error::format(content.file(), format!("needs {megabytes} MB of memory, more than there is"))
        })?;
        Ok(values)
    }

    /// Nothing may follow the elements; for gzip this also verifies the checksum.
    fn check_end(&self, content: &mut Content) -> Result<()> {
        if content.fill(&mut [0])? > 0 {
            return Err(Error::format(
                content.file(),
                format!(
                    "goes on past byte {}, where {} elements of type {} end",
                    self.length,
                    times(&self.shape),
                    self.dtype.name()
                ),
            ));
        }
        Ok(())
    }
}

/// "60000 × 28 × 28"; long lists, which only damaged files have, are cut.
fn times(shape: &[usize]) -> String {
    const SHOWN: usize = 6;
    let mut text = shape.iter().take(SHOWN).map(usize::to_string).collect::<Vec<_>>().join(" × ");
    if shape.len() > SHOWN {
        text += &format!(" × … ({} dimensions)", shape.len());
    }
    text
}
