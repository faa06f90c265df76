//! The sets of functions found as possible owners of a cell, each stored once, and what is known of their cells.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::ranking::NONE;

/// A set; sets are numbered in the order in which they are found.
#[derive(Debug)]
struct OwnerSet {
    /// Its part of the common list of members.
    members: (u32, u32),
    hash: u64,
    /// Next set with this hash.
    next: u32,
    /// Last of its hints, `NONE` without any.
    hint: u32,
    outcome: Outcome,
}

/// What a set owns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outcome {
    /// Its cell is still to be cut.
    Open,
    /// The cell of this number.
    Cell(u32),
    /// It owns no part of the box.
    Nothing,
}

/// The latent that leaves across an edge, and the one that enters.
pub(super) type Pair = (u32, u32);

/// The edge of a cell that lies on the box.
pub(super) const BOX: Pair = (NONE, NONE);

/// A corner of a cell: the edges that end and that begin there, counter-clockwise. One of them may not be known.
pub(super) type SharedCorner = (Option<Pair>, Option<Pair>);

/// All sets so far, by number.
#[derive(Debug, Default)]
pub(super) struct OwnerSets {
    sets: Vec<OwnerSet>,
    members: Vec<u32>,
    /// Corners that sets share with cells found so far, each with the number of the set's hint before it. Most edges of
    /// a cell are known so, and need no search.
    hints: Vec<(SharedCorner, u32)>,
    by_hash: HashMap<u64, u32, BuildHasherDefault<AsIs>>,
}

impl OwnerSets {
    /// Number of sets.
    pub(super) fn count(&self) -> usize {
        self.sets.len()
    }

    /// Number of members of all sets together.
    pub(super) fn members_of_all(&self) -> usize {
        self.members.len()
    }

    /// Members of a set, ascending.
    pub(super) fn members(&self, number: u32) -> &[u32] {
        let (from, to) = self.sets[number as usize].members;
        &self.members[from as usize..to as usize]
    }

    /// What a set owns; [`NONE`] owns nothing.
    pub(super) fn outcome(&self, number: u32) -> Outcome {
        self.sets.get(number as usize).map_or(Outcome::Nothing, |set| set.outcome)
    }

    pub(super) fn decide(&mut self, number: u32, outcome: Outcome) {
        self.sets[number as usize].outcome = outcome;
    }

    /// The number of a set, given in ascending order, a new one if it was not found before.
    pub(super) fn enter(&mut self, set: &[u32]) -> u32 {
        self.enter_hashed(set, set.iter().fold(0, |h, &i| h ^ mix(i)))
    }

    /// The same for the set that differs from another by a pair.
    pub(super) fn enter_beside(&mut self, other: u32, (leaves, enters): Pair, set: &[u32]) -> u32 {
        let change = |i: u32| if i == NONE { 0 } else { mix(i) };
        self.enter_hashed(set, self.sets[other as usize].hash ^ change(leaves) ^ change(enters))
    }

    fn enter_hashed(&mut self, set: &[u32], hash: u64) -> u32 {
        let number = self.sets.len() as u32;
        let first = *self.by_hash.entry(hash).or_insert(number);
        let mut at = first;
        while at != number && at != NONE {
            let other = &self.sets[at as usize];
            if other.hash == hash && self.members(at) == set {
                return at;
            }
            at = other.next;
        }
        let from = self.members.len() as u32;
        self.members.extend(set);
        let next = if first == number {
            NONE
        } else {
            // Behind the first of this hash.
            std::mem::replace(&mut self.sets[first as usize].next, number)
        };
        let members = (from, self.members.len() as u32);
        self.sets.push(OwnerSet { members, hash, next, hint: NONE, outcome: Outcome::Open });
        number
    }

    /// Notes a corner of the cell of a set, if that is still to be cut.
    pub(super) fn add_hint(&mut self, number: u32, corner: SharedCorner) {
        let set = &mut self.sets[number as usize];
        if set.outcome == Outcome::Open {
            self.hints.push((corner, set.hint));
            set.hint = self.hints.len() as u32 - 1;
        }
    }

    /// Where the hints of a set begin, for [`OwnerSets::hint`].
    pub(super) fn first_hint(&self, number: u32) -> u32 {
        self.sets[number as usize].hint
    }

    /// A corner of a set's cell, and where the next one is.
    pub(super) fn hint(&self, at: u32) -> Option<(SharedCorner, u32)> {
        self.hints.get(at as usize).copied()
    }
}

/// A well-mixed word for each index (the finaliser of SplitMix64); a set's hash is the exclusive or of its members'.
fn mix(index: u32) -> u64 {
    let mut z = (u64::from(index) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Takes a hash of a set as it is: it is well mixed already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| hash.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
