//! Training on the GPU.

use std::ops::Range;
use std::rc::Rc;

use super::chunk::{Chunk, MAX_ROWS};
use super::dataset::UploadedRows;
use super::device::{GpuBuffer, GpuDevice, incomplete_readback, values};
use super::dispatch::{DispatchQueue, ROWS_IN_FLIGHT};
use super::forward::ForwardPass;
use super::gradient::BackwardPass;
use super::gram::{BLOCK_ROWS, StatsAccumulator};
use super::inverted_codes::Earlier;
use super::layout::Layout;
use crate::data::{DataMoments, Dataset};
use crate::engine::{
    Decoder, Engine, EvaluationSums, Moments, Optimiser, Split, State, StepOptions, StepSums,
    SufficientStats, Variants, longest,
};
use crate::error::{Error, Result};
use crate::sae::{Activation, Parameter, Sae};

/// Multiply-adds of an encode between two readbacks on a real GPU: milliseconds on a good card, a tenth of a second on a
/// weak one.
const WORK_PER_CALL: usize = 2_000_000_000;
/// The same on a software adapter, as on the CPU.
const SOFTWARE_WORK_PER_CALL: usize = 100_000_000;

/// Training on a GPU. Rows, parameters, moments and gradients stay on it; losses are read back once per call.
#[derive(Debug)]
pub struct GpuEngine {
    device: Rc<GpuDevice>,
    queue: DispatchQueue,
    /// The training rows as the host keeps them; shared, not copied.
    train_rows: Dataset,
    train: UploadedRows,
    test: UploadedRows,
    forward: ForwardPass,
    backward: BackwardPass,
    /// Made when first needed: it is the largest part, and SGD needs none.
    stats: Option<StatsAccumulator>,
    theta: GpuBuffer,
    /// Updates taken.
    steps: u64,
    /// The last state loaded, whose shape every other must have.
    shape: Sae,
    /// Sums of rows recorded since the last readback.
    pending: Vec<PendingRows>,
}

/// Sums of consecutive rows on the device.
#[derive(Debug, Clone, Copy)]
struct PendingRows {
    rows: usize,
    /// Rows of their batch.
    batch: usize,
}

impl GpuEngine {
    /// An engine on an open device with these rows and this state.
    ///
    /// # Errors
    /// [`Error::Gpu`] if the device is too small for it, and [`Error::GpuLost`] if it was lost.
    pub async fn new(device: Rc<GpuDevice>, train: &Dataset, test: &Dataset, state: &State) -> Result<Self> {
        let layout = Layout::new(state)?;
        let sae = &state.sae;
        let made = device.allocate(|| {
            let queue = DispatchQueue::new(device.clone())?;
            let theta = device.storage("parameters", layout.bytes())?;
            let forward = ForwardPass::new(&device, &layout, &sae.activation, &theta)?;
            let backward = BackwardPass::new(&device, &forward, &theta)?;
            let upload = |data: &Dataset| UploadedRows::new(&device, data, &forward.chunk, &queue);
            let uploaded = (upload(train)?, upload(test)?);
            Ok((queue, theta, forward, backward, uploaded))
        });
        let (queue, theta, forward, backward, (uploaded_train, uploaded_test)) = made.await?;
        let mut engine = Self {
            device,
            queue,
            train_rows: train.clone(),
            train: uploaded_train,
            test: uploaded_test,
            forward,
            backward,
            stats: None,
            theta,
            steps: 0,
            shape: sae.clone(),
            pending: Vec::new(),
        };
        engine.load(state)?;
        Ok(engine)
    }

    /// The device that the engine runs on.
    pub fn device(&self) -> &Rc<GpuDevice> {
        &self.device
    }

    /// Waits until the device has finished everything that was submitted.
    ///
    /// # Errors
    /// If anything before it failed.
    pub async fn finish(&mut self) -> Result<()> {
        self.queue.submit();
        self.device.read(&[(&self.theta, 0, 4)]).await.map(drop)
    }

    fn layout(&self) -> &Layout {
        &self.forward.chunk.layout
    }

    /// Takes rows into the chunk, and encodes them.
    fn record_codes(&mut self, split: Split, rows: &[u32]) -> u32 {
        let offset = self.queue.push_rows(rows);
        let uploaded = match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        };
        uploaded.record_gather(&mut self.queue, &self.forward.chunk, rows.len(), offset);
        self.forward.record_encode(&mut self.queue, rows.len());
        offset
    }

    /// The whole forward pass of rows, a part of a batch of `batch` rows.
    fn record_forward(&mut self, split: Split, rows: &[u32], batch: usize) {
        let offset = self.record_codes(split, rows);
        self.forward.record_decode(&mut self.queue, rows.len());
        self.forward.record_residual(&mut self.queue, rows.len(), offset);
        self.pending.push(PendingRows { rows: rows.len(), batch });
    }

    /// Makes sure that `rows` more rows fit; where they do not, hands the sums that are there to `sink`.
    async fn reserve_rows(&mut self, rows: usize, sink: &mut impl FnMut(usize, [f64; 3])) -> Result<()> {
        if self.queue.free_rows() < rows { self.collect(sink).await } else { Ok(()) }
    }

    /// Reads the sums of rows back and hands them over by chunk: rows of the batch, and squares, |z|, active latents.
    async fn collect(&mut self, sink: &mut impl FnMut(usize, [f64; 3])) -> Result<()> {
        self.queue.submit();
        let rows: usize = self.pending.iter().map(|pending| pending.rows).sum();
        let read = self.device.read(&[(&self.forward.chunk.row_sums, 0, 16 * rows as u64)]).await?;
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
        self.queue.rewind();
        Ok(())
    }

    fn same_shape(&self, state: &State) -> Result<()> {
        let layout = Layout::new(state)?;
        if &layout != self.layout() || state.sae.activation != self.shape.activation {
            return Err(Error::Gpu("a state of another shape cannot be loaded into this engine".into()));
        }
        Ok(())
    }

    fn write(&self, buffer: &GpuBuffer, values: &[f32]) {
        self.device.queue.write_buffer(buffer, 0, bytemuck::cast_slice(values));
    }
}

impl Engine for GpuEngine {
    fn name(&self) -> String {
        let adapter = self.device.adapter();
        format!("GPU: {} ({})", adapter.name, adapter.backend)
    }

    fn work_per_call(&self) -> usize {
        if self.device.adapter().software { SOFTWARE_WORK_PER_CALL } else { WORK_PER_CALL }
    }

    async fn hold(&mut self, train: Dataset) -> Result<()> {
        // What was recorded reads the rows that go.
        self.queue.submit();
        let (device, queue, chunk) = (&self.device, &self.queue, &self.forward.chunk);
        self.train = device.allocate(|| UploadedRows::new(device, &train, chunk, queue)).await?;
        self.train_rows = train;
        Ok(())
    }

    fn load(&mut self, state: &State) -> Result<()> {
        self.same_shape(state)?;
        self.queue.reset();
        self.pending.clear();
        let layout = &self.forward.chunk.layout;
        self.write(&self.theta, &layout.parameters(&state.sae));
        self.write(&self.backward.m, &layout.moments(&state.optimiser, |moments| &moments.m));
        self.write(&self.backward.v, &layout.moments(&state.optimiser, |moments| &moments.v));
        self.steps = state.optimiser.steps;
        Ok(())
    }

    async fn state(&mut self) -> Result<State> {
        let layout = self.layout();
        let trained = layout.trained_bytes();
        let parts = [
            (&*self.theta, 0, layout.bytes()),
            (&*self.backward.m, 0, trained),
            (&*self.backward.v, 0, trained),
        ];
        let read = self.device.read(&parts).await?;
        let pieces: Vec<Vec<f32>> = read.iter().map(|bytes| values(bytes)).collect();
        let [theta, m, v] = &pieces[..] else { return Err(incomplete_readback()) };
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
                threshold: None,
                idle: None,
                steps: self.steps,
                w_enc: moments(Parameter::EncoderWeights),
                b_enc: moments(Parameter::EncoderBias),
                w_dec: trained(Parameter::DecoderWeights),
                b_dec: trained(Parameter::DecoderBias),
            },
        })
    }

    fn begin_epoch(&mut self) {
        let mut encoder = self.device.device.create_command_encoder(&Default::default());
        let bytes = self.layout().trained_bytes();
        encoder.copy_buffer_to_buffer(&self.theta, 0, &self.backward.previous, 0, bytes);
        encoder.clear_buffer(&self.backward.activity, 0, None);
        self.device.queue.submit([encoder.finish()]);
        if let Some(stats) = &mut self.stats {
            stats.reset();
        }
    }

    async fn steps(&mut self, rows: &[u32], options: &StepOptions<'_>) -> Result<StepSums> {
        self.device.check()?;
        supports(&self.shape.activation, options.variants)?;
        let mut sums = StepSums::default();
        let d_in = self.layout().d_in as f64;
        let mut add = |batch: usize, [squares, l1, _]: [f64; 3]| {
            sums.mse += squares / (batch as f64 * d_in);
            sums.l1 += l1 / batch as f64;
        };
        let mut updates = 0;
        for (index, batch) in rows.chunks(options.batch_size).enumerate() {
            let options = StepOptions { lr: options.lr + index as f64 * options.lr_slope, ..*options };
            for _ in 0..options.updates_per_batch {
                for (index, rows) in batch.chunks(self.forward.chunk.rows).enumerate() {
                    self.reserve_rows(rows.len(), &mut add).await?;
                    self.record_forward(Split::Train, rows, batch.len());
                    let earlier = if index == 0 { Earlier::Replace } else { Earlier::Add };
                    self.backward.record_gradients(
                        &mut self.queue,
                        &self.forward,
                        rows.len(),
                        (batch.len(), earlier),
                        &options,
                    );
                }
                self.steps += 1;
                self.backward.record_step(&mut self.queue, &self.forward.chunk.layout, &options, self.steps);
                updates += 1;
            }
        }
        self.collect(&mut add).await?;
        sums.updates = updates;
        Ok(sums)
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        self.queue.submit();
        let bytes = 4 * self.layout().d_sae as u64;
        let read = self.device.read(&[(&self.backward.activity, 0, bytes)]).await?;
        Ok(read.iter().flat_map(|bytes| values::<u32>(bytes)).map(u64::from).collect())
    }

    async fn accumulate(&mut self, rows: &[u32]) -> Result<()> {
        self.device.check()?;
        let mut stats = match self.stats.take() {
            Some(stats) => stats,
            None => self.device.allocate(|| StatsAccumulator::new(&self.device, &self.forward)).await?,
        };
        for rows in rows.chunks(BLOCK_ROWS.min(self.forward.chunk.rows)) {
            if self.queue.free_rows() < rows.len() {
                self.queue.submit();
                self.queue.rewind();
            }
            if stats.is_full() {
                self.queue.submit();
                stats.flush(&self.device, &self.forward.chunk.layout).await?;
            }
            self.record_codes(Split::Train, rows);
            stats.record(&self.device, &mut self.queue, &self.forward, rows.len())?;
        }
        self.queue.submit();
        self.queue.rewind();
        self.stats = Some(stats);
        // Work in flight is bounded by waiting here.
        self.finish().await
    }

    async fn take_stats(&mut self) -> Result<SufficientStats> {
        let Some(stats) = &mut self.stats else {
            return SufficientStats::new(self.layout().d_in, self.layout().d_sae);
        };
        self.queue.submit();
        stats.flush(&self.device, &self.forward.chunk.layout).await?;
        stats.take(&self.forward.chunk.layout)
    }

    /// From the rows as the host keeps them: float64, which WGSL lacks.
    async fn moments(&mut self, rows: &[u32]) -> Result<DataMoments> {
        Ok(self.train_rows.select(rows).moments())
    }

    async fn worst_rows(&mut self, rows: &[u32], count: usize) -> Result<Vec<Vec<f32>>> {
        self.device.check()?;
        let (width, d_in) = (4 * self.layout().width, self.layout().d_in);
        let (mut squares, mut residuals) = (Vec::new(), Vec::new());
        for rows in rows.chunks(self.forward.chunk.rows) {
            self.queue.submit();
            self.queue.rewind();
            self.record_forward(Split::Train, rows, rows.len());
            self.pending.clear();
            self.queue.submit();
            let n = rows.len() as u64;
            let Chunk { row_sums, fit, .. } = &self.forward.chunk;
            let parts = [(&**row_sums, 0, 16 * n), (&**fit, 0, 4 * width as u64 * n)];
            let read = self.device.read(&parts).await?;
            let [sums, fit] = &read[..] else { return Err(incomplete_readback()) };
            squares.extend(values::<[f32; 4]>(sums).iter().map(|sum| f64::from(sum[0])));
            residuals.extend(Layout::unpad(&values(fit), width, rows.len(), d_in));
        }
        self.queue.rewind();
        let worst = longest(squares.into_iter(), count);
        // 0 − (x̂ − x) and not −(x̂ − x), so that no −0 arises.
        let negated = |at: usize| residuals[at * d_in..(at + 1) * d_in].iter().map(|v| 0.0 - v).collect();
        Ok(worst.into_iter().map(negated).collect())
    }

    async fn decoder(&mut self) -> Result<Decoder> {
        let layout = self.layout();
        let parameters = [layout.decoder(), Parameter::DecoderBias];
        let ranges = parameters.map(|parameter| layout.range(parameter));
        let read = self.device.read(&ranges.map(|(first, bytes)| (&*self.theta, first, bytes))).await?;
        let [w_dec, b_dec] = &read[..] else { return Err(incomplete_readback()) };
        let unpad = |bytes: &[u8], parameter| layout.unpad_parameter(&values(bytes), parameter);
        Ok(Decoder { w_dec: unpad(w_dec, layout.decoder()), b_dec: unpad(b_dec, Parameter::DecoderBias) })
    }

    fn set_decoder(&mut self, decoder: Decoder) -> Result<()> {
        let layout = &self.forward.chunk.layout;
        if layout.tied {
            return Err(Error::Gpu("a tied model has no decoder of its own to set".into()));
        }
        self.queue.submit();
        let mut padded = vec![0.0; 4 * layout.stride * layout.width];
        layout.pad(&decoder.w_dec, &mut padded);
        let queue = &self.device.queue;
        let (matrix, bias) = (layout.range(Parameter::DecoderWeights), layout.range(Parameter::DecoderBias));
        queue.write_buffer(&self.theta, matrix.0, bytemuck::cast_slice(&padded));
        queue.write_buffer(&self.theta, bias.0, bytemuck::cast_slice(&decoder.b_dec));
        Ok(())
    }

    async fn evaluate(&mut self, split: Split, rows: Range<u32>) -> Result<EvaluationSums> {
        self.device.check()?;
        let mut sums =
            EvaluationSums { rows: u64::from(rows.end.saturating_sub(rows.start)), ..Default::default() };
        let mut add = |_: usize, [squares, l1, active]: [f64; 3]| {
            sums.squares += squares;
            sums.l1 += l1;
            sums.active += active as u64;
        };
        let rows: Vec<u32> = rows.collect();
        for rows in rows.chunks(self.forward.chunk.rows) {
            self.reserve_rows(rows.len(), &mut add).await?;
            self.record_forward(split, rows, rows.len());
        }
        self.collect(&mut add).await?;
        Ok(sums)
    }
}

/// Whether the engine has kernels for such steps.
///
/// # Errors
/// [`Error::Gpu`] that names what it has none for.
pub fn supports(activation: &Activation, variants: &Variants) -> Result<()> {
    let missing = [
        (matches!(activation, Activation::BatchTopK { .. }), "BatchTopK"),
        (variants.auxk.is_some(), "AuxK"),
        (variants.thresholds.is_some(), "trained thresholds"),
        (!variants.prefixes.is_empty(), "prefixes"),
    ];
    match missing.iter().find(|(asked, _)| *asked) {
        None => Ok(()),
        Some((_, what)) => Err(Error::Gpu(format!("the GPU engine has no {what}: choose 'auto' or 'cpu'"))),
    }
}

const _: () = assert!(MAX_ROWS <= ROWS_IN_FLIGHT && BLOCK_ROWS <= MAX_ROWS);
