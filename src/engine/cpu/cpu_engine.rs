//! Training on the CPU.

use std::ops::Range;

use super::auxiliary::count_idle;
use super::batch::Batch;
use super::gradient::Gradient;
use super::gram::Accumulator;
use crate::data::{DataMoments, Dataset};
use crate::engine::{
    Decoder, Engine, EvaluationSums, MOST_IDLE_ROWS, STATISTICS_BLOCK, Split, State, StepOptions, StepSums,
    SufficientStats, VARIANTS_OFFERED, longest,
};
use crate::error::Result;
use crate::sae::{Activation, Sae};
use crate::threads::Threads;

/// Above this share of zero bytes they are skipped. By count of operations the sparse product saves the share of zeros
/// and loses the second row of the dense tile; where the two are equally fast has not been measured.
const SKIP_ZEROS_SHARE: f64 = 0.5;

/// Training on the CPU, on one thread or several: the same bits.
#[derive(Debug)]
pub struct CpuEngine {
    threads: Threads,
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

    fn gather(&self, rows: &[u32], batch: &mut Batch, threads: Threads) -> Result<()> {
        batch.gather(&self.data, rows, self.skip_zeros, threads)
    }

    fn shifts(&self) -> Option<&Dataset> {
        self.skip_zeros.then_some(&self.data)
    }
}

impl CpuEngine {
    /// An engine with these rows and this state, on one thread; the columns of both data sets are the state's `d_in`.
    pub fn new(train: Dataset, test: Dataset, state: State) -> Self {
        Self {
            threads: Threads::ONE,
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

    /// The engine on so many threads.
    pub fn on(self, threads: Threads) -> Self {
        Self { threads, ..self }
    }

    /// Continues from `state` on the caller's thread.
    pub fn go_on_alone(&mut self, state: &State) {
        self.threads = Threads::ONE;
        self.state = state.clone();
    }

    fn step(&mut self, options: &StepOptions<'_>) -> Result<StepSums> {
        let threads = self.threads;
        let rows = self.batch.x.len() / self.state.sae.d_in;
        let variants = options.variants;
        self.batch.pack(&self.state.sae, self.train.shifts(), threads)?;
        match self.state.sae.activation {
            Activation::BatchTopK { k, .. } if VARIANTS_OFFERED => {
                let least = self.batch.encode_together(k, threads)?;
                self.state.sae.activation.follow(least, variants.threshold_rate);
            }
            Activation::Relu
            | Activation::JumpRelu { .. }
            | Activation::TopK { .. }
            | Activation::BatchTopK { .. } => {
                self.batch.encode(&self.state.sae.activation, threads)?;
            }
        }
        let (squares, shorter) =
            self.batch.reconstruct_prefixes(&self.state.sae, variants.prefixes(), threads)?;
        for &latent in self.batch.codes.latents() {
            self.activity[latent as usize] += 1;
        }
        let l1 = self.batch.l1() / rows as f64;
        let l0 = self.batch.codes.len() as f64 / rows as f64;
        let elements = self.batch.x.len() as f64;
        let penalty = variants.thresholds().map_or(0.0, |training| training.penalty(l0));
        self.gradient.step(&mut self.state, &self.previous, &self.batch, options, threads)?;
        if let (Some(idle), Some(_)) = (&mut self.state.optimiser.idle, variants.auxk()) {
            count_idle(idle, &self.batch.codes, rows, MOST_IDLE_ROWS);
        }
        Ok(StepSums { updates: 1, mse: squares / elements, l1, others: shorter / elements + penalty })
    }

    /// Codes of rows outside of steps, whose threshold must be known.
    fn encode_block(&mut self) -> Result<()> {
        if let (&Activation::BatchTopK { k, threshold: None }, true) =
            (&self.state.sae.activation, VARIANTS_OFFERED)
        {
            let least = self.batch.encode_together(k, self.threads)?;
            self.state.sae.activation.follow(least, 1.0);
        }
        self.batch.encode(&self.state.sae.activation, self.threads)
    }
}

fn negated(row: &[f32]) -> Vec<f32> {
    row.iter().map(|v| 0.0 - v).collect()
}

impl Engine for CpuEngine {
    fn name(&self) -> String {
        match self.threads.count() {
            1 => "CPU, 1 thread".into(),
            count => format!("CPU, {count} threads"),
        }
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

    async fn steps(&mut self, rows: &[u32], options: &StepOptions<'_>) -> Result<StepSums> {
        let mut sums = StepSums::default();
        for (index, rows) in rows.chunks(options.batch_size).enumerate() {
            self.train.gather(rows, &mut self.batch, self.threads)?;
            let options = StepOptions { lr: options.lr + index as f64 * options.lr_slope, ..*options };
            for _ in 0..options.updates_per_batch {
                sums.add(&self.step(&options)?);
            }
        }
        Ok(sums)
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        Ok(self.activity.clone())
    }

    async fn accumulate(&mut self, rows: &[u32]) -> Result<()> {
        let mut stats = match self.stats.take() {
            Some(stats) => stats,
            None => SufficientStats::new(self.state.sae.d_in, self.state.sae.d_sae)?,
        };
        self.batch.pack(&self.state.sae, self.train.shifts(), self.threads)?;
        for block in rows.chunks(STATISTICS_BLOCK) {
            self.train.gather(block, &mut self.batch, self.threads)?;
            self.encode_block()?;
            self.accumulator.add(&self.batch, &mut stats, self.threads)?;
        }
        self.stats = Some(stats);
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
        self.batch.pack(&self.state.sae, None, self.threads)?;
        self.batch.gather(&self.train.data, rows, false, self.threads)?;
        self.batch.encode(&self.state.sae.activation, self.threads)?;
        self.batch.reconstruct(&self.state.sae, self.threads)?;
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
        self.batch.pack(&self.state.sae, data.shifts(), self.threads)?;
        let mut sums = EvaluationSums::default();
        let rows: Vec<u32> = rows.collect();
        for block in rows.chunks(STATISTICS_BLOCK) {
            data.gather(block, &mut self.batch, self.threads)?;
            self.batch.encode(&self.state.sae.activation, self.threads)?;
            sums.squares += self.batch.reconstruct(&self.state.sae, self.threads)?;
            sums.active += self.batch.codes.len() as u64;
            sums.l1 += self.batch.l1();
            sums.rows += block.len() as u64;
        }
        Ok(sums)
    }
}
