//! Elements of a file become values in memory, of the type in which they are kept.

use half::f16;

use super::tensor_body::Sink;
use crate::data::dtype::{Dtype, ElementType};
use crate::data::storage::{Storage, StorageKind};
use crate::error::{Error, Result};
use crate::memory::{dimension, zeros};

/// Values on their way from a file to a data set.
pub struct StorageBuilder {
    /// The file, and the tensor where it has several, for messages.
    place: String,
    element_type: ElementType,
    cols: usize,
    /// The numbers of the piece that was put last.
    numbers: Vec<f32>,
    pub values: Storage,
}

impl StorageBuilder {
    /// Memory for `rows × cols` values; `place` is for messages.
    ///
    /// # Errors
    /// If there is no such memory: the message says how much is needed, before anything is read.
    pub fn new(
        place: String,
        (rows, cols): (u64, usize),
        element_type: ElementType,
        kind: StorageKind,
    ) -> Result<Self> {
        let dimensions = [dimension(rows), cols];
        let what = format!("{place}: values as {}", kind.name());
        let values = match kind {
            StorageKind::U8 => zeros(&what, &dimensions).map(Storage::U8),
            StorageKind::F16 => zeros(&what, &dimensions).map(Storage::F16),
            StorageKind::F32 => zeros(&what, &dimensions).map(Storage::F32),
        }?;
        Ok(Self { place, element_type, cols, numbers: Vec::new(), values })
    }

    /// Puts values of several files into values that are there.
    #[cfg(feature = "files")]
    pub fn over(values: Storage, cols: usize, element_type: ElementType) -> Self {
        Self { place: String::new(), element_type, cols, numbers: Vec::new(), values }
    }

    /// Names where what is put next comes from, for messages.
    #[cfg(feature = "files")]
    pub fn name(&mut self, place: &str) {
        place.clone_into(&mut self.place);
    }
}

impl Sink for StorageBuilder {
    fn put(&mut self, place: u64, bytes: &[u8]) -> Result<()> {
        let place = place as usize;
        let dtype = self.element_type.dtype;
        let range = place..place + bytes.len() / dtype.size();
        let native = self.element_type.big_endian == cfg!(target_endian = "big");
        match &mut self.values {
            Storage::U8(values) if dtype == Dtype::U8 => {
                values[range].copy_from_slice(bytes);
                return Ok(());
            }
            Storage::F32(values) if dtype == Dtype::F32 && native => {
                bytemuck::cast_slice_mut(&mut values[range]).copy_from_slice(bytes);
                return Ok(());
            }
            #[cfg(feature = "files")]
            Storage::F16(values) if dtype == Dtype::F16 && native => {
                bytemuck::cast_slice_mut(&mut values[range]).copy_from_slice(bytes);
                return Ok(());
            }
            _ => self.element_type.decode(bytes, &mut self.numbers),
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
                let kept = match self.values.kind() {
                    StorageKind::U8 => {
                        "u8, whole numbers from 0 to 255, cannot hold: keep the values as f16 or f32"
                    }
                    StorageKind::F16 | StorageKind::F32 => {
                        "f16, numbers up to 65504, cannot hold: keep the values as f32"
                    }
                };
                Err(Error::Unkeepable { place: self.place.clone(), row, col, value: numbers[at], kept })
            }
        }
    }
}
