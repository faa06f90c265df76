//! Checkpoints: one safetensors file with parameters, Adam's moments, options and reports, from which a run
//! continues bit for bit.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Display;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::TrainOptions;
use crate::data::{Dtype, TensorFile, TensorInfo, read_safetensors, safetensors};
use crate::engine::{Moments, Optimiser, State, VARIANTS_OFFERED};
use crate::error::{Error, Result};
use crate::plain::Plain;
use crate::progress::Work;
#[cfg(feature = "files")]
use crate::progress::{NoObserver, run_now};
use crate::sae::{Activation, Sae, Threshold};

const FILE: &str = "checkpoint";
const META: &str = "splinterp";
const VERSION: u32 = 1;
/// Thresholds as they were trained, or BatchTopK's one.
const THRESHOLD: &str = "threshold";
/// Rows since each latent was last active.
const IDLE: &str = "idle";

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

/// A run as an epoch left it, whatever it does next.
#[derive(Debug)]
pub struct Checkpoint {
    pub(super) options: TrainOptions,
    /// Epochs finished.
    pub(super) epoch: u32,
    pub(super) state: Arc<State>,
}

impl Checkpoint {
    /// The file in parts that follow one another, since it may be large.
    ///
    /// # Errors
    /// If the options cannot be written as JSON.
    pub fn parts(&self) -> Result<Vec<Cow<'_, [u8]>>> {
        let State { sae, optimiser } = &*self.state;
        let options = self.options.clone();
        let header =
            Header { version: VERSION, options, epoch: self.epoch, d_in: sae.d_in, steps: optimiser.steps };
        let header = serde_json::to_string(&header).map_err(|e| Error::format(FILE, e.to_string()))?;
        let tensors =
            tensors(&self.state).into_iter().map(|(name, values)| (name, vec![values.len()], values));
        safetensors::parts(FILE, tensors.collect(), (META, header))
    }

    /// The whole file.
    ///
    /// # Errors
    /// As [`Checkpoint::parts`], or if memory has no room for it.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        safetensors::joined(FILE, &self.parts()?)
    }
}

/// Reads what [`Checkpoint`] wrote. Between the pieces of the work, which is worth no rows, others may run.
///
/// # Errors
/// If the bytes are not such a file, or its tensors do not fit its options.
pub async fn read(bytes: &[u8], work: &mut Work<'_>) -> Result<(Header, State)> {
    let file = read_safetensors(bytes, FILE)?
        .ok_or_else(|| Error::format(FILE, "is not the checkpoint of a run, which is a safetensors file"))?;
    read_file(&file, work).await
}

async fn read_file(file: &TensorFile<'_>, work: &mut Work<'_>) -> Result<(Header, State)> {
    let header = file.metadata(META).ok_or_else(|| {
        Error::format(FILE, format!("has no metadata '{META}': it is not the checkpoint of a run"))
    })?;
    let failed = |e: &dyn Display| Error::format(FILE, format!("its metadata cannot be read: {e}"));
    let header: Plain = serde_json::from_str(header).map_err(|e| failed(&e))?;
    let header = Header::deserialize(header).map_err(|e| failed(&e))?;
    if header.version != VERSION {
        return Err(Error::format(FILE, format!("is of version {}, expected {VERSION}", header.version)));
    }
    let values = read_values(file, work).await?;
    let state = read_state(file, &header, &values)?;
    Ok((header, state))
}

/// Whether a file has the metadata of a checkpoint.
#[cfg(feature = "files")]
pub fn is_checkpoint(file: &TensorFile<'_>) -> bool {
    file.metadata(META).is_some()
}

/// The model of a checkpoint.
///
/// # Errors
/// As [`read`], or if a parameter is not finite.
#[cfg(feature = "files")]
pub fn model(file: &TensorFile<'_>) -> Result<Sae> {
    let sae = run_now(read_file(file, &mut Work::new(0.0, &mut NoObserver)))?.1.sae;
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
    if VARIANTS_OFFERED {
        tensors.extend(of_variants(state));
    }
    tensors
}

/// What only the variants of a step leave.
fn of_variants(State { sae, optimiser }: &State) -> Vec<(&'static str, &[f32])> {
    let mut tensors: Vec<(&'static str, &[f32])> = Vec::new();
    if let (Activation::JumpRelu { threshold: Threshold::PerLatent(thresholds) }, Some(moments)) =
        (&sae.activation, &optimiser.threshold)
    {
        tensors.extend([
            (THRESHOLD, &**thresholds),
            ("threshold.m", &*moments.m),
            ("threshold.v", &*moments.v),
        ]);
    }
    if let Activation::BatchTopK { threshold: Some(threshold), .. } = &sae.activation {
        tensors.push((THRESHOLD, std::slice::from_ref(threshold)));
    }
    tensors.extend(optimiser.idle.as_deref().map(|rows| (IDLE, rows)));
    tensors
}

/// The values of each tensor of 32-bit floats, to be taken. Between them others may run.
async fn read_values(file: &TensorFile<'_>, work: &mut Work<'_>) -> Result<Vec<Cell<Vec<f32>>>> {
    let mut values = Vec::new();
    for TensorInfo { name, dtype, .. } in file.tensors() {
        values.push(Cell::new(if *dtype == Dtype::F32 { file.values(name)? } else { Vec::new() }));
        work.advance(0.0).await?;
    }
    Ok(values)
}

fn read_state(file: &TensorFile<'_>, header: &Header, values: &[Cell<Vec<f32>>]) -> Result<State> {
    let (d_in, d_sae) = (header.d_in, header.options.d_sae);
    header.options.activation.validate(d_sae)?;
    let elements = d_in
        .checked_mul(d_sae)
        .filter(|&elements| elements > 0)
        .ok_or_else(|| Error::format(FILE, format!("its sizes {d_in} × {d_sae} are impossible")))?;
    let find = |name: &str| file.tensors().zip(values).find(|(info, _)| info.name == name);
    let tensor = |name: &str, len: usize| -> Result<Vec<f32>> {
        let (TensorInfo { dtype, shape, .. }, values) =
            find(name).ok_or_else(|| Error::format(FILE, format!("tensor {name} is missing")))?;
        if *dtype != Dtype::F32 || shape.iter().product::<usize>() != len {
            let found = format!("{} {shape:?}", dtype.name());
            return Err(Error::format(FILE, format!("tensor {name} is {found}, expected {len} float32")));
        }
        Ok(values.take())
    };
    let moments = |name: &str, len: usize| -> Result<Moments> {
        Ok(Moments { m: tensor(&format!("{name}.m"), len)?, v: tensor(&format!("{name}.v"), len)? })
    };
    let holds = |name: &str| find(name).is_some();
    let varied = |name: &str| VARIANTS_OFFERED && holds(name);
    let w_dec = holds("W_dec").then(|| tensor("W_dec", elements)).transpose()?;
    let mut activation = header.options.activation.clone();
    match &mut activation {
        Activation::JumpRelu { threshold } if varied(THRESHOLD) => {
            *threshold = Threshold::PerLatent(tensor(THRESHOLD, d_sae)?);
        }
        Activation::BatchTopK { threshold, .. } if varied(THRESHOLD) => {
            *threshold = tensor(THRESHOLD, 1)?.first().copied();
        }
        Activation::Relu
        | Activation::JumpRelu { .. }
        | Activation::TopK { .. }
        | Activation::BatchTopK { .. } => {}
    }
    activation.validate(d_sae)?;
    Ok(State {
        sae: Sae {
            d_in,
            d_sae,
            activation,
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
            threshold: varied("threshold.m").then(|| moments("threshold", d_sae)).transpose()?,
            idle: varied(IDLE).then(|| tensor(IDLE, d_sae)).transpose()?,
        },
    })
}
