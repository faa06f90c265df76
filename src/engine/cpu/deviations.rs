//! Rows of pairs of integers that repeat one pair, as the background of an image or the zeros behind a ReLU: what differs.

use super::sparse_rows::SparseRows;
use crate::simd::{Pair, differing, for_each_set};

/// The integers of a pair.
#[inline(always)]
pub fn halves(pair: Pair) -> [i32; 2] {
    [i32::from(pair as i16), pair >> 16]
}

/// Rows as what differs from a pair that each repeats.
#[derive(Debug, Default)]
pub struct Deviations {
    /// Of each row.
    pub repeated: Vec<Pair>,
    /// Of each row.
    pub rows: SparseRows<u32, Pair>,
}

impl Deviations {
    /// Looks for them in rows of so many pairs. Returns whether they are few enough to be worth it, and fit into pairs.
    #[inline(never)]
    pub fn find(&mut self, rows: &[Pair], pairs: usize) -> bool {
        self.repeated.clear();
        self.rows.clear();
        let (mut entries, mut fit, mut place) = (0, true, 0);
        for row in rows.chunks_exact(pairs) {
            // Rows that follow each other often repeat a pair in the same places, if not the same pair.
            if 2 * row.iter().filter(|pair| **pair == row[place]).count() <= pairs {
                let found = majority(row);
                place = row.iter().position(|pair| *pair == found).unwrap_or_default();
            }
            let repeated = row[place];
            let [first_repeated, second_repeated] = halves(repeated);
            self.rows.push(pairs, |cols, values| {
                let mut end = 0;
                for_each_set(
                    row,
                    |pairs| differing(pairs, repeated),
                    |col| {
                        let [first, second] = halves(row[col]);
                        let (first, second) = (first - first_repeated, second - second_repeated);
                        fit &= first == i32::from(first as i16) && second == i32::from(second as i16);
                        cols[end] = col as u32;
                        values[end] = first & 0xffff | second << 16;
                        end += usize::from(row[col] != repeated);
                    },
                );
                entries += end;
                end
            });
            self.repeated.push(repeated);
            // A row without a majority is all that is looked at where none has one.
            if !fit || entries > self.repeated.len() * pairs / 2 {
                return false;
            }
        }
        true
    }
}

/// What more than half of the pairs are, or another of them where there is no such (Boyer and Moore's vote).
fn majority(pairs: &[Pair]) -> Pair {
    let (mut found, mut lead) = (0, 0u32);
    for &pair in pairs {
        if lead == 0 {
            found = pair;
        }
        lead = if pair == found { lead + 1 } else { lead - 1 };
    }
    found
}
