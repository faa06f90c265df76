//! The content of a file or of a part of it, read forwards in slices, unpacked and verified on the way.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use flate2::Crc;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder};

use super::source::{InputFile, Progress, Source};
use crate::error::{Error, Result};

/// Content bytes that one byte of a deflate stream can stand for at most (258 bytes in 2 bits).
const DEFLATE_RATIO: u64 = 1032;
/// Content bytes that one byte of a deflate stream may stand for. Data that varies stays below 20, one-hot rows below
/// 200; only constant data comes near the limit of deflate, and that is what bombs are made of.
pub const LARGEST_RATIO: u64 = 250;
/// Bytes that are reserved because a packed file claims them; beyond this its content is counted first.
pub const TRUSTED: u64 = 64 << 20;
/// First slice: large enough for a header.
const FIRST_SLICE: u64 = 16 << 10;
/// Largest slice: what a browser reads of a `File` at once.
const LARGEST_SLICE: u64 = 4 << 20;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not compressed.
    Plain,
    /// One or more gzip streams, end to end.
    Gzip,
    /// One deflate stream, as in a zip archive.
    Deflate,
}

/// The CRC-32 that an archive gives for one of its files, shared by all tensors that lie in that file: it is compared
/// once, by the first that is read to the end.
#[derive(Debug, Clone)]
pub struct Checksum(Rc<ChecksumState>);

#[derive(Debug)]
struct ChecksumState {
    expected: u32,
    verified: Cell<bool>,
}

impl Checksum {
    /// A checksum that is yet to be compared.
    pub fn new(expected: u32) -> Self {
        Self(Rc::new(ChecksumState { expected, verified: Cell::new(false) }))
    }
}

/// A part of a file, which may be compressed.
#[derive(Debug, Clone)]
pub struct Span {
    /// What it is called in messages.
    pub label: String,
    /// Its first byte in the file.
    pub start: u64,
    /// Its bytes in the file.
    pub stored: u64,
    pub packing: Packing,
    /// How many bytes it unpacks to according to the file, and their checksum.
    pub unpacked: Option<u64>,
    pub checksum: Option<Checksum>,
}

impl Span {
    /// The whole file.
    pub fn of(file: &InputFile) -> Self {
        let packing = if file.gzip { Packing::Gzip } else { Packing::Plain };
        Self {
            label: file.name.clone(),
            start: 0,
            stored: file.length(),
            packing,
            unpacked: None,
            checksum: None,
        }
    }

    /// Length of the content where it is known without unpacking, else what it cannot exceed.
    pub fn longest(&self) -> u64 {
        match self.packing {
            Packing::Plain => self.stored,
            _ => self.unpacked.unwrap_or(u64::MAX).min(self.stored.saturating_mul(DEFLATE_RATIO)),
        }
    }

    /// The content, from its start.
    pub fn content<'f>(&self, file: &'f InputFile) -> Content<'f> {
        let feed = Feed { slice: Cow::Borrowed(&[]), at: 0, last: self.stored == 0 };
        Content {
            label: self.label.clone(),
            source: &*file.source,
            next: self.start,
            end: self.start.saturating_add(self.stored),
            slice: FIRST_SLICE,
            unpacker: match self.packing {
                Packing::Plain => Unpacker::Plain(feed),
                Packing::Gzip => Unpacker::Gzip(Box::new(MultiGzDecoder::new(feed))),
                Packing::Deflate => Unpacker::Deflate(Box::new(DeflateDecoder::new(feed))),
            },
            position: 0,
            slices: 0,
            checksum: self
                .checksum
                .as_ref()
                .filter(|checksum| !checksum.0.verified.get())
                .map(|checksum| (checksum.clone(), Crc::new())),
        }
    }

    /// Counts the bytes of the whole content without keeping them, and stops at `limit`.
    pub async fn count(&self, file: &InputFile<'_>, limit: u64, progress: &mut Progress<'_>) -> Result<u64> {
        let mut content = self.content(file);
        let mut buffer = vec![0; 1 << 16];
        let mut slices = 0;
        while content.position < limit && content.fill(&mut buffer).await? > 0 {
            if content.slices > slices {
                slices = content.slices;
                // Nothing has been kept so far.
                if progress(0, limit).is_break() {
                    return Err(Error::ReadCancelled(self.label.clone()));
                }
            }
        }
        Ok(content.position.min(limit))
    }

    /// Whether so much content from this part is more than data that varies unpacks to.
    pub fn is_bomb(&self, content: u64) -> bool {
        self.packing != Packing::Plain && content > TRUSTED && content / self.stored.max(1) > LARGEST_RATIO
    }

    /// An error about this part.
    pub fn format_error(&self, what: impl Into<String>) -> Error {
        Error::format(&self.label, what)
    }
}

/// Content that is being read. Errors name the file and the byte.
pub struct Content<'f> {
    label: String,
    source: &'f dyn Source,
    /// Next byte of the file to fetch, and the end of the part.
    next: u64,
    end: u64,
    /// Bytes to fetch next.
    slice: u64,
    unpacker: Unpacker<'f>,
    position: u64,
    slices: u64,
    /// The checksum to compare with, and that of what has been read; `None` where there is nothing to compare.
    checksum: Option<(Checksum, Crc)>,
}

enum Unpacker<'f> {
    Plain(Feed<'f>),
    // Boxed: the decoders' states are large.
    Gzip(Box<MultiGzDecoder<Feed<'f>>>),
    Deflate(Box<DeflateDecoder<Feed<'f>>>),
}

impl<'f> Unpacker<'f> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(feed) => feed.read(out),
            Self::Gzip(decoder) => decoder.read(out),
            Self::Deflate(decoder) => decoder.read(out),
        }
    }

    fn feed(&mut self) -> &mut Feed<'f> {
        match self {
            Self::Plain(feed) => feed,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
        }
    }
}

/// The current slice. At its end it reports that it would block, which flate2 passes on with its state intact.
struct Feed<'f> {
    slice: Cow<'f, [u8]>,
    at: usize,
    /// Whether no slice follows.
    last: bool,
}

impl BufRead for Feed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let rest = self.slice.get(self.at..).unwrap_or_default();
        if rest.is_empty() && !self.last { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(rest) }
    }

    fn consume(&mut self, bytes: usize) {
        self.at += bytes;
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl Content<'_> {
    /// What it is called in messages.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Slices fetched so far.
    pub fn slices(&self) -> u64 {
        self.slices
    }

    /// Fills `out` as far as the content goes; returns how many bytes were there.
    pub async fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.unpacker.read(rest) {
                Ok(0) => break,
                Ok(read) => {
                    if let Some((_, sum)) = &mut self.checksum {
                        sum.update(&rest[..read]);
                    }
                    filled += read;
                    self.position += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.fetch().await?,
                Err(error) => return Err(self.unpacking_error(&error)),
            }
        }
        Ok(filled)
    }

    /// Whether the content has to be read from start to end, as it has a checksum that has not been compared yet.
    pub fn needs_verification(&self) -> bool {
        self.checksum.is_some()
    }

    /// Moves on by `bytes`, or to the end of the content. Content with a checksum is read, as the checksum needs every byte.
    pub async fn skip(&mut self, mut bytes: u64) -> Result<()> {
        if let Unpacker::Plain(feed) = &mut self.unpacker
            && self.checksum.is_none()
        {
            let at_hand = (feed.slice.len() - feed.at) as u64;
            let here = bytes.min(at_hand);
            let beyond = (bytes - here).min(self.end - self.next);
            feed.at += here as usize;
            self.next += beyond;
            feed.last = self.next == self.end;
            self.position += here + beyond;
            return Ok(());
        }
        let mut buffer = vec![0; 1 << 15];
        while bytes > 0 {
            let wanted = bytes.min(buffer.len() as u64);
            if self.fill(&mut buffer[..wanted as usize]).await? == 0 {
                break;
            }
            bytes -= wanted;
        }
        Ok(())
    }

    /// Compares the checksum of content that has been read to its end.
    ///
    /// # Errors
    /// If it differs: the bytes are not those that were packed.
    pub fn verify(&self) -> Result<()> {
        let Some((checksum, found)) = &self.checksum else { return Ok(()) };
        let expected = checksum.0.expected;
        // A fuzzer cannot produce matching checksums.
        if expected != found.sum() && !cfg!(fuzzing) {
            let what =
                format!("has the checksum {:08x}, expected {expected:08x}: it is damaged", found.sum());
            return Err(Error::format(&self.label, what));
        }
        checksum.0.verified.set(true);
        Ok(())
    }

    async fn fetch(&mut self) -> Result<()> {
        let length = self.slice.min(self.end - self.next);
        let slice = self.source.read(self.next, length as usize).await?;
        if slice.len() as u64 != length {
            let found = format!("gave {} of {length} bytes at byte {}", slice.len(), self.next);
            return Err(Error::format(&self.label, found));
        }
        self.next += length;
        self.slice = (self.slice * 4).min(LARGEST_SLICE);
        self.slices += 1;
        *self.unpacker.feed() = Feed { slice, at: 0, last: self.next == self.end };
        Ok(())
    }

    fn unpacking_error(&self, error: &io::Error) -> Error {
        let stream = if matches!(self.unpacker, Unpacker::Gzip(_)) { "gzip" } else { "deflate" };
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("the {stream} stream is cut off"),
            _ => format!("the {stream} stream is damaged ({error})"),
        };
        Error::format(&self.label, format!("{what} after {} bytes of unpacked content", self.position))
    }
}
