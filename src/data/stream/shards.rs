//! The files of a set: each opened by its header, and compared with the first.

use std::fmt;

use super::options::StreamOptions;
use crate::data::dtype::ElementType;
use crate::data::read::Source;
use crate::data::sequences::Sequences;
use crate::data::storage::StorageKind;
use crate::data::tensor_file::{PlainRows, TensorFile};
use crate::error::{Error, Result};

/// A file of a set.
pub struct StreamFile {
    /// As the user knows it.
    pub name: String,
    /// Where its bytes lie.
    pub source: Box<dyn Source>,
}

/// One file, and where its rows lie.
pub struct Shard {
    pub file: TensorFile<'static>,
    /// The file, and the tensor where it has names, for messages.
    pub place: String,
    /// The byte at which its rows begin.
    pub start: u64,
    pub rows: u64,
    /// By its shape.
    pub sequences: Option<Sequences>,
}

/// All files of a set, in their order.
pub struct Shards {
    pub shards: Vec<Shard>,
    pub cols: usize,
    pub element_type: ElementType,
    /// The type in which values are kept in memory.
    pub kind: StorageKind,
    pub rows: u64,
}

impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows of {} values in {} files", self.rows, self.cols, self.shards.len())
    }
}

impl Shards {
    /// Opens all files. Each must hold rows of the first one's length and type.
    ///
    /// # Errors
    /// If one cannot be opened, holds no such rows or others than the first, or there are 2^32 rows or more.
    pub async fn open(files: Vec<StreamFile>, options: &StreamOptions) -> Result<Self> {
        let mut files = files.into_iter();
        let Some(first) = files.next() else {
            return Err(Error::shape("files of the set", 0, "at least 1"));
        };
        let tensor = options.tensor.as_deref();
        let (shard, element_type, cols) = opened(first, tensor).await?;
        let kind = options.keep.unwrap_or(StorageKind::of(element_type.dtype));
        let mut set = Self { cols, element_type, kind, rows: shard.rows, shards: vec![shard] };
        for file in files {
            let (shard, element_type, cols) = opened(file, tensor).await?;
            set.compare(&shard, element_type, cols)?;
            set.rows = set.rows.saturating_add(shard.rows);
            set.shards.push(shard);
        }
        if u32::try_from(set.rows).is_err() {
            return Err(Error::shape(format!("rows of {}", set.name()), set.rows, "below 2^32"));
        }
        Ok(set)
    }

    /// The first file, and how many others.
    pub fn name(&self) -> String {
        let first = self.shards.first().map_or("", |shard| shard.file.name());
        match self.shards.len() {
            0 | 1 => first.to_owned(),
            files => format!("{first} and {} more", files - 1),
        }
    }

    fn compare(&self, shard: &Shard, element_type: ElementType, cols: usize) -> Result<()> {
        let as_first = |what: String| {
            let first = self.shards.first().map_or("", |shard| shard.file.name());
            format!("{what} as in {first}")
        };
        if cols != self.cols {
            let expected = as_first(self.cols.to_string());
            return Err(Error::shape(format!("{}: values in a row", shard.place), cols, expected));
        }
        if element_type != self.element_type {
            let (found, expected) = (type_name(element_type), as_first(type_name(self.element_type)));
            return Err(Error::shape(format!("{}: type of the values", shard.place), found, expected));
        }
        Ok(())
    }
}

fn type_name(ElementType { dtype, big_endian }: ElementType) -> String {
    format!("{}{}", dtype.name(), if big_endian { ", big-endian" } else { "" })
}

/// Opens one file. A file of a single tensor holds it under any name: an array of .npy has that of its file.
async fn opened(
    StreamFile { name, source }: StreamFile,
    tensor: Option<&str>,
) -> Result<(Shard, ElementType, usize)> {
    let file = TensorFile::open(source, &name).await?;
    let tensor = tensor.filter(|_| file.tensors().len() > 1);
    let PlainRows { start, rows, cols, element_type, info } = file.plain_rows(tensor)?;
    let place = if info.name == name { name } else { format!("{name}: tensor '{}'", info.name) };
    let sequences = Sequences::of_shape(&info.shape);
    Ok((Shard { place, start, rows, sequences, file }, element_type, cols))
}
