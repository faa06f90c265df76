//! Files that hold one or more tensors: recognised by content first, then by name.

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use super::content::Span;
use super::elements::{Elements, Progress, Sink};
use super::inspect::Statistics;
use super::keep::Kept;
use super::recognise::{describe, foreign};
use super::source::{File, Reading, Source, now};
use super::{Dataset, Dtype, Inspection, Keep, idx, npy};
use crate::error::{Error, Result};

/// Every format that can be read, in the order in which they are tried.
const FORMATS: &[Format] = &[
    npy::FORMAT,
    #[cfg(feature = "files")]
    super::archive::FORMAT,
    #[cfg(feature = "files")]
    super::safetensors::FORMAT,
    idx::FORMAT,
    #[cfg(feature = "files")]
    super::csv::FORMAT,
];

/// How a format is recognised and read; each has its own file.
pub struct Format {
    /// What it is called in messages.
    pub name: &'static str,
    /// Whether content that begins with these bytes (up to [`OPENING`], unpacked if gzipped) is of this format.
    pub by_content: fn(&[u8]) -> bool,
    /// Whether a file of this name, in lower case, should be of this format.
    pub by_name: fn(&str) -> bool,
    /// Reads what the file says of its tensors.
    pub open: for<'f> fn(&'f File<'f>) -> Reading<'f, Found>,
}

/// Bytes of content that are looked at to recognise a format.
const OPENING: usize = 512;
/// Tensors that a file may hold.
#[cfg(feature = "files")]
pub const MOST_TENSORS: usize = 1 << 14;

/// What a file holds.
#[derive(Default)]
pub struct Found {
    pub tensors: Vec<Tensor>,
    /// Single numbers: no data sets, but parts of models.
    pub numbers: Vec<Tensor>,
    /// Tensors that cannot be read, by name, and why.
    pub refused: Vec<(String, Error)>,
}

impl From<Tensor> for Found {
    fn from(tensor: Tensor) -> Self {
        Self { tensors: vec![tensor], ..Self::default() }
    }
}

impl Found {
    /// Enters one more.
    #[cfg(feature = "files")]
    pub fn push(&mut self, name: &str, tensor: Result<Tensor>) {
        match tensor {
            Ok(tensor) if tensor.info.shape.is_empty() => self.numbers.push(tensor),
            Ok(tensor) => self.tensors.push(tensor),
            Err(error) => self.refused.push((name.to_owned(), error)),
        }
    }
}

/// A tensor in a file: what it is, and where.
pub struct Tensor {
    info: TensorInfo,
    rows: u64,
    /// Length of a row in a data set made of it.
    cols: usize,
    body: Body,
}

enum Body {
    Elements(Span, Elements),
    #[cfg(feature = "files")]
    Table(super::csv::Table),
}

/// Row length of a tensor whose leading dimensions flatten to rows.
pub fn cols_of(shape: &[usize]) -> Result<usize, &'static str> {
    match shape {
        [] => Err("holds a single number, expected an array of rows"),
        [_] => Ok(1),
        [.., last] => Ok(*last),
    }
}

impl Tensor {
    /// Elements of fixed size, in one part of the file. `cols` divides their number.
    pub fn of_elements(info: TensorInfo, cols: usize, span: Span, elements: Elements) -> Self {
        let rows = elements.count() / (cols as u64).max(1);
        Self { info, rows, cols, body: Body::Elements(span, elements) }
    }

    /// A table of text.
    #[cfg(feature = "files")]
    pub fn of_table(info: TensorInfo, rows: u64, cols: usize, table: super::csv::Table) -> Self {
        Self { info, rows, cols, body: Body::Table(table) }
    }

    fn number(&self) -> (Dtype, bool) {
        match &self.body {
            Body::Elements(_, elements) => (elements.dtype, elements.big_endian),
            #[cfg(feature = "files")]
            Body::Table(_) => super::csv::NUMBER,
        }
    }

    /// Before memory is taken: whether the file holds as much as it claims.
    async fn check_claim(&self, file: &File<'_>, keep: Keep, progress: &mut Progress<'_>) -> Result<()> {
        match &self.body {
            Body::Elements(span, elements) => elements.check_claim(span, file, keep, progress).await,
            // The lines of a table have been counted.
            #[cfg(feature = "files")]
            Body::Table(_) => Ok(()),
        }
    }

    async fn each(
        &self,
        file: &File<'_>,
        rows: u64,
        progress: &mut Progress<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        match &self.body {
            Body::Elements(span, elements) => {
                elements.each(span, file, rows * self.cols as u64, progress, sink).await
            }
            #[cfg(feature = "files")]
            Body::Table(table) => table.each(file, rows, progress, sink).await,
        }
    }
}

/// What a file says about one of its tensors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name in the file; where the format has no names, that of the file.
    pub name: String,
    /// Type of the elements in the file.
    pub dtype: Dtype,
    /// Its dimensions, the slowest first.
    pub shape: Vec<usize>,
}

/// How a data set is made of a tensor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Type in which values are kept; by default [`Keep::of`] the type in the file.
    pub keep: Option<Keep>,
    /// Leave out rows that hold NaN or infinity, rather than refuse them.
    pub drop_non_finite: bool,
}

/// A file of tensors: what they are is known, their values are read when they are asked for.
pub struct TensorFile<'a> {
    file: File<'a>,
    found: Found,
}

impl fmt::Debug for TensorFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tensors()).finish()
    }
}

impl<'a> TensorFile<'a> {
    /// Opens a file by what it says of its tensors; their values stay where they are.
    ///
    /// # Errors
    /// As [`read_tensors`].
    pub async fn open(source: Box<dyn Source + 'a>, file_name: &str) -> Result<Self> {
        let file = File::open(source, file_name).await?;
        let mut opening = [0; OPENING];
        // A gzip stream that is damaged this early opens as nothing; the reader that its name asks for says why.
        let known = Span::of(&file).content(&file).fill(&mut opening).await.unwrap_or(0);
        let opening = &opening[..known];
        let name = file_name.to_ascii_lowercase();
        let by_content = FORMATS.iter().find(|format| (format.by_content)(opening));
        let format = match (by_content, foreign(opening)) {
            (Some(format), _) => Some(format),
            (None, Some(_)) => None,
            (None, None) if file.length() == 0 => None,
            (None, None) => FORMATS.iter().find(|format| (format.by_name)(&name)),
        };
        let Some(format) = format else {
            let accepted = FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
            let what = describe(&file, opening, &accepted);
            return Err(Error::UnknownFormat { file: file_name.to_owned(), what });
        };
        let found = (format.open)(&file).await?;
        if found.tensors.is_empty() {
            let why = found.refused.into_iter().next().map(|(_, why)| why);
            return Err(why.unwrap_or_else(|| Error::format(file_name, "holds no tensor")));
        }
        Ok(Self { file, found })
    }

    /// The tensors that can be read, in the order of the file.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = &TensorInfo> {
        self.found.tensors.iter().map(|tensor| &tensor.info)
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

    /// One tensor as a data set, kept as it came where that is small. For a file in memory.
    ///
    /// # Errors
    /// As [`TensorFile::load`].
    pub fn dataset(&self, name: Option<&str>) -> Result<Dataset> {
        self.dataset_with(name, LoadOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`TensorFile::load`]; if the source of the file has to be waited for.
    pub fn dataset_with(&self, name: Option<&str>, options: LoadOptions) -> Result<Dataset> {
        now(self.load(name, options, &mut |_, _| ControlFlow::Continue(()))).unwrap_or_else(|| {
            let what = "is read in slices, which takes load(), not dataset()";
            Err(Error::format(&self.file.name, what))
        })
    }

    /// One tensor as a data set, read in slices. Memory stays within 64 MB of what is kept.
    ///
    /// # Errors
    /// If the file has several tensors and none is named, if none has the name or that one cannot be read, if memory
    /// has no room for it (said before anything is read), if its content is damaged, if a value cannot be kept as
    /// asked, if `progress` breaks, or as [`Dataset::new`].
    pub async fn load(
        &self,
        name: Option<&str>,
        options: LoadOptions,
        progress: &mut Progress<'_>,
    ) -> Result<Dataset> {
        let tensor = self.tensor(name)?;
        if u32::try_from(tensor.rows).is_err() {
            return Err(Error::shape("rows of the data set", tensor.rows, "below 2^32"));
        }
        let keep = options.keep.unwrap_or(Keep::of(tensor.number().0));
        tensor.check_claim(&self.file, keep, progress).await?;
        let mut kept = Kept::new(&self.file.name, tensor.rows, tensor.cols, tensor.number(), keep)?;
        tensor.each(&self.file, tensor.rows, progress, &mut kept).await?;
        let dataset = if options.drop_non_finite {
            Dataset::finite_rows(kept.values, tensor.cols)?
        } else {
            Dataset::new(kept.values, tensor.cols)?
        };
        #[cfg(feature = "files")]
        let dataset = kept.labels.give(dataset);
        Ok(dataset)
    }

    /// Statistics of a tensor, or of its first `rows` rows, and a preview. Keeps nothing.
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
        let mut statistics = Statistics::new(tensor.rows, rows, tensor.cols, tensor.number());
        tensor.each(&self.file, rows, progress, &mut statistics).await?;
        Ok(statistics.finish())
    }

    fn tensor(&self, name: Option<&str>) -> Result<&Tensor> {
        let Some(name) = name else {
            return match self.found.tensors.as_slice() {
                [tensor] => Ok(tensor),
                tensors => {
                    let what = format!("has {} tensors, name one of {}", tensors.len(), self.names());
                    Err(Error::format(&self.file.name, what))
                }
            };
        };
        let mut all = self.found.tensors.iter().chain(&self.found.numbers);
        if let Some(tensor) = all.find(|tensor| tensor.info.name == name) {
            return Ok(tensor);
        }
        let refused = self.found.refused.iter().find(|(refused, _)| refused == name);
        Err(refused.map(|(_, why)| why.clone()).unwrap_or_else(|| {
            let what = format!("has no tensor '{name}', only {}", self.names());
            Error::format(&self.file.name, what)
        }))
    }

    /// Names, types and shapes of the tensors, single numbers among them.
    #[cfg(feature = "files")]
    pub(crate) fn with_numbers(&self) -> impl Iterator<Item = &TensorInfo> {
        self.found.tensors.iter().chain(&self.found.numbers).map(|tensor| &tensor.info)
    }

    /// Why a tensor of the file cannot be read, if there is one.
    #[cfg(feature = "files")]
    pub(crate) fn refusal(&self) -> Option<&Error> {
        self.found.refused.first().map(|(_, why)| why)
    }

    fn names(&self) -> String {
        const SHOWN: usize = 20;
        let names = self.tensors().map(|info| format!("'{}'", info.name));
        let mut text = names.take(SHOWN).collect::<Vec<_>>().join(", ");
        if self.found.tensors.len() > SHOWN {
            text += ", …";
        }
        text
    }
}

/// Opens a file of tensors that lies in memory; the claims of its header are checked against the file.
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
        .unwrap_or_else(|| Err(Error::format(file_name, "has to be waited for")))
}
