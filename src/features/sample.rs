//! Sparse codes of all rows where they fit, else of a uniform random sample of rows.

use crate::random::{Random, Stream};
use crate::sae::SparseCodes;

/// Codes of the rows in the sample. Every row draws a number when it comes; when the codes outgrow their bound the rows
/// with the larger half of the numbers are dropped, so that at any time the rows are a uniform sample.
#[derive(Debug)]
pub struct CodeSample {
    /// Codes of these rows, zeros left out.
    pub codes: SparseCodes,
    /// Their numbers, ascending.
    pub rows: Vec<u32>,
    draws: Vec<u32>,
    random: Random,
    /// Rows stay whose draw begins with this many zero bits.
    level: u32,
    bound: usize,
}

impl CodeSample {
    /// Empty; at most `bound` entries later.
    pub fn new(d_sae: usize, bound: usize, seed: u64) -> Self {
        let random = Random::new(seed, Stream::Kept);
        Self { codes: SparseCodes::new(d_sae), rows: Vec::new(), draws: Vec::new(), random, level: 0, bound }
    }

    /// Takes the next row. Rows come in order of their numbers.
    pub fn push(&mut self, row: u32, entries: impl Iterator<Item = (u32, f32)>) {
        let draw = self.random.word();
        if !stays(draw, self.level) {
            return;
        }
        entries.for_each(|(latent, value)| self.codes.push(latent, value));
        self.codes.end_row();
        self.rows.push(row);
        self.draws.push(draw);
        while self.codes.len() > self.bound && self.level < u32::BITS {
            self.level += 1;
            self.thin();
        }
    }

    fn thin(&mut self) {
        let level = self.level;
        self.codes.retain_rows(|row| stays(self.draws[row], level));
        let mut draws = self.draws.iter();
        self.rows.retain(|_| draws.next().is_some_and(|&draw| stays(draw, level)));
        self.draws.retain(|&draw| stays(draw, level));
    }
}

fn stays(draw: u32, level: u32) -> bool {
    draw.leading_zeros() >= level
}
