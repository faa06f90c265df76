//! The gradient of JumpReLU's thresholds by straight-through estimation; [`ThresholdTraining`] has the equations.

use super::batch::Batch;
use crate::engine::ThresholdTraining;
use crate::error::Result;
use crate::sae::Sae;
use crate::simd::dot;
use crate::threads::Threads;

/// Buffers of the gradient.
#[derive(Debug, Default)]
pub struct ThresholdGradient {
    pieces: Vec<Vec<Near>>,
    /// `∂F/∂θ`, `[d_sae]`.
    pub values: Vec<f32>,
}

/// A pre-activation within half a bandwidth of its threshold.
#[derive(Debug)]
struct Near {
    latent: u32,
    /// `∂F/∂z`, as if the latent were active.
    dz: f32,
}

impl ThresholdGradient {
    /// The gradient on a batch whose pre-activations and residuals are those of `sae`; `scale` is `2/(rows·d_in)`, and `l1`
    /// the weight of `|z|` of an active latent.
    ///
    /// # Errors
    /// If a thread ends.
    pub fn prepare(
        &mut self,
        sae: &Sae,
        thresholds: &[f32],
        batch: &Batch,
        training: ThresholdTraining,
        (scale, l1): (f32, f32),
        threads: Threads,
    ) -> Result<()> {
        let (d_in, rows) = (batch.d_in, batch.codes.rows() as f64);
        let bandwidth = training.bandwidth as f32;
        self.pieces.resize_with(batch.pieces().len(), Vec::new);
        let parts = batch.pieces().iter().zip(&mut self.pieces).enumerate();
        threads.for_each(parts, |(index, (piece, near))| {
            near.clear();
            for (row, pre) in (index * batch.piece_rows()..).zip(piece.pre.chunks_exact(sae.d_sae)) {
                for (latent, (pre, threshold)) in pre.iter().zip(thresholds).enumerate() {
                    if (pre - threshold).abs() < 0.5 * bandwidth {
                        let residuals = batch.residuals_of(latent);
                        let residual = &residuals.rows[residuals.place.of(row) * d_in..][..d_in];
                        let decoder = &sae.decoder()[latent * d_in..][..d_in];
                        // Thresholds are 0 or above, so that z is.
                        let l1 = if pre > threshold { l1 } else { 0.0 };
                        near.push(Near { latent: latent as u32, dz: scale * dot(residual, decoder) + l1 });
                    }
                }
            }
        })?;
        // From the l0 of the batch, the same for every pre-activation.
        let l0 = batch.codes.len() as f64 / rows;
        let by_l0 = (training.slope(l0) / rows) as f32;
        self.values.clear();
        self.values.resize(sae.d_sae, 0.0);
        for &Near { latent, dz } in self.pieces.iter().flatten() {
            let at = latent as usize;
            self.values[at] -= (thresholds[at] * dz + by_l0) / bandwidth;
        }
        Ok(())
    }
}
