//! `Trainer`: epochs as promises that can be cancelled.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{JsString, Number, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::broken::intact;
use super::content::content_of;
use super::convert::{bytes, callback, count, optional_text, text};
use super::error::Thrown;
use super::options::from_js;
use super::promise::{Cancellation, Page, promise};
use super::results::{joined, to_js};
use super::sae::Sae;
use crate::engine::Backend;
use crate::train::{self, Preset, TrainOptions};
use crate::{data, sae};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Ours, those of the paper's scripts, and those of two libraries. */
export type PresetName = 'recommended' | 'paper-mnist' | 'paper-llm' | 'dictionary-learning' | 'sparsify';

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
  /** Largest norm of the gradient over all parameters that Adam trains; a longer one is scaled down to it. None by default. */
  clip?: number;
  /** α, ridge on W_dec: 0 for SGD, 0.6 / rows for PAM-SGD. */
  alpha?: number;
  /** β, ridge on b_dec, 0. */
  beta?: number;
  /** Weights of the proximal terms, towards the parameters at the start of the epoch, 0. */
  muEnc?: number;
  nuEnc?: number;
  muDec?: number;
  nuDec?: number;
  /** PAM-SGD: which step of an epoch comes first. */
  order?: 'encoder-first' | 'decoder-first';
  /** Epochs over which the step size falls linearly to 0; constant by default. */
  lrDecayEpochs?: number;
  /** PAM-SGD: the exact joint minimiser, or the paper's script with its ridge on raw sums. */
  decoder?: { kind: 'joint' } | { kind: 'script'; ridge: number };
  /** PAM-SGD: fit the decoder to the random encoder before the first step, false. */
  initialSolve?: boolean;
  /** PAM-SGD: solves for the decoder in an epoch, 1: the last on all rows, others on those just seen. */
  solvesPerEpoch?: number;
  /** PAM-SGD: lets the decoder follow each batch by a sweep over its latents, with the curvature of so many rows; 0. */
  sweepRows?: number;
  /** Resample latents that no row of an epoch activates from badly reconstructed rows, false. */
  revive?: boolean;
  /** Steps of Adam over which the step size rises linearly from 0, 0. */
  warmupSteps?: number;
  /** SGD, untied: 'unit' keeps rows of W_dec at length 1 and removes the gradient along them; 'free' by default. */
  decoderNorm?: 'free' | 'unit';
  /** Untied: a small random decoder, by default, or W_encᵀ with rows of length 1. */
  decoderStart?: 'small' | 'transposed';
  /** Where b_dec begins, 'zero' by default; elsewhere b_enc = −b_dec W_enc. */
  biasStart?: 'zero' | 'mean' | 'median';
  /** AuxK: the k strongest dead latents of a row are trained on what the others leave of it. None by default. */
  auxk?: AuxK;
  /** Trains the thresholds of JumpReLU, by straight-through estimation, towards a number of active latents. */
  jumprelu?: ThresholdTraining;
  /** Matryoshka: ascending numbers of latents by whose first latents rows are reconstructed too. */
  prefixes?: number[];
  /** Seed of every random choice. */
  seed: number;
  /** 'auto': a GPU that passes its self-test and wins a short race against the CPU, else the CPU. */
  backend?: 'auto' | 'gpu' | 'cpu';
  /** Threads of the CPU at most, 1 to 256; all that there are by default. They change no bit of the result. */
  threads?: number;
}

/** k: half of dIn, coefficient: 1/32, deadAfter, in rows without activity: those of an epoch. */
export interface AuxK {
  k?: number;
  coefficient?: number;
  deadAfter?: number;
}

/** Pre-activations within half a bandwidth decide about a threshold; F has coefficient · (l0 / targetL0 − 1)². */
export interface ThresholdTraining {
  bandwidth: number;
  targetL0: number;
  coefficient: number;
}

/** Options that stay out of the resolved ones where they were left out. */
type LeftOut =
  | 'clip' | 'threads' | 'sweepRows' | 'warmupSteps' | 'decoderNorm' | 'decoderStart' | 'biasStart' | 'auxk' | 'jumprelu' | 'prefixes';

/** Options with every default filled in, but for those that are left out by default. */
export type ResolvedOptions = Required<Omit<TrainOptions, LeftOut>> & Pick<TrainOptions, LeftOut>;

/** Statistics at the end of an epoch. */
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
"#;

/// Where a run is.
enum Place {
    Idle(Box<train::Trainer>),
    /// In use by an epoch, which puts it back.
    InEpoch(Box<Facts>),
    Freed,
}

/// What can be asked of a run while an epoch is under way: as its last finished epoch left it.
struct Facts {
    options: TrainOptions,
    epochs: u32,
    backend: String,
    backend_reason: String,
}

impl Facts {
    fn of(run: &train::Trainer) -> Self {
        Self {
            options: run.options().clone(),
            epochs: run.epochs(),
            backend: run.backend(),
            backend_reason: run.backend_reason().to_owned(),
        }
    }
}

/// A run: data, options and an engine to train on.
#[wasm_bindgen]
pub struct Trainer {
    place: Rc<RefCell<Place>>,
    cancellation: Cancellation,
}

impl Trainer {
    fn new(run: train::Trainer) -> Self {
        let place = Rc::new(RefCell::new(Place::Idle(Box::new(run))));
        Self { place, cancellation: Cancellation::default() }
    }

    fn with<T>(&self, read: impl FnOnce(&train::Trainer) -> T) -> Result<T, Thrown> {
        intact()?;
        match &*self.place.borrow() {
            Place::Idle(run) => Ok(read(run)),
            Place::InEpoch(_) => Err(busy()),
            Place::Freed => Err(freed()),
        }
    }

    /// What can be asked at any time.
    fn fact<T>(&self, read: impl FnOnce(&Facts) -> T) -> Result<T, Thrown> {
        intact()?;
        match &*self.place.borrow() {
            Place::Idle(run) => Ok(read(&Facts::of(run))),
            Place::InEpoch(facts) => Ok(read(facts)),
            Place::Freed => Err(freed()),
        }
    }

    /// Takes the run out and notes why.
    fn take(&self, next: Place) -> Result<Box<train::Trainer>, Thrown> {
        self.with(|_| ())?;
        match self.place.replace(next) {
            Place::Idle(run) => Ok(run),
            Place::InEpoch(_) => Err(busy()),
            Place::Freed => Err(freed()),
        }
    }
}

fn busy() -> Thrown {
    Thrown::new("an epoch is running: await it or cancel it first", "busy")
}

fn freed() -> Thrown {
    Thrown::new("this Trainer was freed: make another", "freed")
}

#[wasm_bindgen]
impl Trainer {
    /// A run from random parameters.
    #[wasm_bindgen(unchecked_return_type = "Promise<Trainer>")]
    pub fn create(
        #[wasm_bindgen(unchecked_param_type = "Dataset | RowStream")] train: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] test: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "TrainOptions")] options: &JsValue,
    ) -> Promise {
        promise(|| {
            let (train, test) = (train_rows(train)?, dataset("test", test)?);
            let options: TrainOptions = from_js("options", options)?;
            Ok(async {
                let run = train::Trainer::open(train, test, options, &mut Page::silent()).await?;
                Ok(Self::new(run))
            })
        })
    }

    /// A run that continues from a checkpoint of a CPU or a GPU; on the CPU and on the same data it continues bit for
    /// bit. `backend` replaces the backend that the checkpoint names; without it, a run whose GPU is missing continues on
    /// the CPU.
    #[wasm_bindgen(unchecked_return_type = "Promise<Trainer>")]
    pub fn resume(
        #[wasm_bindgen(js_name = bytes)] checkpoint: &Uint8Array,
        #[wasm_bindgen(unchecked_param_type = "Dataset | RowStream")] train: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] test: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "'auto' | 'gpu' | 'cpu'")] backend: &JsValue,
    ) -> Promise {
        promise(|| {
            let checkpoint = bytes("bytes", checkpoint)?;
            let (train, test) = (train_rows(train)?, dataset("test", test)?);
            let backend = optional_text("backend", backend)?;
            let backend = backend.as_deref().map(Backend::parse).transpose()?;
            Ok(async move {
                let mut page = Page::silent();
                Ok(Self::new(train::Trainer::reopen(&checkpoint, train, test, backend, &mut page).await?))
            })
        })
    }

    /// Options with what a preset decides about a run of `epochs` epochs on `rows` training rows.
    #[wasm_bindgen(unchecked_return_type = "TrainOptions")]
    pub fn preset(
        #[wasm_bindgen(unchecked_param_type = "TrainOptions")] options: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "PresetName")] preset: &JsString,
        rows: &Number,
        epochs: &Number,
    ) -> Result<JsValue, Thrown> {
        let options: TrainOptions = from_js("options", options)?;
        let preset = Preset::parse(&text("preset", preset)?)?;
        to_js(&preset.apply(options, count("rows", rows)?, count("epochs", epochs)?))
    }

    /// A run that starts from a model's parameters: one that was read from files, or the outcome of another run. The
    /// options say its `dSae`; their activation may be another than the model's.
    #[wasm_bindgen(js_name = from, unchecked_return_type = "Promise<Trainer>")]
    pub fn start_from(
        #[wasm_bindgen(unchecked_param_type = "Sae")] sae: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Dataset | RowStream")] train: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] test: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "TrainOptions")] options: &JsValue,
    ) -> Promise {
        promise(|| {
            let sae = content_of::<sae::Sae>("sae", sae)?;
            let (train, test) = (train_rows(train)?, dataset("test", test)?);
            let options: TrainOptions = from_js("options", options)?;
            Ok(async move {
                let sae = (*sae).clone();
                let mut page = Page::silent();
                Ok(Self::new(train::Trainer::open_from(sae, train, test, options, &mut page).await?))
            })
        })
    }

    /// Trains for one epoch. `onProgress(done, total)` is called with the rows done. After [`Trainer::cancel`] the
    /// promise rejects with code `cancelled`, after an exception of `onProgress` with that exception; either way the run
    /// stays as its last finished epoch left it.
    #[wasm_bindgen(unchecked_return_type = "Promise<EpochReport>")]
    pub fn epoch(
        &self,
        #[wasm_bindgen(
            js_name = onProgress,
            unchecked_optional_param_type = "(done: number, total: number) => void"
        )]
        on_progress: &JsValue,
    ) -> Promise {
        promise(|| {
            let mut page = Page::new(callback("onProgress", on_progress)?, self.cancellation.flag());
            let facts = self.with(Facts::of)?;
            let mut run = self.take(Place::InEpoch(Box::new(facts)))?;
            let place = self.place.clone();
            Ok(async move {
                let report = run.epoch(&mut page).await;
                *place.borrow_mut() = Place::Idle(run);
                to_js(&page.outcome(report)?)
            })
        })
    }

    /// Cancels the running epoch, if there is one.
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }

    /// Frees the memory of the run; refused while an epoch runs. It replaces the method that wasm-bindgen generates, which
    /// would make the object unusable before it refuses.
    #[wasm_bindgen(skip_typescript)]
    pub fn free(&self) -> Result<(), Thrown> {
        self.take(Place::Freed).map(drop)
    }

    /// The model at the end of the last finished epoch.
    #[wasm_bindgen(unchecked_return_type = "Promise<Sae>")]
    pub fn sae(&self) -> Promise {
        promise(|| {
            let sae = self.with(|run| Sae::new(run.sae().clone()))?;
            Ok(async { Ok(sae) })
        })
    }

    /// The last finished epoch as bytes for `Trainer.resume`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array>")]
    pub fn checkpoint(&self) -> Promise {
        promise(|| {
            let snapshot = self.with(train::Trainer::snapshot)?;
            Ok(async move { joined("checkpoint", &snapshot.parts()?).await })
        })
    }

    /// Options with every default filled in.
    #[wasm_bindgen(getter, unchecked_return_type = "ResolvedOptions")]
    pub fn options(&self) -> Result<JsValue, Thrown> {
        self.fact(|facts| to_js(&facts.options))?
    }

    /// Epochs finished.
    #[wasm_bindgen(getter)]
    pub fn epochs(&self) -> Result<u32, Thrown> {
        self.fact(|facts| facts.epochs)
    }

    /// Where the run trains: 'CPU, 2 threads', or 'GPU: ' and the adapter.
    #[wasm_bindgen(getter)]
    pub fn backend(&self) -> Result<String, Thrown> {
        self.fact(|facts| facts.backend.clone())
    }

    /// Why it trains there, in a sentence. It changes when a GPU is lost and the epoch is repeated elsewhere.
    #[wasm_bindgen(getter, js_name = backendReason)]
    pub fn backend_reason(&self) -> Result<String, Thrown> {
        self.fact(|facts| facts.backend_reason.clone())
    }
}

/// The rows of an argument, for a run to keep.
fn dataset(name: &'static str, value: &JsValue) -> Result<data::Dataset, Thrown> {
    Ok((*content_of::<data::Dataset>(name, value)?).clone())
}

/// Training rows, in memory or streamed.
#[cfg(feature = "files")]
fn train_rows(value: &JsValue) -> Result<train::TrainRows, Thrown> {
    match content_of::<data::RowStream>("train", value) {
        Ok(stream) => Ok((*stream).clone().into()),
        Err(_) => Ok(dataset("train", value)?.into()),
    }
}

#[cfg(not(feature = "files"))]
fn train_rows(value: &JsValue) -> Result<data::Dataset, Thrown> {
    dataset("train", value)
}
