//! TopK as other programs have it: by value, then ReLU.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::sae::{Activation, Sae, TopKBy};

/// The same reconstructions by TopK with ReLU, and its k; `None` if the activation is no TopK.
///
/// # Errors
/// For TopK by value, which keeps negative activations where fewer than k are positive: no TopK with ReLU does.
pub fn positive_topk(sae: &Sae) -> Result<Option<(Cow<'_, Sae>, usize)>> {
    match sae.activation {
        Activation::TopK { k, by: TopKBy::Positive } => Ok(Some((Cow::Borrowed(sae), k))),
        Activation::TopK { k, by: TopKBy::Magnitude } => Ok(Some((Cow::Owned(doubled(sae, k)), k))),
        Activation::TopK { by: TopKBy::Value, .. } => Err(Error::option(
            "activation",
            "TopK by 'value'",
            "TopK by 'positive' or 'magnitude': SAELens and sparsify set negative activations to 0, so that a row with \
             fewer than k positive ones would come out otherwise; make a model of the same parameters with by 'positive' \
             to have it so",
        )),
        Activation::Relu | Activation::JumpRelu { .. } => Ok(None),
    }
}

/// Each latent twice, the second time with its sign turned.
fn doubled(sae: &Sae, k: usize) -> Sae {
    let twice = |values: &[f32]| values.iter().copied().chain(values.iter().map(|v| -v)).collect();
    Sae {
        d_in: sae.d_in,
        d_sae: 2 * sae.d_sae,
        activation: Activation::TopK { k, by: TopKBy::Positive },
        w_enc: twice(&sae.w_enc),
        b_enc: twice(&sae.b_enc),
        w_dec: Some(twice(sae.decoder())),
        b_dec: sae.b_dec.clone(),
    }
}
