//! TopK by other orders as TopK with ReLU, which is what other programs have.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::memory::reserve;
use crate::sae::{Activation, Sae, TopKBy};

/// The same reconstructions by TopK with ReLU; `k` and `by` are those of the model.
///
/// # Errors
/// For TopK by value, which keeps negative activations where fewer than k are positive: no TopK with ReLU does. If
/// memory has no room for twice the latents.
pub fn positive_topk(sae: &Sae, k: usize, by: TopKBy) -> Result<Cow<'_, Sae>> {
    match by {
        TopKBy::Positive => Ok(Cow::Borrowed(sae)),
        TopKBy::Magnitude => doubled(sae, k).map(Cow::Owned),
        TopKBy::Value => Err(Error::option(
            "activation",
            "TopK by 'value'",
            "TopK by 'positive' or 'magnitude': other programs set negative activations to 0, so a row with \
             fewer than k positive ones would come out differently; for that, make a model of the same parameters \
             with by 'positive'",
        )),
    }
}

/// Each latent twice, the second time with its sign turned.
fn doubled(sae: &Sae, k: usize) -> Result<Sae> {
    let twice = |values: &[f32]| -> Result<Vec<f32>> {
        let mut both = reserve("twice the latents, as TopK by 'magnitude' needs", &[2, values.len()])?;
        both.extend_from_slice(values);
        both.extend(values.iter().map(|value| -value));
        Ok(both)
    };
    Ok(Sae {
        d_in: sae.d_in,
        d_sae: 2 * sae.d_sae,
        activation: Activation::TopK { k, by: TopKBy::Positive },
        w_enc: twice(&sae.w_enc)?,
        b_enc: twice(&sae.b_enc)?,
        w_dec: Some(twice(sae.decoder())?),
        b_dec: sae.b_dec.clone(),
    })
}
