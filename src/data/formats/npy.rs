//! NumPy's npy, versions 1 to 3: a magic word, the version, the length of a header that is a Python dictionary
//! (`{'descr': '<f4', 'fortran_order': False, 'shape': (16023, 384), }`), then the elements. Nothing is executed: the
//! dictionary is read by a parser that knows strings, booleans and tuples of whole numbers.

use crate::data::dtype::{Dtype, ElementType};
use crate::data::read::{
    Content, Contents, ElementOrder, Elements, InputFile, Span, Tensor, TensorFormat, TensorInfo, row_length,
};
use crate::error::{Error, Result};

pub const FORMAT: TensorFormat = TensorFormat {
    names: &[("NumPy arrays", &[".npy"])],
    by_content: |start| start.starts_with(MAGIC),
    open: |file| Box::pin(open(file)),
};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header that is read. An array of numbers needs about 100 bytes; NumPy itself refuses above 10 000.
const LONGEST_HEADER: usize = 10_000;
/// Dimensions that an array may have; NumPy's own limit.
const DIMENSIONS: usize = 64;

async fn open(file: &InputFile<'_>) -> Result<Contents> {
    Ok(array(file, Span::of(file), file.name.clone()).await?.into())
}

/// The array in a file or in a part of it.
pub async fn array(file: &InputFile<'_>, span: Span, name: String) -> Result<Tensor> {
    let mut content = span.content(file);
    let text = read_header(&mut content).await?;
    let header = NpyHeaderParser { text: &text, at: 0 }
        .dictionary()
        .map_err(|what| span.format_error(format!("{what} in the header of the array")))?;
    let info = TensorInfo { name, dtype: header.element_type.dtype, shape: header.shape.clone() };
    let start = content.position();
    let elements = Elements::new(span.clone(), start, header.element_type, header.shape, &header.order)?;
    elements.check_length()?;
    elements.check_end()?;
    let cols = row_length(&info.shape).map_err(|what| span.format_error(what))?;
    Ok(Tensor::of_elements(info, cols, elements))
}

/// The text of the header; `content` then stands at the first element.
async fn read_header(content: &mut Content<'_>) -> Result<Vec<u8>> {
    let mut start = [0; 8];
    fill(content, &mut start).await?;
    let [.., major, minor] = start;
    if !start.starts_with(MAGIC) {
        let what = format!("begins with the bytes {:02x?}, expected 93 and 'NUMPY'", &start[..MAGIC.len()]);
        return Err(Error::format(content.label(), what));
    }
    let length = match major {
        1 => {
            let mut length = [0; 2];
            fill(content, &mut length).await?;
            usize::from(u16::from_le_bytes(length))
        }
        2 | 3 => {
            let mut length = [0; 4];
            fill(content, &mut length).await?;
            u32::from_le_bytes(length) as usize
        }
        _ => {
            let what = format!("version {major}.{minor} at byte 6, expected 1.0, 2.0 or 3.0");
            return Err(Error::format(content.label(), what));
        }
    };
    if length > LONGEST_HEADER {
        let what = format!("its header claims {length} bytes, expected at most {LONGEST_HEADER}");
        return Err(Error::format(content.label(), what));
    }
    let mut text = vec![0; length];
    fill(content, &mut text).await?;
    Ok(text)
}

async fn fill(content: &mut Content<'_>, out: &mut [u8]) -> Result<()> {
    let expected = content.position() + out.len() as u64;
    if content.fill(out).await? < out.len() {
        let found = content.position();
        return Err(Error::format(
            content.label(),
            format!("ends at byte {found}, in a header that reaches to byte {expected} at least"),
        ));
    }
    Ok(())
}

struct NpyHeader {
    element_type: ElementType,
    order: ElementOrder,
    shape: Vec<usize>,
}

/// Reads the header's dictionary; errors say what was found and what was expected.
struct NpyHeaderParser<'a> {
    text: &'a [u8],
    at: usize,
}

impl NpyHeaderParser<'_> {
    fn dictionary(mut self) -> Result<NpyHeader, String> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.take(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            match key.as_str() {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => fortran = Some(self.boolean()?),
                "shape" => shape = Some(self.shape()?),
                _ => return Err(format!("the key '{key}', expected descr, fortran_order and shape")),
            }
            if !self.take(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        if self.peek().is_some() {
            return Err(self.unexpected("the end"));
        }
        let missing = |key: &str| format!("no key '{key}'");
        let fortran = fortran.ok_or_else(|| missing("fortran_order"))?;
        Ok(NpyHeader {
            element_type: descr.ok_or_else(|| missing("descr"))?,
            order: if fortran { ElementOrder::Fortran } else { ElementOrder::C },
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }

    /// A type such as `<f4`.
    fn descr(&mut self) -> Result<ElementType, String> {
        const EXPECTED: &str = "numbers: b1, u1, i1, u2, i2, u4, i4, u8, i8, f2, f4 or f8";
        if self.peek() == Some(b'[') {
            return Err(format!("a structured type, expected {EXPECTED}"));
        }
        let descr = self.string()?;
        let kind = descr.trim_start_matches(['<', '>', '|', '=']);
        let dtype = match kind {
            "b1" => Dtype::Bool,
            "u1" => Dtype::U8,
            "i1" => Dtype::I8,
            "u2" => Dtype::U16,
            "i2" => Dtype::I16,
            "u4" => Dtype::U32,
            "i4" => Dtype::I32,
            "u8" => Dtype::U64,
            "i8" => Dtype::I64,
            "f2" => Dtype::F16,
            "f4" => Dtype::F32,
            "f8" => Dtype::F64,
            _ if kind.starts_with('O') => {
                return Err(format!(
                    "the type '{descr}', Python objects, which are never loaded; expected {EXPECTED}"
                ));
            }
            _ => return Err(format!("the type '{descr}', expected {EXPECTED}")),
        };
        Ok(ElementType { dtype, big_endian: descr.starts_with('>') })
    }

    fn shape(&mut self) -> Result<Vec<usize>, String> {
        let mut shape = Vec::new();
        self.expect(b'(')?;
        while !self.take(b')') {
            if shape.len() == DIMENSIONS {
                return Err(format!("more than {DIMENSIONS} dimensions"));
            }
            match self.number()? {
                0 => return Err(format!("dimension {} is 0, expected 1 or more", shape.len())),
                size => shape.push(size),
            }
            if !self.take(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(shape)
    }

    fn number(&mut self) -> Result<usize, String> {
        self.skip_space();
        let digits = self.run(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return Err(self.unexpected("a whole number"));
        }
        // Python 2 wrote long integers as 5L.
        self.take(b'L');
        digits.parse().map_err(|_| format!("the dimension {digits}, more than memory can hold"))
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.skip_space();
        match self.run(|c| c.is_ascii_alphabetic()).as_str() {
            "True" => Ok(true),
            "False" => Ok(false),
            other => Err(format!("fortran_order is '{other}', expected True or False")),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = self.peek().filter(|c| matches!(c, b'\'' | b'"'));
        let Some(quote) = quote else { return Err(self.unexpected("a string")) };
        self.at += 1;
        let text = self.run(|c| c != quote && c != b'\\');
        self.expect(quote)?;
        Ok(text)
    }

    /// The longest run of bytes that fit.
    fn run(&mut self, fits: impl Fn(u8) -> bool) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let run = &rest[..rest.iter().position(|&c| !fits(c)).unwrap_or(rest.len())];
        self.at += run.len();
        String::from_utf8_lossy(run).into_owned()
    }

    fn skip_space(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: u8) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(self.unexpected(&format!("'{}'", char::from(wanted)))) }
    }

    fn unexpected(&mut self, expected: &str) -> String {
        match self.peek() {
            Some(found) => {
                format!("'{}' as byte {}, expected {expected}", found.escape_ascii(), self.at)
            }
            None => format!("its end, expected {expected}"),
        }
    }
}
