//! Resampling: dead latents start anew where the model is worst.

use std::ops::Range;

use super::{Method, Trainer};
use crate::engine::{Engine, Moments, State};
use crate::error::Result;
use crate::random::Random;

/// Training rows, of those that the engine holds, among which the worst reconstructed are sought.
const CANDIDATES: usize = 1024;
/// Length of a resampled encoder column as a share of the mean of the living: long enough to enter some top k, short
/// enough not to enter every one. The decoder half of PAM-SGD fits a decoder row to it at once; for SGD it is that of
/// Bricken et al. 2023, "Neuron resampling".
const PAM_GAIN: f64 = 0.5;
const SGD_GAIN: f64 = 0.2;
/// No latent is resampled in the last share of a planned run: it would not have time to settle.
const SETTLE: f64 = 0.3;

impl Trainer {
    /// Points the encoder columns of latents that were never `active` along the residuals of badly reconstructed training
    /// rows (as in Bricken et al. 2023, "Neuron resampling"), with fresh moments of Adam, and says whether there were
    /// any. The decoder half of PAM-SGD that follows gives them their decoder rows; where Adam trains these, they begin
    /// along the residual too, as long as those of the living on average.
    pub(super) async fn resample(&mut self, active: &[u64]) -> Result<bool> {
        if self.is_settling() {
            return Ok(false);
        }
        let dead: Vec<usize> = (0..active.len()).filter(|&latent| active[latent] == 0).collect();
        if dead.is_empty() || dead.len() == active.len() {
            return Ok(false);
        }
        let mut state = self.engine.state().await?;
        let gain = if self.options.method == Method::Pam { PAM_GAIN } else { SGD_GAIN };
        let lengths = Lengths {
            encoder: gain * mean_length(&state.sae.w_enc, state.sae.d_in, active),
            decoder: mean_length(state.sae.decoder(), state.sae.d_in, active),
        };
        let mut candidates =
            Random::epoch(self.options.seed, u32::MAX - 1 - self.epoch).permutation(self.feed.held_rows());
        candidates.truncate(CANDIDATES);
        let directions = self.engine.worst_rows(&candidates, dead.len()).await?;
        for (&latent, residual) in dead.iter().zip(&directions) {
            restart(&mut state, latent, residual, lengths);
        }
        self.engine.load(&state)?;
        Ok(true)
    }

    fn is_settling(&self) -> bool {
        let planned = self.options.lr_decay_epochs;
        planned.is_some_and(|epochs| f64::from(self.epoch + 1) > (1.0 - SETTLE) * f64::from(epochs))
    }
}

fn length_of(row: &[f32]) -> f64 {
    row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt()
}

/// Lengths of the vectors of a latent that starts anew.
#[derive(Clone, Copy)]
struct Lengths {
    encoder: f64,
    decoder: f64,
}

/// Mean length of the vectors of living latents, of a matrix by latent.
fn mean_length(matrix: &[f32], d_in: usize, active: &[u64]) -> f64 {
    let rows = matrix.chunks_exact(d_in).zip(active).filter(|(_, active)| **active > 0);
    let (sum, count) = rows.fold((0.0, 0), |(sum, count), (row, _)| (sum + length_of(row), count + 1));
    sum / f64::from(count.max(1))
}

fn restart(state: &mut State, latent: usize, residual: &[f32], lengths: Lengths) {
    let row = latent * residual.len()..(latent + 1) * residual.len();
    let point = |vector: &mut [f32], length: f64| {
        let scale = (length / length_of(residual)) as f32;
        for (w, r) in vector.iter_mut().zip(residual) {
            *w = scale * r;
        }
    };
    let State { sae, optimiser } = state;
    point(&mut sae.w_enc[row.clone()], lengths.encoder);
    sae.b_enc[latent] = 0.0;
    forget(&mut optimiser.w_enc, row.clone());
    forget(&mut optimiser.b_enc, latent..latent + 1);
    // A decoder that Adam does not train is solved for, or it is the encoder.
    if let (Some(w_dec), Some(moments)) = (&mut sae.w_dec, &mut optimiser.w_dec) {
        point(&mut w_dec[row.clone()], lengths.decoder);
        forget(moments, row);
    }
    if let Some(idle) = &mut optimiser.idle {
        idle[latent] = 0.0;
    }
}

fn forget(moments: &mut Moments, range: Range<usize>) {
    moments.m[range.clone()].fill(0.0);
    moments.v[range].fill(0.0);
}
