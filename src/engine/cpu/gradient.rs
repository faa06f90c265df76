//! One optimiser step on a batch. The gradient of a latent goes straight into its Adam update; clipping by the norm of
//! the whole gradient goes over it twice, so that no gradient is ever stored whole.

use super::batch::Batch;
use super::row_sums::weighted_rows;
use super::simd::dot;
use crate::engine::adam::{AdamStep, CLIP_EPS};
use crate::engine::{Moments, State, StepOptions};
use crate::sae::{LatentIndex, Parameter, Regularizer, Sae};

/// Buffers of the gradient.
#[derive(Debug, Default)]
pub struct Gradient {
    by_latent: LatentIndex,
    /// `∂F/∂z` of each entry of the codes.
    dz: Vec<f32>,
    /// Gradient of one row of a matrix, or of a bias.
    part: Vec<f32>,
    /// What reaches a tied row through the encoder.
    through_encoder: Vec<f32>,
}

/// What a step is taken on.
#[derive(Clone, Copy)]
struct Step<'a> {
    previous: &'a Sae,
    batch: &'a Batch,
    options: &'a StepOptions,
    /// `2/(rows·d_in)`, from the mean of squares.
    scale: f32,
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

    fn rows(self, width: usize) -> impl Iterator<Item = Values<'a>> {
        let values = self.theta.chunks_exact_mut(width).zip(self.previous.chunks_exact(width));
        let moments = self.m.chunks_exact_mut(width).zip(self.v.chunks_exact_mut(width));
        values.zip(moments).map(|((theta, previous), (m, v))| Values { theta, previous, m, v })
    }
}

/// What is done with each part of the gradient.
trait Sink {
    /// Takes the gradient of F by `part`, all terms but the weight decay included.
    fn take(&mut self, part: Values<'_>, gradient: &mut [f32], decay: f64);
}

/// `Σ gradient²`.
struct SquaredNorm(f64);

impl Sink for SquaredNorm {
    fn take(&mut self, _: Values<'_>, gradient: &mut [f32], _: f64) {
        self.0 += f64::from(dot(gradient, gradient));
    }
}

/// Adam's update by a multiple of the gradient.
struct Update {
    adam: AdamStep,
    multiple: f32,
}

impl Sink for Update {
    fn take(&mut self, part: Values<'_>, gradient: &mut [f32], decay: f64) {
        if self.multiple != 1.0 {
            gradient.iter_mut().for_each(|g| *g *= self.multiple);
        }
        if decay != 0.0 {
            gradient.iter_mut().zip(&*part.theta).for_each(|(g, theta)| *g += decay as f32 * theta);
        }
        self.adam.update(part.theta, part.m, part.v, gradient);
    }
}

impl Gradient {
    /// Adam's step on F from a batch whose codes and residuals are those of `state`.
    pub fn step(&mut self, state: &mut State, previous: &Sae, batch: &Batch, options: &StepOptions) {
        let rows = batch.codes.rows() as f64;
        let scale = (2.0 / (rows * batch.d_in as f64)) as f32;
        let step = Step { previous, batch, options, scale };
        self.by_latent.rebuild(&batch.codes);
        self.entry_gradients(&state.sae, step, (options.penalties.l1 / rows) as f32);
        let multiple = match options.clip {
            None => 1.0,
            Some(clip) => {
                let mut norm = SquaredNorm(0.0);
                self.visit(state, step, &mut norm);
                (clip / (norm.0.sqrt() + CLIP_EPS)).min(1.0) as f32
            }
        };
        state.optimiser.steps += 1;
        let adam = AdamStep::new(options.lr, state.optimiser.steps);
        self.visit(state, step, &mut Update { adam, multiple });
    }

    /// Hands every part of the gradient to the sink. What a part is does not depend on the parts before it, so that a
    /// sink may change the parameters as it goes.
    fn visit(&mut self, state: &mut State, step: Step<'_>, sink: &mut impl Sink) {
        self.visit_encoder(state, step, sink);
        self.visit_encoder_bias(state, step, sink);
        self.visit_decoder(state, step, sink);
        self.visit_decoder_bias(state, step, sink);
    }

    /// `∂F/∂z = 2/(rows·d_in) · W_dec (x̂ − x) + l1/rows · sign(z)` where a latent is active; ρ′ is 1 there.
    fn entry_gradients(&mut self, sae: &Sae, step: Step<'_>, l1: f32) {
        let Step { batch, scale, .. } = step;
        self.dz.clear();
        for (row, residual) in batch.residual.chunks_exact(batch.d_in).enumerate() {
            for (latent, z) in batch.codes.row(row) {
                let decoder = &sae.decoder()[latent as usize * batch.d_in..][..batch.d_in];
                let sign = if z > 0.0 {
                    l1
                } else if z < 0.0 {
                    -l1
                } else {
                    0.0
                };
                self.dz.push(scale * dot(residual, decoder) + sign);
            }
        }
    }

    /// `∂F/∂W_enc = Xᵀ ∂F/∂z`; of a tied model also what comes through the decoder.
    fn visit_encoder(&mut self, state: &mut State, step: Step<'_>, sink: &mut impl Sink) {
        let Step { previous, batch, scale, .. } = step;
        let tied = state.sae.w_dec.is_none();
        let regularizer = step.options.regularizer(Parameter::EncoderWeights, tied);
        self.part.resize(batch.d_in, 0.0);
        self.through_encoder.resize(batch.d_in, 0.0);
        let values = batch.codes.values();
        let whole = Values::new(&mut state.sae.w_enc, &previous.w_enc, &mut state.optimiser.w_enc);
        for (latent, part) in whole.rows(batch.d_in).enumerate() {
            let (rows, entries) = self.by_latent.of(latent);
            let terms = rows.iter().zip(entries);
            let dz = &self.dz;
            let from_x = terms.clone().map(|(&row, &at)| (row as usize, dz[at as usize]));
            weighted_rows(&mut self.part, None, &batch.x, from_x);
            if tied {
                let from_residual = terms.map(|(&row, &at)| (row as usize, scale * values[at as usize]));
                self.through_encoder.copy_from_slice(&self.part);
                weighted_rows(&mut self.part, Some(&self.through_encoder), &batch.residual, from_residual);
            }
            finish(part, &mut self.part, regularizer, sink);
        }
    }

    fn visit_encoder_bias(&mut self, state: &mut State, step: Step<'_>, sink: &mut impl Sink) {
        self.part.clear();
        for latent in 0..state.sae.d_sae {
            let (_, entries) = self.by_latent.of(latent);
            self.part.push(entries.iter().fold(0.0, |sum, &at| sum + self.dz[at as usize]));
        }
        let tied = state.sae.w_dec.is_none();
        let regularizer = step.options.regularizer(Parameter::EncoderBias, tied);
        let part = Values::new(&mut state.sae.b_enc, &step.previous.b_enc, &mut state.optimiser.b_enc);
        finish(part, &mut self.part, regularizer, sink);
    }

    /// Untied SGD: `∂F/∂W_dec = 2/(rows·d_in) · Zᵀ (x̂ − x)`.
    fn visit_decoder(&mut self, state: &mut State, step: Step<'_>, sink: &mut impl Sink) {
        let (Some(w_dec), Some(moments)) = (&mut state.sae.w_dec, &mut state.optimiser.w_dec) else { return };
        let Step { previous, batch, scale, .. } = step;
        let regularizer = step.options.regularizer(Parameter::DecoderWeights, false);
        self.part.resize(batch.d_in, 0.0);
        let values = batch.codes.values();
        for (latent, part) in Values::new(w_dec, previous.decoder(), moments).rows(batch.d_in).enumerate() {
            let (rows, entries) = self.by_latent.of(latent);
            let terms =
                rows.iter().zip(entries).map(|(&row, &at)| (row as usize, scale * values[at as usize]));
            weighted_rows(&mut self.part, None, &batch.residual, terms);
            finish(part, &mut self.part, regularizer, sink);
        }
    }

    fn visit_decoder_bias(&mut self, state: &mut State, step: Step<'_>, sink: &mut impl Sink) {
        let Some(moments) = &mut state.optimiser.b_dec else { return };
        let Step { previous, batch, scale, .. } = step;
        self.part.resize(batch.d_in, 0.0);
        let all_rows = (0..batch.codes.rows()).map(|row| (row, scale));
        weighted_rows(&mut self.part, None, &batch.residual, all_rows);
        let regularizer = step.options.regularizer(Parameter::DecoderBias, state.sae.w_dec.is_none());
        finish(
            Values::new(&mut state.sae.b_dec, &previous.b_dec, moments),
            &mut self.part,
            regularizer,
            sink,
        );
    }
}

/// Adds the terms of F that concern the parameter alone to its gradient, and hands it on.
fn finish(part: Values<'_>, gradient: &mut [f32], regularizer: Regularizer, sink: &mut impl Sink) {
    let (ridge, proximal) = regularizer.gradient_weights();
    if ridge != 0.0 {
        gradient.iter_mut().zip(&*part.theta).for_each(|(g, theta)| *g += ridge * theta);
    }
    if proximal != 0.0 {
        for ((g, theta), previous) in gradient.iter_mut().zip(&*part.theta).zip(part.previous) {
            *g += proximal * (theta - previous);
        }
    }
    sink.take(part, gradient, regularizer.weight_decay);
}
