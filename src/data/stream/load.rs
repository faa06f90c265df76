//! What takes all rows of a stream: the one pass for means and deviations, and rows that are loaded into memory.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use super::pass::{Chunk, Pass, read_chunk};
use super::row_stream::{Block, RowStream};
use crate::data::column_moments::ColumnMoments;
use crate::data::read::Progress;
use crate::data::{Dataset, Normalisation, NormalisationKind};
use crate::error::{Error, Result};
use crate::memory::zeros;

/// Rows between two reports of the pass that counts.
const HEARD_ROWS: u32 = 8192;

/// Rows in memory, with their numbers in the set.
#[derive(Debug, Clone)]
pub struct LoadedRows {
    /// The rows.
    pub rows: Dataset,
    /// Which row of the set each of them is, counted through all files.
    pub numbers: Vec<u32>,
}

impl RowStream {
    /// The rows under another normalisation, which replaces any earlier one; `Standardise` is fitted on them. The first time
    /// all rows are read once, for their means and deviations, and those that are not finite are found.
    ///
    /// # Errors
    /// If a file cannot be read, a value is not finite or cannot be kept, no row is left, or `progress`, which hears of
    /// rows, breaks.
    pub async fn normalised(&self, kind: NormalisationKind, progress: &mut Progress<'_>) -> Result<Self> {
        match self.read.as_deref() {
            Some((columns, _)) => Ok(self.clone().under(kind, columns.clone())),
            None => {
                let (read, columns) = self.read_all(progress).await?;
                Ok(read.under(kind, columns))
            }
        }
    }

    fn under(self, kind: NormalisationKind, columns: ColumnMoments) -> Self {
        let normalisation = columns.normalisation(kind);
        let moments = columns.under(&normalisation);
        Self { normalisation: Arc::new(normalisation), read: Some(Rc::new((columns, moments))), ..self }
    }

    async fn read_all(&self, progress: &mut Progress<'_>) -> Result<(Self, ColumnMoments)> {
        let raw = Self { normalisation: Arc::new(Normalisation::NONE), ..self.clone() };
        let total = raw.blocks.iter().map(|block| u64::from(block.rows)).sum();
        let mut columns = ColumnMoments::new(self.cols());
        let mut blocks = raw.blocks.to_vec();
        let mut row: Vec<f32> = zeros("row", &[self.cols()])?;
        let mut done = 0;
        let mut pass = Pass::in_order(&raw, 1);
        loop {
            while !pass.more().await? {
                self.heed(progress(done, total))?;
            }
            let Some(chunk) = pass.next_chunk().await? else { break };
            for (block, dropped) in chunk.dropped {
                done += dropped.len() as u64;
                blocks[block].dropped = dropped;
            }
            if chunk.values.is_empty() {
                continue;
            }
            let rows = Dataset::unchecked(chunk.values, self.cols())?;
            for at in 0..rows.rows() as u32 {
                rows.gather(&[at], &mut row);
                columns.add(&row);
                // The pass reads on meanwhile, and a page hears of it.
                if at % HEARD_ROWS == HEARD_ROWS - 1 {
                    pass.read_on();
                    self.heed(progress(done + u64::from(at), total))?;
                }
            }
            done += rows.rows() as u64;
        }
        self.heed(progress(total, total))?;
        if blocks.iter().all(|block| block.kept() == 0) {
            return Err(self.none_left(total));
        }
        Ok((Self { blocks: blocks.into(), drops: false, ..raw }, columns))
    }

    /// All rows in memory, in the order of the files.
    ///
    /// # Errors
    /// As [`RowStream::normalised`]; if memory has no room for them.
    pub async fn load(&self, progress: &mut Progress<'_>) -> Result<LoadedRows> {
        let total = self.rows();
        let chunk = read_chunk(self.clone(), (0..self.blocks.len()).collect(), 0, |rows| {
            self.heed(progress(rows, total))
        });
        let Chunk { values, dropped } = chunk.await?;
        let mut blocks = self.blocks.to_vec();
        for (block, dropped) in dropped {
            blocks[block].dropped = dropped;
        }
        if values.is_empty() {
            return Err(self.none_left(total));
        }
        Ok(LoadedRows { rows: Dataset::unchecked(values, self.cols())?, numbers: self.numbers(&blocks) })
    }

    /// Which rows of the set the rows of blocks are.
    fn numbers(&self, blocks: &[Block]) -> Vec<u32> {
        let before = self.rows_before();
        let mut numbers = Vec::new();
        for block in blocks {
            let first = (before[block.shard] + block.first) as u32;
            numbers.extend(block.kept_rows().map(|row| first + row));
        }
        numbers
    }

    fn none_left(&self, rows: u64) -> Error {
        let found = format!("none of {rows}");
        Error::shape("rows without NaN and infinity", found, "at least 1").in_file(&self.name())
    }

    fn heed(&self, decision: ControlFlow<()>) -> Result<()> {
        match decision {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::ReadCancelled(self.name())),
        }
    }
}
