//! Training on the CPU.

use std::ops::Range;

use super::batch::Batch;
use super::gradient::Gradient;
use super::gram::Accumulator;
use crate::data::{DataMoments, Dataset};
use crate::engine::{
    Decoder, Engine, EvaluationSums, STATISTICS_BLOCK, Split, State, StepOptions, StepSums, SufficientStats,
    longest,
};
use crate::error::Result;
use crate::sae::Sae;

/// Above this share of zero bytes they are skipped. By count of operations the sparse product saves the share of zeros
/// and loses the second row of the dense tile; where the two are equally fast has not been measured.
const SKIP_ZEROS_SHARE: f64 = 0.5;

/// Training on one CPU thread.
#[derive(Debug)]
pub struct CpuEngine {
    train: Rows,
    test: Rows,
    state: State,
    previous: Sae,
    activity: Vec<u64>,
    /// Made when rows are first accumulated: SGD needs none, and it grows with the square of `d_sae`.
    stats: Option<SufficientStats>,
    batch: Batch,
    gradient: Gradient,
    accumulator: Accumulator,
}

/// A data set and how its rows are best encoded.
#[derive(Debug)]
struct Rows {
    data: Dataset,
    skip_zeros: bool,
}

impl Rows {
    fn new(data: Dataset) -> Self {
        let zeros = (0..data.rows()).filter_map(|row| data.bytes(row)).flatten().filter(|&&v| v == 0).count();
        let skip_zeros = zeros as f64 > SKIP_ZEROS_SHARE * (data.rows() * data.cols()) as f64;
        Self { data, skip_zeros }
    }

    fn gather(&self, rows: &[u32], batch: &mut Batch) {
        batch.gather(&self.data, rows, self.skip_zeros);
    }

    fn shifts(&self) -> Option<&Dataset> {
        self.skip_zeros.then_some(&self.data)
    }
}

impl CpuEngine {
    /// An engine with these rows and this state; the columns of both data sets are the state's `d_in`.
    pub fn new(train: Dataset, test: Dataset, state: State) -> Self {
        Self {
            train: Rows::new(train),
            test: Rows::new(test),
            activity: vec![0; state.sae.d_sae],
            previous: state.sae.clone(),
            stats: None,
            state,
            batch: Batch::default(),
            gradient: Gradient::default(),
            accumulator: Accumulator::default(),
        }
    }

    fn step(&mut self, options: &StepOptions) -> StepSums {
        let rows = self.batch.x.len() / self.state.sae.d_in;
        self.batch.pack(&self.state.sae, self.train.shifts());
        self.batch.encode(&self.state.sae.activation);
        let squares = self.batch.reconstruct(&self.state.sae);
        for &latent in self.batch.codes.latents() {
            self.activity[latent as usize] += 1;
        }
        let l1 = self.batch.l1() / rows as f64;
        self.gradient.step(&mut self.state, &self.previous, &self.batch, options);
        StepSums { updates: 1, mse: squares / self.batch.x.len() as f64, l1 }
    }
}

fn negated(row: &[f32]) -> Vec<f32> {
    row.iter().map(|v| 0.0 - v).collect()
}

impl Engine for CpuEngine {
    fn name(&self) -> String {
        "CPU, 1 thread".into()
    }

    fn load(&mut self, state: &State) -> Result<()> {
        self.state = state.clone();
        Ok(())
    }

    async fn state(&mut self) -> Result<State> {
        Ok(self.state.clone())
    }

    fn begin_epoch(&mut self) {
        self.previous = self.state.sae.clone();
        self.stats = None;
        self.activity.fill(0);
    }

    async fn steps(&mut self, rows: &[u32], options: &StepOptions) -> Result<StepSums> {
        let mut sums = StepSums::default();
        for (index, rows) in rows.chunks(options.batch_size).enumerate() {
            self.train.gather(rows, &mut self.batch);
            let options = StepOptions { lr: options.lr + index as f64 * options.lr_slope, ..*options };
            for _ in 0..options.updates_per_batch {
                let step = self.step(&options);
                sums.updates += step.updates;
                sums.mse += step.mse;
                sums.l1 += step.l1;
            }
        }
        Ok(sums)
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        Ok(self.activity.clone())
    }

    async fn accumulate(&mut self, rows: &[u32]) -> Result<()> {
        let stats = match &mut self.stats {
            Some(stats) => stats,
            empty => empty.insert(SufficientStats::new(self.state.sae.d_in, self.state.sae.d_sae)?),
        };
        self.batch.pack(&self.state.sae, self.train.shifts());
        for block in rows.chunks(STATISTICS_BLOCK) {
            self.train.gather(block, &mut self.batch);
            self.batch.encode(&self.state.sae.activation);
            self.accumulator.add(&self.batch, stats);
        }
        Ok(())
    }

    async fn take_stats(&mut self) -> Result<SufficientStats> {
        let Some(mut stats) = self.stats.take() else {
            return SufficientStats::new(self.state.sae.d_in, self.state.sae.d_sae);
        };
        stats.mirror();
        Ok(stats)
    }

    async fn moments(&mut self, rows: &[u32]) -> Result<DataMoments> {
        Ok(self.train.data.select(rows).moments())
    }

    async fn worst_rows(&mut self, rows: &[u32], count: usize) -> Result<Vec<Vec<f32>>> {
        let d_in = self.state.sae.d_in;
        self.batch.pack(&self.state.sae, None);
        self.batch.gather(&self.train.data, rows, false);
        self.batch.encode(&self.state.sae.activation);
        self.batch.reconstruct(&self.state.sae);
        // 0 − (x̂ − x) and not −(x̂ − x), so that no −0 arises.
        let residuals = self.batch.residual.chunks_exact(d_in);
        let lengths = residuals.clone().map(|row| row.iter().map(|&v| f64::from(v) * f64::from(v)).sum());
        let worst = longest(lengths, count);
        Ok(worst.into_iter().filter_map(|at| residuals.clone().nth(at)).map(negated).collect())
    }

    async fn decoder(&mut self) -> Result<Decoder> {
        let sae = &self.state.sae;
        Ok(Decoder { w_dec: sae.decoder().to_vec(), b_dec: sae.b_dec.clone() })
    }

    fn set_decoder(&mut self, decoder: Decoder) -> Result<()> {
        self.state.sae.w_dec = Some(decoder.w_dec);
        self.state.sae.b_dec = decoder.b_dec;
        Ok(())
    }

    async fn evaluate(&mut self, split: Split, rows: Range<u32>) -> Result<EvaluationSums> {
        let data = match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        };
        self.batch.pack(&self.state.sae, data.shifts());
        let mut sums = EvaluationSums::default();
        let rows: Vec<u32> = rows.collect();
        for block in rows.chunks(STATISTICS_BLOCK) {
            data.gather(block, &mut self.batch);
            self.batch.encode(&self.state.sae.activation);
            sums.squares += self.batch.reconstruct(&self.state.sae);
            sums.active += self.batch.codes.len() as u64;
            sums.l1 += self.batch.l1();
            sums.rows += block.len() as u64;
        }
        Ok(sums)
    }
}
