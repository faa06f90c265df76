//! Where the bytes of a file lie: in memory, on disk, behind a browser's `File`. Readers ask for ranges and await them, so
//! one reader serves all of them, and a large file is never in memory as a whole.

use std::borrow::Cow;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

#[cfg(not(target_arch = "wasm32"))]
use crate::error::Error;
use crate::error::Result;

/// Something that is being read.
pub type Reading<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

/// Told of the bytes read and of all there are to read (rows for a table); may end the reading.
pub type Progress<'p> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'p;

/// The bytes of a file, read in slices.
pub trait Source {
    /// Length of the file.
    fn length(&self) -> u64;

    /// The `length` bytes from byte `at` on. Readers ask for none beyond [`Source::length`].
    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>>;
}

/// A file in memory.
impl Source for Cow<'_, [u8]> {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
        let start = usize::try_from(at).unwrap_or(usize::MAX);
        let slice = self.get(start..start.saturating_add(length)).unwrap_or_default();
        Box::pin(std::future::ready(Ok(Cow::Borrowed(slice))))
    }
}

/// A file on disk, for native programs.
#[cfg(not(target_arch = "wasm32"))]
pub struct Disk {
    name: String,
    file: std::cell::RefCell<std::fs::File>,
    length: u64,
}

#[cfg(not(target_arch = "wasm32"))]
impl Disk {
    /// Opens the file at a path.
    ///
    /// # Errors
    /// If the system cannot open it; the message has the system's reason.
    pub fn open(path: &std::path::Path) -> Result<Self> {
        let name = path.display().to_string();
        let failed = |e: std::io::Error| Error::format(&name, format!("cannot be opened: {e}"));
        let file = std::fs::File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok(Self { name, file: file.into(), length })
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Source for Disk {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
        use std::io::{Read, Seek, SeekFrom};
        let mut bytes = vec![0; length];
        let mut file = self.file.borrow_mut();
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut bytes));
        let read = read.map_err(|e| Error::format(&self.name, format!("cannot be read at byte {at}: {e}")));
        Box::pin(std::future::ready(read.map(|()| Cow::Owned(bytes))))
    }
}

/// The result of work that has nothing to wait for; `None` if it had.
pub fn now<T>(work: impl Future<Output = T>) -> Option<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

/// A file that is being read: its name for messages, and its bytes.
pub struct InputFile<'a> {
    pub name: String,
    pub source: Box<dyn Source + 'a>,
    /// Whether the whole file is gzipped.
    pub gzip: bool,
}

impl<'a> InputFile<'a> {
    /// Looks at its first bytes.
    pub async fn open(source: Box<dyn Source + 'a>, name: &str) -> Result<Self> {
        let gzip = source.length() >= 2 && *source.read(0, 2).await? == [0x1f, 0x8b];
        Ok(Self { name: name.to_owned(), source, gzip })
    }

    /// Length of the file as stored.
    pub fn length(&self) -> u64 {
        self.source.length()
    }
}
