//! Sets of latents, told apart by a number of 128 bits each.
//!
//! Every latent has a word of 128 random bits, a set the sum of its latents' words: it takes 16 bytes whatever the set's
//! size, grows latent by latent, and has no order. Of n different sets two have one sum by chance with a probability of
//! n² / 2^129: 10^-25 for ten million.

use crate::sae::{SparseCodes, TopK, TopKOrder};

/// A set of latents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SetKey(u128);

impl SetKey {
    /// The set with one more latent.
    pub fn with(self, latent: u32) -> Self {
        let half = |stream: u64| u128::from(mixed((u64::from(latent) << 1 | stream) + 1));
        Self(self.0.wrapping_add(half(0) << 64 | half(1)))
    }
}

impl FromIterator<u32> for SetKey {
    fn from_iter<I: IntoIterator<Item = u32>>(latents: I) -> Self {
        latents.into_iter().fold(Self::default(), Self::with)
    }
}

/// The output of splitmix64 from this state.
fn mixed(state: u64) -> u64 {
    let mut word = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The active latents of a row of codes, strongest first as TopK ranks them; among equals the lower.
pub(super) fn by_strength(codes: &SparseCodes, row: usize, top: TopK) -> impl Iterator<Item = u32> {
    let key = |z: f32| match top.order {
        TopKOrder::Magnitude => z.abs(),
        TopKOrder::Value => z,
    };
    let mut entries: Vec<(u32, f32)> = codes.row(row).map(|(latent, z)| (latent, key(z))).collect();
    // Entries ascend by latent, and the sort is stable.
    entries.sort_by(|a, b| b.1.total_cmp(&a.1));
    entries.into_iter().map(|(latent, _)| latent)
}
