//! Data sets, generators, and one file per format.

mod dataset;
mod normalisation;

pub use dataset::{DataMoments, Dataset, Storage};
pub use normalisation::{Normalisation, NormalisationKind};
