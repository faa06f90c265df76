//! One optimiser step on a batch. The gradient of a latent goes straight into its Adam update; clipping by the norm of
//! the whole gradient goes over it twice, so that no gradient is ever stored whole.

use super::adam::AdamStep;
use super::batch::Batch;
use super::row_sums::weighted_rows;
use super::simd::dot;
use crate::engine::{Moments, State, StepOptions};
use crate::sae::{LatentIndex, Sae};

/// Added to the norm of the gradient before dividing by it, as `torch.nn.utils.clip_grad_norm_` does.
const CLIP_EPS: f64 = 1e-6;

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

/// A parameter, or a row of one.
struct Parameter<'a> {
    theta: &'a mut [f32],
    previous: &'a [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
}

impl<'a> Parameter<'a> {
    fn new(theta: &'a mut [f32], previous: &'a [f32], moments: &'a mut Moments) -> Self {
        Self { theta, previous, m: &mut moments.m, v: &mut moments.v }
    }

    fn rows(self, width: usize) -> impl Iterator<Item = Parameter<'a>> {
        let values = self.theta.chunks_exact_mut(width).zip(self.previous.chunks_exact(width));
        let moments = self.m.chunks_exact_mut(width).zip(self.v.chunks_exact_mut(width));
        values.zip(moments).map(|((theta, previous), (m, v))| Parameter { theta, previous, m, v })
    }
}

/// The terms of F and of Adam that a parameter pays by itself.
#[derive(Clone, Copy, Default)]
struct Charge {
    /// Weight of `|θ|²`.
    ridge: f64,
    /// Weight of `|θ − previous|²`.
    pull: f64,
    /// Adam's weight decay, which is no part of F and is not clipped.
    decay: f64,
}

/// What is done with each part of the gradient.
trait Sink {
    /// Takes the gradient of F by `part`, all terms but the weight decay included.
    fn take(&mut self, part: Parameter<'_>, gradient: &mut [f32], decay: f64);
}

/// `Σ gradient²`.
struct SquaredNorm(f64);

impl Sink for SquaredNorm {
    fn take(&mut self, _: Parameter<'_>, gradient: &mut [f32], _: f64) {
        self.0 += f64::from(dot(gradient, gradient));
    }
}

/// Adam's update by a multiple of the gradient.
struct Update {
    adam: AdamStep,
    multiple: f32,
}

impl Sink for Update {
    fn take(&mut self, part: Parameter<'_>, gradient: &mut [f32], decay: f64) {
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
        let Step { previous, batch, options, scale } = step;
        let tied = state.sae.w_dec.is_none();
        let penalties = &options.penalties;
        let charge = Charge {
            ridge: if tied { penalties.alpha } else { 0.0 },
            pull: penalties.mu_enc + if tied { penalties.mu_dec } else { 0.0 },
            decay: options.weight_decay,
        };
        self.part.resize(batch.d_in, 0.0);
        self.through_encoder.resize(batch.d_in, 0.0);
        let values = batch.codes.values();
        let whole = Parameter::new(&mut state.sae.w_enc, &previous.w_enc, &mut state.optimiser.w_enc);
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
            finish(part, &mut self.part, charge, sink);
        }
    }

    fn visit_encoder_bias(&mut self, state: &mut State, step: Step<'_>, sink: &mut impl Sink) {
        self.part.clear();
        for latent in 0..state.sae.d_sae {
            let (_, entries) = self.by_latent.of(latent);
            self.part.push(entries.iter().fold(0.0, |sum, &at| sum + self.dz[at as usize]));
        }
        let charge = Charge { pull: step.options.penalties.nu_enc, ..Charge::default() };
        let part = Parameter::new(&mut state.sae.b_enc, &step.previous.b_enc, &mut state.optimiser.b_enc);
        finish(part, &mut self.part, charge, sink);
    }

    /// Untied SGD: `∂F/∂W_dec = 2/(rows·d_in) · Zᵀ (x̂ − x)`.
    fn visit_decoder(&mut self, state: &mut State, step: Step<'_>, sink: &mut impl Sink) {
        let (Some(w_dec), Some(moments)) = (&mut state.sae.w_dec, &mut state.optimiser.w_dec) else { return };
        let Step { previous, batch, options, scale } = step;
        let charge = Charge {
            ridge: options.penalties.alpha,
            pull: options.penalties.mu_dec,
            decay: options.weight_decay,
        };
        self.part.resize(batch.d_in, 0.0);
        let values = batch.codes.values();
        for (latent, part) in Parameter::new(w_dec, previous.decoder(), moments).rows(batch.d_in).enumerate()
        {
            let (rows, entries) = self.by_latent.of(latent);
            let terms =
                rows.iter().zip(entries).map(|(&row, &at)| (row as usize, scale * values[at as usize]));
            weighted_rows(&mut self.part, None, &batch.residual, terms);
            finish(part, &mut self.part, charge, sink);
        }
    }

    fn visit_decoder_bias(&mut self, state: &mut State, step: Step<'_>, sink: &mut impl Sink) {
        let Some(moments) = &mut state.optimiser.b_dec else { return };
        let Step { previous, batch, options, scale } = step;
        self.part.resize(batch.d_in, 0.0);
        let all_rows = (0..batch.codes.rows()).map(|row| (row, scale));
        weighted_rows(&mut self.part, None, &batch.residual, all_rows);
        let charge =
            Charge { ridge: options.penalties.beta, pull: options.penalties.nu_dec, ..Charge::default() };
        finish(Parameter::new(&mut state.sae.b_dec, &previous.b_dec, moments), &mut self.part, charge, sink);
    }
}

/// Adds a parameter's own terms of F to its gradient and hands it on.
fn finish(part: Parameter<'_>, gradient: &mut [f32], charge: Charge, sink: &mut impl Sink) {
    let (ridge, pull) = (2.0 * charge.ridge as f32, 2.0 * charge.pull as f32);
    if ridge != 0.0 {
        gradient.iter_mut().zip(&*part.theta).for_each(|(g, theta)| *g += ridge * theta);
    }
    if pull != 0.0 {
        for ((g, theta), previous) in gradient.iter_mut().zip(&*part.theta).zip(part.previous) {
            *g += pull * (theta - previous);
        }
    }
    sink.take(part, gradient, charge.decay);
}
