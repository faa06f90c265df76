//! What can be chosen about a toy SAE.

use serde::Deserialize;

/// How an active latent's code follows from the pre-activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Code {
    /// Its share of the softmax over all latents.
    Soft,
    /// Its pre-activation.
    Hard,
}

/// Where the sites start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// Normally distributed.
    Random,
    /// At the centres of k-means, with biases for which the cells of order 1 are the centres' Voronoi cells.
    KMeans,
}

/// Options of a toy SAE.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToyOptions {
    /// Number of latents, 1 to 4096.
    pub atoms: usize,
    /// How many are active.
    pub k: usize,
    /// Kind of code.
    pub code: Code,
    /// Where sites start.
    pub start: Start,
    /// Step size of Adam.
    pub lr: f64,
    /// Seed of every random choice.
    pub seed: u64,
}
