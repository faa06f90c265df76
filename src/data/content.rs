//! The content of a file, read from its start, unpacked on the way if it is gzipped.

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Result};

/// Content bytes that one byte of a deflate stream can stand for at most (258 bytes in 2 bits).
const DEFLATE_RATIO: u64 = 1032;
/// Bytes reserved on a gzipped file's word alone; above this its content is counted first.
pub const TRUSTED: usize = 64 << 20;

/// The content of a file, read forwards. Errors name the file and the byte.
pub struct Content<'a> {
    file: &'a str,
    stored: &'a [u8],
    source: Source<'a>,
    position: u64,
}

enum Source<'a> {
    Plain(&'a [u8]),
    // Boxed: the decoder's state is large. All members of a file that is several gzip streams end to end.
    Gzip(Box<MultiGzDecoder<&'a [u8]>>),
}

impl<'a> Content<'a> {
    /// The content of the file, from its start.
    pub fn new(stored: &'a [u8], file: &'a str) -> Self {
        let source = if is_gzip(stored) {
            Source::Gzip(Box::new(MultiGzDecoder::new(stored)))
        } else {
            Source::Plain(stored)
        };
        Self { file, stored, source, position: 0 }
    }

    /// Name of the file.
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether the file is gzipped.
    pub fn is_gzip(&self) -> bool {
        matches!(self.source, Source::Gzip(_))
    }

    /// Length of the content where it is known without unpacking, else what it cannot exceed.
    pub fn longest(&self) -> u64 {
        let stored = self.stored.len() as u64;
        if self.is_gzip() { stored.saturating_mul(DEFLATE_RATIO) } else { stored }
    }

    /// Counts the bytes of the whole content without keeping them, and stops at `limit`.
    pub fn count(&self, limit: u64) -> Result<u64> {
        let mut content = Self::new(self.stored, self.file);
        let mut buffer = [0; 1 << 15];
        while content.position < limit && content.fill(&mut buffer)? > 0 {}
        Ok(content.position.min(limit))
    }

    /// Fills `out` as far as the content goes; returns how many bytes were there.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let read = match &mut self.source {
                Source::Plain(source) => source.read(rest),
                Source::Gzip(source) => source.read(rest),
            };
            match read {
                Ok(0) => break,
                Ok(read) => {
                    filled += read;
                    self.position += read as u64;
                }
                Err(error) => return Err(self.damaged(&error)),
            }
        }
        Ok(filled)
    }

    fn damaged(&self, error: &io::Error) -> Error {
        let what = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the gzip stream is cut off".to_owned(),
            _ => format!("the gzip stream is damaged ({error})"),
        };
        Error::format(self.file, format!("{what} after {} bytes of unpacked content", self.position))
    }
}

/// Whether a file begins as gzip does.
pub fn is_gzip(stored: &[u8]) -> bool {
    stored.starts_with(&[0x1f, 0x8b])
}
