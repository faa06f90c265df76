//! `Trainer`: epochs as promises that yield to the event loop, so that `cancel` and messages arrive.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::convert::{count, from_js, to_js};
use super::dataset::Dataset;
use super::error::Thrown;
use super::sae::Sae;
use crate::engine::Backend;
use crate::error::Error;
use crate::progress::Observer;
use crate::train::{self, Preset, TrainOptions};

/// A run: data, options and an engine to train on.
#[wasm_bindgen]
pub struct Trainer {
    /// Taken out while an epoch runs, so that nothing is borrowed across an await.
    run: Rc<RefCell<Option<train::Trainer>>>,
    cancelled: Rc<Cell<bool>>,
}

impl Trainer {
    fn new(run: train::Trainer) -> Self {
        Self { run: Rc::new(RefCell::new(Some(run))), cancelled: Rc::default() }
    }

    fn with<T>(&self, read: impl FnOnce(&train::Trainer) -> T) -> Result<T, Thrown> {
        self.run.borrow().as_ref().map(read).ok_or_else(busy)
    }
}

fn busy() -> Thrown {
    Thrown::new("an epoch is running: await it or cancel it first", "busy")
}

#[wasm_bindgen]
impl Trainer {
    /// A run from random parameters.
    pub async fn create(
        train: &Dataset,
        test: &Dataset,
        #[wasm_bindgen(unchecked_param_type = "TrainOptions")] options: JsValue,
    ) -> Result<Trainer, Thrown> {
        let options: TrainOptions = from_js("options", options)?;
        // Nothing of JavaScript's may be borrowed across an await.
        let (train, test) = (train.0.clone(), test.0.clone());
        Ok(Self::new(train::Trainer::open(train, test, options).await?))
    }

    /// A run that goes on from a checkpoint, which may come from the CPU or from a GPU; on the CPU and on the same data
    /// it goes on bit for bit. `backend` replaces the one that the checkpoint names; without it a run whose GPU is not
    /// here goes on on the CPU.
    pub async fn resume(
        bytes: &[u8],
        train: &Dataset,
        test: &Dataset,
        #[wasm_bindgen(unchecked_optional_param_type = "'auto' | 'gpu' | 'cpu'")] backend: Option<String>,
    ) -> Result<Trainer, Thrown> {
        let (bytes, train, test) = (bytes.to_vec(), train.0.clone(), test.0.clone());
        let backend = backend.as_deref().map(Backend::parse).transpose()?;
        Ok(Self::new(train::Trainer::reopen(&bytes, train, test, backend).await?))
    }

    /// Options with what a preset decides about a run of `epochs` epochs on `rows` training rows.
    #[wasm_bindgen(unchecked_return_type = "TrainOptions")]
    pub fn preset(
        #[wasm_bindgen(unchecked_param_type = "TrainOptions")] options: JsValue,
        #[wasm_bindgen(unchecked_param_type = "'recommended' | 'paper-mnist' | 'paper-llm'")] preset: &str,
        rows: f64,
        epochs: f64,
    ) -> Result<JsValue, Thrown> {
        let options: TrainOptions = from_js("options", options)?;
        let epochs = u32::try_from(count("epochs", epochs)?)
            .map_err(|_| Error::option("epochs", epochs, "below 2^32"))?;
        to_js(&Preset::parse(preset)?.apply(options, count("rows", rows)?, epochs))
    }

    /// A run that starts from a model's parameters: one that was read from files, or the outcome of another run. The
    /// options say its `dSae`; their activation may be another than the model's.
    #[wasm_bindgen(js_name = from)]
    pub async fn start_from(
        sae: &Sae,
        train: &Dataset,
        test: &Dataset,
        #[wasm_bindgen(unchecked_param_type = "TrainOptions")] options: JsValue,
    ) -> Result<Trainer, Thrown> {
        let options: TrainOptions = from_js("options", options)?;
        let (sae, train, test) = (sae.0.clone(), train.0.clone(), test.0.clone());
        Ok(Self::new(train::Trainer::open_from(sae, train, test, options).await?))
    }

    /// Trains for one epoch. `onProgress(done, total)` hears of the rows done. After [`Trainer::cancel`] the promise
    /// rejects with code `cancelled`, and the run stands where its last finished epoch left it.
    #[wasm_bindgen(unchecked_return_type = "EpochReport")]
    pub async fn epoch(
        &self,
        #[wasm_bindgen(
            js_name = onProgress,
            unchecked_optional_param_type = "(done: number, total: number) => void"
        )]
        on_progress: Option<Function>,
    ) -> Result<JsValue, Thrown> {
        let mut run = self.run.borrow_mut().take().ok_or_else(busy)?;
        self.cancelled.set(false);
        let mut observer = Page { on_progress, cancelled: self.cancelled.clone() };
        let report = run.epoch(&mut observer).await;
        *self.run.borrow_mut() = Some(run);
        to_js(&report?)
    }

    /// Ends the epoch that runs, if one does.
    pub fn cancel(&self) {
        self.cancelled.set(true);
    }

    /// The model at the end of the last finished epoch.
    pub async fn sae(&self) -> Result<Sae, Thrown> {
        self.with(|run| Sae(run.sae().clone()))
    }

    /// The last finished epoch as bytes for `Trainer.resume`.
    pub async fn checkpoint(&self) -> Result<Vec<u8>, Thrown> {
        Ok(self.with(train::Trainer::checkpoint)??)
    }

    /// Options with every default filled in.
    #[wasm_bindgen(getter, unchecked_return_type = "ResolvedOptions")]
    pub fn options(&self) -> Result<JsValue, Thrown> {
        self.with(|run| to_js(run.options()))?
    }

    /// Epochs finished.
    #[wasm_bindgen(getter)]
    pub fn epochs(&self) -> Result<u32, Thrown> {
        self.with(train::Trainer::epochs)
    }

    /// Where the run trains: 'CPU, 1 thread', or 'GPU: ' and the adapter.
    #[wasm_bindgen(getter)]
    pub fn backend(&self) -> Result<String, Thrown> {
        self.with(train::Trainer::backend)
    }

    /// Why it trains there, in a sentence. It changes when a GPU is lost and the epoch is repeated elsewhere.
    #[wasm_bindgen(getter, js_name = backendReason)]
    pub fn backend_reason(&self) -> Result<String, Thrown> {
        self.with(|run| run.backend_reason().to_owned())
    }
}

/// Tells the page of progress and lets the event loop run.
pub(super) struct Page {
    pub on_progress: Option<Function>,
    pub cancelled: Rc<Cell<bool>>,
}

impl Observer for Page {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        if let Some(on_progress) = &self.on_progress {
            // A callback that throws is the page's mistake and no reason to lose the epoch.
            let _ = on_progress.call2(&JsValue::NULL, &(done as f64).into(), &(total as f64).into());
        }
        next_task().await;
        if self.cancelled.get() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Waits for a task of the event loop, so that messages are handled. A message channel is not throttled as
/// `setTimeout` is, neither to 4 ms nor in a hidden tab.
pub(super) async fn next_task() {
    let task = Promise::new(&mut |resolve, _| {
        if let Ok(channel) = web_sys::MessageChannel::new() {
            let port = channel.port1();
            let close = port.clone();
            let handler = Closure::once_into_js(move || {
                close.close();
                let _ = resolve.call0(&JsValue::NULL);
            });
            port.set_onmessage(Some(handler.unchecked_ref()));
            let _ = channel.port2().post_message(&JsValue::NULL);
        } else {
            let _ = resolve.call0(&JsValue::NULL);
        }
    });
    let _ = JsFuture::from(task).await;
}
