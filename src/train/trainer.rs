//! The epoch loop of SGD and PAM-SGD over any room of the engine.

use std::future::Future;
use std::ops::{ControlFlow, Range};

use web_time::Instant;

use super::decoder::{DecoderSolution, Ridge, solve_decoder};
use super::report::EpochReport;
use super::{Method, Order, TrainOptions, checkpoint};
use crate::data::{DataMoments, Dataset};
use crate::engine::{Cpu, Engine, EvaluationSums, Optimiser, Split, State, StepSums};
use crate::error::{Error, Result};
use crate::rng::Random;
use crate::sae::{Sae, penalties_of};

/// Multiply-adds of an encode between two calls of the observer: some ten milliseconds.
const WORK_PER_CALL: usize = 100_000_000;

/// Hears of progress between pieces of work, some ten to a hundred times a second, and may end the epoch.
pub trait Observer {
    /// `done` of `total` rows have been worked on in this epoch. Breaking cancels it.
    fn progress(&mut self, done: u64, total: u64) -> impl Future<Output = ControlFlow<()>>;
}

/// Lets every epoch run to its end.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Observer for Quiet {
    async fn progress(&mut self, _done: u64, _total: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A run: data, options and a room to train in.
///
/// ```
/// use splinterp::data::{Dataset, Storage};
/// use splinterp::sae::{Activation, TopKBy};
/// use splinterp::train::{Method, Quiet, TrainOptions, Trainer};
///
/// let rows: Vec<f32> = (0..400).map(|i| ((i * 7919) % 101) as f32 / 50.0 - 1.0).collect();
/// let (train, test) = Dataset::new(Storage::F32(rows), 8)?.split(0.8, 1)?;
/// let activation = Activation::TopK { k: 2, by: TopKBy::Magnitude };
/// let mut trainer = Trainer::create(train, test, TrainOptions::new(Method::Pam, 16, activation, 1))?;
/// let report = pollster::block_on(trainer.epoch(&mut Quiet))?;
/// assert!(report.train_mse < 0.35 && report.test_l0 == 2.0);
/// # Ok::<(), splinterp::Error>(())
/// ```
#[derive(Debug)]
pub struct Trainer<E> {
    engine: E,
    options: TrainOptions,
    data: Sizes,
    epoch: u32,
    /// The state at the end of the last finished epoch.
    saved: State,
}

/// What the loop knows of the data.
#[derive(Debug)]
struct Sizes {
    train_rows: u32,
    test_rows: u32,
    cols: usize,
    train: DataMoments,
    test: DataMoments,
}

impl Sizes {
    fn new(train: &Dataset, test: &Dataset) -> Result<Self> {
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

impl Trainer<Cpu> {
    /// A run on the CPU from random parameters.
    ///
    /// # Errors
    /// If the columns of the data differ or an option is out of range.
    pub fn create(train: Dataset, test: Dataset, options: TrainOptions) -> Result<Self> {
        let options = options.resolve(train.rows())?;
        let data = Sizes::new(&train, &test)?;
        let tied = options.tied == Some(true);
        let sae = Sae::random(data.cols, options.d_sae, options.activation.clone(), tied, options.seed);
        let optimiser = Optimiser::new(&sae, options.method == Method::Sgd);
        let saved = State { sae, optimiser };
        Ok(Self { engine: Cpu::new(train, test, saved.clone()), options, data, epoch: 0, saved })
    }

    /// A run that goes on from a checkpoint; on the same data it goes on bit for bit.
    ///
    /// # Errors
    /// If the checkpoint is damaged or the data has other columns.
    pub fn resume(bytes: &[u8], train: Dataset, test: Dataset) -> Result<Self> {
        let (header, saved) = checkpoint::read(bytes)?;
        let data = Sizes::new(&train, &test)?;
        if data.cols != header.d_in {
            return Err(Error::shape(
                "columns of the data",
                data.cols,
                format!("{} as in the checkpoint", header.d_in),
            ));
        }
        let options = header.options.resolve(train.rows())?;
        Ok(Self { engine: Cpu::new(train, test, saved.clone()), options, data, epoch: header.epoch, saved })
    }
}

impl<E: Engine> Trainer<E> {
    /// Trains for one epoch.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the observer breaks, [`Error::Diverged`] if the loss leaves the numbers or the decoder
    /// half raises F. The trainer then stands where the last finished epoch left it.
    pub async fn epoch(&mut self, observer: &mut impl Observer) -> Result<EpochReport> {
        let report = self.try_epoch(observer).await;
        if report.is_err() {
            self.engine.load(&self.saved)?;
        }
        report
    }

    async fn try_epoch(&mut self, observer: &mut impl Observer) -> Result<EpochReport> {
        let start = Instant::now();
        let mut work = Work::new(self.total_rows(), observer);
        self.engine.begin_epoch();
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
        let test = self.evaluate(Split::Test, &mut work).await?;
        let state = self.engine.state().await?;
        let (train_mse, train_l1, active) = match decoder {
            Some((decoder, l1, active)) if self.options.order == Order::EncoderFirst => {
                (decoder.mse, l1, active)
            }
            _ => {
                let updates = sums.updates as f64;
                (sums.mse / updates, sums.l1 / updates, self.engine.activity().await?)
            }
        };
        let penalties = self.options.penalties();
        let objective =
            train_mse + penalties.l1 * train_l1 + penalties_of(&state.sae, &self.saved.sae, &penalties);
        self.saved = state;
        self.epoch += 1;
        let dead = active.iter().filter(|&&rows| rows == 0).count();
        Ok(EpochReport {
            epoch: self.epoch,
            train_mse,
            test_mse: test.squares / (test.rows as f64 * self.data.cols as f64),
            objective,
            test_fvu: unexplained(test.squares, self.data.test.variation),
            test_l0: test.active as f64 / test.rows as f64,
            dead_share: dead as f64 / active.len() as f64,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// Adam's steps over the training rows in the epoch's order.
    async fn encoder_half(&mut self, work: &mut Work<'_, impl Observer>) -> Result<StepSums> {
        let order = Random::epoch(self.options.seed, self.epoch).permutation(self.data.train_rows);
        let options = self.options.step_options();
        let batch = options.batch_size;
        let batches = (self.rows_per_call() / options.updates_per_batch / batch).max(1);
        let mut sums = StepSums::default();
        for rows in order.chunks(batches.saturating_mul(batch)) {
            let step = self.engine.steps(rows, &options).await?;
            if !step.mse.is_finite() {
                return Err(Error::Diverged(format!(
                    "the loss is no longer a number after {} updates of epoch {}: a smaller learning rate than {} \
                     may help",
                    sums.updates + step.updates,
                    self.epoch + 1,
                    options.lr
                )));
            }
            sums.updates += step.updates;
            sums.mse += step.mse;
            sums.l1 += step.l1;
            work.advance(rows.len() * options.updates_per_batch).await?;
        }
        Ok(sums)
    }

    /// Gram statistics and the closed-form decoder; with it the training rows' mean `Σ|z|` and activity.
    async fn decoder_half(
        &mut self,
        work: &mut Work<'_, impl Observer>,
    ) -> Result<(DecoderSolution, f64, Vec<u64>)> {
        for rows in pieces(self.data.train_rows, self.rows_per_call()) {
            self.engine.accumulate(rows.clone()).await?;
            work.advance(rows.len()).await?;
        }
        let gram = self.engine.take_gram().await?;
        let penalties = self.options.penalties();
        let ridge = Ridge {
            alpha: penalties.alpha,
            beta: penalties.beta,
            mu_dec: penalties.mu_dec,
            nu_dec: penalties.nu_dec,
        };
        let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&v| f64::from(v)).collect() };
        let (w0, b0) = (wide(self.saved.sae.decoder()), wide(&self.saved.sae.b_dec));
        let solution = solve_decoder(&gram, &self.data.train, &w0, &b0, &ridge)?;
        let narrow = |values: &[f64]| -> Vec<f32> { values.iter().map(|&v| v as f32).collect() };
        self.engine.set_decoder(&narrow(&solution.w_dec), &narrow(&solution.b_dec))?;
        Ok((solution, gram.l1 / gram.rows as f64, gram.active))
    }

    async fn evaluate(&mut self, split: Split, work: &mut Work<'_, impl Observer>) -> Result<EvaluationSums> {
        let mut sums = EvaluationSums::default();
        for rows in pieces(self.data.test_rows, self.rows_per_call()) {
            let piece = self.engine.evaluate(split, rows.clone()).await?;
            sums.rows += piece.rows;
            sums.squares += piece.squares;
            sums.active += piece.active;
            sums.l1 += piece.l1;
            work.advance(rows.len()).await?;
        }
        Ok(sums)
    }

    fn rows_per_call(&self) -> usize {
        (WORK_PER_CALL / (self.data.cols * self.options.d_sae)).max(1)
    }

    fn total_rows(&self) -> u64 {
        let train = u64::from(self.data.train_rows);
        let decoder = if self.options.method == Method::Pam { train } else { 0 };
        train * self.options.updates_per_batch as u64 + decoder + u64::from(self.data.test_rows)
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

/// Rows done, and who wants to know.
struct Work<'a, O> {
    done: u64,
    total: u64,
    observer: &'a mut O,
}

impl<'a, O: Observer> Work<'a, O> {
    fn new(total: u64, observer: &'a mut O) -> Self {
        Self { done: 0, total, observer }
    }

    async fn advance(&mut self, rows: usize) -> Result<()> {
        self.done += rows as u64;
        match self.observer.progress(self.done, self.total).await {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    }
}

/// `0..rows` in pieces of at most `size`.
fn pieces(rows: u32, size: usize) -> impl Iterator<Item = Range<u32>> {
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    (0..rows).step_by(size as usize).map(move |start| start..start.saturating_add(size).min(rows))
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
