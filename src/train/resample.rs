//! Resampling: dead latents start anew where the model is worst.

use super::Trainer;
use crate::engine::{Engine, State};
use crate::error::Result;
use crate::random::Random;

/// Training rows, of those that the engine holds, among which the worst reconstructed are sought.
const CANDIDATES: usize = 1024;
/// Length of a resampled encoder column as a share of the mean of the living: long enough to enter some top k, short
/// enough not to enter every one.
const GAIN: f64 = 0.5;
/// No latent is resampled in the last share of a planned run: it would not have time to settle.
const SETTLE: f64 = 0.3;

impl Trainer {
    /// Points the encoder columns of latents that were never `active` along the residuals of badly reconstructed training
    /// rows (as in Bricken et al. 2023, "Neuron resampling"), with fresh moments of Adam, and says whether there were
    /// any. The decoder half that follows gives them their decoder rows.
    pub(super) async fn resample(&mut self, active: &[u64]) -> Result<bool> {
        if self.is_settling() {
            return Ok(false);
        }
        let dead: Vec<usize> = (0..active.len()).filter(|&latent| active[latent] == 0).collect();
        if dead.is_empty() || dead.len() == active.len() {
            return Ok(false);
        }
        let mut state = self.engine.state().await?;
        let length = GAIN * mean_length(&state, active);
        let mut candidates =
            Random::epoch(self.options.seed, u32::MAX - 1 - self.epoch).permutation(self.feed.held_rows());
        candidates.truncate(CANDIDATES);
        let directions = self.engine.worst_rows(&candidates, dead.len()).await?;
        for (&latent, residual) in dead.iter().zip(&directions) {
            restart(&mut state, latent, residual, length);
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

/// Mean length of the encoder columns of living latents.
fn mean_length(state: &State, active: &[u64]) -> f64 {
    let rows = state.sae.w_enc.chunks_exact(state.sae.d_in).zip(active).filter(|(_, active)| **active > 0);
    let (sum, count) = rows.fold((0.0, 0), |(sum, count), (row, _)| (sum + length_of(row), count + 1));
    sum / f64::from(count.max(1))
}

fn restart(state: &mut State, latent: usize, residual: &[f32], length: f64) {
    let row = latent * residual.len()..(latent + 1) * residual.len();
    let scale = (length / length_of(residual)) as f32;
    for (w, r) in state.sae.w_enc[row.clone()].iter_mut().zip(residual) {
        *w = scale * r;
    }
    state.sae.b_enc[latent] = 0.0;
    let optimiser = &mut state.optimiser;
    optimiser.w_enc.m[row.clone()].fill(0.0);
    optimiser.w_enc.v[row].fill(0.0);
    optimiser.b_enc.m[latent] = 0.0;
    optimiser.b_enc.v[latent] = 0.0;
}
