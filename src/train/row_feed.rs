//! The rows of a pass, in memory or chunk by chunk from their files.

use super::train_rows::{PassOrder, TrainRows};
use crate::data::{DataMoments, Dataset, Pass, RowStream};
use crate::engine::{ActiveEngine, Engine, STATISTICS_BLOCK};
use crate::error::{Error, Result};
use crate::progress::Work;
use crate::random::Random;

/// The rows that an engine is opened with: all that there are, or the first of a stream.
pub struct FirstRows {
    pub held: Dataset,
    stream: Option<Box<RowStream>>,
}

impl FirstRows {
    /// Of rows that the engine holds as a whole.
    pub fn of(held: Dataset) -> Self {
        Self { held, stream: None }
    }

    /// How many rows there are in all.
    pub fn all(&self) -> usize {
        // Those of a stream are below 2^32.
        self.stream.as_ref().map_or(self.held.rows(), |stream| stream.rows() as usize)
    }

    /// Means of all rows.
    pub fn moments(&self) -> DataMoments {
        let known = self.stream.as_ref().and_then(|stream| stream.moments());
        known.cloned().unwrap_or_else(|| self.held.moments())
    }

    /// The rows for the engine, and what feeds it with the others.
    pub fn feed(self) -> (Dataset, RowFeed) {
        let stream = self.stream.map(|rows| Box::new(StreamFeed { rows: *rows, pass: None }));
        let feed = RowFeed { held: self.held.rows() as u32, begun: None, stream };
        (self.held, feed)
    }
}

/// The first rows of a run.
///
/// # Errors
/// If a stream has not been read once, or cannot be read.
pub async fn first_rows(rows: TrainRows, seed: u64, batch_size: usize) -> Result<FirstRows> {
    match rows {
        TrainRows::Held(rows) => Ok(FirstRows::of(rows)),
        TrainRows::Streamed(rows) => {
            let first = match rows.moments() {
                Some(_) => Pass::shuffled(&rows, (seed, 0), batch_size).next().await?,
                None => None,
            };
            let Some((held, _)) = first else {
                let found = "a stream that has not been read";
                return Err(Error::option("train", found, "one that `normalised` has read once"));
            };
            Ok(FirstRows { held, stream: Some(rows) })
        }
    }
}

/// Hands out the rows of a pass, and sees to it that the engine holds them.
#[derive(Debug)]
pub struct RowFeed {
    /// Rows that the engine holds now.
    held: u32,
    /// A pass over rows that the engine holds as a whole, before it is handed out.
    begun: Option<PassOrder>,
    stream: Option<Box<StreamFeed>>,
}

/// A stream, and the pass that is under way.
struct StreamFeed {
    rows: RowStream,
    pass: Option<Pass>,
}

impl std::fmt::Debug for StreamFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.rows.fmt(f)
    }
}

impl RowFeed {
    /// Rows that the engine holds now.
    pub fn held_rows(&self) -> u32 {
        self.held
    }

    /// Begins a pass; one that is under way ends.
    pub fn begin(&mut self, order: PassOrder) {
        if let Some(stream) = &mut self.stream {
            stream.pass = Some(match order {
                PassOrder::Shuffled { seed, epoch, batch_size } => {
                    Pass::shuffled(&stream.rows, (seed, epoch), batch_size)
                }
                PassOrder::InOrder => Pass::in_order(&stream.rows, STATISTICS_BLOCK),
            });
            return;
        }
        self.begun = Some(order);
    }

    /// The numbers of the next rows, among those that the engine then holds; `None` where the pass has ended.
    ///
    /// # Errors
    /// If they cannot be read, the engine has no room for them, or the observer breaks.
    pub async fn next(&mut self, engine: &mut ActiveEngine, work: &mut Work<'_>) -> Result<Option<Vec<u32>>> {
        if let Some(StreamFeed { pass, .. }) = self.stream.as_deref_mut() {
            let Some(running) = pass else { return Ok(None) };
            while !running.more().await? {
                work.advance(0.0).await?;
            }
            let Some((rows, order)) = running.next().await? else {
                *pass = None;
                return Ok(None);
            };
            self.held = rows.rows() as u32;
            engine.hold(rows).await?;
            running.read_on();
            return Ok(Some(order));
        }
        Ok(self.begun.take().map(|order| match order {
            PassOrder::Shuffled { seed, epoch, .. } => Random::epoch(seed, epoch).permutation(self.held),
            PassOrder::InOrder => (0..self.held).collect(),
        }))
    }

    /// Reads the rows that come next as far as nothing must be waited for: called between pieces of work.
    pub fn read_on(&mut self) {
        if let Some(Some(pass)) = self.stream.as_deref_mut().map(|stream| &mut stream.pass) {
            pass.read_on();
        }
    }

    /// Ends a pass that is under way.
    pub fn end(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.pass = None;
        }
    }
}
