//! The elements of a tensor in a file, behind a header that has been read: sizes are checked against the file before
//! anything is allocated, elements handed on in pieces as they are read.

use std::ops::ControlFlow;

use super::content::{Content, LARGEST_RATIO, Packing, Span, TRUSTED};
use super::source::File;
use super::{Dtype, Keep};
use crate::error::{Error, Result};

/// Where elements go as they are read.
pub trait Sink {
    /// Takes the bytes of neighbouring elements, the first of which is element `place` of the tensor, row-major.
    fn put(&mut self, place: u64, bytes: &[u8]) -> Result<()>;

    /// Takes the label of the next row, where the format has any.
    #[cfg(feature = "files")]
    fn label(&mut self, _text: &str) {}
}

/// Hears of the bytes read and of all there are to read (rows for a table), and may end the reading.
pub type Progress<'p> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'p;

/// In which order the elements of a tensor are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// The last dimension runs fastest.
    C,
    /// The first dimension runs fastest.
    Fortran,
    /// How many elements lie between neighbours, along each dimension.
    #[cfg(feature = "files")]
    Strides(Vec<u64>),
}

/// What a header claims about the elements that follow it.
#[derive(Debug, Clone)]
pub struct Elements {
    pub dtype: Dtype,
    pub big_endian: bool,
    pub shape: Vec<usize>,
    /// How to walk through the file, the smallest step first; `None` if elements lie in row-major order.
    walk: Option<Vec<Axis>>,
    count: u64,
    /// Where in the content the elements start and end.
    start: u64,
    end: u64,
}

/// A dimension of a tensor that is not row-major.
#[derive(Debug, Clone, Copy)]
struct Axis {
    size: u64,
    /// Elements between neighbours, in the file and in the result.
    stride: u64,
    step: u64,
}

impl Elements {
    /// The elements that begin at byte `start` of the content of `span`; no dimension may be 0.
    pub fn new(
        span: &Span,
        start: u64,
        (dtype, big_endian): (Dtype, bool),
        shape: Vec<usize>,
        layout: &Layout,
    ) -> Result<Self> {
        let too_many =
            || span.damage(format!("its dimensions {} multiply past what memory can hold", times(&shape)));
        let bytes = |count: u64| count.checked_mul(dtype.size() as u64)?.checked_add(start);
        let count = shape.iter().try_fold(1u64, |product, &size| product.checked_mul(size as u64));
        // Half of what 64 bits hold: sums of two sizes stay within.
        let count =
            count.filter(|&count| bytes(count).is_some_and(|end| end < 1 << 63)).ok_or_else(too_many)?;
        let walk = axes(&shape, layout).ok_or_else(|| {
            span.damage("its elements overlap in the file, expected each in a place of its own")
        })?;
        let reach = walk.as_ref().map_or(Some(count), |axes| {
            axes.iter()
                .try_fold(1u64, |reach, axis| reach.checked_add((axis.size - 1).checked_mul(axis.stride)?))
        });
        let end = reach.and_then(bytes).ok_or_else(too_many)?;
        Ok(Self { dtype, big_endian, shape, walk, count, start, end })
    }

    /// Number of elements.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Where in the content the elements end.
    #[cfg(feature = "files")]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Whether the content can hold what the header claims, as far as that is known without reading it.
    pub fn check_length(&self, span: &Span) -> Result<()> {
        let longest = span.longest();
        if self.end > longest {
            let found = match span.packing {
                Packing::Plain => format!("ends at byte {longest}"),
                _ => format!("can unpack to {longest} bytes at most"),
            };
            return Err(self.too_short(span, &found));
        }
        if span.is_bomb(self.end) {
            let expands = self.end / span.stored.max(1);
            let what = format!(
                "claims to unpack from {} to {} bytes, {expands} times as many: expected at most {LARGEST_RATIO} \
                 times, as data that vary have",
                span.stored, self.end
            );
            return Err(span.damage(what));
        }
        Ok(())
    }

    /// Nothing may follow the elements.
    pub fn check_end(&self, span: &Span) -> Result<()> {
        let goes_on = match span.packing {
            Packing::Plain => span.longest() > self.end,
            _ => span.unpacked.is_some_and(|unpacked| unpacked > self.end),
        };
        if goes_on { Err(self.too_long(span)) } else { Ok(()) }
    }

    /// Before anything is allocated for values kept as `keep`: a packed file that claims much is counted first.
    pub async fn check_claim(
        &self,
        span: &Span,
        file: &File<'_>,
        keep: Keep,
        progress: &mut Progress<'_>,
    ) -> Result<()> {
        if span.packing != Packing::Plain && self.count.saturating_mul(keep.size() as u64) > TRUSTED {
            let counted = span.count(file, self.end, progress).await?;
            if counted < self.end {
                return Err(self.too_short(span, &format!("unpacks to {counted} bytes")));
            }
        }
        Ok(())
    }

    fn too_short(&self, span: &Span, found: &str) -> Error {
        let expected = format!(
            "{found}, expected {} for {} elements of type {}",
            self.end,
            times(&self.shape),
            self.dtype.name()
        );
        span.damage(expected)
    }

    fn too_long(&self, span: &Span) -> Error {
        span.damage(format!(
            "goes on past byte {}, where {} elements of type {} end",
            self.end,
            times(&self.shape),
            self.dtype.name()
        ))
    }

    /// Hands the elements to `sink`, in the order of the file; of a row-major tensor only the first `limit`.
    pub async fn each(
        &self,
        span: &Span,
        file: &File<'_>,
        limit: u64,
        progress: &mut Progress<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let size = self.dtype.size();
        let mut content = span.content(file);
        // The header is read again where it belongs to the checksum.
        if span.checksum.is_some() {
            content.fill(&mut vec![0; self.start as usize]).await?;
        } else {
            content.skip(self.start).await?;
        }
        let mut buffer = vec![0; 1 << 16];
        let mut walk = self.walk.as_deref().map(Walk::new);
        let elements = (self.end - self.start) / size as u64;
        let last = if walk.is_some() { elements } else { elements.min(limit) };
        let (mut done, mut slices) = (0, 0);
        while done < last {
            if let Some(Some(gap)) = walk.as_ref().map(|walk| walk.source.checked_sub(done)) {
                content.skip(gap * size as u64).await?;
                done += gap;
            }
            let wanted = (last - done).min((buffer.len() / size) as u64);
            let bytes = &mut buffer[..wanted as usize * size];
            if content.fill(bytes).await? < bytes.len() {
                let found = format!("ends at byte {} of its content", content.position());
                return Err(self.too_short(span, &found));
            }
            match &mut walk {
                None => sink.put(done, bytes)?,
                Some(walk) => walk.put(done, bytes, size, sink)?,
            }
            done += wanted;
            if content.slices() > slices || done == last {
                slices = content.slices();
                if progress(done * size as u64, last * size as u64).is_break() {
                    return Err(Error::ReadCancelled(span.label.clone()));
                }
            }
        }
        if last == elements { self.finish(span, &mut content).await } else { Ok(()) }
    }

    /// Nothing may follow in a file that is packed as a whole; reading on also verifies gzip's checksum.
    async fn finish(&self, span: &Span, content: &mut Content<'_>) -> Result<()> {
        if span.packing == Packing::Gzip && content.fill(&mut [0]).await? > 0 {
            return Err(self.too_long(span));
        }
        content.verify()
    }
}

/// The dimensions by their stride in the file. `None` if elements would share a place.
fn axes(shape: &[usize], layout: &Layout) -> Option<Option<Vec<Axis>>> {
    let mut axes = Vec::with_capacity(shape.len());
    let (mut step, mut fortran) = (1, 1u64);
    for &size in shape.iter().rev() {
        axes.push(Axis { size: size as u64, stride: step, step });
        step *= size as u64;
    }
    axes.reverse();
    match layout {
        Layout::C => {}
        Layout::Fortran => {
            for axis in &mut axes {
                axis.stride = fortran;
                fortran *= axis.size;
            }
        }
        #[cfg(feature = "files")]
        Layout::Strides(strides) => {
            axes.iter_mut().zip(strides).for_each(|(axis, &stride)| axis.stride = stride);
        }
    }
    axes.retain(|axis| axis.size > 1);
    if axes.iter().all(|axis| axis.stride == axis.step) {
        return Some(None);
    }
    axes.sort_by_key(|axis| axis.stride);
    let mut reach = 1;
    for axis in &axes {
        if axis.stride < reach {
            return None;
        }
        reach = axis.stride.checked_mul(axis.size)?;
    }
    Some(Some(axes))
}

/// A walk through the elements in the order of the file.
struct Walk<'a> {
    axes: &'a [Axis],
    index: Vec<u64>,
    /// Where the next element lies in the file and goes in the result.
    source: u64,
    place: u64,
}

impl<'a> Walk<'a> {
    fn new(axes: &'a [Axis]) -> Self {
        Self { axes, index: vec![0; axes.len()], source: 0, place: 0 }
    }

    /// Hands on those elements that lie in `bytes`, the first of which is element `at` of the file.
    fn put(&mut self, at: u64, bytes: &[u8], size: usize, sink: &mut dyn Sink) -> Result<()> {
        let nth = |source: u64| usize::try_from(source - at).unwrap_or(usize::MAX);
        while let Some(element) = bytes.chunks_exact(size).nth(nth(self.source)) {
            sink.put(self.place, element)?;
            self.advance();
        }
        Ok(())
    }

    /// Past the last element the walk stands beyond all of them.
    fn advance(&mut self) {
        for (index, axis) in self.index.iter_mut().zip(self.axes) {
            *index += 1;
            self.source += axis.stride;
            self.place += axis.step;
            if *index < axis.size {
                return;
            }
            self.source -= axis.stride * axis.size;
            self.place -= axis.step * axis.size;
            *index = 0;
        }
        self.source = u64::MAX;
    }
}

/// "60000 × 28 × 28"; long lists, which only damaged files have, are cut.
pub fn times(shape: &[usize]) -> String {
    const SHOWN: usize = 6;
    let mut text = shape.iter().take(SHOWN).map(usize::to_string).collect::<Vec<_>>().join(" × ");
    if shape.len() > SHOWN {
        text += &format!(" × … ({} dimensions)", shape.len());
    }
    text
}
