//! One optimiser step on a batch. The gradient of a latent goes straight into its Adam update; clipping by the norm of
//! the whole gradient goes over it twice, so that no gradient is ever stored whole.

use super::auxiliary::Auxiliary;
use super::batch::{Batch, Residuals};
use super::entries::gradients_of_entries;
use super::row_sums::{Place, terms, weighted_rows};
use super::thresholds::ThresholdGradient;
use crate::engine::adam::{AdamStep, CLIP_EPS};
use crate::engine::{Moments, State, StepOptions};
use crate::error::Result;
use crate::sae::{Activation, LatentIndex, Parameter, Regularizer, Sae, Threshold};
use crate::simd::dot;
use crate::threads::Threads;

/// Buffers of the gradient.
#[derive(Debug, Default)]
pub struct Gradient {
    by_latent: LatentIndex,
    /// `∂F/∂z` of each entry of the codes.
    dz: Vec<f32>,
    /// Gradient of a bias.
    bias: Vec<f32>,
    auxiliary: Auxiliary,
    thresholds: ThresholdGradient,
    parts: Vec<Part>,
}

/// Buffers of a thread.
#[derive(Debug, Default)]
struct Part {
    /// Gradient of one row of a matrix.
    row: Vec<f32>,
    /// What has reached it so far.
    so_far: Vec<f32>,
}

impl Part {
    /// Adds weighted rows to the gradient of the row.
    fn add(&mut self, rows: &[f32], terms: impl Iterator<Item = (usize, f32)> + Clone) {
        self.so_far.clone_from(&self.row);
        weighted_rows(&mut self.row, Some(&self.so_far), rows, terms);
    }
}

/// Rows, or latents, that a thread takes at a time.
const PIECE: usize = 16;

/// What a step is taken on.
#[derive(Clone, Copy)]
struct Step<'a> {
    previous: &'a Sae,
    batch: &'a Batch,
    options: &'a StepOptions<'a>,
    /// `2/(rows·d_in)`, from the mean of squares.
    scale: f32,
    threads: Threads,
}

/// The values of a parameter, or of one row of it.
struct Values<'a> {
    theta: &'a mut [f32],
    previous: &'a [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
}

impl<'a> Values<'a> {
    fn new(theta: &'a mut [f32], previous: &'a [f32], moments: &'a mut Moments) -> Self {
        Self { theta, previous, m: &mut moments.m, v: &mut moments.v }
    }

    fn rows(self, width: usize) -> impl ExactSizeIterator<Item = Values<'a>> {
        let values = self.theta.chunks_mut(width).zip(self.previous.chunks(width));
        let moments = self.m.chunks_mut(width).zip(self.v.chunks_mut(width));
        values.zip(moments).map(|((theta, previous), (m, v))| Values { theta, previous, m, v })
    }
}

/// What is done with each part of the gradient, on any thread.
trait Sink: Sync {
    /// Takes the gradient of F by `part`, all terms but the weight decay included. Returns what is summed up over the
    /// parts.
    fn take(&self, part: Values<'_>, gradient: &mut [f32], decay: f64) -> f64;
}

/// `Σ gradient²`.
struct SquaredNorm;

impl Sink for SquaredNorm {
    fn take(&self, _: Values<'_>, gradient: &mut [f32], _: f64) -> f64 {
        f64::from(dot(gradient, gradient))
    }
}

/// Adam's update by a multiple of the gradient.
struct Update {
    adam: AdamStep,
    multiple: f32,
}

impl Sink for Update {
    fn take(&self, part: Values<'_>, gradient: &mut [f32], decay: f64) -> f64 {
        if self.multiple != 1.0 {
            gradient.iter_mut().for_each(|g| *g *= self.multiple);
        }
        if decay != 0.0 {
            gradient.iter_mut().zip(&*part.theta).for_each(|(g, theta)| *g += decay as f32 * theta);
        }
        self.adam.update(part.theta, part.m, part.v, gradient);
        0.0
    }
}

impl Gradient {
    /// The entries of the codes of the last step by latent.
    pub fn by_latent(&self) -> &LatentIndex {
        &self.by_latent
    }

    /// Adam's step on F from a batch whose codes and residuals are those of `state`.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn step(
        &mut self,
        state: &mut State,
        previous: &Sae,
        batch: &Batch,
        options: &StepOptions<'_>,
        threads: Threads,
    ) -> Result<()> {
        let rows = batch.codes.rows() as f64;
        let scale = (2.0 / (rows * batch.d_in as f64)) as f32;
        let step = Step { previous, batch, options, scale, threads };
        self.by_latent.rebuild(&batch.codes);
        self.parts.resize_with(state.sae.d_sae.div_ceil(PIECE), Part::default);
        self.entry_gradients(&state.sae, step, (options.penalties.l1 / rows) as f32)?;
        self.prepare_variants(state, step)?;
        let multiple = match options.clip {
            None => 1.0,
            Some(clip) => {
                let norm = self.visit(state, step, &SquaredNorm)?.sqrt();
                (clip / (norm + CLIP_EPS)).min(1.0) as f32
            }
        };
        state.optimiser.steps += 1;
        let t = state.optimiser.steps;
        let adam = AdamStep::new(options.lr * options.variants.warmup(t), t);
        self.visit(state, step, &Update { adam, multiple })?;
        if options.variants.unit_decoder() {
            state.sae.normalise_decoder();
        }
        Ok(())
    }

    /// What AuxK and the training of thresholds need of the batch.
    fn prepare_variants(&mut self, state: &State, step: Step<'_>) -> Result<()> {
        let Step { batch, options, scale, threads, .. } = step;
        let sae = &state.sae;
        if let (Some(auxk), Some(idle)) = (options.variants.auxk(), &state.optimiser.idle) {
            self.auxiliary.prepare(sae, batch, idle, auxk, threads)?;
        }
        if let (Some(training), Activation::JumpRelu { threshold: Threshold::PerLatent(thresholds) }) =
            (options.variants.thresholds(), &sae.activation)
        {
            let l1 = options.penalties.l1 / batch.codes.rows() as f64;
            self.thresholds.prepare(sae, thresholds, batch, training, (scale, l1 as f32), threads)?;
        }
        Ok(())
    }

    /// Hands every part of the gradient to the sink, and sums up what it returns. What a part is does not depend on the
    /// other parts, so that a sink may change the parameters.
    fn visit(&mut self, state: &mut State, step: Step<'_>, sink: &dyn Sink) -> Result<f64> {
        let mut sum = 0.0;
        self.visit_encoder(state, step, sink, &mut sum)?;
        self.visit_encoder_bias(state, step, sink, &mut sum);
        self.visit_decoder(state, step, sink, &mut sum)?;
        self.visit_decoder_bias(state, step, sink, &mut sum);
        self.visit_thresholds(state, step, sink, &mut sum);
        Ok(sum)
    }

    /// `∂F/∂z = 2/(rows·d_in) · W_dec (x̂ − x) + l1/rows · sign(z)` where a latent is active; ρ′ is 1 there.
    fn entry_gradients(&mut self, sae: &Sae, step: Step<'_>, l1: f32) -> Result<()> {
        let Step { batch, scale, threads, options, .. } = step;
        let gradient = |product: f32, z: f32| {
            let sign = if z > 0.0 {
                l1
            } else if z < 0.0 {
                -l1
            } else {
                0.0
            };
            scale * product + sign
        };
        if options.variants.prefixes().is_empty() {
            self.dz.clear();
            let entries = batch.products().zip(batch.codes.values());
            self.dz.extend(entries.map(|(product, &z)| gradient(product, z)));
            return Ok(());
        }
        gradients_of_entries(&batch.codes, &mut self.dz, threads, |row, latent, z| {
            let Residuals { rows, place } = batch.residuals_of(latent);
            let columns = |at: usize| at * batch.d_in..(at + 1) * batch.d_in;
            gradient(dot(&rows[columns(place.of(row))], &sae.decoder()[columns(latent)]), z)
        })
    }

    /// `∂F/∂W_enc = Xᵀ ∂F/∂z`; of a tied model also what comes through the decoder.
    fn visit_encoder(
        &mut self,
        state: &mut State,
        step: Step<'_>,
        sink: &dyn Sink,
        sum: &mut f64,
    ) -> Result<()> {
        let Step { previous, batch, scale, .. } = step;
        let tied = state.sae.w_dec.is_none();
        let regularizer = step.options.regularizer(Parameter::EncoderWeights, tied);
        let (values, auxk) = (batch.codes.values(), step.options.variants.auxk());
        let whole = Values::new(&mut state.sae.w_enc, &previous.w_enc, &mut state.optimiser.w_enc);
        let (by_latent, dz, auxiliary) = (&self.by_latent, &*self.dz, auxk.map(|_| &self.auxiliary));
        for_each_row(whole, &mut self.parts, step, sum, |latent, part, values_of_part| {
            let index = by_latent.of(latent);
            weighted_rows(&mut part.row, None, &batch.x, terms(index, dz, 1.0, Place::SAME));
            if let Some(auxiliary) = auxiliary.filter(|auxiliary| auxiliary.has(latent)) {
                part.add(&batch.x, auxiliary.encoder_terms(latent));
                if tied {
                    part.add(auxiliary.residual(), auxiliary.decoder_terms(latent));
                }
            }
            if tied {
                let Residuals { rows, place } = batch.residuals_of(latent);
                part.add(rows, terms(index, values, scale, place));
            }
            finish(values_of_part, &mut part.row, regularizer, sink)
        })
    }

    fn visit_encoder_bias(&mut self, state: &mut State, step: Step<'_>, sink: &dyn Sink, sum: &mut f64) {
        self.bias.clear();
        for latent in 0..state.sae.d_sae {
            let (_, entries) = self.by_latent.of(latent);
            self.bias.push(entries.iter().fold(0.0, |sum, &at| sum + self.dz[at as usize]));
        }
        if step.options.variants.auxk().is_some() {
            self.bias.iter_mut().enumerate().for_each(|(latent, sum)| *sum += self.auxiliary.bias(latent));
        }
        let tied = state.sae.w_dec.is_none();
        let regularizer = step.options.regularizer(Parameter::EncoderBias, tied);
        let part = Values::new(&mut state.sae.b_enc, &step.previous.b_enc, &mut state.optimiser.b_enc);
        *sum += finish(part, &mut self.bias, regularizer, sink);
    }

    /// Untied SGD: `∂F/∂W_dec = 2/(rows·d_in) · Zᵀ (x̂ − x)`.
    fn visit_decoder(
        &mut self,
        state: &mut State,
        step: Step<'_>,
        sink: &dyn Sink,
        sum: &mut f64,
    ) -> Result<()> {
        let (Some(w_dec), Some(moments)) = (&mut state.sae.w_dec, &mut state.optimiser.w_dec) else {
            return Ok(());
        };
        let Step { previous, batch, scale, .. } = step;
        let regularizer = step.options.regularizer(Parameter::DecoderWeights, false);
        let (values, auxk) = (batch.codes.values(), step.options.variants.auxk());
        let unit = step.options.variants.unit_decoder();
        let whole = Values::new(w_dec, previous.decoder(), moments);
        let (by_latent, auxiliary) = (&self.by_latent, auxk.map(|_| &self.auxiliary));
        for_each_row(whole, &mut self.parts, step, sum, |latent, part, values_of_part| {
            let Residuals { rows, place } = batch.residuals_of(latent);
            weighted_rows(&mut part.row, None, rows, terms(by_latent.of(latent), values, scale, place));
            if let Some(auxiliary) = auxiliary.filter(|auxiliary| auxiliary.has(latent)) {
                part.add(auxiliary.residual(), auxiliary.decoder_terms(latent));
            }
            if unit {
                remove_along(&mut part.row, values_of_part.theta);
            }
            finish(values_of_part, &mut part.row, regularizer, sink)
        })
    }

    fn visit_decoder_bias(&mut self, state: &mut State, step: Step<'_>, sink: &dyn Sink, sum: &mut f64) {
        let Some(moments) = &mut state.optimiser.b_dec else { return };
        let Step { previous, batch, scale, .. } = step;
        self.bias.clear();
        self.bias.resize(batch.d_in, 0.0);
        // All prefixes have the bias.
        let Residuals { rows, place } = batch.residuals_of(0);
        let all_rows = (0..batch.codes.rows()).map(|row| (place.of(row), scale));
        weighted_rows(&mut self.bias, None, rows, all_rows);
        let regularizer = step.options.regularizer(Parameter::DecoderBias, state.sae.w_dec.is_none());
        let part = Values::new(&mut state.sae.b_dec, &previous.b_dec, moments);
        *sum += finish(part, &mut self.bias, regularizer, sink);
    }
}

impl Gradient {
    /// Thresholds that are trained; they stay at 0 or above.
    fn visit_thresholds(&self, state: &mut State, step: Step<'_>, sink: &dyn Sink, sum: &mut f64) {
        if let (
            Some(_),
            Some(moments),
            Activation::JumpRelu { threshold: Threshold::PerLatent(thresholds) },
        ) = (step.options.variants.thresholds(), &mut state.optimiser.threshold, &mut state.sae.activation)
        {
            let mut gradient = self.thresholds.values.clone();
            let part = Values::new(thresholds, &[], moments);
            *sum += finish(part, &mut gradient, Regularizer::default(), sink);
            thresholds.iter_mut().for_each(|threshold| *threshold = threshold.max(0.0));
        }
    }
}

/// Removes the part of a gradient that is along a row of the decoder.
fn remove_along(gradient: &mut [f32], row: &[f32]) {
    let square = dot(row, row);
    if square > 0.0 {
        let along = dot(gradient, row) / square;
        gradient.iter_mut().zip(row).for_each(|(g, w)| *g -= along * w);
    }
}

/// Does `work` with each row of a matrix, one for each latent, and adds up what it returns in the order of the rows.
fn for_each_row(
    whole: Values<'_>,
    parts: &mut [Part],
    step: Step<'_>,
    sum: &mut f64,
    work: impl Fn(usize, &mut Part, Values<'_>) -> f64 + Sync,
) -> Result<()> {
    let d_in = step.batch.d_in;
    let mut sums = vec![0.0; whole.theta.len() / d_in];
    let pieces = whole.rows(PIECE * d_in).zip(parts).zip(sums.chunks_mut(PIECE)).enumerate();
    step.threads.for_each(pieces, |(piece, ((values, part), sums))| {
        part.row.resize(d_in, 0.0);
        for ((latent, values), sum) in (piece * PIECE..).zip(values.rows(d_in)).zip(sums) {
            *sum = work(latent, part, values);
        }
    })?;
    sums.iter().for_each(|part| *sum += part);
    Ok(())
}

/// Adds the terms of F that concern the parameter alone to its gradient, and hands it on.
fn finish(part: Values<'_>, gradient: &mut [f32], regularizer: Regularizer, sink: &dyn Sink) -> f64 {
    let (ridge, proximal) = regularizer.gradient_weights();
    if ridge != 0.0 {
        gradient.iter_mut().zip(&*part.theta).for_each(|(g, theta)| *g += ridge * theta);
    }
    if proximal != 0.0 {
        for ((g, theta), previous) in gradient.iter_mut().zip(&*part.theta).zip(part.previous) {
            *g += proximal * (theta - previous);
        }
    }
    sink.take(part, gradient, regularizer.weight_decay)
}
