//! Tables of numbers as text: CSV, TSV, semicolons or single spaces. The crate `csv-core`, which `csv` is built on,
//! takes the text in slices. A first pass finds rows, columns, header and labels; values are read in a second.

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use crate::data::dtype::{Dtype, ElementType};
use crate::data::labels::ClassLabels;
use crate::data::read::{
    Content, Contents, InputFile, LARGEST_RATIO, Progress, Reading, Sink, Span, Tensor, TensorBody,
    TensorFormat, TensorInfo, text,
};
use crate::data::storage::StorageKind;
use crate::error::{Error, Result};

pub const FORMAT: TensorFormat = TensorFormat {
    names: &[("tables of numbers", &[".csv", ".tsv"])],
    by_content: |start| text(start).is_some_and(begins_with_numbers),
    open: |file| Box::pin(open(file)),
};

/// The type in which cells are passed on.
const CELL: ElementType = ElementType { dtype: Dtype::F32, big_endian: false };
/// Longest cell: labels may be words; numbers are never this long.
const LONGEST_CELL: usize = 4096;
/// Columns that a table may have.
const MOST_COLS: usize = 1 << 18;
/// Rows that a table may have, as any data set.
const MOST_ROWS: u64 = u32::MAX as u64;
/// Names of a column that holds labels.
const LABEL_NAMES: [&str; 5] = ["label", "labels", "class", "target", "y"];
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How a table is laid out.
struct TextTable {
    span: Span,
    separator: u8,
    header: bool,
    label: Option<usize>,
    /// Whether the first column numbers the rows, as pandas writes it.
    index: bool,
    /// Cells in a line.
    width: usize,
}

/// Whether the first line is all numbers: at least two of them, or one with more lines below.
fn begins_with_numbers(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let (line, more) = text.split_once('\n').map_or((text, false), |(line, _)| (line, true));
    let cut = !more;
    let cells: Vec<&str> = line.trim_end().split([',', ';', '\t', ' ']).collect();
    // The last cell of a line that continues beyond these bytes may be half a number.
    let whole = if cut && cells.len() > 1 { &cells[..cells.len() - 1] } else { &cells };
    (more || cells.len() > 1)
        && whole.iter().all(|cell| !cell.is_empty() && number(cell.as_bytes()).is_some())
}

/// The number in a cell; an empty cell is a missing value (NaN).
fn number(cell: &[u8]) -> Option<f32> {
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return Some(f32::NAN);
    }
    std::str::from_utf8(cell).ok()?.parse().ok()
}

async fn open(file: &InputFile<'_>) -> Result<Contents> {
    let span = Span::of(file);
    let separator = separator(&span, file).await?;
    let mut lines = Lines::new(&span, file, separator).await?;
    let first =
        lines.record().await?.ok_or_else(|| span.format_error("is empty, expected lines of numbers"))?;
    let second = lines.record().await?;
    let width = first.len();
    let Some(second) =
        second.or_else(|| first.iter().any(|cell| number(cell).is_some()).then(|| first.clone()))
    else {
        return Err(span.format_error("has a single line without a number, expected lines of numbers"));
    };
    let one_line = lines.records == 1;
    let header = !one_line && is_header(&first, &second);
    let index = header && width > 1 && first[0].is_empty();
    let named = |cell: &Vec<u8>| {
        LABEL_NAMES.iter().any(|name| cell.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
    };
    let data = if header { &second } else { &first };
    let by_name = first.iter().position(named).filter(|_| header);
    let label = by_name
        .or_else(|| data.iter().skip(usize::from(index)).position(|cell| number(cell).is_none()))
        .map(|at| if by_name.is_none() { at + usize::from(index) } else { at });
    while lines.records <= MOST_ROWS && lines.skip_record().await? {}
    let rows = lines.records - u64::from(header);
    let Ok(shape_rows) = u32::try_from(rows) else {
        return Err(span.format_error(format!("has more than {MOST_ROWS} rows")));
    };
    let cols = width - usize::from(label.is_some()) - usize::from(index);
    if cols == 0 {
        return Err(span.format_error("has no column of numbers"));
    }
    let shape = vec![shape_rows as usize, cols];
    let info = TensorInfo { name: file.name.clone(), dtype: CELL.dtype, shape };
    drop(lines);
    let table = TextTable { span, separator, header, label, index, width };
    Ok(Tensor { info, rows, cols, body: Box::new(table) }.into())
}

/// A first line is a header if it has more words than the second, or counts the columns above numbers that are not
/// all whole, as pandas writes columns without names.
fn is_header(first: &[Vec<u8>], second: &[Vec<u8>]) -> bool {
    let words = |cells: &[Vec<u8>]| cells.iter().filter(|cell| number(cell).is_none()).count();
    let whole =
        |cell: &Vec<u8>| std::str::from_utf8(cell).is_ok_and(|cell| cell.trim().parse::<i64>().is_ok());
    let unnamed = usize::from(first.first().is_some_and(Vec::is_empty));
    let counts = first.iter().skip(unnamed).enumerate().all(|(at, cell)| cell == at.to_string().as_bytes());
    words(first) > words(second) || (counts && first.len() > 1 && !second.iter().all(whole))
}

/// The separator that the first line holds outside quotes.
async fn separator(span: &Span, file: &InputFile<'_>) -> Result<u8> {
    let mut start = vec![0; 1 << 16];
    let known = span.content(file).fill(&mut start).await?;
    let start = start[..known].trim_ascii_start();
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
    let mut quoted = false;
    let outside: Vec<u8> = line
        .iter()
        .copied()
        .filter(|&byte| {
            quoted ^= byte == b'"';
            !quoted
        })
        .collect();
    Ok([b'\t', b';', b',', b' '].into_iter().find(|separator| outside.contains(separator)).unwrap_or(b','))
}

/// Takes the line, the column and the text of a cell.
type CellSink<'s> = dyn FnMut(u64, usize, &[u8]) -> Result<()> + 's;

/// The records of a table, one after another.
struct Lines<'f> {
    span: &'f Span,
    content: Content<'f>,
    parser: Reader,
    buffer: Vec<u8>,
    /// The part of the buffer that is yet to be parsed.
    from: usize,
    to: usize,
    cell: Vec<u8>,
    /// Line ends passed so far, and the last byte parsed.
    newlines: u64,
    last: u8,
    /// Records read.
    records: u64,
    /// Number of cells in the first record, which all others must match, and its line.
    width: Option<(usize, u64)>,
}

impl<'f> Lines<'f> {
    async fn new(span: &'f Span, file: &'f InputFile<'_>, separator: u8) -> Result<Self> {
        let mut content = span.content(file);
        let mut start = [0; BOM.len()];
        let found = content.fill(&mut start).await?;
        let mut buffer = vec![0; 1 << 16];
        let to = if start[..found] == *BOM { 0 } else { found };
        buffer[..to].copy_from_slice(&start[..to]);
        let parser = ReaderBuilder::new().delimiter(separator).build();
        Ok(Self {
            span,
            content,
            parser,
            buffer,
            from: 0,
            to,
            cell: vec![0; LONGEST_CELL],
            newlines: 0,
            last: b'\n',
            records: 0,
            width: None,
        })
    }

    /// Reads one record and passes its cells to `sink`; `false` at the end.
    async fn cells(&mut self, sink: &mut CellSink<'_>) -> Result<bool> {
        let (mut cells, mut length) = (0, 0);
        loop {
            if self.from == self.to {
                (self.from, self.to) = (0, self.content.fill(&mut self.buffer).await?);
                if self.span.is_bomb(self.content.position()) {
                    let what = format!(
                        "unpacks to more than {LARGEST_RATIO} times its {} bytes, which data that varies never does",
                        self.span.stored
                    );
                    return Err(self.span.format_error(what));
                }
            }
            let input = &self.buffer[self.from..self.to];
            let (result, read, written) = self.parser.read_field(input, &mut self.cell[length..]);
            self.newlines += input[..read].iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.last = input[..read].last().copied().unwrap_or(self.last);
            self.from += read;
            length += written;
            // A cell read together with its line end belongs to the line before.
            let line = self.newlines + u64::from(self.last != b'\n');
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => {
                    let what = format!(
                        "line {line}, column {cells} is longer than {LONGEST_CELL} characters, expected a number \
                         (a quote without its end?)"
                    );
                    return Err(self.span.format_error(what));
                }
                ReadFieldResult::End => return Ok(false),
                ReadFieldResult::Field { record_end } => {
                    sink(line, cells, &self.cell[..length])?;
                    (cells, length) = (cells + 1, 0);
                    if record_end {
                        return self.end_record(line, cells);
                    }
                    if cells == MOST_COLS {
                        return Err(self
                            .span
                            .format_error(format!("line {line} has more than {MOST_COLS} columns")));
                    }
                }
            }
        }
    }

    fn end_record(&mut self, line: u64, cells: usize) -> Result<bool> {
        self.records += 1;
        let (width, first) = *self.width.get_or_insert((cells, line));
        if cells != width {
            return Err(self.span.format_error(format!(
                "line {line} has {cells} cells, expected {width} as line {first} has"
            )));
        }
        Ok(true)
    }

    async fn record(&mut self) -> Result<Option<Vec<Vec<u8>>>> {
        let mut cells = Vec::new();
        let mut keep = |_, _, cell: &[u8]| {
            cells.push(cell.to_vec());
            Ok(())
        };
        let found = self.cells(&mut keep).await?;
        Ok(found.then_some(cells))
    }

    async fn skip_record(&mut self) -> Result<bool> {
        self.cells(&mut |_, _, _| Ok(())).await
    }
}

impl TextTable {
    /// Hands the numbers of the first `rows` rows to `sink`, a row at a time, and returns their labels.
    async fn hand_on(
        &self,
        file: &InputFile<'_>,
        (rows, cols): (u64, usize),
        progress: &mut Progress<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Option<Vec<u8>>> {
        let mut lines = Lines::new(&self.span, file, self.separator).await?;
        if self.header {
            lines.skip_record().await?;
        }
        let mut slices = 0;
        let mut labels = ClassLabels::default();
        let mut row_bytes = Vec::with_capacity(self.width * size_of::<f32>());
        for row in 0..rows {
            row_bytes.clear();
            let found = lines
                .cells(&mut |line, at, cell| {
                    if self.label == Some(at) {
                        labels.push(&String::from_utf8_lossy(cell.trim_ascii()));
                    } else if !(self.index && at == 0) {
                        row_bytes.extend(self.value(line, at, cell)?.to_le_bytes());
                    }
                    Ok(())
                })
                .await?;
            if !found || row_bytes.len() != cols * size_of::<f32>() {
                let what = format!(
                    "has other rows than {rows} of {cols} numbers: it has changed since it was opened"
                );
                return Err(self.span.format_error(what));
            }
            sink.put(row * cols as u64, &row_bytes)?;
            if lines.content.slices() > slices || row + 1 == rows {
                slices = lines.content.slices();
                if progress(row + 1, rows).is_break() {
                    return Err(Error::ReadCancelled(self.span.label.clone()));
                }
            }
        }
        Ok(labels.finish())
    }

    fn value(&self, line: u64, at: usize, cell: &[u8]) -> Result<f32> {
        number(cell).ok_or_else(|| {
            let cell = String::from_utf8_lossy(cell);
            let cell: String = cell.escape_debug().take(40).collect();
            self.span.format_error(format!("line {line}, column {at} is '{cell}', expected a number"))
        })
    }
}

impl TensorBody for TextTable {
    fn element_type(&self) -> ElementType {
        CELL
    }

    /// The lines have been counted when the file was opened.
    fn check_claim<'s>(
        &'s self,
        _: &'s InputFile<'_>,
        _: StorageKind,
        _: &'s mut Progress<'_>,
    ) -> Reading<'s, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn each<'s>(
        &'s self,
        file: &'s InputFile<'_>,
        shape: (u64, usize),
        progress: &'s mut Progress<'_>,
        sink: &'s mut dyn Sink,
    ) -> Reading<'s, Option<Vec<u8>>> {
        Box::pin(self.hand_on(file, shape, progress, sink))
    }
}
