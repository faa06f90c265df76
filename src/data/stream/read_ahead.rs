//! Files on disk read by a thread of their own, so that native programs compute meanwhile.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

use futures_channel::oneshot;

use crate::data::read::{Reading, Source};
use crate::error::{Error, Result};

/// A part of a file that shall be read.
struct Job {
    path: PathBuf,
    at: u64,
    length: usize,
    answer: oneshot::Sender<Result<Vec<u8>>>,
}

/// Where parts of files are asked for; the thread ends with the last of these.
#[derive(Clone)]
pub struct Reader(Sender<Job>);

impl Reader {
    /// # Errors
    /// If the system makes no thread.
    pub fn start(name: &str) -> Result<Self> {
        let (jobs, asked) = channel::<Job>();
        let work = move || {
            for Job { path, at, length, answer } in asked {
                // Nobody waits for what a cancelled epoch asked for.
                if !answer.is_canceled() {
                    let _ = answer.send(read(&path, at, length));
                }
            }
        };
        let thread = std::thread::Builder::new().name("reader".into()).spawn(work);
        thread.map_err(|e| Error::format(name, format!("cannot be read: {e}")))?;
        Ok(Self(jobs))
    }
}

/// The file is opened for each part: a set may have more files than a process may hold open.
fn read(path: &Path, at: u64, length: usize) -> Result<Vec<u8>> {
    let name = || path.display().to_string();
    let mut bytes = vec![0; length];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes)
    });
    read.map_err(|e| Error::format(name(), format!("cannot be read at byte {at}: {e}")))?;
    Ok(bytes)
}

/// A file that the thread reads.
pub struct FileAhead {
    path: PathBuf,
    length: u64,
    reader: Reader,
}

impl FileAhead {
    /// # Errors
    /// If the system cannot open the file; the message has the system's reason.
    pub fn open(path: &Path, reader: &Reader) -> Result<Self> {
        let length = std::fs::metadata(path)
            .map_err(|e| Error::format(path.display().to_string(), format!("cannot be opened: {e}")))?
            .len();
        Ok(Self { path: path.to_owned(), length, reader: reader.clone() })
    }
}

impl Source for FileAhead {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
        let (answer, read) = oneshot::channel();
        let job = Job { path: self.path.clone(), at, length, answer };
        let asked = self.reader.0.send(job).is_ok();
        Box::pin(async move {
            match read.await {
                Ok(bytes) if asked => bytes.map(Cow::Owned),
                _ => {
                    let name = self.path.display().to_string();
                    Err(Error::format(name, format!("cannot be read at byte {at}: the reading thread ended")))
                }
            }
        })
    }
}
