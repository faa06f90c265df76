//! An epoch of PAM-SGD: the encoder by Adam, the decoder in closed form (the paper's algorithm 1).

use super::decoder::{DecoderPenalties, DecoderProblem, DecoderRef, Pause, script_decoder, solve_work};
use super::epoch::TrainingFigures;
use super::train_rows::{PassOrder, fed};
use super::{DecoderSolve, Order, Trainer};
use crate::data::DataMoments;
use crate::engine::{Decoder, Engine, STATISTICS_BLOCK, StepSums, SufficientStats};
use crate::error::Result;
use crate::progress::{BoxedFuture, Work};
use crate::threads::Threads;

/// Rows on which the decoder is solved within an epoch, at most; and never more than half of them, those that the
/// encoder saw last, so that its next rows are new to the decoder: on 5 % of MNIST the decoder of all rows ended at a
/// test MSE of 0.191, those of 40 to 70 % at 0.175. On 60 000 generated digits 4 096 rows 20 times an epoch ended
/// at a test MSE of 0.1019, 2 048 rows at 0.1027.
pub(super) const INNER_ROWS: usize = 4096;
/// Multiply-adds of an encode that take as long as one of a solve: 10e9 against 6e9 a second on one thread in Chromium,
/// for dense rows and 1 536 latents.
const SOLVE_WEIGHT: f64 = 2.0;
/// Multiply-adds of a solve between two reports of progress: some 15 ms.
const SOLVE_PIECE: u64 = 20_000_000;

impl Trainer {
    pub(super) async fn pam_epoch(&mut self, work: &mut Work<'_>) -> Result<TrainingFigures> {
        if self.epoch == 0 && self.options.initial_solve {
            self.initial_solve(work).await?;
        }
        match self.options.order {
            Order::EncoderFirst => {
                self.steps_on_all_rows(self.rows_between_solves(), work).await?;
                self.decoder_half(work).await
            }
            Order::DecoderFirst => {
                let decoder = self.decoder_half(work).await?;
                let sums = self.steps_on_all_rows(self.rows_between_solves(), work).await?;
                let decoder_objective = decoder.decoder_objective;
                Ok(TrainingFigures { decoder_objective, ..self.figures_of_steps(&sums).await? })
            }
        }
    }

    /// Adam's steps over the training rows in the epoch's order. The decoder is refitted on some of the rows after each
    /// `segment` of them.
    pub(super) async fn steps_on_all_rows(
        &mut self,
        segment: usize,
        work: &mut Work<'_>,
    ) -> Result<StepSums> {
        let (mut sums, mut done) = (StepSums::default(), 0);
        self.feed.begin(self.shuffled(self.epoch));
        while let Some(order) = fed!(self.feed.next(&mut self.engine, work))? {
            let mut at = 0;
            while at < order.len() {
                if done > 0 && done % segment == 0 {
                    self.refit_decoder(&order, at, work).await?;
                }
                let end = order.len().min(at.saturating_add(segment - done % segment));
                self.steps(&order[at..end], done, &mut sums, work).await?;
                done += end - at;
                at = end;
            }
        }
        Ok(sums)
    }

    /// Whole batches between two solves.
    fn rows_between_solves(&self) -> usize {
        let batch = self.options.batch_size;
        (self.data.train_rows as usize).div_ceil(batch).div_ceil(self.options.solves_per_epoch) * batch
    }

    /// Fits the decoder to the random encoder before the first step. Without it the encoder spends its first epoch on
    /// a decoder that means nothing, and latents die: 32 % of 256 on 60 000 generated digits, with it none.
    async fn initial_solve(&mut self, work: &mut Work<'_>) -> Result<()> {
        self.feed.begin(self.shuffled(u32::MAX));
        match fed!(self.feed.next(&mut self.engine, work))? {
            Some(order) => self.refit_decoder(&order, 0, work).await,
            None => Ok(()),
        }
    }

    /// Rows that a refit takes.
    fn refit_rows(&self) -> usize {
        (self.data.train_rows as usize / 2).clamp(1, INNER_ROWS)
    }

    /// Sets the decoder to the minimiser on the rows of `order`, those that the engine holds, that end at `end`, going round.
    ///
    /// The ridge keeps its size in units of raw sums, as the default α does when the rows grow in number. The pulls
    /// towards the previous decoder count at the end of the epoch only.
    async fn refit_decoder(&mut self, order: &[u32], end: usize, work: &mut Work<'_>) -> Result<()> {
        let count = self.refit_rows().min(order.len());
        let start = end + order.len() - count;
        let rows: Vec<u32> = (start..start + count).map(|at| order[at % order.len()]).collect();
        let per_call = (self.rows_per_call() / STATISTICS_BLOCK).max(1) * STATISTICS_BLOCK;
        self.make_room(work).await?;
        for rows in rows.chunks(per_call) {
            #[cfg(feature = "screen")]
            self.prepare(rows, None, work).await?;
            self.engine.accumulate(rows).await?;
            work.advance(rows.len() as f64).await?;
        }
        let stats = self.engine.take_stats().await?;
        let moments = self.engine.moments(&rows).await?;
        // The moments are a pass over the rows that nothing has counted: others may run now.
        work.advance(0.0).await?;
        let mut pause = SolveProgress::new(self.engine.threads(), self.solve_rows(0), self.row_work(), work);
        let decoder = match self.options.decoder {
            DecoderSolve::Joint => {
                let penalties = self.options.penalties();
                let grow = f64::from(self.data.train_rows) / count as f64;
                let penalties = DecoderPenalties {
                    alpha: penalties.alpha * grow,
                    beta: penalties.beta * grow,
                    ..DecoderPenalties::default()
                };
                let problem = DecoderProblem::new(stats, &moments, &penalties, &mut pause).await?;
                let problem = problem.with_prefixes(&self.options.all_prefixes());
                let found = problem.minimise(None, &mut pause).await?;
                narrow(&found.w_dec, &found.b_dec)
            }
            DecoderSolve::Script { ridge } => {
                let found = script_decoder(stats, &moments, ridge, &mut pause).await?;
                narrow(&found.w_dec, &found.b_dec)
            }
        };
        pause.finish().await?;
        self.engine.set_decoder(decoder)
    }

    /// The closed-form decoder from the sufficient statistics of all training rows.
    async fn decoder_half(&mut self, work: &mut Work<'_>) -> Result<TrainingFigures> {
        // Before the encoder half no step has shown yet which latents are dead, but the statistics do.
        let steps_came_first = self.options.order == Order::EncoderFirst;
        if self.options.resample && steps_came_first {
            let active = self.engine.activity().await?;
            self.resample(&active).await?;
        }
        let mut stats = self.statistics_of_all_rows(1.0, work).await?;
        if self.options.resample && !steps_came_first && self.resample(&stats.active).await? {
            stats = self.statistics_of_all_rows(0.0, work).await?;
        }
        let (figures, decoder) = self.solve(stats, work).await?;
        self.engine.set_decoder(decoder)?;
        Ok(figures)
    }

    /// Room for the statistics, made with pauses.
    async fn make_room(&mut self, work: &mut Work<'_>) -> Result<()> {
        while !self.engine.make_room()? {
            work.advance(0.0).await?;
        }
        Ok(())
    }

    /// `weight` is what a row counts in the progress.
    async fn statistics_of_all_rows(&mut self, weight: f64, work: &mut Work<'_>) -> Result<SufficientStats> {
        self.make_room(work).await?;
        self.feed.begin(PassOrder::InOrder);
        while let Some(rows) = fed!(self.feed.next(&mut self.engine, work))? {
            for rows in rows.chunks(self.rows_per_call()) {
                #[cfg(feature = "screen")]
                self.prepare(rows, None, work).await?;
                self.engine.accumulate(rows).await?;
                work.advance(weight * rows.len() as f64).await?;
                self.feed.read_on();
            }
        }
        self.engine.take_stats().await
    }

    /// The decoder from the statistics of all training rows, and what they say of the finished model.
    async fn solve(
        &mut self,
        mut stats: SufficientStats,
        work: &mut Work<'_>,
    ) -> Result<(TrainingFigures, Decoder)> {
        let rows = stats.rows as f64;
        let (l1, active) = (stats.l1 / rows, std::mem::take(&mut stats.active));
        let data: &DataMoments = &self.data.train;
        let now = self.engine.decoder().await?;
        let mut pause = SolveProgress::new(self.engine.threads(), self.solve_rows(2), self.row_work(), work);
        let (solution, decoder_objective) = match self.options.decoder {
            DecoderSolve::Joint => {
                let previous = &self.saved.sae;
                let (w0, b0) = (wide(previous.decoder()), wide(&previous.b_dec));
                let (w, b) = (wide(&now.w_dec), wide(&now.b_dec));
                let penalties = DecoderPenalties::from(&self.options.penalties());
                let problem = DecoderProblem::new(stats, data, &penalties, &mut pause).await?;
                let problem = problem.with_prefixes(&self.options.all_prefixes());
                let now = DecoderRef { w_dec: &w, b_dec: &b };
                let previous = DecoderRef { w_dec: &w0, b_dec: &b0 };
                let solution = problem.solve(now, previous, &mut pause).await?;
                let objective = (solution.objective_before, solution.objective);
                (solution, Some(objective))
            }
            DecoderSolve::Script { ridge } => (script_decoder(stats, data, ridge, &mut pause).await?, None),
        };
        pause.finish().await?;
        let l0 = active.iter().sum::<u64>() as f64 / rows;
        let variants = self.options.variants(self.data.train_rows as usize);
        let penalty = variants.thresholds().map_or(0.0, |training| training.penalty(l0));
        let others = solution.shorter + penalty;
        let figures = TrainingFigures { mse: solution.mse, l1, others, active, decoder_objective };
        Ok((figures, narrow(&solution.w_dec, &solution.b_dec)))
    }

    /// Work of the decoder in an epoch, in rows.
    pub(super) fn decoder_work(&self) -> f64 {
        let train_rows = self.data.train_rows as usize;
        let between = train_rows.div_ceil(self.rows_between_solves()) - 1;
        let refits = between + usize::from(self.epoch == 0 && self.options.initial_solve);
        let refit = self.refit_rows() as f64 + self.solve_rows(0);
        refits as f64 * refit + train_rows as f64 + self.solve_rows(2)
    }

    /// A solve with so many evaluations of F, in rows.
    fn solve_rows(&self, evaluations: u32) -> f64 {
        SOLVE_WEIGHT * solve_work(self.options.d_sae, self.data.cols, evaluations) / self.row_work()
    }
}

/// Counts a solve as so many rows of work, and lets the observer hear of it piece by piece.
struct SolveProgress<'a, 'b> {
    work: &'a mut Work<'b>,
    threads: Threads,
    rows_left: f64,
    rows_per_multiply_add: f64,
    /// Multiply-adds of which the observer has not heard.
    pending: u64,
}

impl<'a, 'b> SolveProgress<'a, 'b> {
    fn new(threads: Threads, rows: f64, row_work: f64, work: &'a mut Work<'b>) -> Self {
        Self { work, threads, rows_left: rows, rows_per_multiply_add: SOLVE_WEIGHT / row_work, pending: 0 }
    }

    /// Counts what is left of the planned work.
    async fn finish(self) -> Result<()> {
        self.work.advance(self.rows_left).await
    }
}

impl Pause for SolveProgress<'_, '_> {
    fn threads(&self) -> Threads {
        self.threads
    }

    fn after(&mut self, multiply_adds: u64) -> BoxedFuture<'_, Result<()>> {
        Box::pin(async move {
            self.pending += multiply_adds;
            if self.pending < SOLVE_PIECE {
                return Ok(());
            }
            let rows = (self.pending as f64 * self.rows_per_multiply_add).min(self.rows_left);
            self.pending = 0;
            self.rows_left -= rows;
            self.work.advance(rows).await
        })
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

fn narrow(w_dec: &[f64], b_dec: &[f64]) -> Decoder {
    let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect();
    Decoder { w_dec: narrow(w_dec), b_dec: narrow(b_dec) }
}
