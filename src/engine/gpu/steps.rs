//! A step of the engine: its kernels in their order, over as many chunks as the batch has.

use super::auxiliary::AuxiliaryPass;
use super::batch_codes::ROUNDS;
use super::gpu_engine::GpuEngine;
use super::inverted_codes::Earlier;
use super::prefixes::PrefixPass;
use super::row_sums::RowSums;
use super::step_passes::StepPasses;
use super::sweep::SweepPass;
use crate::engine::{STATISTICS_BLOCK, Split, StepOptions, Sweep};
use crate::error::{Error, Result};
use crate::sae::Activation;

/// Rows of a batch that are in the chunk already, with their pre-activations.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Where their numbers begin.
    offset: u32,
}

impl GpuEngine {
    /// Makes what steps with these options need.
    pub(super) async fn prepare_steps(&mut self, options: &StepOptions<'_>) -> Result<()> {
        let Self { device, forward, backward, idle, theta, passes, .. } = self;
        let of = (&*forward, &*backward);
        let (variants, layout) = (options.variants, &forward.chunk.layout);
        let d_sae = layout.d_sae;
        if let (Some(auxk), Some(idle)) = (variants.auxk(), &*idle)
            && !passes.auxiliary.as_ref().is_some_and(|pass| pass.takes(auxk, d_sae))
        {
            let made = device.allocate(|| AuxiliaryPass::new(device, of, idle, theta, auxk.k));
            passes.auxiliary = Some(made.await?);
        }
        let ends = variants.prefixes();
        if !ends.is_empty() && !passes.prefixes.as_ref().is_some_and(|pass| pass.takes(ends)) {
            passes.prefixes = Some(device.allocate(|| PrefixPass::new(device, of, theta, ends)).await?);
            if let Some(sweep) = &mut passes.sweep {
                sweep.outdate();
            }
        }
        // A tied decoder has no rows of its own to move.
        if options.sweep.is_some() && !layout.tied {
            let prefixes = passes.prefixes.as_ref().filter(|_| !ends.is_empty());
            let seen = match prefixes {
                Some(prefixes) => prefixes.seen(&forward.chunk),
                None => vec![(&forward.chunk.fit, 0..d_sae)],
            };
            if !passes.sweep.as_ref().is_some_and(|pass| pass.takes(&seen)) {
                let earlier = passes.sweep.take();
                let made = device.allocate(|| SweepPass::new(device, of, theta, &seen, earlier));
                passes.sweep = Some(made.await?);
            }
        }
        Ok(())
    }

    /// Records a step on a batch of training rows, and the sweep that follows it if there is one. That is by the codes and
    /// residuals of this step, after its update. Of a batch that is longer than a chunk each chunk is swept by itself, like
    /// a batch of its own, before the next takes its place; the gradients of later ones are then those of the decoder that
    /// the earlier have moved.
    pub(super) async fn record_step(
        &mut self,
        batch: &[u32],
        options: &StepOptions<'_>,
        sink: &mut impl FnMut(RowSums),
    ) -> Result<()> {
        let variants = options.variants;
        let mut held = match self.activation {
            Activation::BatchTopK { k, .. } => {
                self.record_cut(Split::Train, batch, k, variants.threshold_rate, sink).await?
            }
            Activation::Relu | Activation::JumpRelu { .. } | Activation::TopK { .. } => None,
        };
        let auxk = variants.auxk().filter(|_| self.idle.is_some());
        if let (Some(idle), Some(auxk)) = (&self.idle, auxk) {
            idle.record_dead(&mut self.queue, &self.forward, auxk);
        }
        let mut unswept = None;
        for (index, rows) in batch.chunks(self.forward.chunk.rows).enumerate() {
            if let Some(rows) = unswept.replace(rows.len()) {
                self.record_sweep(rows, options.sweep);
            }
            let Held { offset } = match held.take() {
                Some(held) => held,
                None => self.record_pre(Split::Train, rows, sink).await?,
            };
            let earlier = if index == 0 { Earlier::Replace } else { Earlier::Add };
            self.record_chunk(rows.len(), offset, (batch.len(), earlier), options);
        }
        let Self { queue, forward, backward, update, idle, .. } = self;
        if let (Some(pass), Some(training)) = (&backward.thresholds, variants.thresholds()) {
            pass.record_gradient(queue, &forward.chunk, batch.len(), training);
        }
        self.steps += 1;
        update.record(queue, &forward.chunk.layout, options, self.steps);
        if let (Some(idle), Some(_)) = (idle, auxk) {
            idle.record_count(queue, forward, batch.len());
        }
        if let Some(rows) = unswept {
            self.record_sweep(rows, options.sweep);
        }
        Ok(())
    }

    /// Moves the decoder by the rows in the chunk, after their gradients.
    fn record_sweep(&mut self, rows: usize, sweep: Option<Sweep>) {
        if let (Some(pass), Some(sweep)) = (&mut self.passes.sweep, sweep) {
            pass.record(&mut self.queue, &self.forward, rows, sweep);
        }
    }

    /// Codes, residuals and gradients of rows of a batch whose pre-activations are in the chunk.
    fn record_chunk(
        &mut self,
        rows: usize,
        offset: u32,
        (batch, earlier): (usize, Earlier),
        options: &StepOptions<'_>,
    ) {
        let Self { queue, forward, backward, passes, pending, whole, .. } = self;
        let StepPasses { auxiliary, prefixes, .. } = passes;
        let variants = options.variants;
        let auxiliary = auxiliary.as_ref().zip(variants.auxk());
        let prefixes = prefixes.as_ref().filter(|_| !variants.prefixes().is_empty());
        let task = forward.chunk.task(rows);
        if let Some((pass, auxk)) = auxiliary {
            pass.record_select(queue, forward, rows, auxk);
        }
        if let (Some(pass), Some(training)) = (&backward.thresholds, variants.thresholds()) {
            pass.record_near(queue, task, training);
        }
        match &forward.batch {
            Some(cut) => cut.record_select(queue, task),
            None => forward.codes.record_select(queue, task),
        }
        forward.record_decode(queue, rows);
        forward.record_residual(queue, rows, offset);
        pending.push(rows, batch);
        if let Some(prefixes) = prefixes {
            prefixes.record(queue, forward, rows, offset);
        }
        let pass = prefixes.map_or(&*whole, |prefixes| &prefixes.pass);
        backward.record(queue, (forward, pass), rows, (batch, earlier), options);
        if let Some((pass, auxk)) = auxiliary {
            pass.record_gradients(queue, forward, (rows, batch), auxk);
        }
    }

    /// Takes rows into the chunk, up to their pre-activations.
    async fn record_pre(
        &mut self,
        split: Split,
        rows: &[u32],
        sink: &mut impl FnMut(RowSums),
    ) -> Result<Held> {
        self.reserve_rows(rows.len(), sink).await?;
        let offset = self.record_gather(split, rows);
        self.forward.record_product(&mut self.queue, rows.len());
        Ok(Held { offset })
    }

    /// BatchTopK: finds what a batch is cut at, and moves the average. Rows that are all in the chunk stay there.
    async fn record_cut(
        &mut self,
        split: Split,
        batch: &[u32],
        k: usize,
        rate: f32,
        sink: &mut impl FnMut(RowSums),
    ) -> Result<Option<Held>> {
        let (rows, d_sae) = (batch.len(), self.layout().d_sae);
        let Ok(all) = u32::try_from(rows as u64 * d_sae as u64) else {
            return Err(Error::Gpu(format!(
                "a batch of {rows} rows of {d_sae} latents is too large for the GPU engine: its kernels count the \
                 pre-activations of a batch in 32 bits"
            )));
        };
        let wanted = u32::try_from(rows.saturating_mul(k)).map_or(all, |wanted| wanted.min(all));
        let fits = batch.len() <= self.forward.chunk.rows;
        let mut held = None;
        for round in 0..ROUNDS {
            for rows in batch.chunks(self.forward.chunk.rows) {
                if !(fits && held.is_some()) {
                    held = Some(self.record_pre(split, rows, sink).await?);
                    if !fits {
                        self.pending.skip(rows.len());
                    }
                }
                let task = self.forward.chunk.task(rows.len());
                if let Some(cut) = &self.forward.batch {
                    cut.record_count(&mut self.queue, task, round);
                }
            }
            if let Some(cut) = &self.forward.batch {
                cut.record_round(&mut self.queue, wanted, rate, round);
            }
        }
        Ok(held.filter(|_| fits))
    }

    /// Of BatchTopK that no step has given a threshold: takes it from the first of these rows.
    pub(super) async fn find_threshold(&mut self, split: Split, rows: &[u32]) -> Result<()> {
        for block in rows.chunks(STATISTICS_BLOCK.min(self.forward.chunk.rows)) {
            let Activation::BatchTopK { k, threshold: None } = self.activation else { break };
            self.queue.submit();
            self.queue.rewind();
            self.record_cut(split, block, k, 1.0, &mut |_| ()).await?;
            self.queue.submit();
            if let Some(cut) = &self.forward.batch {
                let read = self.device.read(&[cut.part()]).await?;
                self.follow(read.first().map_or(&[], Vec::as_slice));
            }
            self.queue.rewind();
        }
        Ok(())
    }
}
