//! k-means and local PCA, between which a sparse autoencoder lies: a constant per cell, and the best affine map of a
//! given rank per cell.

mod check;
mod kmeans;
mod local_pca;

pub use kmeans::{KMeans, kmeans};
pub use local_pca::{LocalPca, local_pca};
