//! Types of elements in files, and the numbers that their bytes stand for.

use half::{bf16, f16};

/// Type of the elements in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// True or false in a byte, read as 1 and 0.
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

    /// The numbers that the bytes of elements stand for, rounded to 32-bit floats, in place of what `out` held.
    pub(super) fn decode(self, bytes: &[u8], big_endian: bool, out: &mut Vec<f32>) {
        let to = Decode { bytes, big_endian, out };
        match self {
            Self::Bool => to.each(|[b]| f32::from(u8::from(b != 0))),
            Self::U8 => to.each(|[b]| f32::from(b)),
            Self::I8 => to.each(|b| f32::from(i8::from_le_bytes(b))),
            Self::I16 => to.each(|b| f32::from(i16::from_le_bytes(b))),
            Self::U16 => to.each(|b| f32::from(u16::from_le_bytes(b))),
            Self::F16 => to.each(|b| f16::from_le_bytes(b).to_f32()),
            Self::BF16 => to.each(|b| bf16::from_le_bytes(b).to_f32()),
            Self::I32 => to.each(|b| i32::from_le_bytes(b) as f32),
            Self::U32 => to.each(|b| u32::from_le_bytes(b) as f32),
            Self::F32 => to.each(f32::from_le_bytes),
            Self::I64 => to.each(|b| i64::from_le_bytes(b) as f32),
            Self::U64 => to.each(|b| u64::from_le_bytes(b) as f32),
            Self::F64 => to.each(|b| f64::from_le_bytes(b) as f32),
        }
    }
}

/// Bytes on their way to numbers.
struct Decode<'d> {
    bytes: &'d [u8],
    big_endian: bool,
    out: &'d mut Vec<f32>,
}

impl Decode<'_> {
    fn each<const N: usize>(self, number: impl Fn([u8; N]) -> f32) {
        let elements = self.bytes.as_chunks::<N>().0;
        self.out.clear();
        if self.big_endian {
            self.out.extend(elements.iter().map(|&(mut bytes)| {
                bytes.reverse();
                number(bytes)
            }));
        } else {
            self.out.extend(elements.iter().map(|&bytes| number(bytes)));
        }
    }
}
