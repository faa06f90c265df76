//! k-means and local PCA: the two ends between which a sparse autoencoder lies (a constant for each cell, and the best
//! affine map of a given rank for each cell).

mod check;
mod kmeans;
mod local_pca;

pub use kmeans::{KMeans, kmeans};
pub use local_pca::{LocalPca, local_pca};
