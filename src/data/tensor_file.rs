//! Files that hold one or more tensors: recognised by content first, then by name.

use std::sync::Arc;

use super::content::{Content, is_gzip};
use super::{Dataset, Storage, idx, npy};
use crate::error::{Error, Result};

/// Every format that can be read, in the order in which they are tried.
const FORMATS: [Format; 2] = [npy::FORMAT, idx::FORMAT];

/// How a format is recognised and read; each has its own file.
pub struct Format {
    /// What it is called in messages.
    pub name: &'static str,
    /// Whether content that begins with these bytes (up to [`OPENING`], unpacked if gzipped) is of this format.
    pub by_content: fn(&[u8]) -> bool,
    /// Whether a file of this name, in lower case, should be of this format.
    pub by_name: fn(&str) -> bool,
    /// Reads the file: its bytes as they are, and its name for messages.
    pub read: fn(&[u8], &str) -> Result<Vec<Tensor>>,
}

/// Bytes of content that are looked at to recognise a format.
const OPENING: usize = 512;

/// A tensor that has been read.
#[derive(Debug, Clone)]
pub struct Tensor {
    pub info: TensorInfo,
    /// Length of a row in a data set made of it.
    pub cols: usize,
    pub values: Arc<Storage>,
}

/// Type of the elements in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// Unsigned byte.
    U8,
    /// Signed byte.
    I8,
    /// Signed 16-bit integer.
    I16,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// Unsigned 16-bit integer.
    U16,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 64-bit integer.
    U64,
    /// 16-bit float (IEEE 754 half precision).
    F16,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
}

impl Dtype {
    /// Its public name, as in `TensorInfo.dtype` in JavaScript.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }
}

/// What a file says about one of its tensors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name in the file; where the format has no names, that of the file.
    pub name: String,
    /// Type of the elements in the file.
    pub dtype: Dtype,
    /// Its dimensions, the slowest first.
    pub shape: Vec<usize>,
}

/// The tensors of one file.
#[derive(Debug, Clone)]
pub struct TensorFile {
    file: String,
    tensors: Vec<Tensor>,
}

impl TensorFile {
    /// The tensors, in the order of the file.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = &TensorInfo> {
        self.tensors.iter().map(|tensor| &tensor.info)
    }

    /// One tensor as a data set: bytes stay bytes, other types become 32-bit floats. The rows of an IDX file are
    /// its first dimension, `[n, 28, 28]` giving `n` rows of 784 columns and `[n]` giving `n` rows of one. Those of a
    /// NumPy array are all dimensions but the last, `[texts, tokens, 384]` giving a row for each token.
    ///
    /// # Errors
    /// If the file has several tensors and none is named, if none has the name, or as [`Dataset::new`].
    pub fn dataset(&self, name: Option<&str>) -> Result<Dataset> {
        let tensor = match name {
            Some(name) => self.tensors.iter().find(|tensor| tensor.info.name == name).ok_or_else(|| {
                Error::format(&self.file, format!("has no tensor '{name}', only {}", self.names()))
            })?,
            None => match self.tensors.as_slice() {
                [tensor] => tensor,
                _ => {
                    let what = format!("has {} tensors, name one of {}", self.tensors.len(), self.names());
                    return Err(Error::format(&self.file, what));
                }
            },
        };
        Dataset::shared(tensor.values.clone(), tensor.cols)
    }

    fn names(&self) -> String {
        self.tensors().map(|info| format!("'{}'", info.name)).collect::<Vec<_>>().join(", ")
    }
}

/// Reads a file of tensors. Memory stays within 64 MB of what its content takes as it is kept (bytes or 32-bit
/// floats): the claims of a header are checked against the file first.
///
/// # Errors
/// [`Error::UnknownFormat`] says what the file looks like and what can be read; [`Error::Format`] says what was
/// found in a damaged file, at which byte, and what was expected.
///
/// ```
/// use splinterp::data::read_tensors;
///
/// let two_images_of_one_by_two = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4];
/// let images = read_tensors(&two_images_of_one_by_two, "images-idx3-ubyte")?.dataset(None)?;
/// assert_eq!((images.rows(), images.cols()), (2, 2));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn read_tensors(bytes: &[u8], file_name: &str) -> Result<TensorFile> {
    let mut opening = [0; OPENING];
    // A gzip stream that is damaged this early opens as nothing; the reader that its name asks for says why.
    let known = Content::new(bytes, file_name).fill(&mut opening).unwrap_or(0);
    let opening = &opening[..known];
    let name = file_name.to_ascii_lowercase();
    let by_content = FORMATS.iter().find(|format| (format.by_content)(opening));
    let format = match (by_content, foreign(opening)) {
        (Some(format), _) => Some(format),
        (None, Some(_)) => None,
        (None, None) if bytes.is_empty() => None,
        (None, None) => FORMATS.iter().find(|format| (format.by_name)(&name)),
    };
    let Some(format) = format else {
        return Err(Error::UnknownFormat { file: file_name.to_owned(), what: describe(bytes, opening) });
    };
    Ok(TensorFile { file: file_name.to_owned(), tensors: (format.read)(bytes, file_name)? })
}

/// Formats that people drop by mistake and that their first bytes give away.
fn foreign(opening: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 7] = [
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a zip archive"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"\x89HDF", "an HDF5 file"),
    ];
    let magic = MAGIC.iter().find(|(magic, _)| opening.starts_with(magic)).map(|(_, name)| *name);
    magic.or_else(|| {
        let text = text(opening)?.trim_start().to_ascii_lowercase();
        (text.starts_with("<!doctype html") || text.starts_with("<html")).then_some("a web page (HTML)")
    })
}

/// What a file of no known format looks like, and what could have been read.
fn describe(bytes: &[u8], opening: &[u8]) -> String {
    let looks = if bytes.is_empty() {
        "is empty".to_owned()
    } else if is_gzip(bytes) && opening.is_empty() {
        "is gzipped, but empty or damaged at its start".to_owned()
    } else {
        let kind = match (foreign(opening), text(opening)) {
            (Some(kind), _) => kind.to_owned(),
            (None, Some(_)) => "text".to_owned(),
            (None, None) => format!("binary data beginning with the bytes {:02x?}", first(opening)),
        };
        format!("looks like {kind}{}", if is_gzip(bytes) { ", gzipped" } else { "" })
    };
    let accepted = FORMATS.map(|format| format.name).join(", ");
    format!("{looks}; files that can be read: {accepted}")
}

fn first(opening: &[u8]) -> &[u8] {
    opening.get(..4).unwrap_or(opening)
}

/// The bytes as text, if they are: UTF-8, perhaps cut within a character, without control characters.
fn text(opening: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(opening) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(opening.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    (!text.is_empty() && text.trim_start_matches('\u{feff}').chars().all(printable)).then_some(text)
}
