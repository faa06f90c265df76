//! Tables of numbers as text: CSV, TSV, semicolons or single spaces. The crate `csv-core`, which `csv` is built on,
//! takes the text in slices. A first pass finds rows, columns, header and labels; values are read in a second.

use std::collections::HashMap;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::content::{Content, LARGEST_RATIO, Span};
use super::elements::{Progress, Sink};
use super::recognise::text;
use super::source::File;
use super::tensor_file::{Format, Found, Tensor};
use super::{Dataset, Dtype, TensorInfo};
use crate::error::{Error, Result};

pub const FORMAT: Format = Format {
    name: "tables of numbers (.csv, .tsv)",
    by_content: |start| text(start).is_some_and(begins_with_numbers),
    by_name: |name| {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        name.ends_with(".csv") || name.ends_with(".tsv")
    },
    open: |file| Box::pin(open(file)),
};

/// Cells are handed on as little-endian 32-bit floats.
pub const NUMBER: (Dtype, bool) = (Dtype::F32, false);
/// Longest cell: a label may be a word, a number never needs as much.
const LONGEST_CELL: usize = 4096;
/// Columns that a table may have.
const MOST_COLS: usize = 1 << 18;
/// Classes that labels can tell apart.
const CLASSES: usize = 256;
/// Names of a column that holds labels.
const LABEL_NAMES: [&str; 5] = ["label", "labels", "class", "target", "y"];
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How a table is laid out.
pub struct Table {
    span: Span,
    separator: u8,
    header: bool,
    label: Option<usize>,
    /// Whether the first column numbers the rows, as pandas writes it.
    index: bool,
    /// Cells in a line.
    width: usize,
}

/// Whether the first line is numbers, at least two of them, or more lines follow.
fn begins_with_numbers(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let (line, more) = text.split_once('\n').map_or((text, false), |(line, _)| (line, true));
    let cut = !more;
    let cells: Vec<&str> = line.trim_end().split([',', ';', '\t', ' ']).collect();
    // The last cell of a line that goes on past what is seen may be half a number.
    let whole = if cut && cells.len() > 1 { &cells[..cells.len() - 1] } else { &cells };
    (more || cells.len() > 1)
        && whole.iter().all(|cell| !cell.is_empty() && number(cell.as_bytes()).is_some())
}

/// The number in a cell; an empty cell is a value that is missing.
fn number(cell: &[u8]) -> Option<f32> {
    let cell = cell.trim_ascii();
    if cell.is_empty() {
        return Some(f32::NAN);
    }
    std::str::from_utf8(cell).ok()?.parse().ok()
}

async fn open(file: &File<'_>) -> Result<Found> {
    let span = Span::of(file);
    let separator = separator(&span, file).await?;
    let mut lines = Lines::new(&span, file, separator).await?;
    let first = lines.record().await?.ok_or_else(|| span.damage("is empty, expected lines of numbers"))?;
    let second = lines.record().await?;
    let width = first.len();
    let Some(second) =
        second.or_else(|| first.iter().any(|cell| number(cell).is_some()).then(|| first.clone()))
    else {
        return Err(span.damage("has a single line without a number, expected lines of numbers"));
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
    while lines.skip_record().await? {}
    let rows = lines.records - u64::from(header);
    let cols = width - usize::from(label.is_some()) - usize::from(index);
    if cols == 0 {
        return Err(span.damage("has no column of numbers"));
    }
    let shape = vec![rows as usize, cols];
    let info = TensorInfo { name: file.name.clone(), dtype: NUMBER.0, shape };
    drop(lines);
    let table = Table { span, separator, header, label, index, width };
    Ok(Tensor::of_table(info, rows, cols, table).into())
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
async fn separator(span: &Span, file: &File<'_>) -> Result<u8> {
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
type Cells<'s> = dyn FnMut(u64, usize, &[u8]) -> Result<()> + 's;

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
    /// Line ends behind, and the byte last parsed.
    newlines: u64,
    last: u8,
    /// Records read.
    records: u64,
    /// Cells in the first record, which all others must have, and the line that it stood in.
    width: Option<(usize, u64)>,
}

impl<'f> Lines<'f> {
    async fn new(span: &'f Span, file: &'f File<'_>, separator: u8) -> Result<Self> {
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

    /// Reads one record, handing on its cells; `false` at the end.
    async fn cells(&mut self, sink: &mut Cells<'_>) -> Result<bool> {
        let (mut cells, mut length) = (0, 0);
        loop {
            if self.from == self.to {
                (self.from, self.to) = (0, self.content.fill(&mut self.buffer).await?);
                if self.span.is_bomb(self.content.position()) {
                    let what = format!(
                        "unpacks to more than {LARGEST_RATIO} times its {} bytes, as data that vary do not",
                        self.span.stored
                    );
                    return Err(self.span.damage(what));
                }
            }
            let input = &self.buffer[self.from..self.to];
            let (result, read, written) = self.parser.read_field(input, &mut self.cell[length..]);
            self.newlines += input[..read].iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.last = input[..read].last().copied().unwrap_or(self.last);
            self.from += read;
            length += written;
            // A cell that has been read with its line's end belongs to the line before.
            let line = self.newlines + u64::from(self.last != b'\n');
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => {
                    let what = format!(
                        "line {line}, column {cells} is longer than {LONGEST_CELL} characters, expected a number \
                         (a quote without its end?)"
                    );
                    return Err(self.span.damage(what));
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
                            .damage(format!("line {line} has more than {MOST_COLS} columns")));
                    }
                }
            }
        }
    }

    fn end_record(&mut self, line: u64, cells: usize) -> Result<bool> {
        self.records += 1;
        let (width, first) = *self.width.get_or_insert((cells, line));
        if cells != width {
            return Err(self
                .span
                .damage(format!("line {line} has {cells} cells, expected {width} as line {first} has")));
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

impl Table {
    /// Hands the numbers of the first `rows` rows to `sink`, a row at a time, and their labels.
    pub async fn each(
        &self,
        file: &File<'_>,
        rows: u64,
        progress: &mut Progress<'_>,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut lines = Lines::new(&self.span, file, self.separator).await?;
        if self.header {
            lines.skip_record().await?;
        }
        let mut slices = 0;
        let mut row_bytes = Vec::with_capacity(self.width * size_of::<f32>());
        for row in 0..rows {
            row_bytes.clear();
            let label = &self.span.label;
            let found = lines
                .cells(&mut |line, at, cell| {
                    if self.label == Some(at) {
                        sink.label(&String::from_utf8_lossy(cell.trim_ascii()));
                    } else if !(self.index && at == 0) {
                        let value = number(cell).ok_or_else(|| {
                            let cell = String::from_utf8_lossy(cell);
                            let cell: String = cell.escape_debug().take(40).collect();
                            let what = format!("line {line}, column {at} is '{cell}', expected a number");
                            Error::format(label, what)
                        })?;
                        row_bytes.extend(value.to_le_bytes());
                    }
                    Ok(())
                })
                .await?;
            let cols = (row_bytes.len() / size_of::<f32>()) as u64;
            if !found {
                return Err(self
                    .span
                    .damage(format!("ends after {row} rows, expected {rows}: it has changed")));
            }
            sink.put(row * cols, &row_bytes)?;
            if lines.content.slices() > slices || row + 1 == rows {
                slices = lines.content.slices();
                if progress(row + 1, rows).is_break() {
                    return Err(Error::ReadCancelled(self.span.label.clone()));
                }
            }
        }
        Ok(())
    }
}

/// Labels as they are read: numbers up to 255 stay, other texts are numbered as they first appear.
#[derive(Default)]
pub struct Labels {
    /// Which of the texts each row has.
    rows: Vec<u8>,
    texts: HashMap<String, u8>,
    /// More texts than labels can tell apart: a column of words, not of classes.
    too_many: bool,
}

impl Labels {
    /// Takes the label of the next row.
    pub fn push(&mut self, text: &str) {
        if self.too_many {
            return;
        }
        let next = self.texts.len();
        let label = match self.texts.get(text) {
            Some(&label) => label,
            None if next == CLASSES => {
                *self = Self { too_many: true, ..Self::default() };
                return;
            }
            None => *self.texts.entry(text.to_owned()).or_insert(next as u8),
        };
        self.rows.push(label);
    }

    /// Gives a data set its labels, if there were any.
    pub fn give(self, dataset: Dataset) -> Dataset {
        if self.rows.is_empty() {
            return dataset;
        }
        let mut meaning: Vec<u8> = (0..=255).collect();
        let whole: Option<Vec<(u8, u8)>> =
            self.texts.iter().map(|(text, &label)| Some((label, text.parse().ok()?))).collect();
        for (label, number) in whole.unwrap_or_default() {
            meaning[usize::from(label)] = number;
        }
        dataset.with_stored_labels(self.rows.iter().map(|&label| meaning[usize::from(label)]).collect())
    }
}
