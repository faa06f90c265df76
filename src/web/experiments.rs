//! `Experiments`: a list of runs as a promise of a table.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::broken::intact;
use super::content::{Content, content_of};
use super::convert::callback;
use super::error::Thrown;
use super::options::list_from_js;
use super::promise::{Cancellation, Gate, Page, promise};
use super::results::to_js;
use crate::data;
use crate::progress::Observer;
use crate::sae;
use crate::train::{Experiment, ExperimentObserver, ExperimentRow, run_experiments_from, summarise, to_csv};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** One configuration, to be run once for each of its seeds. */
export interface Experiment {
  /** What the table calls it. */
  label: string;
  /** Options of the run; their seed is replaced by each of `seeds`. */
  options: TrainOptions;
  /** Settings applied over the options, given the rows of the share and the epochs. */
  preset?: PresetName;
  /** Share of the training rows to train on, drawn anew for every seed: 1. */
  share?: number;
  epochs: number;
  seeds: number[];
}

/** One run of an experiment. */
export interface ExperimentRow {
  label: string;
  method: 'sgd' | 'pam';
  /** `relu`, `jumprelu`, `batchtopk-15`, or `topk-15` and, where not by magnitude, by what. */
  activation: string;
  share: number;
  updatesPerBatch: number;
  l1: number;
  weightDecay: number;
  muEnc: number;
  nuEnc: number;
  muDec: number;
  nuDec: number;
  seed: number;
  /** Epochs finished. */
  epochs: number;
  /** The engine that trained the last epoch, as `Trainer.backend` names it. */
  backend: string;
  /** Statistics of the last epoch; null if the run failed. */
  report: EpochReport | null;
  /** Time that all epochs took. */
  seconds: number;
  /** Why the run failed, if it did. */
  error: string | null;
}

/** Mean and sample standard deviation over seeds; null where there are too few runs. */
export interface Spread {
  mean: number | null;
  deviation: number | null;
}

/** The runs of one configuration over its seeds. */
export interface ExperimentSummary {
  label: string;
  activation: string;
  share: number;
  updatesPerBatch: number;
  l1: number;
  weightDecay: number;
  muEnc: number;
  nuEnc: number;
  muDec: number;
  nuDec: number;
  /** Runs that succeeded; the statistics are over these. */
  runs: number;
  failed: number;
  testMse: Spread;
  trainMse: Spread;
  testFvu: Spread;
  testL0: Spread;
  deadShare: Spread;
  seconds: Spread;
}
"#;

/// Runs executed one after another on one pair of data sets. A failed run has a row that says why it failed.
#[wasm_bindgen]
pub struct Experiments {
    plan: Content<Plan>,
    rows: Rc<RefCell<Vec<ExperimentRow>>>,
    running: Rc<Cell<bool>>,
    cancellation: Cancellation,
    gate: Gate,
}

/// What is to be run.
struct Plan {
    train: Rc<data::Dataset>,
    test: Rc<data::Dataset>,
    list: Vec<Experiment>,
    start: Option<Rc<sae::Sae>>,
}

#[wasm_bindgen]
impl Experiments {
    /// A list of runs to execute, each from random parameters, or from those of `start`: their options then say its
    /// `dSae`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "Dataset")] train: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] test: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Experiment[]")] experiments: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "Sae")] start: &JsValue,
    ) -> Result<Experiments, Thrown> {
        let (train, test) = (content_of("train", train)?, content_of("test", test)?);
        let list = list_from_js("experiments", experiments)?;
        let given = !start.is_null_or_undefined();
        let start = given.then(|| content_of("start", start)).transpose()?;
        Ok(Self {
            plan: Content::new(Plan { train, test, list, start }),
            rows: Rc::default(),
            running: Rc::default(),
            cancellation: Cancellation::default(),
            gate: Gate::default(),
        })
    }

    /// Executes the whole list. `onProgress(done, total)` is called with the rows done, `onRow(row)` after each run,
    /// `onEpoch(row)` after each epoch with the row as it stands and the report of that epoch; what they throw ends the list, and the promise rejects with it. After [`Experiments::cancel`] the promise
    /// rejects with code `cancelled`. `rows` keeps the finished runs.
    #[wasm_bindgen(unchecked_return_type = "Promise<ExperimentRow[]>")]
    pub fn run(
        &self,
        #[wasm_bindgen(js_name = onProgress, unchecked_optional_param_type = "(done: number, total: number) => void")]
        on_progress: &JsValue,
        #[wasm_bindgen(js_name = onRow, unchecked_optional_param_type = "(row: ExperimentRow) => void")]
        on_row: &JsValue,
        #[wasm_bindgen(js_name = onEpoch, unchecked_optional_param_type = "(row: ExperimentRow) => void")]
        on_epoch: &JsValue,
    ) -> Promise {
        promise(|| {
            let plan = self.plan.share()?;
            let page = Page::new(callback("onProgress", on_progress)?, self.cancellation.flag());
            let on_row = callback("onRow", on_row)?;
            let on_epoch = callback("onEpoch", on_epoch)?;
            if self.running.replace(true) {
                return Err(Thrown::new(
                    "the experiments are running: await them or cancel them first",
                    "busy",
                ));
            }
            self.rows.borrow_mut().clear();
            let running = self.running.clone();
            let (rows, gate) = (self.rows.clone(), self.gate.clone());
            let mut collector = RowCollector { page, on_row, on_epoch, rows, gate, between_epochs: false };
            Ok(async move {
                let data = (&*plan.train, &*plan.test);
                let start = plan.start.as_deref();
                let outcome = run_experiments_from(start, data, &plan.list, &mut collector).await;
                running.set(false);
                let cancelled = "cancelled: `rows` holds the runs finished by then";
                to_js(&collector.page.outcome_or(cancelled, outcome)?)
            })
        })
    }

    /// Ends the run that is under way, and the list with it.
    pub fn cancel(&self) {
        self.cancellation.cancel();
        self.gate.open();
    }

    /// Holds the list at the end of the epoch that is under way, until [`Experiments::resume`]. The seconds of a row do
    /// not count the wait.
    pub fn pause(&self) {
        self.gate.close();
    }

    /// Lets the list go on.
    pub fn resume(&self) {
        self.gate.open();
    }

    /// The runs finished so far.
    #[wasm_bindgen(getter, unchecked_return_type = "ExperimentRow[]")]
    pub fn rows(&self) -> Result<JsValue, Thrown> {
        intact()?;
        to_js(&*self.rows.borrow())
    }

    /// Mean and spread over the seeds of each configuration.
    #[wasm_bindgen(unchecked_return_type = "ExperimentSummary[]")]
    pub fn summary(&self) -> Result<JsValue, Thrown> {
        intact()?;
        to_js(&summarise(&self.rows.borrow()))
    }

    /// Mean and spread over the seeds of each configuration of any rows, such as those of several lists.
    #[wasm_bindgen(unchecked_return_type = "ExperimentSummary[]")]
    pub fn summarise(
        #[wasm_bindgen(unchecked_param_type = "ExperimentRow[]")] rows: &JsValue,
    ) -> Result<JsValue, Thrown> {
        to_js(&summarise(&list_from_js::<ExperimentRow>("rows", rows)?))
    }

    /// Any rows as CSV, a line a run.
    pub fn csv(
        #[wasm_bindgen(unchecked_param_type = "ExperimentRow[]")] rows: &JsValue,
    ) -> Result<String, Thrown> {
        Ok(to_csv(&list_from_js::<ExperimentRow>("rows", rows)?))
    }
}

#[cfg(feature = "files")]
#[wasm_bindgen]
impl Experiments {
    /// The runs finished so far as CSV, a line a run.
    #[wasm_bindgen(js_name = toCsv)]
    pub fn to_csv(&self) -> Result<String, Thrown> {
        intact()?;
        Ok(to_csv(&self.rows.borrow()))
    }
}

/// Collects the rows and passes them to the page.
struct RowCollector {
    page: Page,
    on_row: Option<Function>,
    on_epoch: Option<Function>,
    rows: Rc<RefCell<Vec<ExperimentRow>>>,
    gate: Gate,
    /// Whether an epoch has ended and the next has not begun: the place to wait.
    between_epochs: bool,
}

impl RowCollector {
    fn tell(&mut self, callback: Option<Function>, row: &ExperimentRow) {
        if let (Some(callback), Ok(row)) = (callback, to_js(row)) {
            self.page.call(|this| callback.call1(this, &row));
        }
    }
}

impl Observer for RowCollector {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        if std::mem::take(&mut self.between_epochs) {
            self.gate.pass().await;
        }
        self.page.progress(done, total).await
    }
}

impl ExperimentObserver for RowCollector {
    fn epoch(&mut self, row: &ExperimentRow) {
        self.between_epochs = true;
        self.tell(self.on_epoch.clone(), row);
    }

    fn finished(&mut self, row: &ExperimentRow) {
        self.rows.borrow_mut().push(row.clone());
        self.tell(self.on_row.clone(), row);
    }
}
