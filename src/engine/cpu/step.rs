//! One optimiser step on a batch. After the encoder everything is sparse, and the gradient of a latent goes straight
//! into its Adam update.

use super::adam::AdamStep;
use super::encode::{PackedEncoder, SparseRows};
use super::lanes::dot;
use super::sums::weighted_rows;
use crate::data::Dataset;
use crate::engine::{State, StepOptions};
use crate::sae::{Activation, ByLatent, Codes, Sae};

/// A batch on its way through the model. Buffers are reused from batch to batch.
#[derive(Debug, Default)]
pub struct Batch {
    d_in: usize,
    /// `[rows, d_in]`, normalised.
    pub x: Vec<f32>,
    sparse: Option<SparseRows>,
    encoder: PackedEncoder,
    pre: Vec<f32>,
    /// Codes of the rows.
    pub codes: Codes,
    /// `x̂ − x`, `[rows, d_in]`.
    pub residual: Vec<f32>,
}

impl Batch {
    /// Takes the rows numbered `rows` of the data set. With `skip_zeros` its byte rows are multiplied sparsely.
    pub fn gather(&mut self, data: &Dataset, rows: &[u32], skip_zeros: bool) {
        self.d_in = data.cols();
        self.x.resize(rows.len() * self.d_in, 0.0);
        data.gather(rows, &mut self.x);
        if !skip_zeros {
            self.sparse = None;
            return;
        }
        let sparse = self.sparse.get_or_insert_default();
        sparse.clear();
        for bytes in rows.iter().filter_map(|&row| data.bytes(row as usize)) {
            sparse.push(bytes, data.normalisation());
        }
    }

    /// Takes rows as they are, `x [rows, d_in]`.
    pub fn set(&mut self, x: &[f32], d_in: usize) {
        self.d_in = d_in;
        self.sparse = None;
        self.x.clear();
        self.x.extend_from_slice(x);
    }

    /// Packs the encoder for [`Batch::encode`]; `data` as in [`Batch::gather`].
    pub fn pack(&mut self, sae: &Sae, data: Option<&Dataset>) {
        self.encoder.pack(&sae.w_enc, &sae.b_enc, data.map(Dataset::normalisation));
        self.codes = Codes::new(sae.d_sae);
    }

    /// Pre-activations and codes of the rows, by the encoder packed last.
    pub fn encode(&mut self, activation: &Activation) {
        let d_sae = self.codes.d_sae();
        self.pre.resize(self.x.len() / self.d_in * d_sae, 0.0);
        match &self.sparse {
            Some(rows) => self.encoder.encode_sparse(rows, &mut self.pre),
            None => self.encoder.encode(&self.x, &mut self.pre),
        }
        self.codes.clear();
        activation.select(&self.pre, d_sae, &mut self.codes);
    }

    /// Residuals of the rows; returns `Σ‖x̂ − x‖²`.
    pub fn reconstruct(&mut self, sae: &Sae) -> f64 {
        self.residual.resize(self.x.len(), 0.0);
        let rows = self.residual.chunks_exact_mut(self.d_in).zip(self.x.chunks_exact(self.d_in));
        let mut squares = 0.0;
        for (row, (residual, x)) in rows.enumerate() {
            decode_row(sae, &self.codes, row, residual);
            residual.iter_mut().zip(x).for_each(|(residual, x)| *residual -= x);
            squares += f64::from(dot(residual, residual));
        }
        squares
    }

    /// `Σ|z|` over the rows.
    pub fn l1(&self) -> f64 {
        self.codes.values().iter().map(|z| f64::from(z.abs())).sum()
    }
}

/// `x̂` of one row of codes, `[d_in]`.
pub fn decode_row(sae: &Sae, codes: &Codes, row: usize, out: &mut [f32]) {
    let terms = codes.row(row).map(|(latent, z)| (latent as usize, z));
    weighted_rows(out, Some(&sae.b_dec), sae.decoder(), terms);
}

/// Buffers of the gradient.
#[derive(Debug, Default)]
pub struct Gradient {
    by_latent: ByLatent,
    /// `∂F/∂z` of each entry of the codes.
    dz: Vec<f32>,
    /// Gradient of one row of a matrix, `[d_in]`.
    row: Vec<f32>,
    tied: Vec<f32>,
    bias: Vec<f32>,
}

impl Gradient {
    /// Adam's step on F from a batch whose codes and residuals are those of `state`.
    pub fn step(&mut self, state: &mut State, previous: &Sae, batch: &Batch, options: &StepOptions) {
        let rows = batch.codes.rows() as f64;
        let scale = (2.0 / (rows * batch.d_in as f64)) as f32;
        self.by_latent.rebuild(&batch.codes);
        self.entry_gradients(&state.sae, batch, scale, (options.penalties.l1 / rows) as f32);
        state.optimiser.steps += 1;
        let adam = AdamStep::new(options.lr, state.optimiser.steps);
        self.update_encoder(state, previous, batch, options, scale, adam);
        self.update_encoder_bias(state, previous, options, adam);
        self.update_decoder(state, previous, batch, options, scale, adam);
        self.update_decoder_bias(state, previous, batch, options, scale, adam);
    }

    /// `∂F/∂z = 2/(rows·d_in) · W_dec (x̂ − x) + l1/rows · sign(z)` where a latent is active; ρ′ is 1 there.
    fn entry_gradients(&mut self, sae: &Sae, batch: &Batch, scale: f32, l1: f32) {
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

    fn update_encoder(
        &mut self,
        state: &mut State,
        previous: &Sae,
        batch: &Batch,
        options: &StepOptions,
        scale: f32,
        adam: AdamStep,
    ) {
        let d_in = batch.d_in;
        let penalties = &options.penalties;
        let tied = state.sae.w_dec.is_none();
        let decay = options.weight_decay + if tied { 2.0 * penalties.alpha } else { 0.0 };
        let pull = 2.0 * (penalties.mu_enc + if tied { penalties.mu_dec } else { 0.0 });
        let moments = &mut state.optimiser.w_enc;
        self.row.resize(d_in, 0.0);
        self.tied.resize(d_in, 0.0);
        let values = batch.codes.values();
        let latents = state.sae.w_enc.chunks_exact_mut(d_in).zip(previous.w_enc.chunks_exact(d_in));
        let moments = moments.m.chunks_exact_mut(d_in).zip(moments.v.chunks_exact_mut(d_in));
        for (latent, ((w, w_previous), (m, v))) in latents.zip(moments).enumerate() {
            let (rows, entries) = self.by_latent.of(latent);
            let terms = rows.iter().zip(entries);
            let dz = &self.dz;
            let from_x = terms.clone().map(|(&row, &at)| (row as usize, dz[at as usize]));
            weighted_rows(&mut self.row, None, &batch.x, from_x);
            if tied {
                let from_residual = terms.map(|(&row, &at)| (row as usize, scale * values[at as usize]));
                self.tied.copy_from_slice(&self.row);
                weighted_rows(&mut self.row, Some(&self.tied), &batch.residual, from_residual);
            }
            add_penalties(&mut self.row, w, w_previous, decay, pull);
            adam.update(w, m, v, &self.row);
        }
    }

    fn update_encoder_bias(
        &mut self,
        state: &mut State,
        previous: &Sae,
        options: &StepOptions,
        adam: AdamStep,
    ) {
        self.bias.clear();
        for latent in 0..state.sae.d_sae {
            let (_, entries) = self.by_latent.of(latent);
            self.bias.push(entries.iter().fold(0.0, |sum, &at| sum + self.dz[at as usize]));
        }
        let (b, moments) = (&mut state.sae.b_enc, &mut state.optimiser.b_enc);
        add_penalties(&mut self.bias, b, &previous.b_enc, 0.0, 2.0 * options.penalties.nu_enc);
        adam.update(b, &mut moments.m, &mut moments.v, &self.bias);
    }

    /// Untied SGD: `∂F/∂W_dec = 2/(rows·d_in) · Zᵀ (x̂ − x)` and the penalties.
    fn update_decoder(
        &mut self,
        state: &mut State,
        previous: &Sae,
        batch: &Batch,
        options: &StepOptions,
        scale: f32,
        adam: AdamStep,
    ) {
        let (Some(w_dec), Some(moments)) = (&mut state.sae.w_dec, &mut state.optimiser.w_dec) else { return };
        let d_in = batch.d_in;
        let decay = options.weight_decay + 2.0 * options.penalties.alpha;
        let pull = 2.0 * options.penalties.mu_dec;
        let values = batch.codes.values();
        let latents = w_dec.chunks_exact_mut(d_in).zip(previous.decoder().chunks_exact(d_in));
        let moments = moments.m.chunks_exact_mut(d_in).zip(moments.v.chunks_exact_mut(d_in));
        for (latent, ((w, w_previous), (m, v))) in latents.zip(moments).enumerate() {
            let (rows, entries) = self.by_latent.of(latent);
            let terms =
                rows.iter().zip(entries).map(|(&row, &at)| (row as usize, scale * values[at as usize]));
            weighted_rows(&mut self.row, None, &batch.residual, terms);
            add_penalties(&mut self.row, w, w_previous, decay, pull);
            adam.update(w, m, v, &self.row);
        }
    }

    fn update_decoder_bias(
        &mut self,
        state: &mut State,
        previous: &Sae,
        batch: &Batch,
        options: &StepOptions,
        scale: f32,
        adam: AdamStep,
    ) {
        let Some(moments) = &mut state.optimiser.b_dec else { return };
        let b = &mut state.sae.b_dec;
        let all_rows = (0..batch.codes.rows()).map(|row| (row, scale));
        weighted_rows(&mut self.row, None, &batch.residual, all_rows);
        let penalties = &options.penalties;
        add_penalties(&mut self.row, b, &previous.b_dec, 2.0 * penalties.beta, 2.0 * penalties.nu_dec);
        adam.update(b, &mut moments.m, &mut moments.v, &self.row);
    }
}

/// `gradient += decay · θ + pull · (θ − previous)`.
fn add_penalties(gradient: &mut [f32], theta: &[f32], previous: &[f32], decay: f64, pull: f64) {
    let (decay, pull) = (decay as f32, pull as f32);
    if decay != 0.0 {
        gradient.iter_mut().zip(theta).for_each(|(g, theta)| *g += decay * theta);
    }
    if pull != 0.0 {
        for ((g, theta), previous) in gradient.iter_mut().zip(theta).zip(previous) {
            *g += pull * (theta - previous);
        }
    }
}
