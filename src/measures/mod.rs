//! How good a trained or imported model is: reconstruction in the units of training and of the stored data, known features
//! that it has recovered, and what two models agree on. A measure is a file here; none of them needs to know how the model
//! was trained.

mod agreement;
mod known;
mod matching;
mod pairs;
mod quality;
mod recovery;

pub use agreement::Agreement;
pub use known::{KnownFeatures, KnownOptions};
pub use pairs::LatentPairs;
pub use quality::{Quality, Reconstruction};
pub use recovery::Recovery;
