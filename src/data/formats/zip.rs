//! The directory of a zip archive (PKWARE's APPNOTE 4.3), read by ranges: the end of the file names the directory,
//! and that names the parts. The crate `zip` needs the whole archive behind blocking reads, which a browser's `File`
//! does not give; unpacking is flate2's.

use crate::data::read::{Checksum, InputFile, MOST_TENSORS, Packing, Span};
use crate::error::{Error, Result};

/// A file in an archive.
pub struct ArchiveEntry {
    pub name: String,
    flags: u16,
    method: u16,
    checksum: u32,
    /// Its bytes as they lie in the archive, and unpacked.
    stored: u64,
    unpacked: u64,
    /// Where its own header lies.
    header: u64,
}

/// Length of the record at the end of the archive, without its comment.
const END: usize = 22;
/// Length of the record before it that says where the 64-bit record is.
const LOCATOR: usize = 20;
/// Length of the 64-bit record that is read.
const END64: usize = 56;
/// Length of an entry of the directory, without its name.
const ENTRY: usize = 46;
/// Length of the header before a file, without its name.
const HEADER: usize = 30;
/// Longest comment that the end of the archive may have.
const COMMENT: u64 = 0xffff;

/// Little-endian number of `N` bytes at `at`; 0 beyond the end, which callers rule out.
fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    let field = bytes.get(at..at + N).unwrap_or_default();
    field.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Where the directory of an archive lies, and how many entries it has.
struct DirectoryPlace {
    count: u64,
    start: u64,
    size: u64,
    /// Where the records begin that name it, and which it must not reach into.
    end: u64,
}

/// Reads the directory of an archive.
pub async fn directory(file: &InputFile<'_>) -> Result<Vec<ArchiveEntry>> {
    let error = |what: &str| Error::format(&file.name, what);
    let DirectoryPlace { count, start, size, end } = find(file).await?;
    if count > MOST_TENSORS as u64 {
        return Err(error(&format!("the zip archive holds {count} files, expected at most {MOST_TENSORS}")));
    }
    if start.checked_add(size).is_none_or(|reached| reached > end) {
        let what = format!("the zip archive's directory of {size} bytes at byte {start} lies past its end");
        return Err(error(&what));
    }
    let label = format!("{}: directory of the zip archive", file.name);
    let span = Span { label, start, stored: size, packing: Packing::Plain, unpacked: None, checksum: None };
    let mut content = span.content(file);
    let mut entries = Vec::new();
    for _ in 0..count {
        let mut fixed = [0; ENTRY];
        let whole = content.fill(&mut fixed).await? == ENTRY;
        if !whole || !fixed.starts_with(b"PK\x01\x02") {
            let what = format!("the zip archive's directory is damaged: entry {} is missing", entries.len());
            return Err(error(&what));
        }
        let mut name = vec![0; number::<2>(&fixed, 28) as usize];
        let mut extra = vec![0; number::<2>(&fixed, 30) as usize];
        let named = content.fill(&mut name).await? == name.len();
        if !named || content.fill(&mut extra).await? < extra.len() {
            return Err(error("the zip archive's directory is cut off within an entry"));
        }
        content.skip(number::<2>(&fixed, 32)).await?;
        let mut entry = ArchiveEntry {
            name: String::from_utf8_lossy(&name).into_owned(),
            flags: number::<2>(&fixed, 8) as u16,
            method: number::<2>(&fixed, 10) as u16,
            checksum: number::<4>(&fixed, 16) as u32,
            stored: number::<4>(&fixed, 20),
            unpacked: number::<4>(&fixed, 24),
            header: number::<4>(&fixed, 42),
        };
        entry.widen(&extra);
        entries.push(entry);
    }
    Ok(entries)
}

/// Finds the record at the end of the archive, which only a comment may follow. The comment may hold such a record
/// itself: the directory must end where its record begins. Archives with something before them count their bytes from
/// where they begin; the last record whose comment reaches to the end is then taken at its word.
async fn find(file: &InputFile<'_>) -> Result<DirectoryPlace> {
    let tail = file.length().min(COMMENT + (END + LOCATOR) as u64);
    let tail_start = file.length() - tail;
    let bytes = file.source.read(tail_start, tail as usize).await?;
    let record = |at: &usize| {
        let reached = at + END + number::<2>(&bytes, at + 20) as usize;
        bytes.get(*at..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06")) && reached == bytes.len()
    };
    let mut last = None;
    for at in (0..=bytes.len().saturating_sub(END)).rev().filter(record) {
        let place = match place(file, &bytes, at, tail_start).await {
            Ok(place) if place.start.checked_add(place.size) == Some(place.end) => return Ok(place),
            other => other,
        };
        last.get_or_insert(place);
    }
    last.unwrap_or_else(|| {
        let what = "the zip archive has no directory at its end: it is cut off or damaged";
        Err(Error::format(&file.name, what))
    })
}

/// What the record at `at` of `bytes`, the end of the archive, says of the directory.
async fn place(file: &InputFile<'_>, bytes: &[u8], at: usize, tail_start: u64) -> Result<DirectoryPlace> {
    let error = |what: &str| Error::format(&file.name, what);
    let place = DirectoryPlace {
        count: number::<2>(bytes, at + 10),
        size: number::<4>(bytes, at + 12),
        start: number::<4>(bytes, at + 16),
        end: tail_start + at as u64,
    };
    let locator = at.checked_sub(LOCATOR).and_then(|at| bytes.get(at..at + LOCATOR));
    let Some(locator) = locator.filter(|locator| locator.starts_with(b"PK\x06\x07")) else {
        return Ok(place);
    };
    let end = number::<8>(locator, 8);
    if end.checked_add(END64 as u64).is_none_or(|reached| reached > file.length()) {
        return Err(error("the zip archive's 64-bit directory record lies past its end"));
    }
    let record = file.source.read(end, END64).await?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(error("the zip archive's 64-bit directory record is not where it should be"));
    }
    let (count, size) = (number::<8>(&record, 32), number::<8>(&record, 40));
    Ok(DirectoryPlace { count, size, start: number::<8>(&record, 48), end })
}

impl ArchiveEntry {
    /// Takes sizes that need 64 bits from the extra field 0001, which has those that are all ones, in this order.
    fn widen(&mut self, mut extra: &[u8]) {
        const ALL_ONES: u64 = u32::MAX as u64;
        while extra.len() >= 4 {
            let (tag, size) = (number::<2>(extra, 0), number::<2>(extra, 2) as usize);
            let mut field = extra.get(4..4 + size).unwrap_or_default();
            if tag == 1 {
                for value in [&mut self.unpacked, &mut self.stored, &mut self.header] {
                    if *value == ALL_ONES && field.len() >= 8 {
                        *value = number::<8>(field, 0);
                        field = &field[8..];
                    }
                }
            }
            extra = extra.get(4 + size..).unwrap_or_default();
        }
    }

    /// Where the file lies in the archive, without its checksum if that was never computed: PyTorch can be told to
    /// write 0 in its place.
    pub async fn pytorch_span(&self, file: &InputFile<'_>) -> Result<Span> {
        let span = self.span(file).await?;
        Ok(if self.checksum == 0 { Span { checksum: None, ..span } } else { span })
    }

    /// Where the file lies in the archive, with its checksum.
    ///
    /// # Errors
    /// If it is encrypted, packed in an unknown way, or not within the archive.
    pub async fn span(&self, file: &InputFile<'_>) -> Result<Span> {
        let label = format!("{}: {}", file.name, self.name);
        let error = |what: String| Error::format(&label, what);
        let past = || error(format!("lies past the end of the archive at byte {}", file.length()));
        if self.flags & 1 != 0 {
            return Err(error("is encrypted: unpack it first".to_owned()));
        }
        let packing = match self.method {
            0 => Packing::Plain,
            8 => Packing::Deflate,
            other => {
                let what = format!("is compressed by method {other}, expected 0 (stored) or 8 (deflate)");
                return Err(error(what));
            }
        };
        if packing == Packing::Plain && self.stored != self.unpacked {
            let what = format!("is stored in {} bytes, but its entry says {}", self.stored, self.unpacked);
            return Err(error(what));
        }
        if self.header.checked_add(HEADER as u64).is_none_or(|end| end > file.length()) {
            return Err(past());
        }
        let header = file.source.read(self.header, HEADER).await?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(error(format!("has no header at byte {}", self.header)));
        }
        let start = self.header + HEADER as u64 + number::<2>(&header, 26) + number::<2>(&header, 28);
        if start.checked_add(self.stored).is_none_or(|end| end > file.length()) {
            return Err(past());
        }
        let checksum = Some(Checksum::new(self.checksum));
        Ok(Span { label, start, stored: self.stored, packing, unpacked: Some(self.unpacked), checksum })
    }
}
