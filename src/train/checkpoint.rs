//! Checkpoints: one safetensors file with parameters, Adam's moments, options and reports, from which a run
//! continues bit for bit.

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

use super::TrainOptions;
use crate::engine::{Moments, Optimiser, State};
use crate::error::{Error, Result};
use crate::sae::Sae;

const FILE: &str = "checkpoint";
const META: &str = "splinterp";
const VERSION: u32 = 1;

/// What a checkpoint says beside its tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    version: u32,
    /// Options as resolved.
    pub options: TrainOptions,
    /// Epochs finished.
    pub epoch: u32,
    /// Columns of the data.
    pub d_in: usize,
    steps: u64,
}

/// Writes a state at the end of an epoch.
pub fn write(options: &TrainOptions, epoch: u32, state: &State) -> Result<Vec<u8>> {
    let (sae, optimiser) = (&state.sae, &state.optimiser);
    let header =
        Header { version: VERSION, options: options.clone(), epoch, d_in: sae.d_in, steps: optimiser.steps };
    let header = serde_json::to_string(&header).map_err(|e| Error::format(FILE, e.to_string()))?;
    let views: Result<Vec<_>, _> = tensors(state)
        .into_iter()
        .map(|(name, values)| {
            TensorView::new(Dtype::F32, vec![values.len()], bytemuck::cast_slice(values))
                .map(|view| (name, view))
        })
        .collect();
    let metadata = HashMap::from([(META.to_owned(), header)]);
    views
        .and_then(|views| serialize(views, Some(metadata)))
        .map_err(|e| Error::format(FILE, format!("cannot be written: {e}")))
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// If the bytes are not such a file, or its tensors do not fit its options.
pub fn read(bytes: &[u8]) -> Result<(Header, State)> {
    let broken = |e: safetensors::SafeTensorError| Error::format(FILE, format!("is not a checkpoint: {e}"));
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let header =
        metadata.metadata().as_ref().and_then(|entries| entries.get(META)).ok_or_else(|| {
            Error::format(FILE, format!("has no metadata '{META}': not a checkpoint of a run"))
        })?;
    let header: Header = serde_json::from_str(header)
        .map_err(|e| Error::format(FILE, format!("its metadata cannot be read: {e}")))?;
    if header.version != VERSION {
        return Err(Error::format(FILE, format!("is of version {}, expected {VERSION}", header.version)));
    }
    let file = SafeTensors::deserialize(bytes).map_err(broken)?;
    let state = read_state(&file, &header)?;
    Ok((header, state))
}

/// Whether the bytes begin as [`write()`] has them begin.
#[cfg(feature = "files")]
pub fn is_checkpoint(bytes: &[u8]) -> bool {
    let metadata = SafeTensors::read_metadata(bytes).ok().and_then(|(_, all)| all.metadata().clone());
    metadata.is_some_and(|entries| entries.contains_key(META))
}

/// The model of a checkpoint.
///
/// # Errors
/// As [`read`], or if a parameter is not finite.
#[cfg(feature = "files")]
pub fn model(bytes: &[u8]) -> Result<Sae> {
    let sae = read(bytes)?.1.sae;
    match sae.not_finite() {
        Some(value) => Err(Error::format(FILE, format!("a parameter is {value}, expected finite numbers"))),
        None => Ok(sae),
    }
}

fn tensors(state: &State) -> Vec<(&'static str, &[f32])> {
    let (sae, optimiser) = (&state.sae, &state.optimiser);
    let mut tensors: Vec<(&'static str, &[f32])> =
        vec![("W_enc", &sae.w_enc), ("b_enc", &sae.b_enc), ("b_dec", &sae.b_dec)];
    tensors.extend(sae.w_dec.as_deref().map(|w| ("W_dec", w)));
    let moments = [
        ("W_enc.m", "W_enc.v", Some(&optimiser.w_enc)),
        ("b_enc.m", "b_enc.v", Some(&optimiser.b_enc)),
        ("W_dec.m", "W_dec.v", optimiser.w_dec.as_ref()),
        ("b_dec.m", "b_dec.v", optimiser.b_dec.as_ref()),
    ];
    for (m, v, moments) in moments {
        if let Some(moments) = moments {
            tensors.extend([(m, moments.m.as_slice()), (v, moments.v.as_slice())]);
        }
    }
    tensors
}

fn read_state(file: &SafeTensors, header: &Header) -> Result<State> {
    let (d_in, d_sae) = (header.d_in, header.options.d_sae);
    header.options.activation.validate(d_sae)?;
    let elements = d_in
        .checked_mul(d_sae)
        .filter(|&elements| elements > 0)
        .ok_or_else(|| Error::format(FILE, format!("its sizes {d_in} × {d_sae} are impossible")))?;
    let tensor = |name: &str, len: usize| -> Result<Vec<f32>> {
        let view = file.tensor(name).map_err(|_| Error::format(FILE, format!("tensor {name} is missing")))?;
        if view.dtype() != Dtype::F32 || view.data().len() / 4 != len {
            let found = format!("{:?} {:?}", view.dtype(), view.shape());
            return Err(Error::format(FILE, format!("tensor {name} is {found}, expected {len} float32")));
        }
        Ok(view.data().as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
    };
    let moments = |name: &str, len: usize| -> Result<Moments> {
        Ok(Moments { m: tensor(&format!("{name}.m"), len)?, v: tensor(&format!("{name}.v"), len)? })
    };
    let holds = |name: &str| file.names().iter().any(|have| **have == *name);
    let w_dec = holds("W_dec").then(|| tensor("W_dec", elements)).transpose()?;
    Ok(State {
        sae: Sae {
            d_in,
            d_sae,
            activation: header.options.activation.clone(),
            w_enc: tensor("W_enc", elements)?,
            b_enc: tensor("b_enc", d_sae)?,
            w_dec,
            b_dec: tensor("b_dec", d_in)?,
        },
        optimiser: Optimiser {
            steps: header.steps,
            w_enc: moments("W_enc", elements)?,
            b_enc: moments("b_enc", d_sae)?,
            w_dec: holds("W_dec.m").then(|| moments("W_dec", elements)).transpose()?,
            b_dec: holds("b_dec.m").then(|| moments("b_dec", d_in)).transpose()?,
        },
    })
}
