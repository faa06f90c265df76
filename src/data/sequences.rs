//! Which rows are of one sequence: a text, a document, a context window. Neighbouring tokens of a text resemble each other,
//! so that rows drawn one by one leave almost the same rows on both sides of a split; whole sequences do not.

use crate::error::{Error, Result};
use crate::memory;
use crate::random::{Random, Stream};

/// Which rows of a file, or of all files of a set, are of one sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sequences {
    /// Every so many rows, from the first: `[batch, sequence, d_in]` gives `sequence`.
    Every(u32),
    /// The sequence of each row. Rows of one need not be neighbours.
    Of(Vec<u32>),
}

impl Sequences {
    /// Those of a tensor, whose last dimension is the width of a row and whose last but one is the place in a sequence; none
    /// of a matrix, whose rows may be of anything.
    pub fn of_shape(shape: &[usize]) -> Option<Self> {
        match shape {
            [_, .., length, _] if *length > 1 => u32::try_from(*length).ok().map(Self::Every),
            _ => None,
        }
    }

    /// # Errors
    /// If a length is 0, or there is not one number for each of `rows` rows.
    pub(super) fn check(&self, rows: u64) -> Result<()> {
        match self {
            Self::Every(0) => Err(Error::option("sequences", 0, "at least 1 row in a sequence")),
            Self::Every(_) => Ok(()),
            Self::Of(of) if of.len() as u64 == rows => Ok(()),
            Self::Of(of) => {
                let expected = format!("{rows}, one for each row of the file");
                Err(Error::shape("number of sequences", of.len(), expected))
            }
        }
    }

    /// The sequence of a row of the file.
    pub(super) fn at(&self, row: usize) -> u32 {
        match self {
            Self::Every(length) => (row / *length as usize) as u32,
            Self::Of(of) => of[row],
        }
    }

    /// Sequences drawn at random until they have `wanted` of the `count` rows of the file that are given; one is left.
    ///
    /// # Errors
    /// If all rows are of one sequence, none is wanted, or memory has no room for the order of the sequences.
    pub(super) fn draw(
        &self,
        rows: impl Iterator<Item = usize> + Clone,
        count: usize,
        wanted: u64,
        seed: u64,
    ) -> Result<Drawn> {
        let most = match self {
            Self::Every(length) => count / *length as usize + 1,
            Self::Of(_) => count,
        };
        let mut names: Vec<u32> = memory::reserve("sequences of the rows", &[most])?;
        for row in rows.clone() {
            let name = self.at(row);
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        names.sort_unstable();
        names.dedup();
        if names.len() < 2 {
            let expected = "at least 2, one for either part";
            return Err(Error::shape("sequences of the rows", names.len(), expected));
        }
        if wanted == 0 {
            return Err(Error::option("rows", 0, "at least 1 to hold out"));
        }
        let mut sizes = vec![0u64; names.len()];
        let mut at = 0;
        for row in rows {
            let name = self.at(row);
            // Most rows are of the sequence of the one before.
            if names[at] != name {
                at = names.binary_search(&name).unwrap_or(at);
            }
            sizes[at] += 1;
        }
        let mut drawn = vec![false; names.len()];
        let mut held = 0;
        let order = Random::new(seed, Stream::Rows).permutation(names.len() as u32);
        for &at in &order[..order.len() - 1] {
            if held >= wanted {
                break;
            }
            held += sizes[at as usize];
            drawn[at as usize] = true;
        }
        Ok(Drawn { names, drawn })
    }
}

/// Sequences, and which of them were drawn.
pub(super) struct Drawn {
    /// Ascending.
    names: Vec<u32>,
    drawn: Vec<bool>,
}

impl Drawn {
    /// Whether the sequence of that name was drawn.
    pub fn has(&self, name: u32) -> bool {
        self.names.binary_search(&name).is_ok_and(|at| self.drawn[at])
    }
}
