//! Values as they are kept in memory: in the type of the file where that is small, or in the one the user chooses.

#[cfg(feature = "files")]
use std::ops::Range;

use half::f16;

use super::dtype::{Dtype, widen};
use crate::error::{Error, Result};
#[cfg(feature = "files")]
use crate::memory::reserve;

/// Type in which values are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageKind {
    /// Bytes: whole numbers from 0 to 255.
    U8,
    /// Half precision: 11 significant bits, magnitudes up to 65504.
    F16,
    /// 32-bit floats.
    F32,
}

impl StorageKind {
    /// How values of a type are kept unless the user chooses: bytes and half precision as they are, others as f32.
    pub fn of(dtype: Dtype) -> Self {
        match dtype {
            Dtype::U8 | Dtype::Bool => Self::U8,
            Dtype::F16 => Self::F16,
            Dtype::I8
            | Dtype::I16
            | Dtype::I32
            | Dtype::I64
            | Dtype::U16
            | Dtype::U32
            | Dtype::U64
            | Dtype::BF16
            | Dtype::F32
            | Dtype::F64 => Self::F32,
        }
    }

    /// Reads the public name, the value of the option `keep`.
    ///
    /// # Errors
    /// If it is none of the three.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "u8" => Ok(Self::U8),
            "f16" => Ok(Self::F16),
            "f32" => Ok(Self::F32),
            other => Err(Error::option("keep", format!("'{other}'"), "'u8', 'f16' or 'f32'")),
        }
    }

    /// Its public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::F16 => "f16",
            Self::F32 => "f32",
        }
    }

    /// Bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::F16 => 2,
            Self::F32 => 4,
        }
    }
}

/// Values as they are kept in memory, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum Storage {
    /// Bytes, for images.
    U8(Vec<u8>),
    /// Half precision, for activations that were saved in it. Every value is exact as a 32-bit float.
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
    pub fn kind(&self) -> StorageKind {
        match self {
            Self::U8(_) => StorageKind::U8,
            Self::F16(_) => StorageKind::F16,
            Self::F32(_) => StorageKind::F32,
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

    /// Zeros for `rows` rows, with room for `spare` more.
    ///
    /// # Errors
    /// If memory has no room for them.
    #[cfg(feature = "files")]
    pub(super) fn zeros(
        what: &str,
        kind: StorageKind,
        (rows, spare): (usize, usize),
        cols: usize,
    ) -> Result<Self> {
        let shape = [rows.saturating_add(spare), cols];
        let len = rows.saturating_mul(cols);
        match kind {
            StorageKind::U8 => reserved(what, &shape, len).map(Self::U8),
            StorageKind::F16 => reserved(what, &shape, len).map(Self::F16),
            StorageKind::F32 => reserved(what, &shape, len).map(Self::F32),
        }
    }

    /// Adds values of the same kind at the end.
    #[cfg(feature = "files")]
    pub(super) fn append(&mut self, from: &Self, range: Range<usize>) {
        match (self, from) {
            (Self::U8(values), Self::U8(from)) => values.extend_from_slice(&from[range]),
            (Self::F16(values), Self::F16(from)) => values.extend_from_slice(&from[range]),
            (Self::F32(values), Self::F32(from)) => values.extend_from_slice(&from[range]),
            (Self::U8(_) | Self::F16(_) | Self::F32(_), _) => unreachable!("one stream keeps one kind"),
        }
    }

    /// Moves the values at `range` to `to`, before them.
    #[cfg(feature = "files")]
    pub(super) fn move_down(&mut self, range: Range<usize>, to: usize) {
        match self {
            Self::U8(values) => values.copy_within(range, to),
            Self::F16(values) => values.copy_within(range, to),
            Self::F32(values) => values.copy_within(range, to),
        }
    }

    /// Keeps the first `len` values.
    #[cfg(feature = "files")]
    pub(super) fn truncate(&mut self, len: usize) {
        match self {
            Self::U8(values) => values.truncate(len),
            Self::F16(values) => values.truncate(len),
            Self::F32(values) => values.truncate(len),
        }
    }

    /// Whether all values in a range are finite.
    #[cfg(feature = "files")]
    pub(super) fn is_finite(&self, range: Range<usize>) -> bool {
        match self {
            Self::U8(_) => true,
            Self::F16(values) => values[range].iter().all(|v| v.is_finite()),
            Self::F32(values) => values[range].iter().all(|v| v.is_finite()),
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

/// `len` zeros in a buffer of this shape.
#[cfg(feature = "files")]
fn reserved<T: bytemuck::Zeroable + Clone>(what: &str, shape: &[usize], len: usize) -> Result<Vec<T>> {
    let mut values = reserve(what, shape)?;
    values.resize(len, T::zeroed());
    Ok(values)
}
