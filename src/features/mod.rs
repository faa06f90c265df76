//! What each latent stands for, as sae_vis, SAEDashboard and Neuronpedia show it: how often and how strongly it is
//! active over a data set, on which rows, and which inputs and other latents it resembles.
//!
//! [`Features::measure`] makes one pass over the rows and one over pairs of decoder rows; after it
//! [`Features::table`] and [`Features::feature`] read what was gathered. Strength is `|z|`, since TopK by magnitude
//! and by value have negative activations; values keep their sign.

mod feature;
mod measure;
mod options;
mod sample;
mod similarity;
mod tally;

pub use feature::{Examples, Feature, Histogram, Interval, Ranked};
pub use measure::{FeatureTable, Features};
pub use options::FeatureOptions;
