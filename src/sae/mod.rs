//! The model: parameters, activations, sparse codes, and the objective that the encoder and the decoder of PAM-SGD share.
//!
//! `pre = x W_enc + b_enc`, `z = ρ(pre)`, `x̂ = z W_dec + b_dec`; a tied model has `W_dec = W_encᵀ`.

mod activation;
mod codes;
#[cfg(feature = "files")]
mod fold;
mod model;
mod objective;
mod regularizer;
mod selection;
mod selector;

pub use activation::{Activation, Threshold, TopKBy};
pub(crate) use codes::finite_activation;
pub use codes::{LatentIndex, SparseCodes};
pub(crate) use model::Drawing;
#[cfg(feature = "files")]
pub(crate) use model::transpose;
pub use model::{Parts, Sae};
pub use objective::Penalties;
pub use regularizer::{Parameter, Regularizer};
pub(crate) use selection::least_of_largest;
pub use selection::{Selection, TopK, TopKOrder};
pub(crate) use selector::Selector;
