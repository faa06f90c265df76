//! `params.npz` of Gemma Scope: JumpReLU, and no configuration beside it. Its second edition writes the names of the
//! matrices in small letters.

use super::saelens::{parameters, thresholds_after_relu};
use super::tensors::Tensors;
use crate::error::Result;
use crate::sae::{Activation, Sae};

/// Name of the file.
pub const WEIGHTS: &str = "params.npz";

/// Reads the file.
pub fn read(mut tensors: Tensors<'_>) -> Result<Sae> {
    tensors.rename("w_enc", "W_enc");
    tensors.rename("w_dec", "W_dec");
    let (d_in, d_sae) = tensors.matrix("W_enc")?;
    let mut sae = parameters(&mut tensors, d_in, d_sae)?;
    // `z = 1[pre > threshold] · relu(pre)`.
    sae.activation = Activation::JumpRelu { threshold: thresholds_after_relu(&mut tensors, d_sae)? };
    tensors.finish()?;
    Ok(sae)
}
