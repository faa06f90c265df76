//! A part of a stream that is held out: blocks, or whole sequences.

use super::row_stream::{Block, RowStream};
use crate::data::sequences::Sequences;
use crate::error::{Error, Result};
use crate::memory;
use crate::random::{Random, Stream};

impl RowStream {
    /// Two parts: blocks drawn at random until they have `rows` rows are the second, the others the first. Neighbouring
    /// rows stay together; a text that lies in two blocks may be on both sides, which
    /// [`RowStream::hold_out_sequences`] prevents.
    ///
    /// # Errors
    /// If there are no such two parts.
    pub fn hold_out(&self, rows: usize, seed: u64) -> Result<(Self, Self)> {
        let order = Random::new(seed, Stream::Rows).permutation(self.blocks.len() as u32);
        let (mut left, mut held, mut rest) = (rows as u64, Vec::new(), Vec::new());
        for at in order {
            let part = if left > 0 { &mut held } else { &mut rest };
            left = left.saturating_sub(self.blocks[at as usize].kept() as u64);
            part.push(at);
        }
        if held.is_empty() || rest.is_empty() {
            return Err(Error::option("rows", rows, format!("a part of the {} rows", self.rows())));
        }
        Ok((self.part(rest), self.part(held)))
    }

    /// Two parts of whole sequences: those drawn at random until they have `rows` rows are the second, the others the first.
    /// Blocks are cut where a part ends.
    ///
    /// # Errors
    /// If the sequences are not those of all rows of the files, all rows are of one, or `rows` is not a part of them.
    pub fn hold_out_sequences(&self, rows: usize, seed: u64, sequences: &Sequences) -> Result<(Self, Self)> {
        let outside = || Error::option("rows", rows, format!("a part of the {} rows", self.rows()));
        if rows == 0 || rows as u64 >= self.rows() {
            return Err(outside());
        }
        sequences.check(self.shards.rows)?;
        let before = self.rows_before();
        let kept = self.blocks.iter().flat_map(|block| {
            let first = (before[block.shard] + block.first) as usize;
            block.kept_rows().map(move |row| first + row as usize)
        });
        let drawn = sequences.draw(kept, memory::dimension(self.rows()), rows as u64, seed)?;
        let (mut held, mut rest) = (Vec::new(), Vec::new());
        for block in self.blocks.iter() {
            let first = (before[block.shard] + block.first) as usize;
            let name = |row: u32| sequences.at(first + row as usize);
            let mut start = 0;
            while start < block.rows {
                let side = drawn.has(name(start));
                let ends = |&row: &u32| name(row) != name(row - 1) && drawn.has(name(row)) != side;
                let end = (start + 1..block.rows).find(ends).unwrap_or(block.rows);
                let piece = block.piece(start..end);
                if piece.kept() > 0 {
                    if side { &mut held } else { &mut rest }.push(piece);
                }
                start = end;
            }
        }
        if held.is_empty() || rest.is_empty() {
            return Err(outside());
        }
        Ok((self.of_blocks(rest), self.of_blocks(held)))
    }

    /// The sequences that the shapes of the files tell, `[batch, sequence, d_in]`; none if one of the files is a matrix, or
    /// memory has no room for a number for each row where lengths differ from file to file.
    pub fn sequences(&self) -> Option<Sequences> {
        let shards = &self.shards.shards;
        let first = shards.first()?.sequences.as_ref()?;
        if shards.iter().all(|shard| shard.sequences.as_ref() == Some(first)) {
            return Some(first.clone());
        }
        let mut of: Vec<u32> =
            memory::reserve("sequences of the rows", &[memory::dimension(self.shards.rows)]).ok()?;
        let mut begun = 0;
        for shard in shards {
            let sequences = shard.sequences.as_ref()?;
            of.extend((0..shard.rows as usize).map(|row| begun + sequences.at(row)));
            begun = of.last().map_or(0, |last| last + 1);
        }
        Some(Sequences::Of(of))
    }
}

impl Block {
    /// Rows that are not left out, counted from the first of the block.
    pub fn kept_rows(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        (0..self.rows).filter(|row| self.dropped.binary_search(row).is_err())
    }

    fn piece(&self, rows: std::ops::Range<u32>) -> Self {
        let inside = self.dropped.iter().filter(|row| rows.contains(row));
        Self {
            shard: self.shard,
            first: self.first + u64::from(rows.start),
            rows: rows.end - rows.start,
            dropped: inside.map(|row| row - rows.start).collect(),
        }
    }
}
