//! All rows of a stream once, in chunks; while one is worked on, the next is being read.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_util::StreamExt;
use futures_util::stream;

use super::row_stream::{Block, RowStream};
use crate::data::Dataset;
use crate::data::read::{Sink, StorageBuilder};
use crate::data::storage::Storage;
use crate::error::{Error, Result};
use crate::progress::BoxedFuture;
use crate::random::Random;

/// Blocks that are asked for before the first of them has come.
const READS_AT_A_TIME: usize = 16;

/// Rows in memory, and which rows of which blocks were found not to be finite and left out.
pub struct Chunk {
    /// Row-major; empty if all were left out.
    pub values: Storage,
    pub dropped: Vec<(usize, Vec<u32>)>,
}

/// The next chunk, as far as it has been read.
enum Ahead {
    Reading(BoxedFuture<'static, Result<Chunk>>),
    Read(Result<Chunk>),
}

/// A pass over the rows of a stream.
pub struct Pass {
    stream: RowStream,
    /// Blocks of the chunks that have not been begun.
    chunks: std::vec::IntoIter<Vec<usize>>,
    /// Shuffles the rows of a chunk.
    random: Option<Random>,
    /// Chunks but the last hand out a multiple of so many rows; what is over goes to the next.
    unit: usize,
    carried: Option<Storage>,
    ahead: Option<Ahead>,
}

impl Pass {
    /// All rows in the order of the files.
    pub fn in_order(stream: &RowStream, unit: usize) -> Self {
        let order = (0..stream.blocks.len() as u32).collect();
        Self::new(stream, order, None, unit)
    }

    /// Blocks at random and rows at random within a chunk, as epoch number `epoch` of this seed has them.
    pub fn shuffled(stream: &RowStream, (seed, epoch): (u64, u32), unit: usize) -> Self {
        let order = Random::blocks(seed, epoch).permutation(stream.blocks.len() as u32);
        Self::new(stream, order, Some(Random::epoch(seed, epoch)), unit)
    }

    fn new(stream: &RowStream, order: Vec<u32>, random: Option<Random>, unit: usize) -> Self {
        let chunks = stream.chunks(order).into_iter();
        let unit = unit.max(1);
        Self { stream: stream.clone(), chunks, random, unit, carried: None, ahead: None }
    }

    /// Waits until more of the next chunk has come, and says whether it is complete; so it is where none follows.
    pub async fn more(&mut self) -> Result<bool> {
        self.begin();
        let Some(Ahead::Reading(reading)) = &mut self.ahead else { return Ok(true) };
        let mut waited = false;
        let read = poll_fn(|context| match reading.as_mut().poll(context) {
            Poll::Ready(chunk) => Poll::Ready(Some(chunk)),
            Poll::Pending if waited => Poll::Ready(None),
            Poll::Pending => {
                waited = true;
                Poll::Pending
            }
        });
        let Some(read) = read.await else { return Ok(false) };
        self.ahead = Some(Ahead::Read(read));
        Ok(true)
    }

    /// Begins to read the next chunk, and goes on with it as far as it need not wait.
    pub fn read_on(&mut self) {
        self.begin();
        if let Some(Ahead::Reading(reading)) = &mut self.ahead
            && let Poll::Ready(read) = reading.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            self.ahead = Some(Ahead::Read(read));
        }
    }

    fn begin(&mut self) {
        if self.ahead.is_none()
            && let Some(blocks) = self.chunks.next()
        {
            let spare = self.unit - 1;
            let reading = read_chunk(self.stream.clone(), blocks, spare, |_| Ok(()));
            self.ahead = Some(Ahead::Reading(Box::pin(reading)));
        }
    }

    /// The next chunk as it lies in the files, if there is one.
    pub async fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        while !self.more().await? {}
        match self.ahead.take() {
            Some(Ahead::Read(read)) => read.map(Some),
            Some(Ahead::Reading(_)) | None => Ok(None),
        }
    }

    /// The next rows, and the order in which they are to be taken; `None` where all have been handed out. The chunk after
    /// them is read from [`Pass::read_on`] on, so that the one before them can be let go first.
    ///
    /// # Errors
    /// If a file cannot be read, or a value is not finite or cannot be kept.
    pub async fn next(&mut self) -> Result<Option<(Dataset, Vec<u32>)>> {
        let cols = self.stream.cols();
        loop {
            let chunk = self.next_chunk().await?.map(|chunk| chunk.values);
            let last = self.chunks.len() == 0;
            let (values, carried) = match (chunk, self.carried.take()) {
                (Some(mut values), Some(carried)) => {
                    values.append(&carried, 0..carried.len());
                    (values, carried.len() / cols)
                }
                (Some(values), None) | (None, Some(values)) => (values, 0),
                (None, None) => return Ok(None),
            };
            let rows = values.len() / cols;
            let mut order = self.order(rows, carried);
            let over = if last { 0 } else { rows % self.unit };
            if over > 0 {
                let mut carried = Storage::zeros("rows", values.kind(), (0, over), cols)?;
                for row in order.split_off(rows - over) {
                    let start = row as usize * cols;
                    carried.append(&values, start..start + cols);
                }
                self.carried = Some(carried);
            }
            if !order.is_empty() {
                let rows = Dataset::unchecked(values, cols)?.normalised_by(&self.stream.normalisation);
                return Ok(Some((rows, order)));
            }
        }
    }

    /// The order of the rows of a chunk, the last `carried` of which came before the others.
    fn order(&mut self, rows: usize, carried: usize) -> Vec<u32> {
        let rows = rows as u32;
        match &mut self.random {
            Some(random) => random.permutation(rows),
            None => (rows - carried as u32..rows).chain(0..rows - carried as u32).collect(),
        }
    }
}

/// Reads blocks, by their numbers, one after another in memory with room for `spare` more rows. `heard` is told of the rows
/// read, and may end the reading.
pub async fn read_chunk(
    stream: RowStream,
    blocks: Vec<usize>,
    spare: usize,
    mut heard: impl FnMut(u64) -> Result<()>,
) -> Result<Chunk> {
    let (set, cols) = (&*stream.shards, stream.cols());
    let rows = blocks.iter().fold(0, |sum: usize, &at| sum.saturating_add(stream.blocks[at].rows as usize));
    let what = format!("{}: rows as {}", set.name(), set.kind.name());
    let values = Storage::zeros(&what, set.kind, (rows, spare), cols)?;
    let mut builder = StorageBuilder::over(values, cols, set.element_type);
    let row_bytes = cols * set.element_type.dtype.size();
    let reads = stream::iter(blocks).map(|at| {
        let block = &stream.blocks[at];
        let shard = &set.shards[block.shard];
        let start = shard.start + block.first * row_bytes as u64;
        async move { shard.file.bytes(start, block.rows as usize * row_bytes).await.map(|bytes| (at, bytes)) }
    });
    let mut reads = pin!(reads.buffered(READS_AT_A_TIME));
    let (mut filled, mut read_rows, mut all_dropped) = (0, 0, Vec::new());
    while let Some(read) = reads.next().await {
        let (at, bytes) = read?;
        let block = &stream.blocks[at];
        let place = &set.shards[block.shard].place;
        builder.name(place);
        builder.put((filled * cols) as u64, &bytes).map_err(|error| in_block(error, filled, block))?;
        let found = not_finite(&builder.values, filled * cols, block.rows as usize, cols);
        let unknown = found.iter().find(|(row, ..)| block.dropped.binary_search(row).is_err());
        let mut dropped = block.dropped.clone();
        if let Some(&(row, col, value)) = unknown {
            if !stream.drops {
                let row = block.first as usize + row as usize;
                return Err(Error::NotFiniteInFile {
                    place: place.clone(),
                    row,
                    col,
                    value: f64::from(value),
                });
            }
            dropped = found.iter().map(|&(row, ..)| row).collect();
            all_dropped.push((at, dropped.clone()));
        }
        filled += keep_others(&mut builder.values, filled, block.rows, &dropped, cols);
        read_rows += u64::from(block.rows);
        heard(read_rows)?;
    }
    let mut values = builder.values;
    values.truncate(filled * cols);
    Ok(Chunk { values, dropped: all_dropped })
}

/// The row of the file in the place of that of the chunk.
fn in_block(error: Error, filled: usize, block: &Block) -> Error {
    match error {
        Error::Unkeepable { place, row, col, value, kept } => {
            Error::Unkeepable { place, row: row - filled + block.first as usize, col, value, kept }
        }
        other => other,
    }
}

/// For each row with a value that is not finite its number, the first such column, and the value.
fn not_finite(values: &Storage, start: usize, rows: usize, cols: usize) -> Vec<(u32, usize, f32)> {
    if values.is_finite(start..start + rows * cols) {
        return Vec::new();
    }
    let first_in = |row: usize| {
        let row_start = start + row * cols;
        let col = (0..cols).find(|col| !values.value(row_start + col).is_finite())?;
        Some((row as u32, col, values.value(row_start + col)))
    };
    (0..rows).filter_map(first_in).collect()
}

/// Moves the rows that stay together, from row `first` of the chunk on; returns how many they are.
fn keep_others(values: &mut Storage, first: usize, rows: u32, dropped: &[u32], cols: usize) -> usize {
    if dropped.is_empty() {
        return rows as usize;
    }
    let mut kept = first;
    for row in (0..rows).filter(|row| dropped.binary_search(row).is_err()) {
        let from = (first + row as usize) * cols;
        values.move_down(from..from + cols, kept * cols);
        kept += 1;
    }
    kept - first
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::ops::ControlFlow;

    use super::*;
    use crate::data::{NormalisationKind, StreamFile, StreamOptions};
    use pollster::block_on;

    /// Rows that say their number: `[number, −number]`, in files of so many.
    fn numbered(files: &[usize], reservoir: u64) -> RowStream {
        let mut number = 0.0f32;
        let files = files.iter().enumerate().map(|(at, &rows)| {
            let shape = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 2)}}");
            let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
            bytes.extend((shape.len() as u16).to_le_bytes());
            bytes.extend(shape.bytes());
            for _ in 0..rows {
                bytes.extend([number, -number].iter().flat_map(|value| value.to_le_bytes()));
                number += 1.0;
            }
            StreamFile { name: format!("rows_{at}.npy"), source: Box::new(Cow::<[u8]>::Owned(bytes)) }
        });
        let options = StreamOptions { reservoir, ..StreamOptions::default() };
        let go_on = &mut |_, _| ControlFlow::Continue(());
        let opened = block_on(RowStream::open(files.collect(), options)).unwrap();
        block_on(opened.normalised(NormalisationKind::None, go_on)).unwrap()
    }

    /// The numbers of the rows as the pass hands them out, chunk by chunk.
    fn taken(mut pass: Pass) -> Vec<Vec<u32>> {
        let mut chunks = Vec::new();
        while let Some((rows, order)) = block_on(pass.next()).unwrap() {
            let values = rows.rows_at(&order).unwrap();
            assert!(values.chunks(2).all(|row| row[0] == -row[1]));
            chunks.push(values.chunks(2).map(|row| row[0] as u32).collect());
        }
        chunks
    }

    #[test]
    fn any_reservoir_hands_out_every_row_once_and_whole_batches() {
        let sizes: [&[usize]; 4] = [&[1], &[997], &[300, 1, 200, 7], &[64, 64]];
        for files in sizes {
            let rows: u32 = files.iter().sum::<usize>() as u32;
            for reservoir in [1, 64, 500, 1000, 4000, 1 << 20] {
                for unit in [1, 3, 32, 500] {
                    let stream = numbered(files, reservoir);
                    let shuffled = taken(Pass::shuffled(&stream, (5, 1), unit));
                    let (last, others) = shuffled.split_last().unwrap();
                    assert!(
                        others.iter().all(|chunk| chunk.len() % unit == 0),
                        "{files:?} {reservoir} {unit}"
                    );
                    assert!(!last.is_empty());
                    let mut all = shuffled.concat();
                    if rows > 60 {
                        assert!(!all.is_sorted());
                    }
                    all.sort_unstable();
                    assert!(all.iter().copied().eq(0..rows), "{files:?} {reservoir} {unit}");
                    let in_order = taken(Pass::in_order(&stream, unit)).concat();
                    assert!(in_order.into_iter().eq(0..rows), "{files:?} {reservoir} {unit}");
                }
            }
        }
    }

    #[test]
    fn epochs_differ_and_the_same_one_is_the_same() {
        let stream = numbered(&[500, 400], 2000);
        let pass = |seed, epoch| taken(Pass::shuffled(&stream, (seed, epoch), 8));
        assert_eq!(pass(1, 0), pass(1, 0));
        assert_ne!(pass(1, 0), pass(1, 1));
        assert_ne!(pass(1, 0), pass(2, 0));
    }

    #[test]
    fn a_set_that_fits_comes_in_the_order_of_rows_in_memory() {
        let stream = numbered(&[500, 400], 1 << 20);
        assert_eq!(taken(Pass::shuffled(&stream, (1, 3), 8)), [Random::epoch(1, 3).permutation(900)]);
    }

    #[test]
    fn a_chunk_is_no_larger_than_half_the_reservoir_and_comes_from_everywhere() {
        let stream = numbered(&[10_000], 16_000);
        let chunks = taken(Pass::shuffled(&stream, (1, 0), 1));
        assert!(chunks.len() >= 10, "{}", chunks.len());
        for chunk in &chunks {
            assert!(8 * chunk.len() <= 16_000 / 2, "{}", chunk.len());
            let mean = chunk.iter().map(|&row| f64::from(row)).sum::<f64>() / chunk.len() as f64;
            assert!((2000.0..8000.0).contains(&mean), "{mean}");
        }
    }
}
