//! The CPU room of the engine.

use std::ops::Range;

use super::batch::Batch;
use super::gradient::Gradient;
use super::gram::{Accumulator, BLOCK};
use crate::data::Dataset;
use crate::engine::{Engine, EvaluationSums, Split, State, StepOptions, StepSums, SufficientStats};
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
    gram: SufficientStats,
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
    /// A room with these rows and this state; the columns of both data sets are the state's `d_in`.
    pub fn new(train: Dataset, test: Dataset, state: State) -> Self {
        Self {
            train: Rows::new(train),
            test: Rows::new(test),
            activity: vec![0; state.sae.d_sae],
            previous: state.sae.clone(),
            gram: SufficientStats::new(state.sae.d_in, state.sae.d_sae),
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
        self.gram = SufficientStats::new(self.previous.d_in, self.previous.d_sae);
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
        self.batch.pack(&self.state.sae, self.train.shifts());
        for block in rows.chunks(BLOCK) {
            self.train.gather(block, &mut self.batch);
            self.batch.encode(&self.state.sae.activation);
            self.accumulator.add(&self.batch, &mut self.gram);
        }
        Ok(())
    }

    async fn take_stats(&mut self) -> Result<SufficientStats> {
        let empty = SufficientStats::new(self.state.sae.d_in, self.state.sae.d_sae);
        Ok(std::mem::replace(&mut self.gram, empty))
    }

    fn set_decoder(&mut self, w_dec: &[f32], b_dec: &[f32]) -> Result<()> {
        self.state.sae.w_dec = Some(w_dec.to_vec());
        self.state.sae.b_dec = b_dec.to_vec();
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
        for block in rows.chunks(BLOCK) {
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
