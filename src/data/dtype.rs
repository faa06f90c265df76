//! Types of elements in files, and the numbers that their bytes stand for.

use half::{bf16, f16};

/// Type of the elements in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// A byte that is true or false, read as 1 or 0.
    Bool,
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
    /// The upper half of a 32-bit float.
    BF16,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
}

impl Dtype {
    /// Its public name, as in `TensorInfo.dtype` in JavaScript.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "u8",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::I16 | Self::U16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Little-endian elements as 32-bit floats, appended to `out`.
    fn decode(self, bytes: &[u8], out: &mut Vec<f32>) {
        match self {
            Self::Bool => each(bytes, out, |[b]| f32::from(u8::from(b != 0))),
            Self::U8 => each(bytes, out, |[b]| f32::from(b)),
            Self::I8 => each(bytes, out, |b| f32::from(i8::from_le_bytes(b))),
            Self::I16 => each(bytes, out, |b| f32::from(i16::from_le_bytes(b))),
            Self::U16 => each(bytes, out, |b| f32::from(u16::from_le_bytes(b))),
            Self::F16 => each(bytes, out, |b| widen(f16::from_le_bytes(b))),
            Self::BF16 => each(bytes, out, |b| bf16::from_le_bytes(b).to_f32()),
            Self::I32 => each(bytes, out, |b| i32::from_le_bytes(b) as f32),
            Self::U32 => each(bytes, out, |b| u32::from_le_bytes(b) as f32),
            Self::F32 => each(bytes, out, f32::from_le_bytes),
            Self::I64 => each(bytes, out, |b| i64::from_le_bytes(b) as f32),
            Self::U64 => each(bytes, out, |b| u64::from_le_bytes(b) as f32),
            Self::F64 => each(bytes, out, |b| f64::from_le_bytes(b) as f32),
        }
    }
}

/// Type and byte order of the elements in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElementType {
    pub dtype: Dtype,
    pub big_endian: bool,
}

impl ElementType {
    /// Elements with the least significant byte first, or of one byte.
    pub fn little_endian(dtype: Dtype) -> Self {
        Self { dtype, big_endian: false }
    }

    /// Decodes elements to 32-bit floats (rounded) and replaces the contents of `out` with them.
    pub fn decode(self, bytes: &[u8], out: &mut Vec<f32>) {
        out.clear();
        let size = self.dtype.size();
        if self.big_endian && size > 1 {
            let mut little = bytes.to_vec();
            little.chunks_exact_mut(size).for_each(<[u8]>::reverse);
            self.dtype.decode(&little, out);
        } else {
            self.dtype.decode(bytes, out);
        }
    }
}

fn each<const N: usize>(bytes: &[u8], out: &mut Vec<f32>, number: impl Fn([u8; N]) -> f32) {
    out.extend(bytes.as_chunks::<N>().0.iter().map(|&bytes| number(bytes)));
}

/// Half precision as a 32-bit float. Not inlined: copies in each loop would make the download larger.
#[inline(never)]
pub(super) fn widen(half: f16) -> f32 {
    half.to_f32()
}
