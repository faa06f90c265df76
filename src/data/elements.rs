//! The elements of a tensor in a file, behind a header that has been read: sizes are checked against the file before
//! anything is allocated, values converted in pieces as they are read.

use super::Storage;
use super::content::{Content, TRUSTED};
use super::tensor_file::Dtype;
use crate::error::{Error, Result};

/// In which order the elements of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The last dimension runs fastest.
    C,
    /// The first dimension runs fastest.
    Fortran,
}

/// What a header claims about the elements that follow it.
pub struct Elements {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    layout: Layout,
    count: usize,
    /// Length of the whole content, header included.
    length: u64,
}

impl Elements {
    /// The elements that begin where `content` stands; no dimension may be 0.
    pub fn new(content: &Content, dtype: Dtype, shape: Vec<usize>, layout: Layout) -> Result<Self> {
        // What is kept is no larger than 4 bytes an element, or the element itself.
        let widest = dtype.size().max(4);
        let count = shape
            .iter()
            .try_fold(1usize, |product, &size| product.checked_mul(size))
            .filter(|&count| count <= isize::MAX as usize / widest);
        let Some(count) = count else {
            return Err(Error::format(
                content.file(),
                format!("its dimensions {} multiply past what memory can hold", times(&shape)),
            ));
        };
        let length = content.position() + (count * dtype.size()) as u64;
        Ok(Self { dtype, shape, layout, count, length })
    }

    /// Before anything is allocated: can the file hold what the header claims?
    pub fn check_length(&self, content: &Content) -> Result<()> {
        let longest = content.longest();
        if self.length > longest {
            return Err(if content.is_gzip() {
                self.too_short(content, &format!("can unpack to {longest} bytes at most"))
            } else {
                self.too_short(content, &format!("ends at byte {longest}"))
            });
        }
        if content.is_gzip() && self.count.saturating_mul(self.dtype.size().max(4)) > TRUSTED {
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

    /// The elements as 32-bit floats, the last dimension fastest.
    pub fn floats<const N: usize>(
        &self,
        content: &mut Content,
        convert: impl Fn([u8; N]) -> f32,
    ) -> Result<Storage> {
        Ok(Storage::F32(self.read(content, convert)?))
    }

    /// The elements, converted in pieces, the last dimension fastest.
    pub fn read<const N: usize, T: Copy + Default>(
        &self,
        content: &mut Content,
        convert: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        self.read_each(content, N, &|bytes| bytes.first_chunk().copied().map_or(T::default(), &convert))
    }

    /// The same with one loop for all types of elements: a loop for each made the download 3 KB larger.
    fn read_each<T: Copy + Default>(
        &self,
        content: &mut Content,
        size: usize,
        convert: &dyn Fn(&[u8]) -> T,
    ) -> Result<Vec<T>> {
        let mut values = self.reserve(content)?;
        let mut places = Places::new(&self.shape);
        if self.layout == Layout::Fortran {
            values.resize(self.count, T::default());
        }
        let mut buffer = [0; 1 << 15];
        let mut done = 0;
        while done < self.count {
            let wanted = (buffer.len() / size).min(self.count - done);
            let bytes = &mut buffer[..wanted * size];
            if content.fill(bytes)? < bytes.len() {
                let found = format!("ends at byte {} of its content", content.position());
                return Err(self.too_short(content, &found));
            }
            let converted = bytes.chunks_exact(size).map(convert);
            match self.layout {
                Layout::C => values.extend(converted),
                Layout::Fortran => converted.for_each(|value| values[places.next()] = value),
            }
            done += wanted;
        }
        Ok(values)
    }

    fn reserve<T>(&self, content: &Content) -> Result<Vec<T>> {
        let mut values = Vec::new();
        values.try_reserve_exact(self.count).map_err(|_| {
            let megabytes = self.count.saturating_mul(size_of::<T>()) >> 20;
            Error::format(content.file(), format!("needs {megabytes} MB of memory, more than there is"))
        })?;
        Ok(values)
    }

    /// Nothing may follow the elements; for gzip this also verifies the checksum.
    pub fn check_end(&self, content: &mut Content) -> Result<()> {
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

/// Where elements stored with the first dimension fastest go when the last is to be.
struct Places<'a> {
    shape: &'a [usize],
    /// How far apart neighbours along each dimension end up.
    strides: Vec<usize>,
    index: Vec<usize>,
    place: usize,
}

impl<'a> Places<'a> {
    fn new(shape: &'a [usize]) -> Self {
        let mut strides = vec![1; shape.len()];
        for dimension in (1..shape.len()).rev() {
            strides[dimension - 1] = strides[dimension] * shape[dimension];
        }
        Self { shape, strides, index: vec![0; shape.len()], place: 0 }
    }

    fn next(&mut self) -> usize {
        let place = self.place;
        for ((index, &size), stride) in self.index.iter_mut().zip(self.shape).zip(&self.strides) {
            *index += 1;
            self.place += stride;
            if *index < size {
                break;
            }
            self.place -= stride * size;
            *index = 0;
        }
        place
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
