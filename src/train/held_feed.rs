//! What stands for `row_feed` in a build without the feature `files`: there are no streams, and the engine holds all rows.

use super::train_rows::{PassOrder, TrainRows};
use crate::data::{DataMoments, Dataset};
use crate::engine::ActiveEngine;
use crate::error::Result;
use crate::progress::Work;
use crate::random::Random;

/// The rows that an engine is opened with.
pub struct FirstRows {
    pub held: Dataset,
}

impl FirstRows {
    pub fn of(held: Dataset) -> Self {
        Self { held }
    }

    pub fn all(&self) -> usize {
        self.held.rows()
    }

    pub fn moments(&self) -> DataMoments {
        self.held.moments()
    }

    pub fn feed(self) -> (Dataset, RowFeed) {
        let feed = RowFeed { held: self.held.rows() as u32, begun: None };
        (self.held, feed)
    }
}

pub fn first_rows(TrainRows::Held(rows): TrainRows, _seed: u64, _batch_size: usize) -> Result<FirstRows> {
    Ok(FirstRows::of(rows))
}

/// Hands out the rows of a pass.
#[derive(Debug)]
pub struct RowFeed {
    held: u32,
    /// A pass before it is handed out.
    begun: Option<PassOrder>,
}

impl RowFeed {
    pub fn held_rows(&self) -> u32 {
        self.held
    }

    pub fn begin(&mut self, order: PassOrder) {
        self.begun = Some(order);
    }

    pub fn next(&mut self, _: &mut ActiveEngine, _: &mut Work<'_>) -> Result<Option<Vec<u32>>> {
        Ok(self.order())
    }

    /// Not inlined: copies in each loop over rows would make the download larger.
    #[inline(never)]
    fn order(&mut self) -> Option<Vec<u32>> {
        Some(match self.begun.take()? {
            PassOrder::Shuffled { seed, epoch, .. } => Random::epoch(seed, epoch).permutation(self.held),
            PassOrder::InOrder => (0..self.held).collect(),
        })
    }

    pub fn read_on(&mut self) {}

    pub fn end(&mut self) {}
}
