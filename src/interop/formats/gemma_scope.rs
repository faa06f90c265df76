//! `params.npz` of Gemma Scope: JumpReLU, and no configuration beside it. Its second edition writes the names of the
//! matrices in small letters.

use super::saelens::{parameters, thresholds_after_relu};
use crate::error::Result;
use crate::interop::model_format::{ModelFormat, ModelReader};
use crate::interop::weights::Weights;
use crate::sae::{Activation, Sae};

pub const FORMAT: ModelFormat = ModelFormat {
    weights: Some("params.npz"),
    recognises: |weights, config| {
        config.is_none() && weights.has("threshold") && (weights.has("W_enc") || weights.has("w_enc"))
    },
    read: ModelReader::Alone(read),
    writer: None,
};

/// Reads the file.
fn read(mut weights: Weights<'_>) -> Result<Sae> {
    weights.rename("w_enc", "W_enc");
    weights.rename("w_dec", "W_dec");
    let (d_in, d_sae) = weights.matrix("W_enc")?;
    let mut sae = parameters(&mut weights, d_in, d_sae)?;
    // `z = 1[pre > threshold] · relu(pre)`.
    sae.activation = Activation::JumpRelu { threshold: thresholds_after_relu(&mut weights, d_sae)? };
    weights.finish()?;
    Ok(sae)
}
