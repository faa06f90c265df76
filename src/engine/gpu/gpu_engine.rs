//! The GPU room of the engine.

use std::ops::Range;
use std::rc::Rc;

use super::dataset::Resident;
use super::device::{Context, Memory, values};
use super::dispatch::{ROWS_IN_FLIGHT, Recorder};
use super::forward::{Batch, Source};
use super::gradient::Descent;
use super::gram::{Accumulator, BLOCK};
use super::inverted_codes::Mode;
use super::layout::Layout;
use crate::data::{DataMoments, Dataset};
use crate::engine::{
    Decoder, Engine, EvaluationSums, Moments, Optimiser, Split, State, StepOptions, StepSums,
    SufficientStats, longest,
};
use crate::error::{Error, Result};
use crate::sae::{Parameter, Sae};

/// Multiply-adds of an encode between two readbacks, where the adapter is no software: milliseconds on a good card, a
/// tenth of a second on a weak one.
const WORK_PER_CALL: usize = 2_000_000_000;
/// The same on a software adapter, as on the CPU.
const SOFTWARE_WORK_PER_CALL: usize = 100_000_000;

/// Training on a GPU. Rows, parameters, moments and gradients stay on it; losses come back once a call.
#[derive(Debug)]
pub struct GpuEngine {
    context: Rc<Context>,
    recorder: Recorder,
    /// The training rows as the host keeps them; shared, not copied.
    train_rows: Dataset,
    train: Source,
    test: Source,
    batch: Batch,
    descent: Descent,
    /// Made when first needed: it is the largest part, and SGD needs none.
    gram: Option<Accumulator>,
    theta: Memory,
    /// Updates taken.
    steps: u64,
    /// The last state loaded, whose shape every other must have.
    shape: Sae,
    /// Sums of rows recorded since the last readback.
    pending: Vec<Pending>,
}

/// Sums of consecutive rows on the device.
#[derive(Debug, Clone, Copy)]
struct Pending {
    rows: usize,
    /// Rows of their batch.
    batch: usize,
}

impl GpuEngine {
    /// A room on an open device with these rows and this state.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device is too small for it, and [`Error::GpuLost`] if it was lost.
    pub async fn new(context: Rc<Context>, train: &Dataset, test: &Dataset, state: &State) -> Result<Self> {
        let layout = Layout::new(state)?;
        let sae = &state.sae;
        let made = context.allocate(|| {
            let recorder = Recorder::new(context.clone())?;
            let theta = context.storage("parameters", layout.bytes())?;
            let batch = Batch::new(&context, &layout, &sae.activation, &theta)?;
            let descent = Descent::new(&context, &batch, &theta)?;
            let source = |data: &Dataset| -> Result<Source> {
                let resident = Resident::new(&context, data, layout.width)?;
                Ok(Source::new(&context, resident, &batch, &recorder))
            };
            let (resident_train, resident_test) = (source(train)?, source(test)?);
            Ok((recorder, theta, batch, descent, resident_train, resident_test))
        });
        let (recorder, theta, batch, descent, resident_train, resident_test) = made.await?;
        let shape = sae.clone();
        let pending = Vec::new();
        let mut engine = Self {
            context,
            recorder,
            train_rows: train.clone(),
            train: resident_train,
            test: resident_test,
            batch,
            descent,
            gram: None,
            theta,
            steps: 0,
            shape,
            pending,
        };
        engine.load(state)?;
        Ok(engine)
    }

    /// The device that the room is on.
    pub fn context(&self) -> &Rc<Context> {
        &self.context
    }

    /// Waits until the device has done all that it was given.
    ///
    /// # Errors
    /// If something before failed.
    pub async fn finish(&mut self) -> Result<()> {
        self.recorder.submit();
        self.context.read(&[(&self.theta, 0, 4)]).await.map(drop)
    }

    /// Takes rows into the batch, and encodes them.
    fn record_codes(&mut self, split: Split, rows: &[u32]) -> u32 {
        let offset = self.recorder.push_rows(rows);
        let source = match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        };
        source.record_gather(&mut self.recorder, &self.batch, rows.len(), offset);
        self.batch.record_encode(&mut self.recorder, rows.len());
        offset
    }

    /// The whole forward pass of rows, a part of a batch of `batch` rows.
    fn record_forward(&mut self, split: Split, rows: &[u32], batch: usize) {
        let offset = self.record_codes(split, rows);
        self.batch.record_decode(&mut self.recorder, rows.len());
        self.batch.record_residual(&mut self.recorder, rows.len(), offset);
        self.pending.push(Pending { rows: rows.len(), batch });
    }

    /// Makes room for the sums of `rows` more rows, adding those that are there to `sink`.
    async fn make_room(&mut self, rows: usize, sink: &mut impl FnMut(usize, [f64; 3])) -> Result<()> {
        if self.recorder.room() < rows { self.collect(sink).await } else { Ok(()) }
    }

    /// Reads the sums of rows back and hands them over by chunk: rows of the batch, and squares, |z|, active latents.
    async fn collect(&mut self, sink: &mut impl FnMut(usize, [f64; 3])) -> Result<()> {
        self.recorder.submit();
        let rows: usize = self.pending.iter().map(|pending| pending.rows).sum();
        let read = self.context.read(&[(&self.batch.sums, 0, 16 * rows as u64)]).await?;
        let sums: Vec<[f32; 4]> = read.iter().flat_map(|bytes| values(bytes)).collect();
        let mut rest = &sums[..];
        for pending in self.pending.drain(..) {
            let Some((rows, after)) = rest.split_at_checked(pending.rows) else { break };
            let mut total = [0.0; 3];
            for row in rows {
                total.iter_mut().zip(row).for_each(|(total, &sum)| *total += f64::from(sum));
            }
            sink(pending.batch, total);
            rest = after;
        }
        self.recorder.rewind();
        Ok(())
    }

    fn same_shape(&self, state: &State) -> Result<()> {
        let layout = Layout::new(state)?;
        if layout != self.batch.layout || state.sae.activation != self.shape.activation {
            return Err(Error::Gpu("a state of another shape cannot be loaded into the GPU room".into()));
        }
        Ok(())
    }

    fn write(&self, memory: &Memory, values: &[f32]) {
        self.context.queue.write_buffer(memory, 0, bytemuck::cast_slice(values));
    }
}

impl Engine for GpuEngine {
    fn name(&self) -> String {
        let adapter = self.context.adapter();
        format!("GPU: {} ({})", adapter.name, adapter.backend)
    }

    fn work_per_call(&self) -> usize {
        if self.context.adapter().software { SOFTWARE_WORK_PER_CALL } else { WORK_PER_CALL }
    }

    fn load(&mut self, state: &State) -> Result<()> {
        self.same_shape(state)?;
        self.recorder.reset();
        self.pending.clear();
        let layout = &self.batch.layout;
        self.write(&self.theta, &layout.parameters(&state.sae));
        self.write(&self.descent.m, &layout.moments(&state.optimiser, |moments| &moments.m));
        self.write(&self.descent.v, &layout.moments(&state.optimiser, |moments| &moments.v));
        self.steps = state.optimiser.steps;
        Ok(())
    }

    async fn state(&mut self) -> Result<State> {
        let layout = &self.batch.layout;
        let bytes = layout.bytes();
        let memories = [&self.theta, &self.descent.m, &self.descent.v];
        let read = self.context.read(&memories.map(|memory| (&**memory, 0, bytes))).await?;
        let pieces: Vec<Vec<f32>> = read.iter().map(|bytes| values(bytes)).collect();
        let [theta, m, v] = &pieces[..] else { return Err(Error::Gpu("a readback is incomplete".into())) };
        let moments = |parameter| Moments { m: layout.unpack(m, parameter), v: layout.unpack(v, parameter) };
        let trained = |parameter| layout.trains(parameter).then(|| moments(parameter));
        let w_dec = (!layout.tied).then(|| layout.unpack(theta, Parameter::DecoderWeights));
        Ok(State {
            sae: Sae {
                w_enc: layout.unpack(theta, Parameter::EncoderWeights),
                b_enc: layout.unpack(theta, Parameter::EncoderBias),
                w_dec,
                b_dec: layout.unpack(theta, Parameter::DecoderBias),
                d_in: layout.d_in,
                d_sae: layout.d_sae,
                activation: self.shape.activation.clone(),
            },
            optimiser: Optimiser {
                steps: self.steps,
                w_enc: moments(Parameter::EncoderWeights),
                b_enc: moments(Parameter::EncoderBias),
                w_dec: trained(Parameter::DecoderWeights),
                b_dec: trained(Parameter::DecoderBias),
            },
        })
    }

    fn begin_epoch(&mut self) {
        let mut encoder = self.context.device.create_command_encoder(&Default::default());
        let bytes = self.batch.layout.bytes();
        encoder.copy_buffer_to_buffer(&self.theta, 0, &self.descent.previous, 0, bytes);
        encoder.clear_buffer(&self.descent.activity, 0, None);
        self.context.queue.submit([encoder.finish()]);
        if let Some(gram) = &mut self.gram {
            gram.reset();
        }
    }

    async fn steps(&mut self, rows: &[u32], options: &StepOptions) -> Result<StepSums> {
        self.context.check()?;
        let mut sums = StepSums::default();
        let d_in = self.batch.layout.d_in as f64;
        let mut add = |batch: usize, [squares, l1, _]: [f64; 3]| {
            sums.mse += squares / (batch as f64 * d_in);
            sums.l1 += l1 / batch as f64;
        };
        let mut updates = 0;
        for (index, batch) in rows.chunks(options.batch_size).enumerate() {
            let options = StepOptions { lr: options.lr + index as f64 * options.lr_slope, ..*options };
            for _ in 0..options.updates_per_batch {
                for (index, rows) in batch.chunks(self.batch.rows).enumerate() {
                    self.make_room(rows.len(), &mut add).await?;
                    self.record_forward(Split::Train, rows, batch.len());
                    let mode = if index == 0 { Mode::Replace } else { Mode::Add };
                    self.descent.record_gradients(
                        &mut self.recorder,
                        &self.batch,
                        rows.len(),
                        (batch.len(), mode),
                        &options,
                    );
                }
                self.steps += 1;
                self.descent.record_step(&mut self.recorder, &self.batch.layout, &options, self.steps);
                updates += 1;
            }
        }
        self.collect(&mut add).await?;
        sums.updates = updates;
        Ok(sums)
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        self.recorder.submit();
        let bytes = 4 * self.batch.layout.d_sae as u64;
        let read = self.context.read(&[(&self.descent.activity, 0, bytes)]).await?;
        Ok(read.iter().flat_map(|bytes| values::<u32>(bytes)).map(u64::from).collect())
    }

    async fn accumulate(&mut self, rows: &[u32]) -> Result<()> {
        self.context.check()?;
        let mut gram = match self.gram.take() {
            Some(gram) => gram,
            None => self.context.allocate(|| Accumulator::new(&self.context, &self.batch)).await?,
        };
        for rows in rows.chunks(BLOCK.min(self.batch.rows)) {
            if self.recorder.room() < rows.len() {
                self.recorder.submit();
                self.recorder.rewind();
            }
            if gram.is_full() {
                self.recorder.submit();
                gram.flush(&self.context, &self.batch).await?;
            }
            self.record_codes(Split::Train, rows);
            gram.record(&self.context, &mut self.recorder, &self.batch, rows.len())?;
        }
        self.recorder.submit();
        self.recorder.rewind();
        self.gram = Some(gram);
        // Work in flight is bounded by waiting here.
        self.finish().await
    }

    async fn take_stats(&mut self) -> Result<SufficientStats> {
        let Some(gram) = &mut self.gram else {
            return SufficientStats::new(self.batch.layout.d_in, self.batch.layout.d_sae);
        };
        self.recorder.submit();
        gram.flush(&self.context, &self.batch).await?;
        gram.take(&self.batch)
    }

    /// From the rows as the host keeps them: float64, which WGSL lacks.
    async fn moments(&mut self, rows: &[u32]) -> Result<DataMoments> {
        Ok(self.train_rows.select(rows).moments())
    }

    async fn worst_rows(&mut self, rows: &[u32], count: usize) -> Result<Vec<Vec<f32>>> {
        self.context.check()?;
        let (width, d_in) = (4 * self.batch.layout.width, self.batch.layout.d_in);
        let (mut squares, mut residuals) = (Vec::new(), Vec::new());
        for rows in rows.chunks(self.batch.rows) {
            self.recorder.submit();
            self.recorder.rewind();
            self.record_forward(Split::Train, rows, rows.len());
            self.pending.clear();
            self.recorder.submit();
            let n = rows.len() as u64;
            let parts = [(&*self.batch.sums, 0, 16 * n), (&*self.batch.fit, 0, 4 * width as u64 * n)];
            let read = self.context.read(&parts).await?;
            let [sums, fit] = &read[..] else { return Err(Error::Gpu("a readback is incomplete".into())) };
            squares.extend(values::<[f32; 4]>(sums).iter().map(|sum| f64::from(sum[0])));
            residuals.extend(Layout::unpad(&values(fit), width, rows.len(), d_in));
        }
        self.recorder.rewind();
        let worst = longest(squares.into_iter(), count);
        let negated = |at: usize| residuals[at * d_in..(at + 1) * d_in].iter().map(|v| -v).collect();
        Ok(worst.into_iter().map(negated).collect())
    }

    async fn decoder(&mut self) -> Result<Decoder> {
        let layout = &self.batch.layout;
        let read = self.context.read(&[(&self.theta, 0, layout.bytes())]).await?;
        let theta: Vec<f32> = read.iter().flat_map(|bytes| values(bytes)).collect();
        Ok(Decoder {
            w_dec: layout.unpack(&theta, layout.decoder()),
            b_dec: layout.unpack(&theta, Parameter::DecoderBias),
        })
    }

    fn set_decoder(&mut self, decoder: Decoder) -> Result<()> {
        let layout = &self.batch.layout;
        if layout.tied {
            return Err(Error::Gpu("a tied model has no decoder of its own to set".into()));
        }
        self.recorder.submit();
        let mut padded = vec![0.0; 4 * layout.stride * layout.width];
        layout.pad(&decoder.w_dec, &mut padded);
        let queue = &self.context.queue;
        let (matrix, bias) = (layout.range(Parameter::DecoderWeights), layout.range(Parameter::DecoderBias));
        queue.write_buffer(&self.theta, matrix.0, bytemuck::cast_slice(&padded));
        queue.write_buffer(&self.theta, bias.0, bytemuck::cast_slice(&decoder.b_dec));
        Ok(())
    }

    async fn evaluate(&mut self, split: Split, rows: Range<u32>) -> Result<EvaluationSums> {
        self.context.check()?;
        let mut sums =
            EvaluationSums { rows: u64::from(rows.end.saturating_sub(rows.start)), ..Default::default() };
        let mut add = |_: usize, [squares, l1, active]: [f64; 3]| {
            sums.squares += squares;
            sums.l1 += l1;
            sums.active += active as u64;
        };
        let rows: Vec<u32> = rows.collect();
        for rows in rows.chunks(self.batch.rows) {
            self.make_room(rows.len(), &mut add).await?;
            self.record_forward(split, rows, rows.len());
        }
        self.collect(&mut add).await?;
        Ok(sums)
    }
}

const _: () = assert!(super::forward::CHUNK <= ROWS_IN_FLIGHT && BLOCK <= super::forward::CHUNK);
