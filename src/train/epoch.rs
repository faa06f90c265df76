//! An epoch: the part that both methods share, and its report.

use std::sync::Arc;

use web_time::Instant;

use super::train_rows::PassOrder;
use super::{EpochReport, Method, Trainer};
#[cfg(feature = "screen")]
use crate::engine::Variants;
use crate::engine::{Engine, EvaluationSums, Split, StepOptions, StepSums};
use crate::error::{Error, Result};
use crate::progress::{Observer, Work, pieces};

/// What a method's epoch measured on the training rows.
pub struct TrainingFigures {
    /// Mean squared error over all elements.
    pub mse: f64,
    /// Mean `Σ|z|` of a row.
    pub l1: f64,
    /// Other terms of F that depend on the rows.
    pub others: f64,
    /// Rows on which each latent was active, `[d_sae]`.
    pub active: Vec<u64>,
    /// The terms of F that involve the decoder, before and after the decoder half.
    pub decoder_objective: Option<(f64, f64)>,
}

impl Trainer {
    /// Trains for one epoch. If the engine breaks down and another can be had, the epoch is repeated there from the
    /// state that the last one left.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the observer breaks, [`Error::Diverged`] if the loss is no longer finite or the decoder
    /// half raises F. The trainer then stands where the last finished epoch left it.
    pub async fn epoch(&mut self, observer: &mut impl Observer) -> Result<EpochReport> {
        loop {
            let mut work = Work::new(self.work_of_epoch(), observer);
            let report = self.try_epoch(&mut work).await;
            let Err(error) = &report else { return report };
            self.feed.end();
            if !self.engine.recover(error, &self.saved).await {
                // An engine that is lost cannot load; what ended the epoch says more than that.
                let _ = self.engine.load(&self.saved);
                return report;
            }
        }
    }

    async fn try_epoch(&mut self, work: &mut Work<'_>) -> Result<EpochReport> {
        let start = Instant::now();
        self.engine.begin_epoch();
        let train = match self.options.method {
            Method::Sgd => self.sgd_epoch(work).await?,
            Method::Pam => self.pam_epoch(work).await?,
        };
        let test = self.evaluate(work).await?;
        let penalties = self.options.penalties();
        let penalty = self.engine.keep(Arc::make_mut(&mut self.saved), &penalties).await?;
        let objective = train.mse + train.others + penalties.l1 * train.l1 + penalty;
        self.epoch += 1;
        let dead = train.active.iter().filter(|&&rows| rows == 0).count();
        Ok(EpochReport {
            epoch: self.epoch,
            train_mse: train.mse,
            test_mse: test.squares / (test.rows as f64 * self.data.cols as f64),
            objective,
            decoder_before: train.decoder_objective.map(|(before, _)| before),
            decoder_after: train.decoder_objective.map(|(_, after)| after),
            test_fvu: unexplained(test.squares, self.data.test.total_sum_of_squares),
            test_l0: test.active as f64 / test.rows as f64,
            test_l1: test.l1 / test.rows as f64,
            dead_share: dead as f64 / train.active.len() as f64,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// The rows at random, as an epoch has them.
    pub(super) fn shuffled(&self, epoch: u32) -> PassOrder {
        PassOrder::Shuffled { seed: self.options.seed, epoch, batch_size: self.options.batch_size }
    }

    /// Adam's steps on consecutive batches, of which `done` rows came before in this epoch.
    pub(super) async fn steps(
        &mut self,
        rows: &[u32],
        done: usize,
        sums: &mut StepSums,
        work: &mut Work<'_>,
    ) -> Result<()> {
        let variants = self.options.variants(self.data.train_rows as usize);
        let options = self.options.step_options(&variants, (self.data.train_rows as usize, self.data.cols));
        let batches = (self.rows_per_call() / options.updates_per_batch / options.batch_size).max(1);
        let per_call = batches.saturating_mul(options.batch_size);
        for (index, rows) in rows.chunks(per_call).enumerate() {
            let (lr, lr_slope) = self.learning_rate(done + index * per_call);
            #[cfg(feature = "screen")]
            self.prepare(rows, Some(&variants), work).await?;
            let step = self.engine.steps(rows, &StepOptions { lr, lr_slope, ..options }).await?;
            sums.add(&step);
            if !step.mse.is_finite() {
                return Err(Error::Diverged(format!(
                    "the loss is no longer finite after {} updates of epoch {}: try a learning rate below {}",
                    sums.updates,
                    self.epoch + 1,
                    options.lr
                )));
            }
            work.advance(rows.len() as f64 * options.updates_per_batch as f64).await?;
            self.feed.read_on();
        }
        Ok(())
    }

    /// What the engine can do of a long call, piece by piece. Builds of which the engine can do nothing do without the three
    /// calls: as places where a future may wait they cost 0.6 kB, gzipped.
    #[cfg(feature = "screen")]
    pub(super) async fn prepare(
        &mut self,
        rows: &[u32],
        step: Option<&Variants>,
        work: &mut Work<'_>,
    ) -> Result<()> {
        while !self.engine.prepare(rows, step)? {
            work.advance(0.0).await?;
        }
        Ok(())
    }

    /// Figures of the steps of this epoch, each batch measured before its update.
    pub(super) async fn figures_of_steps(&mut self, sums: &StepSums) -> Result<TrainingFigures> {
        let updates = sums.updates as f64;
        let active = self.engine.activity().await?;
        Ok(TrainingFigures {
            mse: sums.mse / updates,
            l1: sums.l1 / updates,
            others: sums.others / updates,
            active,
            decoder_objective: None,
        })
    }

    /// Step size on the batch that begins after `done` rows of this epoch, and its change from batch to batch.
    fn learning_rate(&self, done: usize) -> (f64, f64) {
        let Some(epochs) = self.options.lr_decay_epochs else { return (self.options.lr, 0.0) };
        let rows = f64::from(self.data.train_rows);
        let total = f64::from(epochs) * rows;
        let left = total - f64::from(self.epoch) * rows - done as f64;
        if left <= 0.0 {
            return (0.0, 0.0);
        }
        (self.options.lr * left / total, -self.options.lr * self.options.batch_size as f64 / total)
    }

    /// Measures the present model on the test rows.
    async fn evaluate(&mut self, work: &mut Work<'_>) -> Result<EvaluationSums> {
        let mut sums = EvaluationSums::default();
        for rows in pieces(self.data.test_rows, self.rows_per_call()) {
            let piece = self.engine.evaluate(Split::Test, rows.clone()).await?;
            sums.rows += piece.rows;
            sums.squares += piece.squares;
            sums.active += piece.active;
            sums.l1 += piece.l1;
            work.advance(rows.len() as f64).await?;
        }
        Ok(sums)
    }

    /// Rows whose encode is work enough for one call of the engine.
    pub(super) fn rows_per_call(&self) -> usize {
        (self.engine.work_per_call() as f64 / self.row_work()).max(1.0) as usize
    }

    /// Multiply-adds of the encode of a row, in which [`Work`] counts.
    pub(super) fn row_work(&self) -> f64 {
        self.data.cols as f64 * self.options.d_sae as f64
    }

    /// Work of an epoch in rows.
    fn work_of_epoch(&self) -> f64 {
        let steps = f64::from(self.data.train_rows) * self.options.updates_per_batch as f64;
        let decoder = match self.options.method {
            Method::Sgd => 0.0,
            Method::Pam => self.decoder_work(),
        };
        steps + decoder + f64::from(self.data.test_rows)
    }
}

/// Fraction of variance unexplained; 0 where nothing varies and nothing is missed.
fn unexplained(squares: f64, total_sum_of_squares: f64) -> f64 {
    if total_sum_of_squares > 0.0 {
        squares / total_sum_of_squares
    } else if squares > 0.0 {
        f64::INFINITY
    } else {
        0.0
    }
}
