//! A toy SAE in the plane, trained one step at a time to be watched (experiment 1, between k-means and PCA).
//!
//! Latent `i` has the site `s_i` (its encoder row) and the bias `b_i`; `pre_i = s_i·x + b_i`, and the `k` largest are
//! active. So the partition is the power diagram of order k of the sites with weights `|s_i|² + 2 b_i`. Two kinds of
//! code fill its cells:
//! - hard: `z_i = pre_i`, the TopK SAE of the theory: on each cell one affine map of rank at most k;
//! - soft: `z_i = softmax(pre / 0.3)_i`, taken over all latents: the image of a cell lies in an affine subspace of
//!   dimension at most k.
//!
//! Either way local PCA of rank k is a lower bound for the error on the same cells. Both give the encoder a gradient; a
//! hard code of zeros and ones, as in the paper's script, gives it none.

mod options;
mod pass;
mod toy_sae;

pub use options::{Code, Start, ToyOptions};
pub use toy_sae::{CellErrors, ToySae};
