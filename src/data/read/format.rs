//! What a format tells about itself; the table of formats is made of these.

use super::contents::Contents;
use super::source::{InputFile, Reading};

/// How a format is called, recognised and read.
pub struct TensorFormat {
    /// What it is called in messages, and how names of its files end, in lower case; two where formats share a
    /// container.
    pub names: &'static [(&'static str, &'static [&'static str])],
    /// Whether content that begins with these bytes (up to [`OPENING`], unpacked if gzipped) is of this format.
    pub by_content: fn(&[u8]) -> bool,
    /// Reads what the file says of its tensors.
    pub open: for<'f> fn(&'f InputFile<'f>) -> Reading<'f, Contents>,
}

/// Bytes of content that are looked at to recognise a format.
pub const OPENING: usize = 512;

impl TensorFormat {
    /// Whether files of this name, in lower case, should be of this format, gzipped or not.
    pub fn by_name(&self, file_name: &str) -> bool {
        let name = file_name.strip_suffix(".gz").unwrap_or(file_name);
        self.names.iter().any(|(_, endings)| endings.iter().any(|ending| name.ends_with(ending)))
    }
}
