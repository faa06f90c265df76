//! The elements of a tensor in a file, behind a header that has been read: sizes are checked against the file before
//! anything is allocated, elements handed on in pieces as they are read.

use super::content::{Content, LARGEST_RATIO, Packing, Span, TRUSTED};
use super::shape::times;
use super::source::{InputFile, Progress, Reading};
use super::strided::{Axis, ElementOrder, StridedWalk, axes};
use super::tensor_body::{Sink, TensorBody};
use crate::data::dtype::ElementType;
use crate::data::storage::StorageKind;
use crate::error::{Error, Result};

/// Bytes that are passed over before the user is asked whether to go on.
const LONGEST_SKIP: u64 = 16 << 20;

/// Elements of one type in a part of a file, as a header claims them.
#[derive(Debug, Clone)]
pub struct Elements {
    span: Span,
    element_type: ElementType,
    shape: Vec<usize>,
    /// How to walk through the file, the smallest step first; `None` if elements lie in row-major order.
    walk: Option<Vec<Axis>>,
    count: u64,
    /// Where in the content the elements start and end.
    start: u64,
    end: u64,
}

impl Elements {
    /// The elements that begin at byte `start` of the content of `span`; no dimension may be 0.
    pub fn new(
        span: Span,
        start: u64,
        element_type: ElementType,
        shape: Vec<usize>,
        order: &ElementOrder,
    ) -> Result<Self> {
        let too_many = || {
            span.format_error(format!("its dimensions {} multiply past what memory can hold", times(&shape)))
        };
        let bytes = |count: u64| count.checked_mul(element_type.dtype.size() as u64)?.checked_add(start);
        let count = shape.iter().try_fold(1u64, |product, &size| product.checked_mul(size as u64));
        // Half of what 64 bits hold: sums of two sizes stay within.
        let count =
            count.filter(|&count| bytes(count).is_some_and(|end| end < 1 << 63)).ok_or_else(too_many)?;
        let walk = axes(&shape, order).map_err(|_| {
            span.format_error("its elements overlap in the file, expected each in a place of its own")
        })?;
        let reach = walk.as_ref().map_or(Some(count), |axes| {
            axes.iter()
                .try_fold(1u64, |reach, axis| reach.checked_add((axis.size - 1).checked_mul(axis.stride)?))
        });
        let end = reach.and_then(bytes).filter(|&end| end < 1 << 63).ok_or_else(too_many)?;
        Ok(Self { span, element_type, shape, walk, count, start, end })
    }

    /// Number of elements.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Where in the content the elements end.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Whether the content can hold what the header claims, as far as that is known without reading it.
    pub fn check_length(&self) -> Result<()> {
        let span = &self.span;
        let longest = span.longest();
        if self.end > longest {
            let found = match span.packing {
                Packing::Plain => format!("ends at byte {longest}"),
                _ => format!("can unpack to {longest} bytes at most"),
            };
            return Err(self.too_short(&found));
        }
        if span.is_bomb(self.end) {
            let expands = self.end / span.stored.max(1);
            let what = format!(
                "claims to unpack from {} to {} bytes, {expands} times as many: expected at most {LARGEST_RATIO} \
                 times, as data that varies does",
                span.stored, self.end
            );
            return Err(span.format_error(what));
        }
        Ok(())
    }

    /// Nothing may follow the elements.
    pub fn check_end(&self) -> Result<()> {
        let goes_on = match self.span.packing {
            Packing::Plain => self.span.longest() > self.end,
            Packing::Gzip | Packing::Deflate => {
                self.span.unpacked.is_some_and(|unpacked| unpacked > self.end)
            }
        };
        if goes_on { Err(self.too_long()) } else { Ok(()) }
    }

    fn too_short(&self, found: &str) -> Error {
        let expected = format!(
            "{found}, expected {} for {} elements of type {}",
            self.end,
            times(&self.shape),
            self.element_type.dtype.name()
        );
        self.span.format_error(expected)
    }

    fn too_long(&self) -> Error {
        self.span.format_error(format!(
            "goes on past byte {}, where {} elements of type {} end",
            self.end,
            times(&self.shape),
            self.element_type.dtype.name()
        ))
    }

    fn cancelled(&self) -> Error {
        Error::ReadCancelled(self.span.label.clone())
    }

    /// A packed file that claims much is counted first.
    async fn count_if_large(
        &self,
        file: &InputFile<'_>,
        kind: StorageKind,
        progress: &mut Progress<'_>,
    ) -> Result<()> {
        let large = self.count.saturating_mul(kind.size() as u64) > TRUSTED;
        if large && self.span.packing != Packing::Plain {
            let counted = self.span.count(file, self.end, progress).await?;
            if counted < self.end {
                return Err(self.too_short(&format!("unpacks to {counted} bytes")));
            }
        }
        Ok(())
    }

    /// Hands the elements to `sink`, in the order of the file; of a row-major tensor only the first `limit`.
    async fn hand_on(
        &self,
        file: &InputFile<'_>,
        limit: u64,
        progress: &mut Progress<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let size = self.element_type.dtype.size();
        let mut content = self.span.content(file);
        self.skip(&mut content, self.start, progress).await?;
        let mut buffer = vec![0; 1 << 16];
        let mut walk = self.walk.as_deref().map(StridedWalk::new);
        let elements = (self.end - self.start) / size as u64;
        let last = if walk.is_some() { elements } else { elements.min(limit) };
        let (mut done, mut slices) = (0, 0);
        while done < last {
            if let Some(gap) = walk.as_ref().and_then(|walk| walk.source.checked_sub(done)) {
                self.skip(&mut content, gap * size as u64, progress).await?;
                done += gap;
            }
            let wanted = (last - done).min((buffer.len() / size) as u64);
            let bytes = &mut buffer[..wanted as usize * size];
            if content.fill(bytes).await? < bytes.len() {
                return Err(self.too_short(&format!("ends at byte {} of its content", content.position())));
            }
            match &mut walk {
                None => sink.put(done, bytes)?,
                Some(walk) => walk.put(done, bytes, size, sink)?,
            }
            done += wanted;
            if content.slices() > slices || done == last {
                slices = content.slices();
                if progress(done * size as u64, last * size as u64).is_break() {
                    return Err(self.cancelled());
                }
            }
        }
        if last == elements { self.finish(content, progress).await } else { Ok(()) }
    }

    /// Passes over bytes before the elements or between them.
    async fn skip(
        &self,
        content: &mut Content<'_>,
        mut bytes: u64,
        progress: &mut Progress<'_>,
    ) -> Result<()> {
        while bytes > LONGEST_SKIP && content.needs_verification() {
            content.skip(LONGEST_SKIP).await?;
            bytes -= LONGEST_SKIP;
            if progress(0, self.end).is_break() {
                return Err(self.cancelled());
            }
        }
        content.skip(bytes).await
    }

    /// Nothing may follow in a file that is packed as a whole; reading on also verifies gzip's checksum. A part of an
    /// archive is read to its end, which may lie beyond these elements, and its checksum compared.
    async fn finish(&self, mut content: Content<'_>, progress: &mut Progress<'_>) -> Result<()> {
        if self.span.packing == Packing::Gzip && content.fill(&mut [0]).await? > 0 {
            return Err(self.too_long());
        }
        if !content.needs_verification() {
            return Ok(());
        }
        while content.position() < self.span.longest() {
            let before = content.position();
            self.skip(&mut content, LONGEST_SKIP, progress).await?;
            if content.position() == before {
                break;
            }
            if progress(self.end, self.end).is_break() {
                return Err(self.cancelled());
            }
        }
        content.verify()
    }
}

impl TensorBody for Elements {
    fn element_type(&self) -> ElementType {
        self.element_type
    }

    #[cfg(feature = "files")]
    fn plain_start(&self) -> Option<u64> {
        let plain =
            self.walk.is_none() && self.span.packing == Packing::Plain && self.span.checksum.is_none();
        plain.then(|| self.span.start + self.start)
    }

    fn check_claim<'s>(
        &'s self,
        file: &'s InputFile<'_>,
        kind: StorageKind,
        progress: &'s mut Progress<'_>,
    ) -> Reading<'s, ()> {
        Box::pin(self.count_if_large(file, kind, progress))
    }

    fn each<'s>(
        &'s self,
        file: &'s InputFile<'_>,
        (rows, cols): (u64, usize),
        progress: &'s mut Progress<'_>,
        sink: &'s mut dyn Sink,
    ) -> Reading<'s, Option<Vec<u8>>> {
        Box::pin(async move {
            let limit = rows.saturating_mul(cols as u64);
            self.hand_on(file, limit, progress, sink).await.map(|()| None)
        })
    }
}
