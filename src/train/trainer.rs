//! A run: data, options, and an engine to train on.

use std::sync::Arc;

use super::feed::{FirstRows, RowFeed, first_rows};
use super::setup::{DataSummary, RunSetup};
use super::train_rows::{TrainRows, fed};
use super::{Checkpoint, TrainOptions};
use crate::data::Dataset;
use crate::engine::{ActiveEngine, Backend, Engine, Place, State};
use crate::error::{Error, Result};
use crate::progress::{NoObserver, Observer, Work, run_now};
use crate::sae::Sae;

/// A run: data, options and an engine to train on.
///
/// ```
/// use splinterp::data::{Dataset, Storage};
/// use splinterp::sae::{Activation, TopKBy};
/// use splinterp::progress::NoObserver;
/// use splinterp::train::{Method, TrainOptions, Trainer};
///
/// let rows: Vec<f32> = (0..400).map(|i| ((i * 7919) % 101) as f32 / 50.0 - 1.0).collect();
/// let (train, test) = Dataset::new(Storage::F32(rows), 8)?.split(0.8, 1)?;
/// let activation = Activation::TopK { k: 2, by: TopKBy::Magnitude };
/// let mut trainer = Trainer::create(train, test, TrainOptions::new(Method::Pam, 16, activation, 1))?;
/// let report = pollster::block_on(trainer.epoch(&mut NoObserver))?;
/// assert!(report.train_mse < 0.35 && report.test_l0 == 2.0);
/// # Ok::<(), splinterp::Error>(())
/// ```
#[derive(Debug)]
pub struct Trainer {
    pub(super) engine: ActiveEngine,
    pub(super) feed: RowFeed,
    pub(super) options: TrainOptions,
    pub(super) data: DataSummary,
    /// Epochs finished.
    pub(super) epoch: u32,
    /// The state at the end of the last finished epoch.
    pub(super) saved: Arc<State>,
}

impl Trainer {
    /// A run on the CPU from random parameters.
    ///
    /// # Errors
    /// If the columns of the data differ, an option is out of range, the run does not fit into memory, or the options
    /// ask for the GPU.
    pub fn create(train: Dataset, test: Dataset, options: TrainOptions) -> Result<Self> {
        refuse_gpu(&options)?;
        let train = FirstRows::of(train);
        let mut observer = NoObserver;
        let work = &mut Work::new(0.0, &mut observer);
        let setup = run_now(RunSetup::random(&train, &test, options, work))?;
        Ok(Self::on_cpu(setup, train, test))
    }

    /// A run on the CPU from given parameters, with a fresh optimiser. The model takes the options' activation; it
    /// is tied if they say so, or by default if it is already.
    ///
    /// # Errors
    /// As [`Trainer::create`], or if the model does not fit the data or the options.
    pub fn start_from(sae: Sae, train: Dataset, test: Dataset, options: TrainOptions) -> Result<Self> {
        refuse_gpu(&options)?;
        let train = FirstRows::of(train);
        let mut observer = NoObserver;
        let work = &mut Work::new(0.0, &mut observer);
        let setup = run_now(RunSetup::from_sae(sae, &train, &test, options, work))?;
        Ok(Self::on_cpu(setup, train, test))
    }

    /// A run on the CPU that continues from a checkpoint; one from the CPU continues bit for bit on the same data.
    ///
    /// # Errors
    /// If the checkpoint is damaged or the data has other columns.
    pub fn resume(bytes: &[u8], train: Dataset, test: Dataset) -> Result<Self> {
        let train = FirstRows::of(train);
        let mut observer = NoObserver;
        let work = &mut Work::new(0.0, &mut observer);
        let setup = run_now(RunSetup::from_checkpoint(bytes, &train, &test, work))?;
        Ok(Self::on_cpu(setup, train, test))
    }

    /// A run from random parameters, where `options.backend` says; see [`ActiveEngine::open`]. The training rows are in
    /// memory or stream from files. Between its pieces others run: a large model takes half a second in a browser.
    ///
    /// # Errors
    /// As [`Trainer::create`], or if the options ask for a GPU that is not there, or a stream cannot be read, or
    /// [`Error::Cancelled`] if the observer breaks.
    pub async fn open(
        train: impl Into<TrainRows>,
        test: Dataset,
        options: TrainOptions,
        observer: &mut impl Observer,
    ) -> Result<Self> {
        Self::open_rows(train.into(), test, options, Work::new(0.0, observer)).await
    }

    // Not generic, so that it is compiled once for all kinds of rows.
    async fn open_rows(
        train: TrainRows,
        test: Dataset,
        options: TrainOptions,
        mut work: Work<'_>,
    ) -> Result<Self> {
        let train = fed!(first_rows(train, options.seed, options.batch_size))?;
        let setup = RunSetup::random(&train, &test, options, &mut work).await?;
        let backend = setup.options.backend;
        Self::on_engine(setup, backend, train, test, work).await
    }

    /// As [`Trainer::start_from`], where `options.backend` says.
    ///
    /// # Errors
    /// As [`Trainer::open`], or if the model does not fit the data or the options.
    pub async fn open_from(
        sae: Sae,
        train: impl Into<TrainRows>,
        test: Dataset,
        options: TrainOptions,
        observer: &mut impl Observer,
    ) -> Result<Self> {
        Self::open_rows_from(sae, train.into(), test, options, Work::new(0.0, observer)).await
    }

    async fn open_rows_from(
        sae: Sae,
        train: TrainRows,
        test: Dataset,
        options: TrainOptions,
        mut work: Work<'_>,
    ) -> Result<Self> {
        let train = fed!(first_rows(train, options.seed, options.batch_size))?;
        let setup = RunSetup::from_sae(sae, &train, &test, options, &mut work).await?;
        let backend = setup.options.backend;
        Self::on_engine(setup, backend, train, test, work).await
    }

    /// A run that continues from a checkpoint, on the engine that `backend` names, or else on the one that the
    /// checkpoint names, or the CPU where that is not to be had.
    ///
    /// # Errors
    /// If the checkpoint is damaged, the data has other columns or cannot be read, or `backend` is a GPU that is not
    /// there, or [`Error::Cancelled`] if the observer breaks.
    pub async fn reopen(
        bytes: &[u8],
        train: impl Into<TrainRows>,
        test: Dataset,
        backend: Option<Backend>,
        observer: &mut impl Observer,
    ) -> Result<Self> {
        Self::reopen_rows(bytes, train.into(), test, backend, Work::new(0.0, observer)).await
    }

    async fn reopen_rows(
        bytes: &[u8],
        train: TrainRows,
        test: Dataset,
        backend: Option<Backend>,
        mut work: Work<'_>,
    ) -> Result<Self> {
        let train = fed!(first_rows(train, 0, 1))?;
        let mut setup = RunSetup::from_checkpoint(bytes, &train, &test, &mut work).await?;
        let backend = match (backend, setup.options.backend) {
            (Some(asked), _) => {
                setup.options.backend = asked;
                asked
            }
            (None, Backend::Gpu) => Backend::Auto,
            (None, saved) => saved,
        };
        Self::on_engine(setup, backend, train, test, work).await
    }

    fn on_cpu(setup: RunSetup, train: FirstRows, test: Dataset) -> Self {
        let (held, feed) = train.feed();
        let engine = ActiveEngine::cpu(setup.options.threads(), held, test, setup.saved.clone());
        Self::new(setup, feed, engine)
    }

    async fn on_engine(
        setup: RunSetup,
        backend: Backend,
        train: FirstRows,
        test: Dataset,
        mut work: Work<'_>,
    ) -> Result<Self> {
        let state = setup.copied(&mut work).await?;
        let variants = setup.options.variants(train.all());
        let steps = setup.options.step_options(&variants, (train.all(), setup.data.cols));
        let place = Place { backend, threads: setup.options.threads() };
        let (held, feed) = train.feed();
        let engine = ActiveEngine::open(place, held, test, state, &steps).await?;
        Ok(Self::new(setup, feed, engine))
    }

    fn new(setup: RunSetup, feed: RowFeed, engine: ActiveEngine) -> Self {
        let RunSetup { options, data, epoch, saved } = setup;
        Self { engine, feed, options, data, epoch, saved: Arc::new(saved) }
    }

    /// Why the run trains where it does: a sentence for the user. It changes when a GPU is lost.
    pub fn backend_reason(&self) -> &str {
        self.engine.reason()
    }

    /// The engine that trains.
    pub fn engine(&self) -> &ActiveEngine {
        &self.engine
    }

    /// The model at the end of the last finished epoch.
    pub fn sae(&self) -> &Sae {
        &self.saved.sae
    }

    /// Options as resolved: every default filled in.
    pub fn options(&self) -> &TrainOptions {
        &self.options
    }

    /// Epochs finished.
    pub fn epochs(&self) -> u32 {
        self.epoch
    }

    /// The engine that trains, by name.
    pub fn backend(&self) -> String {
        self.engine.name()
    }

    /// The last finished epoch, to be written for [`Trainer::resume`] while the run goes on.
    pub fn snapshot(&self) -> Checkpoint {
        Checkpoint { options: self.options.clone(), epoch: self.epoch, state: self.saved.clone() }
    }

    /// The last finished epoch as bytes for [`Trainer::resume`].
    ///
    /// # Errors
    /// If the file cannot be written, or memory has no room for it.
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        self.snapshot().bytes()
    }
}

fn refuse_gpu(options: &TrainOptions) -> Result<()> {
    match options.backend {
        Backend::Gpu => Err(Error::option("backend", "'gpu'", "'auto' or 'cpu' for a run on the CPU")),
        Backend::Auto | Backend::Cpu => Ok(()),
    }
}
