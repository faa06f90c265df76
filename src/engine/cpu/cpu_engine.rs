//! Training on the CPU.

use std::ops::Range;

use super::auxiliary::count_idle;
use super::batch::{Batch, Depth, Source};
use super::byte_rows::ByteRows;
use super::encode::PackedEncoder;
use super::gradient::Gradient;
use super::gram::Accumulator;
use super::sweep::DecoderSweep;
use crate::data::{DataMoments, Dataset, Normalisation};
use crate::engine::{
    Decoder, Engine, EvaluationSums, MOST_IDLE_ROWS, PREPARES, STATISTICS_BLOCK, Split, State, StepOptions,
    StepSums, SufficientStats, VARIANTS_OFFERED, Variants, longest,
};
use crate::error::Result;
use crate::sae::{Activation, Penalties, Sae};
use crate::threads::Threads;

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
    encoder: PackedEncoder,
    batch: Batch,
    gradient: Gradient,
    sweep: DecoderSweep,
    accumulator: Accumulator,
}

/// A data set and how its rows are best encoded.
#[derive(Debug)]
struct Rows {
    data: Dataset,
    byte_rows: Option<ByteRows>,
}

impl Rows {
    fn new(data: Dataset) -> Self {
        Self { byte_rows: ByteRows::of(&data), data }
    }

    fn source<'a>(&'a mut self, rows: &'a [u32]) -> Source<'a> {
        if let Some(byte_rows) = &mut self.byte_rows {
            byte_rows.keep_more(&self.data);
        }
        Source { data: &self.data, rows, byte_rows: self.byte_rows.as_ref() }
    }

    fn shifts(&self) -> Option<&Normalisation> {
        self.byte_rows.as_ref().map(|_| self.data.normalisation())
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
            encoder: PackedEncoder::default(),
            batch: Batch::default(),
            gradient: Gradient::default(),
            sweep: DecoderSweep::default(),
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
        self.replace(state);
    }

    fn replace(&mut self, state: &State) {
        self.encoder.outdate();
        self.batch.forget();
        self.state = state.clone();
    }

    /// A step on the training rows numbered `rows`, or without them once more on those of the last.
    fn step(&mut self, rows: Option<&[u32]>, options: &StepOptions<'_>) -> Result<StepSums> {
        let Self { threads, train, state, encoder, batch, .. } = self;
        let (threads, variants) = (*threads, options.variants);
        encoder.pack(&state.sae, train.shifts(), variants.auxk().is_some(), threads)?;
        let source = rows.map(|rows| train.source(rows));
        let depth = depth_of_step(variants);
        let squares = match state.sae.activation {
            Activation::BatchTopK { k, .. } if VARIANTS_OFFERED => {
                let model = (&state.sae, &*encoder);
                let (squares, least) = batch.forward_together(source, model, k, depth, threads)?;
                state.sae.activation.follow(least, variants.threshold_rate);
                squares
            }
            Activation::Relu
            | Activation::JumpRelu { .. }
            | Activation::TopK { .. }
            | Activation::BatchTopK { .. } => batch.forward(source, (&state.sae, encoder), depth, threads)?,
        };
        let shorter = batch.reconstruct_prefixes(&state.sae, variants.prefixes(), threads)?;
        for &latent in batch.codes.latents() {
            self.activity[latent as usize] += 1;
        }
        let rows = batch.codes.rows();
        let l1 = batch.l1() / rows as f64;
        let l0 = batch.codes.len() as f64 / rows as f64;
        let elements = batch.x.len() as f64;
        let penalty = variants.thresholds().map_or(0.0, |training| training.penalty(l0));
        encoder.outdate();
        self.gradient.step(state, &self.previous, batch, options, threads)?;
        if let (Some(idle), Some(_)) = (&mut state.optimiser.idle, variants.auxk()) {
            count_idle(idle, &batch.codes, rows, MOST_IDLE_ROWS);
        }
        Ok(StepSums { updates: 1, mse: squares / elements, l1, others: shorter / elements + penalty })
    }

    /// Takes rows outside of steps through the model. The threshold of BatchTopK must be known then.
    fn forward(&mut self, split: Split, rows: &[u32], depth: Depth) -> Result<f64> {
        let Self { threads, train, test, state, encoder, batch, .. } = self;
        let from = match split {
            Split::Train => train,
            Split::Test => test,
        };
        encoder.pack(&state.sae, from.shifts(), false, *threads)?;
        if let (&Activation::BatchTopK { k, threshold: None }, true) =
            (&state.sae.activation, VARIANTS_OFFERED)
        {
            let model = (&state.sae, &*encoder);
            let (_, least) =
                batch.forward_together(Some(from.source(rows)), model, k, Depth::Codes, *threads)?;
            state.sae.activation.follow(least, 1.0);
        }
        batch.forward(Some(from.source(rows)), (&state.sae, encoder), depth, *threads)
    }
}

impl CpuEngine {
    fn begun_stats(&mut self) -> Result<SufficientStats> {
        match self.stats.take() {
            Some(stats) => Ok(stats),
            None => SufficientStats::begin(self.state.sae.d_in, self.state.sae.d_sae),
        }
    }
}

/// With prefixes a latent has a residual of its own.
fn depth_of_step(variants: &Variants) -> Depth {
    if variants.prefixes().is_empty() { Depth::Products } else { Depth::Residuals }
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

    async fn hold(&mut self, train: Dataset) -> Result<()> {
        self.train = Rows::new(train);
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<()> {
        self.replace(state);
        Ok(())
    }

    async fn state(&mut self) -> Result<State> {
        Ok(self.state.clone())
    }

    async fn keep(&mut self, last: &mut State, penalties: &Penalties) -> Result<f64> {
        let penalty = penalties.of(&self.state.sae, &last.sae);
        last.copy_from(&self.state);
        Ok(penalty)
    }

    fn begin_epoch(&mut self) {
        self.batch.forget();
        self.previous.copy_from(&self.state.sae);
        self.stats = None;
        self.activity.fill(0);
        self.sweep.begin_epoch();
    }

    fn prepare(&mut self, rows: &[u32], step: Option<&Variants>) -> Result<bool> {
        let most_rows = self.work_per_call() / self.state.sae.w_enc.len();
        let Self { threads, train, state, encoder, batch, .. } = self;
        // A pause takes time too: not for twice as many.
        if !PREPARES || rows.len() <= 2 * most_rows {
            return Ok(true);
        }
        let (whole, depth) = match step {
            Some(variants) => (variants.auxk().is_some(), depth_of_step(variants)),
            None => (false, Depth::Codes),
        };
        if encoder.pack(&state.sae, train.shifts(), whole, *threads)? {
            return Ok(false);
        }
        let together = match state.sae.activation {
            Activation::BatchTopK { threshold, .. } => step.is_some() || threshold.is_none(),
            Activation::Relu | Activation::JumpRelu { .. } | Activation::TopK { .. } => false,
        };
        let source = train.source(rows);
        batch.prepare(source, (&state.sae, encoder), (!together).then_some(depth), *threads, most_rows)
    }

    async fn steps(&mut self, rows: &[u32], options: &StepOptions<'_>) -> Result<StepSums> {
        let mut sums = StepSums::default();
        for (index, rows) in rows.chunks(options.batch_size).enumerate() {
            let options = StepOptions { lr: options.lr + index as f64 * options.lr_slope, ..*options };
            for update in 0..options.updates_per_batch {
                sums.add(&self.step((update == 0).then_some(rows), &options)?);
            }
            if let Some(sweep) = options.sweep {
                let by_latent = self.gradient.by_latent();
                self.sweep.run(&mut self.state.sae, &self.batch, by_latent, sweep, self.threads)?;
            }
        }
        Ok(sums)
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        Ok(self.activity.clone())
    }

    fn make_room(&mut self) -> Result<bool> {
        let mut stats = self.begun_stats()?;
        let is_whole = stats.extend();
        self.stats = Some(stats);
        Ok(is_whole)
    }

    async fn accumulate(&mut self, rows: &[u32]) -> Result<()> {
        let mut stats = self.begun_stats()?;
        while !stats.extend() {}
        for block in rows.chunks(STATISTICS_BLOCK) {
            self.forward(Split::Train, block, Depth::Codes)?;
            self.accumulator.add(&self.batch, &mut stats, self.threads)?;
        }
        self.stats = Some(stats);
        Ok(())
    }

    async fn take_stats(&mut self) -> Result<SufficientStats> {
        let mut stats = self.begun_stats()?;
        while !stats.extend() {}
        Ok(stats)
    }

    async fn moments(&mut self, rows: &[u32]) -> Result<DataMoments> {
        Ok(self.train.data.select(rows).moments())
    }

    async fn worst_rows(&mut self, rows: &[u32], count: usize) -> Result<Vec<Vec<f32>>> {
        let d_in = self.state.sae.d_in;
        self.encoder.pack(&self.state.sae, None, false, self.threads)?;
        // Summed over all columns, as a model is applied outside training.
        let source = Source { data: &self.train.data, rows, byte_rows: None };
        let model = (&self.state.sae, &self.encoder);
        self.batch.forward(Some(source), model, Depth::Residuals, self.threads)?;
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
        let mut sums = EvaluationSums::default();
        let rows: Vec<u32> = rows.collect();
        for block in rows.chunks(STATISTICS_BLOCK) {
            sums.squares += self.forward(split, block, Depth::Residuals)?;
            sums.active += self.batch.codes.len() as u64;
            sums.l1 += self.batch.l1();
            sums.rows += block.len() as u64;
        }
        Ok(sums)
    }
}
