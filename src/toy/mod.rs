//! SAEs of the plane, for figures.
//!
//! - [`ToySae`]: trained one step at a time to be watched (experiment 1, between k-means and PCA)
//! - [`sae_of_sites`], [`fitted_sae`]: given by the sites of its latents, as a reader moves them
//! - [`check`](fn@check): an SAE held against a partition at random points
//!
//! //! Latent `i` has the site `s_i` (its encoder column) and the bias `b_i`; `pre_i = s_i·x + b_i`, and the `k` largest are
//! active. So the partition is the power diagram of order k of the sites with weights `|s_i|² + 2 b_i`. Two kinds of
//! code fill its cells:
//! - hard: `z_i = pre_i`, the TopK SAE of the theory: on each cell one affine map of rank at most k;
//! - soft: `z_i = softmax(pre / 0.3)_i`, taken over all latents: the image of a cell lies in an affine subspace of
//!   dimension at most k.
//!
//! Either way local PCA of rank k is a lower bound for the error on the same cells. Both give the encoder a gradient; a
//! hard code of zeros and ones, as in the paper's script, gives it none.

mod check;
mod options;
mod pass;
mod plane;
mod toy_sae;

pub use check::{Check, check, pre_activations};
pub use options::{Code, Start, ToyOptions};
pub use plane::{fitted_sae, sae_of_sites};
pub use toy_sae::{CellErrors, ToySae};
