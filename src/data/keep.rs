//! How the values of a file are kept in memory: as they came where that is small, or as the user chooses.

use half::f16;

use super::elements::Sink;
use super::{Dtype, Storage};
use crate::error::{Error, Result};

/// Type in which values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Bytes: whole numbers from 0 to 255.
    U8,
    /// Half precision: 11 significant bits, at most 65504 in size.
    F16,
    /// 32-bit floats.
    F32,
}

impl Keep {
    /// How values of a type are kept unless the user chooses: bytes and half precision as they are, others as f32.
    pub fn of(dtype: Dtype) -> Self {
        match dtype {
            Dtype::U8 | Dtype::Bool => Self::U8,
            Dtype::F16 => Self::F16,
            _ => Self::F32,
        }
    }

    /// Reads the public name.
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

/// Values on their way from a file to a data set.
pub struct Kept {
    dtype: Dtype,
    big_endian: bool,
    cols: usize,
    /// The numbers at hand.
    numbers: Vec<f32>,
    pub values: Storage,
    #[cfg(feature = "files")]
    pub labels: super::csv::Labels,
}

impl Kept {
    /// Room for `rows × cols` values; `file` is for messages.
    ///
    /// # Errors
    /// If there is no such room: the message says how much is needed, before anything is read.
    pub fn new(
        file: &str,
        rows: u64,
        cols: usize,
        (dtype, big_endian): (Dtype, bool),
        keep: Keep,
    ) -> Result<Self> {
        let bytes = rows.saturating_mul(cols as u64).saturating_mul(keep.size() as u64);
        let values = match keep {
            Keep::U8 => room(rows, cols).map(Storage::U8),
            Keep::F16 => room(rows, cols).map(Storage::F16),
            Keep::F32 => room(rows, cols).map(Storage::F32),
        };
        let Some(values) = values else {
            let smaller = if keep == Keep::F32 { "; keeping it as f16 takes half" } else { "" };
            let what = format!(
                "needs {} MB of memory as {}, more than there is (at most {} MB in one piece){smaller}",
                bytes.div_ceil(1 << 20),
                keep.name(),
                isize::MAX as u64 >> 20,
            );
            return Err(Error::format(file, what));
        };
        Ok(Self {
            dtype,
            big_endian,
            cols,
            numbers: Vec::new(),
            values,
            #[cfg(feature = "files")]
            labels: super::csv::Labels::default(),
        })
    }
}

/// Zeros, if memory has the room.
fn room<T: Clone + Default>(rows: u64, cols: usize) -> Option<Vec<T>> {
    let count = usize::try_from(rows).ok()?.checked_mul(cols)?;
    let mut values = Vec::new();
    values.try_reserve_exact(count).ok()?;
    values.resize(count, T::default());
    Some(values)
}

impl Sink for Kept {
    fn put(&mut self, place: u64, bytes: &[u8]) -> Result<()> {
        let place = place as usize;
        let range = place..place + bytes.len() / self.dtype.size();
        let native = self.big_endian == cfg!(target_endian = "big");
        match &mut self.values {
            Storage::U8(values) if self.dtype == Dtype::U8 => {
                values[range].copy_from_slice(bytes);
                return Ok(());
            }
            Storage::F32(values) if self.dtype == Dtype::F32 && native => {
                bytemuck::cast_slice_mut(&mut values[range]).copy_from_slice(bytes);
                return Ok(());
            }
            _ => self.dtype.decode(bytes, self.big_endian, &mut self.numbers),
        }
        let numbers = &self.numbers;
        let misfit = match &mut self.values {
            Storage::U8(values) => {
                values[range].iter_mut().zip(numbers).for_each(|(out, &number)| *out = number as u8);
                // A number that a byte cannot hold comes back as another.
                numbers.iter().position(|&number| f32::from(number as u8) != number)
            }
            Storage::F16(values) => {
                values[range].iter_mut().zip(numbers).for_each(|(out, &number)| *out = f16::from_f32(number));
                numbers.iter().position(|&number| number.is_finite() && f16::from_f32(number).is_infinite())
            }
            Storage::F32(values) => {
                values[range].copy_from_slice(numbers);
                None
            }
        };
        match misfit {
            None => Ok(()),
            Some(at) => {
                let (row, col) = ((place + at) / self.cols, (place + at) % self.cols);
                let keep = self.values.keep();
                let found = format!("'{}', but row {row}, column {col} is {}", keep.name(), numbers[at]);
                let expected = match keep {
                    Keep::U8 => "'f16' or 'f32' for what are no whole numbers from 0 to 255",
                    _ => "'f32' for numbers above 65504 in size",
                };
                Err(Error::option("keep", found, expected))
            }
        }
    }

    #[cfg(feature = "files")]
    fn label(&mut self, text: &str) {
        self.labels.push(text);
    }
}
