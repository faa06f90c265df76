//! k-means and local PCA, between which a sparse autoencoder lies: a constant per cell, and the best affine map of a
//! given rank per cell; and the leading principal components of rows.

mod check;
mod components;
mod kmeans;
mod labelled;
mod lloyd;
mod local_pca;

pub(crate) use components::orthonormal;
pub use components::{Components, components};
pub use kmeans::{KMeans, kmeans};
pub use labelled::{agreement, means, nearest, projections, spreads};
pub(crate) use lloyd::Lloyd;
pub use local_pca::{LocalPca, local_pca};
