//! What a file of an unknown format looks like, by its first bytes.

use super::source::InputFile;

/// Formats that people open by mistake, recognised by their first bytes.
pub fn foreign(opening: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 12] = [
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"%PDF", "a PDF document"),
        (b"PK\x03\x04", "a zip archive"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"\x89HDF", "an HDF5 file"),
        (b"PAR1", "a Parquet file"),
        (b"\xff\xfe", "UTF-16 text (save it as UTF-8)"),
        (b"\xfe\xff", "UTF-16 text (save it as UTF-8)"),
        (
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
            "a PyTorch file from before version 1.6 (load it and save it again with a newer PyTorch)",
        ),
        (b"\x80", "a bare Python pickle, which only Python can load"),
    ];
    let magic = MAGIC.iter().find(|(magic, _)| opening.starts_with(magic)).map(|(_, name)| *name);
    magic.or_else(|| {
        let text = text(opening)?.trim_start().to_ascii_lowercase();
        (text.starts_with("<!doctype html") || text.starts_with("<html")).then_some("a web page (HTML)")
    })
}

/// What a file of no known format looks like, and what could have been read.
pub fn describe(file: &InputFile, opening: &[u8], accepted: &str) -> String {
    let looks = if file.length() == 0 {
        "is empty".to_owned()
    } else if file.gzip && opening.is_empty() {
        "is gzipped, but empty or damaged at its start".to_owned()
    } else {
        let kind = match (foreign(opening), text(opening)) {
            (Some(kind), _) => kind.to_owned(),
            (None, Some(_)) => "text".to_owned(),
            (None, None) => format!("binary data beginning with the bytes {:02x?}", first(opening)),
        };
        format!("looks like {kind}{}", if file.gzip { ", gzipped" } else { "" })
    };
    format!("{looks}; files that can be read: {accepted}")
}

fn first(opening: &[u8]) -> &[u8] {
    opening.get(..4).unwrap_or(opening)
}

/// The bytes as text, if they are: UTF-8, perhaps cut within a character, without control characters.
pub fn text(opening: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(opening) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(opening.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    (!text.is_empty() && text.trim_start_matches('\u{feff}').chars().all(printable)).then_some(text)
}
