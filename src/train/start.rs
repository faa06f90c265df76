//! A run that starts from a model's parameters.

use super::{Method, TrainOptions};
use crate::engine::{Optimiser, State};
use crate::error::{Error, Result};
use crate::sae::Sae;

/// Options as resolved and the state before the first step: the model with the options' activation, tied if they say
/// so or by default if it is already, and a fresh optimiser. `cols` and `rows` are those of the training data.
pub fn from_model(
    mut sae: Sae,
    cols: usize,
    rows: usize,
    mut options: TrainOptions,
) -> Result<(TrainOptions, State)> {
    let may_be_tied = sae.w_dec.as_ref().is_none_or(|decoder| *decoder == sae.w_enc);
    options.tied = options.tied.or(Some(sae.w_dec.is_none() && options.method == Method::Sgd));
    let options = options.resolve(rows)?;
    if cols != sae.d_in {
        return Err(Error::shape("columns of the data", cols, format!("{} as the model", sae.d_in)));
    }
    if options.d_sae != sae.d_sae {
        return Err(Error::option("dSae", options.d_sae, format!("{} as the model", sae.d_sae)));
    }
    sae.w_dec = match options.tied {
        Some(true) if may_be_tied => None,
        Some(true) => {
            return Err(Error::option("tied", true, "false: the model's decoder is not its encoder"));
        }
        _ => Some(sae.decoder().to_vec()),
    };
    sae.activation = options.activation.clone();
    let optimiser = Optimiser::new(&sae, options.method == Method::Sgd);
    Ok((options, State { sae, optimiser }))
}
