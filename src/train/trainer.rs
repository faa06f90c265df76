//! The epoch loop of SGD and PAM-SGD over any room of the engine.

use web_time::Instant;

use super::report::EpochReport;
use super::start::Start;
use super::{Method, Order, TrainOptions, checkpoint};
use crate::data::{DataMoments, Dataset};
use crate::engine::{ActiveEngine, Backend, CpuEngine, Engine, State};
use crate::error::{Error, Result};
use crate::progress::{Observer, Work};
use crate::sae::Sae;

/// A run: data, options and a room to train in.
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
pub struct Trainer<E> {
    pub(super) engine: E,
    pub(super) train: Dataset,
    pub(super) options: TrainOptions,
    pub(super) data: Sizes,
    /// Epochs finished.
    pub(super) epoch: u32,
    /// The state at the end of the last finished epoch.
    pub(super) saved: State,
}

/// What the loop knows of the data.
#[derive(Debug)]
pub(super) struct Sizes {
    pub train_rows: u32,
    pub test_rows: u32,
    pub cols: usize,
    pub train: DataMoments,
    pub test: DataMoments,
}

impl Sizes {
    pub(super) fn new(train: &Dataset, test: &Dataset) -> Result<Self> {
        if train.cols() != test.cols() {
            return Err(Error::shape("columns of the test data", test.cols(), train.cols()));
        }
        Ok(Self {
            train_rows: train.rows() as u32,
            test_rows: test.rows() as u32,
            cols: train.cols(),
            train: train.moments(),
            test: test.moments(),
        })
    }
}

impl Trainer<CpuEngine> {
    /// A run on the CPU from random parameters.
    ///
    /// # Errors
    /// If the columns of the data differ, an option is out of range, or the options ask for the GPU.
    pub fn create(train: Dataset, test: Dataset, options: TrainOptions) -> Result<Self> {
        refuse_gpu(&options)?;
        Ok(Start::random(&train, &test, options)?.on_cpu(train, test))
    }

    /// A run on the CPU from given parameters, with a fresh optimiser. The model takes the options' activation; it
    /// is tied if they say so, or by default if it is already.
    ///
    /// # Errors
    /// As [`Trainer::create`], or if the model does not fit the data or the options.
    pub fn start_from(sae: Sae, train: Dataset, test: Dataset, options: TrainOptions) -> Result<Self> {
        refuse_gpu(&options)?;
        Ok(Start::given(sae, &train, &test, options)?.on_cpu(train, test))
    }

    /// A run on the CPU that goes on from a checkpoint; one from the CPU goes on bit for bit on the same data.
    ///
    /// # Errors
    /// If the checkpoint is damaged or the data has other columns.
    pub fn resume(bytes: &[u8], train: Dataset, test: Dataset) -> Result<Self> {
        Ok(Start::checkpoint(bytes, &train, &test)?.on_cpu(train, test))
    }
}

fn refuse_gpu(options: &TrainOptions) -> Result<()> {
    match options.backend {
        Backend::Gpu => Err(Error::option("backend", "'gpu'", "'auto' or 'cpu' for a run on the CPU")),
        Backend::Auto | Backend::Cpu => Ok(()),
    }
}

impl Trainer<ActiveEngine> {
    /// A run from random parameters, where `options.backend` says; see [`ActiveEngine::open`].
    ///
    /// # Errors
    /// If the columns of the data differ, an option is out of range, or the options ask for a GPU that is not there.
    pub async fn open(train: Dataset, test: Dataset, options: TrainOptions) -> Result<Self> {
        let start = Start::random(&train, &test, options)?;
        let backend = start.options.backend;
        start.open(backend, train, test).await
    }

    /// As [`Trainer::start_from`], where `options.backend` says.
    ///
    /// # Errors
    /// As [`Trainer::open`], or if the model does not fit the data or the options.
    pub async fn open_from(sae: Sae, train: Dataset, test: Dataset, options: TrainOptions) -> Result<Self> {
        let start = Start::given(sae, &train, &test, options)?;
        let backend = start.options.backend;
        start.open(backend, train, test).await
    }

    /// A run that goes on from a checkpoint, in the room that `backend` names, or else in the one that the
    /// checkpoint names, or the CPU where that is not to be had.
    ///
    /// # Errors
    /// If the checkpoint is damaged, the data has other columns, or `backend` is a GPU that is not there.
    pub async fn reopen(
        bytes: &[u8],
        train: Dataset,
        test: Dataset,
        backend: Option<Backend>,
    ) -> Result<Self> {
        let mut start = Start::checkpoint(bytes, &train, &test)?;
        let Some(backend) = backend else {
            let asked = start.options.backend;
            let backend = if asked == Backend::Gpu { Backend::Auto } else { asked };
            return start.open(backend, train, test).await;
        };
        start.options.backend = backend;
        start.open(backend, train, test).await
    }

    /// Why the run trains where it does: a sentence for the user. It changes when a GPU is lost.
    pub fn backend_reason(&self) -> &str {
        self.engine.reason()
    }

    /// The room.
    pub fn room(&self) -> &ActiveEngine {
        &self.engine
    }
}

impl<E: Engine> Trainer<E> {
    /// Trains for one epoch. If the room breaks down and another can be had, the epoch is repeated there from the state
    /// that the last one left.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the observer breaks, [`Error::Diverged`] if the loss leaves the numbers or the decoder
    /// half raises F. The trainer then stands where the last finished epoch left it.
    pub async fn epoch(&mut self, observer: &mut impl Observer) -> Result<EpochReport> {
        loop {
            let report = self.try_epoch(observer).await;
            let Err(error) = &report else { return report };
            if !self.engine.recover(error, &self.saved).await {
                self.engine.load(&self.saved)?;
                return report;
            }
        }
    }

    async fn try_epoch(&mut self, observer: &mut impl Observer) -> Result<EpochReport> {
        let start = Instant::now();
        let mut work = Work::new(self.total_rows(), observer);
        self.engine.begin_epoch();
        if self.epoch == 0 && self.options.method == Method::Pam && self.options.initial_solve {
            self.initial_solve().await?;
        }
        let (sums, decoder) = match (self.options.method, self.options.order) {
            (Method::Sgd, _) => (self.encoder_half(&mut work).await?, None),
            (Method::Pam, Order::EncoderFirst) => {
                let sums = self.encoder_half(&mut work).await?;
                (sums, Some(self.decoder_half(&mut work).await?))
            }
            (Method::Pam, Order::DecoderFirst) => {
                let decoder = self.decoder_half(&mut work).await?;
                (self.encoder_half(&mut work).await?, Some(decoder))
            }
        };
        let test = self.evaluate(&mut work).await?;
        let state = self.engine.state().await?;
        let decoder_objective = decoder.as_ref().and_then(|decoder| decoder.objective);
        let (train_mse, train_l1, active) = match decoder {
            Some(decoder) if self.options.order == Order::EncoderFirst => {
                (decoder.mse, decoder.l1, decoder.active)
            }
            _ => {
                let updates = sums.updates as f64;
                (sums.mse / updates, sums.l1 / updates, self.engine.activity().await?)
            }
        };
        let penalties = self.options.penalties();
        let objective = train_mse + penalties.l1 * train_l1 + penalties.of(&state.sae, &self.saved.sae);
        self.saved = state;
        self.epoch += 1;
        let dead = active.iter().filter(|&&rows| rows == 0).count();
        Ok(EpochReport {
            epoch: self.epoch,
            train_mse,
            test_mse: test.squares / (test.rows as f64 * self.data.cols as f64),
            objective,
            decoder_before: decoder_objective.map(|(before, _)| before),
            decoder_after: decoder_objective.map(|(_, after)| after),
            test_fvu: unexplained(test.squares, self.data.test.total_sum_of_squares),
            test_l0: test.active as f64 / test.rows as f64,
            test_l1: test.l1 / test.rows as f64,
            dead_share: dead as f64 / active.len() as f64,
            seconds: start.elapsed().as_secs_f64(),
        })
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

    /// The room that trains.
    pub fn backend(&self) -> String {
        self.engine.name()
    }

    /// The last finished epoch as bytes for [`Trainer::resume`].
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        checkpoint::write(&self.options, self.epoch, &self.saved)
    }
}

/// Fraction of variance unexplained; 0 where nothing varies and nothing is missed.
fn unexplained(squares: f64, variation: f64) -> f64 {
    if variation > 0.0 {
        squares / variation
    } else if squares > 0.0 {
        f64::INFINITY
    } else {
        0.0
    }
}
