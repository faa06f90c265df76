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

    /// The number that the bytes of one element stand for, rounded to a 32-bit float.
    #[inline]
    pub(super) fn number(self, bytes: &[u8], big_endian: bool) -> f32 {
        let mut b = [0; 8];
        b.iter_mut().zip(bytes).for_each(|(to, &from)| *to = from);
        if big_endian {
            b[..self.size()].reverse();
        }
        let whole = u64::from_le_bytes(b);
        match self {
            Self::Bool => f32::from(u8::from(b[0] != 0)),
            Self::U8 => f32::from(b[0]),
            Self::I8 => f32::from(b[0] as i8),
            Self::I16 => f32::from(whole as i16),
            Self::U16 => f32::from(whole as u16),
            Self::F16 => f16::from_bits(whole as u16).to_f32(),
            Self::BF16 => bf16::from_bits(whole as u16).to_f32(),
            Self::I32 => whole as i32 as f32,
            Self::U32 => whole as u32 as f32,
            Self::F32 => f32::from_bits(whole as u32),
            Self::I64 => whole as i64 as f32,
            Self::U64 => whole as f32,
            Self::F64 => f64::from_bits(whole) as f32,
        }
    }
}
