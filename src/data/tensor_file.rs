//! Files that hold one or more tensors, and the data sets that are made of them.

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use super::dataset::Dataset;
#[cfg(feature = "files")]
use super::dtype::ElementType;
use super::formats::{safetensors, sniff};
use super::read::{
    Contents, InputFile, Inspection, Progress, Source, Statistics, StorageBuilder, Tensor, TensorFormat,
    TensorInfo, now,
};
use super::storage::{Storage, StorageKind};
use crate::error::{Error, Result};

/// How a data set is made of a tensor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Type in which values are kept; by default [`StorageKind::of`] the type in the file.
    pub keep: Option<StorageKind>,
    /// Leave out rows that hold NaN or infinity, rather than refuse them.
    pub drop_non_finite: bool,
}

/// Rows that follow one another in a file as they are.
#[cfg(feature = "files")]
pub(super) struct PlainRows<'f> {
    /// The byte of the file at which they begin.
    pub start: u64,
    pub rows: u64,
    pub cols: usize,
    pub info: &'f TensorInfo,
    pub element_type: ElementType,
}

/// A file of tensors: its header has been read; values are read on request.
pub struct TensorFile<'a> {
    file: InputFile<'a>,
    contents: Contents,
}

impl fmt::Debug for TensorFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tensors()).finish()
    }
}

impl<'a> TensorFile<'a> {
    /// Opens a file and reads what it says of its tensors, not their values.
    ///
    /// # Errors
    /// As [`read_tensors`].
    pub async fn open(source: Box<dyn Source + 'a>, file_name: &str) -> Result<Self> {
        let file = InputFile::open(source, file_name).await?;
        let format = sniff(&file).await?;
        Self::open_as(file, format).await
    }

    async fn open_as(file: InputFile<'a>, format: &TensorFormat) -> Result<Self> {
        let contents = (format.open)(&file).await?;
        if contents.tensors.is_empty() {
            let why = contents.refused.into_iter().next().map(|(_, why)| why);
            return Err(why.unwrap_or_else(|| Error::format(&file.name, "holds no tensor")));
        }
        Ok(Self { file, contents })
    }

    /// The tensors that can be read, in the order of the file.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = &TensorInfo> {
        self.contents.tensors.iter().map(|tensor| &tensor.info)
    }

    /// Names, types and shapes of the tensors, and of the single numbers, which are parts of models but make no rows.
    pub fn tensors_and_numbers(&self) -> impl Iterator<Item = &TensorInfo> {
        self.contents.all().map(|tensor| &tensor.info)
    }

    /// Why a tensor of the file cannot be read, if there is one.
    pub fn refusal(&self) -> Option<&Error> {
        self.contents.refused.first().map(|(_, why)| why)
    }

    /// What the file says about itself under a key; safetensors has such text.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.contents.metadata.get(key).map(String::as_str)
    }

    /// Rows and columns of the data set that a tensor makes: all dimensions but the last flatten to rows,
    /// `[texts, tokens, 384]` giving a row for each token; of an IDX file all but the first make a row, `[n, 28, 28]`
    /// giving `n` rows of 784.
    ///
    /// # Errors
    /// As [`TensorFile::load`] about the name.
    pub fn rows_and_cols(&self, name: Option<&str>) -> Result<(u64, usize)> {
        self.tensor(name).map(|tensor| (tensor.rows, tensor.cols))
    }

    /// One tensor as a data set, in the default type for its dtype. For a file in memory.
    ///
    /// # Errors
    /// As [`TensorFile::load`].
    pub fn dataset(&self, name: Option<&str>) -> Result<Dataset> {
        self.dataset_with(name, LoadOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`TensorFile::load`]; if the source of the file is asynchronous.
    pub fn dataset_with(&self, name: Option<&str>, options: LoadOptions) -> Result<Dataset> {
        self.at_once(self.load(name, options, &mut |_, _| ControlFlow::Continue(())))
    }

    /// The values of one tensor as 32-bit floats, bit for bit where the file holds float32, and not checked for NaN.
    /// For a file in memory.
    ///
    /// # Errors
    /// As [`TensorFile::load`], but for values that are not finite.
    pub fn values(&self, name: &str) -> Result<Vec<f32>> {
        let storage = self.at_once(async {
            let tensor = self.tensor(Some(name))?;
            let go_on = &mut |_, _| ControlFlow::Continue(());
            Ok(self.store(tensor, StorageKind::F32, go_on).await?.0)
        })?;
        match storage {
            Storage::F32(values) => Ok(values),
            Storage::U8(_) | Storage::F16(_) => Err(self.error("was not kept as f32")),
        }
    }

    /// One tensor as a data set, read in slices. Takes at most 64 MB of memory beyond the data set.
    ///
    /// # Errors
    /// If the file has several tensors and none is named, if none has the name or that one cannot be read, if memory
    /// has no room for it (checked before anything is read), if its content is damaged, if a value cannot be kept as
    /// asked or is not finite, if `progress` breaks, or as [`Dataset::new`].
    pub async fn load(
        &self,
        name: Option<&str>,
        options: LoadOptions,
        progress: &mut Progress<'_>,
    ) -> Result<Dataset> {
        let tensor = self.tensor(name)?;
        if u32::try_from(tensor.rows).is_err() {
            let error = Error::shape("rows of the data set", tensor.rows, "below 2^32");
            return Err(error.in_file(&self.place_of(tensor)));
        }
        let kind = options.keep.unwrap_or(StorageKind::of(tensor.body.element_type().dtype));
        let (storage, labels) = self.store(tensor, kind, progress).await?;
        let dataset = if options.drop_non_finite {
            Dataset::finite_rows(storage, tensor.cols)
        } else {
            Dataset::new(storage, tensor.cols)
        };
        let dataset = dataset.map_err(|error| error.in_file(&self.place_of(tensor)))?;
        Ok(match labels {
            Some(labels) => dataset.with_stored_labels(labels),
            None => dataset,
        })
    }

    /// Where the rows of a tensor lie that follow one another in the file as they are.
    ///
    /// # Errors
    /// As [`TensorFile::load`] about the name; if they are packed, or lie in another order.
    #[cfg(feature = "files")]
    pub(super) fn plain_rows(&self, name: Option<&str>) -> Result<PlainRows<'_>> {
        let tensor = self.tensor(name)?;
        let start = tensor.body.plain_start().ok_or_else(|| {
            Error::format(
                self.place_of(tensor),
                "is packed or not in C order, so that its rows cannot be read block by block: save it as .npy or \
                 .safetensors, in C order",
            )
        })?;
        let (rows, cols, info) = (tensor.rows, tensor.cols, &tensor.info);
        Ok(PlainRows { start, rows, cols, info, element_type: tensor.body.element_type() })
    }

    /// Bytes of the file.
    ///
    /// # Errors
    /// If they cannot be read.
    #[cfg(feature = "files")]
    pub(super) async fn bytes(&self, at: u64, length: usize) -> Result<Cow<'_, [u8]>> {
        let bytes = self.file.source.read(at, length).await?;
        if bytes.len() == length {
            return Ok(bytes);
        }
        Err(self.error(format!("gave {} of {length} bytes at byte {at}", bytes.len())))
    }

    /// Name of the file.
    #[cfg(feature = "files")]
    pub(super) fn name(&self) -> &str {
        &self.file.name
    }

    /// Statistics of a tensor, or of its first `rows` rows, and a preview. Keeps no values.
    ///
    /// # Errors
    /// As [`TensorFile::load`], but for values that are not finite, which are counted.
    pub async fn inspect(
        &self,
        name: Option<&str>,
        rows: Option<u64>,
        progress: &mut Progress<'_>,
    ) -> Result<Inspection> {
        let tensor = self.tensor(name)?;
        let rows = rows.unwrap_or(tensor.rows).min(tensor.rows);
        let element_type = tensor.body.element_type();
        let mut statistics = Statistics::new(tensor.rows, rows, tensor.cols, element_type);
        tensor.body.each(&self.file, (rows, tensor.cols), progress, &mut statistics).await?;
        Ok(statistics.finish())
    }

    /// The values of a tensor in memory, and the labels of its rows.
    async fn store(
        &self,
        tensor: &Tensor,
        kind: StorageKind,
        progress: &mut Progress<'_>,
    ) -> Result<(Storage, Option<Vec<u8>>)> {
        let shape = (tensor.rows, tensor.cols);
        tensor.body.check_claim(&self.file, kind, progress).await?;
        let element_type = tensor.body.element_type();
        let mut builder = StorageBuilder::new(self.place_of(tensor), shape, element_type, kind)?;
        let labels = tensor.body.each(&self.file, shape, progress, &mut builder).await?;
        Ok((builder.values, labels))
    }

    fn at_once<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        now(work).unwrap_or_else(|| Err(self.error("is read in slices, which takes load(), not dataset()")))
    }

    fn tensor(&self, name: Option<&str>) -> Result<&Tensor> {
        let Some(name) = name else {
            return match self.contents.tensors.as_slice() {
                [tensor] => Ok(tensor),
                tensors => {
                    Err(self.error(format!("has {} tensors, name one of {}", tensors.len(), self.names())))
                }
            };
        };
        if let Some(tensor) = self.contents.all().find(|tensor| tensor.info.name == name) {
            return Ok(tensor);
        }
        let refused = self.contents.refused.iter().find(|(refused, _)| refused == name);
        Err(refused
            .map(|(_, why)| why.clone())
            .unwrap_or_else(|| self.error(format!("has no tensor '{name}', only {}", self.names()))))
    }

    fn error(&self, what: impl Into<String>) -> Error {
        Error::format(&self.file.name, what)
    }

    /// File and tensor for messages; the file alone where its format has no names.
    fn place_of(&self, tensor: &Tensor) -> String {
        let (file, name) = (&self.file.name, &tensor.info.name);
        if name == file { file.clone() } else { format!("{file}: tensor '{name}'") }
    }

    fn names(&self) -> String {
        const SHOWN: usize = 20;
        let names = self.tensors().map(|info| format!("'{}'", info.name));
        let mut text = names.take(SHOWN).collect::<Vec<_>>().join(", ");
        if self.contents.tensors.len() > SHOWN {
            text += ", …";
        }
        text
    }
}

/// Opens a file of tensors in memory; the sizes in its header are checked against the file.
///
/// # Errors
/// [`Error::UnknownFormat`] says what the file looks like and what can be read; [`Error::Format`] says what was
/// found in a damaged file, at which byte, and what was expected.
///
/// ```
/// use splinterp::data::read_tensors;
///
/// let two_images_of_one_by_two = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4];
/// let images = read_tensors(&two_images_of_one_by_two, "images-idx3-ubyte")?.dataset(None)?;
/// assert_eq!((images.rows(), images.cols()), (2, 2));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn read_tensors<'a>(bytes: impl Into<Cow<'a, [u8]>>, file_name: &str) -> Result<TensorFile<'a>> {
    now(TensorFile::open(Box::new(bytes.into()), file_name))
        .unwrap_or_else(|| Err(Error::format(file_name, "cannot be read at once")))
}

/// Opens a safetensors file that lies in memory; `None` if the bytes do not begin as one does.
///
/// # Errors
/// As [`read_tensors`].
pub(crate) fn read_safetensors<'a>(bytes: &'a [u8], file_name: &str) -> Result<Option<TensorFile<'a>>> {
    if !(safetensors::FORMAT.by_content)(bytes) {
        return Ok(None);
    }
    let open = async {
        let file = InputFile::open(Box::new(Cow::Borrowed(bytes)), file_name).await?;
        TensorFile::open_as(file, &safetensors::FORMAT).await.map(Some)
    };
    now(open).unwrap_or_else(|| Err(Error::format(file_name, "cannot be read at once")))
}
