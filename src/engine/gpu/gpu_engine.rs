//! Training on the GPU.

use std::ops::Range;
use std::rc::Rc;

use super::auxiliary::IdleRows;
use super::batch_codes::BatchCut;
use super::chunk::{Chunk, MAX_ROWS};
use super::dataset::UploadedRows;
use super::device::{GpuBuffer, GpuDevice, incomplete_readback, values};
use super::dispatch::{DispatchQueue, ROWS_IN_FLIGHT};
use super::forward::ForwardPass;
use super::gradient::{BackwardPass, ResidualPass};
use super::gram::{BLOCK_ROWS, StatsAccumulator};
use super::layout::Layout;
use super::row_sums::{BatchLosses, PendingSums, RowSums};
use super::step_passes::StepPasses;
use super::update::ParameterUpdate;
use crate::data::{DataMoments, Dataset};
use crate::engine::{
    Decoder, Engine, EvaluationSums, Split, State, StepOptions, StepSums, SufficientStats, longest,
};
use crate::error::{Error, Result};
use crate::sae::{Activation, Parameter};

/// Multiply-adds of an encode between two readbacks on a real GPU: milliseconds on a good card, a tenth of a second on a
/// weak one.
const WORK_PER_CALL: usize = 2_000_000_000;
/// The same on a software adapter, as on the CPU.
const SOFTWARE_WORK_PER_CALL: usize = 100_000_000;

/// Training on a GPU. Rows, parameters, moments and gradients stay on it; losses are read back once per call.
#[derive(Debug)]
pub struct GpuEngine {
    pub(super) device: Rc<GpuDevice>,
    pub(super) queue: DispatchQueue,
    /// The training rows as the host keeps them; shared, not copied.
    train_rows: Dataset,
    train: UploadedRows,
    test: UploadedRows,
    pub(super) forward: ForwardPass,
    pub(super) backward: BackwardPass,
    /// The gradients where F has no prefixes.
    pub(super) whole: ResidualPass,
    pub(super) update: ParameterUpdate,
    /// Where AuxK asks for dead latents.
    pub(super) idle: Option<IdleRows>,
    pub(super) passes: StepPasses,
    /// Made when first needed: it is the largest part, and SGD needs none.
    stats: Option<StatsAccumulator>,
    pub(super) theta: GpuBuffer,
    /// Updates taken.
    pub(super) steps: u64,
    /// That of the last state loaded, with the threshold of BatchTopK as it was last read back. Thresholds that are trained
    /// are on the device alone.
    pub(super) activation: Activation,
    pub(super) pending: PendingSums,
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
            let backward = BackwardPass::new(&device, &forward, state)?;
            let whole = ResidualPass::whole(&device, (&forward, &backward), &theta);
            let update = ParameterUpdate::new(&device, (&forward, &backward), &theta)?;
            let idle = state.optimiser.idle.is_some();
            let idle = idle.then(|| IdleRows::new(&device, layout.stride, &backward.activity)).transpose()?;
            let upload = |data: &Dataset| UploadedRows::new(&device, data, &forward.chunk, &queue);
            let uploaded = (upload(train)?, upload(test)?);
            Ok((queue, theta, (forward, backward, whole, update, idle), uploaded))
        });
        let (queue, theta, kernels, (uploaded_train, uploaded_test)) = made.await?;
        let (forward, backward, whole, update, idle) = kernels;
        let mut engine = Self {
            device,
            queue,
            train_rows: train.clone(),
            train: uploaded_train,
            test: uploaded_test,
            forward,
            backward,
            whole,
            update,
            idle,
            passes: StepPasses::default(),
            stats: None,
            theta,
            steps: 0,
            activation: sae.activation.clone(),
            pending: PendingSums::default(),
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

    pub(super) fn layout(&self) -> &Layout {
        &self.forward.chunk.layout
    }

    /// Takes rows into the chunk; returns where their numbers begin.
    pub(super) fn record_gather(&mut self, split: Split, rows: &[u32]) -> u32 {
        let offset = self.queue.push_rows(rows);
        let uploaded = match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        };
        uploaded.record_gather(&mut self.queue, &self.forward.chunk, rows.len(), offset);
        offset
    }

    /// The whole forward pass of rows outside of steps.
    fn record_forward(&mut self, split: Split, rows: &[u32]) {
        let offset = self.record_gather(split, rows);
        self.forward.record_encode(&mut self.queue, rows.len());
        self.forward.record_decode(&mut self.queue, rows.len());
        self.forward.record_residual(&mut self.queue, rows.len(), offset);
        self.pending.push(rows.len(), rows.len());
    }

    /// Makes sure that `rows` more rows fit; where they do not, hands the sums that are there to `sink`.
    pub(super) async fn reserve_rows(&mut self, rows: usize, sink: &mut impl FnMut(RowSums)) -> Result<()> {
        if self.queue.free_rows() < rows { self.collect(sink).await } else { Ok(()) }
    }

    /// Reads the sums of rows back and hands them over; and BatchTopK's threshold, which steps have moved.
    async fn collect(&mut self, sink: &mut impl FnMut(RowSums)) -> Result<()> {
        self.queue.submit();
        let sums = (&*self.forward.chunk.row_sums, 0, self.pending.bytes());
        let mut parts = vec![sums];
        parts.extend(self.forward.batch.as_ref().map(BatchCut::part));
        let read = self.device.read(&parts).await?;
        let [sums, threshold @ ..] = &read[..] else { return Err(incomplete_readback()) };
        self.pending.drain(sums, sink);
        self.follow(threshold.first().map_or(&[], Vec::as_slice));
        self.queue.rewind();
        Ok(())
    }

    /// Takes over BatchTopK's threshold, as it was read back.
    pub(super) fn follow(&mut self, bytes: &[u8]) {
        if let Activation::BatchTopK { threshold, .. } = &mut self.activation {
            *threshold = BatchCut::average(&values(bytes));
        }
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
        self.write_state(state)
    }

    async fn state(&mut self) -> Result<State> {
        self.queue.submit();
        self.read_state().await
    }

    fn begin_epoch(&mut self) {
        let mut encoder = self.device.device.create_command_encoder(&Default::default());
        let bytes = self.layout().trained_bytes();
        encoder.copy_buffer_to_buffer(&self.theta, 0, &self.update.previous, 0, bytes);
        let seen = self.backward.thresholds.iter().map(|pass| &pass.seen);
        let counts = [&self.backward.activity].into_iter().chain(seen);
        for counts in counts.chain(self.idle.iter().map(|idle| &idle.seen)) {
            encoder.clear_buffer(counts, 0, None);
        }
        if let Some(sweep) = &mut self.passes.sweep {
            sweep.begin_epoch(&mut encoder);
        }
        self.device.queue.submit([encoder.finish()]);
        if let Some(stats) = &mut self.stats {
            stats.reset();
        }
    }

    async fn steps(&mut self, rows: &[u32], options: &StepOptions<'_>) -> Result<StepSums> {
        self.device.check()?;
        self.prepare_steps(options).await?;
        let mut losses = BatchLosses::new(self.layout().d_in, options.variants.thresholds());
        let mut updates = 0;
        for (index, batch) in rows.chunks(options.batch_size).enumerate() {
            let options = StepOptions { lr: options.lr + index as f64 * options.lr_slope, ..*options };
            for update in 1..=options.updates_per_batch {
                let sweep = options.sweep.filter(|_| update == options.updates_per_batch);
                let options = StepOptions { sweep, ..options };
                self.record_step(batch, &options, &mut |sums| losses.add(sums)).await?;
                updates += 1;
            }
        }
        self.collect(&mut |sums| losses.add(sums)).await?;
        Ok(StepSums { updates, ..losses.sums })
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        self.queue.submit();
        let bytes = 4 * self.layout().d_sae as u64;
        let read = self.device.read(&[(&self.backward.activity, 0, bytes)]).await?;
        Ok(read.iter().flat_map(|bytes| values::<u32>(bytes)).map(u64::from).collect())
    }

    async fn accumulate(&mut self, rows: &[u32]) -> Result<()> {
        self.device.check()?;
        self.find_threshold(Split::Train, rows).await?;
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
            self.record_gather(Split::Train, rows);
            self.forward.record_encode(&mut self.queue, rows.len());
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
            self.record_forward(Split::Train, rows);
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
        let mut add = |part: RowSums| {
            sums.squares += part.squares;
            sums.l1 += part.l1;
            sums.active += part.active as u64;
        };
        let rows: Vec<u32> = rows.collect();
        self.find_threshold(split, &rows).await?;
        for rows in rows.chunks(self.forward.chunk.rows) {
            self.reserve_rows(rows.len(), &mut add).await?;
            self.record_forward(split, rows);
        }
        self.collect(&mut add).await?;
        Ok(sums)
    }
}

const _: () = assert!(MAX_ROWS <= ROWS_IN_FLIGHT && BLOCK_ROWS <= MAX_ROWS);
