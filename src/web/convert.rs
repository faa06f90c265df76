//! Values between JavaScript and the crate.

use js_sys::{Float32Array, Float64Array, Object, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::error::Thrown;
use crate::error::Error;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** ρ in z = ρ(pre). `by` orders what "largest" means; ties go to the lower index. */
export type Activation =
  | { kind: 'relu' }
  | { kind: 'jumprelu'; threshold: number | Float32Array }
  | { kind: 'topk'; k: number; by: 'magnitude' | 'value' | 'positive' };

/** Options of a run; those left out take the paper's values for MNIST. */
export interface TrainOptions {
  /** Number of latents. */
  dSae: number;
  activation: Activation;
  /** Encoder and decoder by Adam, or the encoder by Adam and the decoder in closed form. */
  method: 'sgd' | 'pam';
  /** Decoder = encoder transposed. SGD: true by default; PAM-SGD cannot. */
  tied?: boolean;
  /** Step size of Adam, 0.003. */
  lr?: number;
  /** Rows in a batch, 128. */
  batchSize?: number;
  /** Adam steps on each batch, 1. */
  updatesPerBatch?: number;
  /** λ, weight of the mean over rows of Σ|z|, 0. */
  l1?: number;
  /** L2 weight decay of Adam on the matrices, 0. */
  weightDecay?: number;
  /** Largest norm of the gradient, over all that Adam trains; a longer one is scaled down to it. None by default. */
  clip?: number;
  /** α, ridge on W_dec: 0 for SGD, 0.6 / rows for PAM-SGD. */
  alpha?: number;
  /** β, ridge on b_dec, 0. */
  beta?: number;
  /** Pulls towards the parameters at the start of the epoch, 0. */
  muEnc?: number;
  nuEnc?: number;
  muDec?: number;
  nuDec?: number;
  /** Which half of an epoch of PAM-SGD comes first. */
  order?: 'encoder-first' | 'decoder-first';
  /** Epochs over which the step size falls linearly to 0; it stays by default. */
  lrDecayEpochs?: number;
  /** PAM-SGD: the exact joint minimiser, or the paper's script with its ridge on raw sums. */
  decoder?: { kind: 'joint' } | { kind: 'script'; ridge: number };
  /** PAM-SGD: fit the decoder to the random encoder before the first step, false. */
  initialSolve?: boolean;
  /** PAM-SGD: solves for the decoder in an epoch, 1: the last on all rows, others on those just seen. */
  solvesPerEpoch?: number;
  /** PAM-SGD: start dead latents anew from badly reconstructed rows, false. */
  revive?: boolean;
  /** Seed of every random choice. */
  seed: number;
  /** 'auto': a GPU that passes its self-test and wins a short race against the CPU, else the CPU. */
  backend?: 'auto' | 'gpu' | 'cpu';
  threads?: number;
}

/** Options with every default filled in; a bound on the gradient stays optional. */
export type ResolvedOptions = Required<Omit<TrainOptions, 'clip'>> & Pick<TrainOptions, 'clip'>;

/** Figures at the end of an epoch. */
export interface EpochReport {
  /** From 1. */
  epoch: number;
  /** Mean squared error over all elements of the training rows. */
  trainMse: number;
  /** The same of the test rows, without penalties. */
  testMse: number;
  /** F on the training rows. */
  objective: number;
  /** The terms of F that involve the decoder, before and after the decoder half; null where there is none. */
  decoderBefore: number | null;
  decoderAfter: number | null;
  /** Σ‖x − x̂‖² / Σ‖x − x̄‖² on the test rows. */
  testFvu: number;
  /** Mean number of active latents of a test row. */
  testL0: number;
  /** Mean over the test rows of Σ|z|. */
  testL1: number;
  /** Share of latents active on no training row of the epoch. */
  deadShare: number;
  seconds: number;
}

/** W_enc [dIn, dSae], b_enc [dSae], W_dec [dSae, dIn], b_dec [dIn], row-major. */
export interface Parameters {
  W_enc: Float32Array;
  b_enc: Float32Array;
  W_dec: Float32Array;
  b_dec: Float32Array;
}

/** What every method throws: a sentence for people, a stable code for programs. */
export interface SplinterpError extends Error {
  code: string;
}
"#;

/// Reads a plain object. A field that does not fit is named.
pub fn from_js<T: DeserializeOwned>(name: &'static str, value: JsValue) -> Result<T, Thrown> {
    if !value.is_object() {
        return Err(Error::option(name, format!("{value:?}"), "an object").into());
    }
    let deserializer = serde_wasm_bindgen::Deserializer::from(value);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { name.to_owned() } else { format!("{name}.{path}") };
        Thrown::new(&format!("{place}: {}", error.inner()), "option")
    })
}

/// Writes a plain object.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, Thrown> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| Thrown::new(&error.to_string(), "internal"))
}

/// A JavaScript number that must be a whole number from 0 to 2^53.
pub fn whole(name: &'static str, value: f64) -> Result<u64, Thrown> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && (0.0..=LARGEST).contains(&value) {
        Ok(value as u64)
    } else {
        Err(Error::option(name, value, "a whole number, 0 or above").into())
    }
}

/// The same, where it counts things in memory.
pub fn count(name: &'static str, value: f64) -> Result<usize, Thrown> {
    let whole = whole(name, value)?;
    Ok(usize::try_from(whole).map_err(|_| Error::option(name, value, "a number within memory"))?)
}

/// One field of an object of options that may be left out, as its fields may.
pub fn option_field(options: &JsValue, name: &str) -> JsValue {
    if options.is_object() {
        Reflect::get(options, &name.into()).unwrap_or(JsValue::UNDEFINED)
    } else {
        JsValue::UNDEFINED
    }
}

/// Builds an object of typed arrays and numbers.
pub fn object(fields: impl IntoIterator<Item = (&'static str, JsValue)>) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of a fresh plain object cannot fail.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

/// A typed array on JavaScript's side.
pub fn float32(values: &[f32]) -> JsValue {
    Float32Array::from(values).into()
}

/// A typed array on JavaScript's side.
pub fn float64(values: &[f64]) -> JsValue {
    Float64Array::from(values).into()
}

/// A typed array on JavaScript's side.
#[cfg(any(feature = "figures", all(feature = "files", feature = "training")))]
pub fn uint32(values: &[u32]) -> JsValue {
    js_sys::Uint32Array::from(values).into()
}

/// Reads a field of an object as a typed array of float32.
pub fn float32_field(from: &JsValue, name: &'static str) -> Result<Vec<f32>, Thrown> {
    let field = Reflect::get(from, &name.into()).unwrap_or(JsValue::UNDEFINED);
    match field.dyn_ref::<Float32Array>() {
        Some(values) => Ok(values.to_vec()),
        None => Err(Error::option(name, type_of(&field), "a Float32Array").into()),
    }
}

/// Reads a field of an object as a typed array of float64.
pub fn float64_field(from: &JsValue, name: &'static str) -> Result<Vec<f64>, Thrown> {
    let field = Reflect::get(from, &name.into()).unwrap_or(JsValue::UNDEFINED);
    match field.dyn_ref::<Float64Array>() {
        Some(values) => Ok(values.to_vec()),
        None => Err(Error::option(name, type_of(&field), "a Float64Array").into()),
    }
}

/// Reads a field of an object as a number.
pub fn number_field(from: &JsValue, name: &'static str) -> Result<f64, Thrown> {
    let field = Reflect::get(from, &name.into()).unwrap_or(JsValue::UNDEFINED);
    field.as_f64().ok_or_else(|| Error::option(name, type_of(&field), "a number").into())
}

pub fn type_of(value: &JsValue) -> String {
    value.js_typeof().as_string().unwrap_or_default()
}
