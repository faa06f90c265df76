//! Data sets, generators, and one file per format.

mod dataset;
mod digits;
mod normalisation;

pub use dataset::{Dataset, Storage};
pub use digits::MAX_DIGITS;
pub use normalisation::{Normalisation, NormalisationKind};
