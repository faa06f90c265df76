//! Values as they are kept in memory.

use half::f16;

use super::Keep;
use super::dtype::widen;

/// Values as they are kept in memory, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum Storage {
    /// Bytes, for images.
    U8(Vec<u8>),
    /// Half precision, for activations that came so. Every value is exact as a 32-bit float.
    F16(Vec<f16>),
    /// 32-bit floats.
    F32(Vec<f32>),
}

impl Storage {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::F16(values) => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Type of the values.
    pub fn keep(&self) -> Keep {
        match self {
            Self::U8(_) => Keep::U8,
            Self::F16(_) => Keep::F16,
            Self::F32(_) => Keep::F32,
        }
    }

    /// A value as a 32-bit float.
    pub(super) fn value(&self, at: usize) -> f32 {
        match self {
            Self::U8(values) => f32::from(values[at]),
            Self::F16(values) => widen(values[at]),
            Self::F32(values) => values[at],
        }
    }

    /// The first value from `from` on that is NaN or infinite.
    pub(super) fn not_finite(&self, from: usize) -> Option<usize> {
        let at = match self {
            Self::U8(_) => None,
            Self::F16(values) => values.get(from..)?.iter().position(|v| !v.is_finite()),
            Self::F32(values) => values.get(from..)?.iter().position(|v| !v.is_finite()),
        };
        at.map(|at| from + at)
    }
}
