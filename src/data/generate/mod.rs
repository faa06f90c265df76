//! Data sets that the program draws from a seed, for pages that have no data of their own.

mod clusters;
mod digits;

pub use clusters::MAX_POINTS;
pub use digits::MAX_DIGITS;
