//! Which latents resemble each other by the direction in which they write: cosines of decoder rows.

use std::ops::Range;

use crate::sae::Sae;
use crate::simd::dot;

/// Decoder rows divided by their norms, and for each latent the other that is most like it.
#[derive(Debug)]
pub struct Directions {
    d_in: usize,
    /// `[d_sae, d_in]`; a decoder row of zeros stays zero.
    unit: Vec<f32>,
    /// `[d_sae]`; itself where there is no other.
    pub nearest: Vec<u32>,
    /// `[d_sae]`; 0 where there is no other.
    pub cosine: Vec<f32>,
}

impl Directions {
    /// The directions; nothing compared yet.
    pub fn new(sae: &Sae) -> Self {
        let mut unit = sae.decoder().to_vec();
        for row in unit.chunks_exact_mut(sae.d_in) {
            let norm = norm(row);
            if norm > 0.0 {
                row.iter_mut().for_each(|w| *w = (f64::from(*w) / norm) as f32);
            }
        }
        Self {
            d_in: sae.d_in,
            unit,
            nearest: (0..sae.d_sae as u32).collect(),
            cosine: vec![if sae.d_sae > 1 { f32::NEG_INFINITY } else { 0.0 }; sae.d_sae],
        }
    }

    /// The direction of a latent, `[d_in]`.
    pub fn of(&self, latent: usize) -> &[f32] {
        &self.unit[latent * self.d_in..(latent + 1) * self.d_in]
    }

    /// Cosine of two latents' decoder rows.
    pub fn cosine(&self, a: usize, b: usize) -> f32 {
        dot(self.of(a), self.of(b))
    }

    /// Compares the latents of a block with each other and with all later ones. When all blocks have been compared, in
    /// order, every pair has been, and among equals the lower number has won.
    pub fn compare(&mut self, block: Range<usize>) {
        for later in block.start + 1..self.nearest.len() {
            for earlier in block.start..block.end.min(later) {
                let cosine = self.cosine(earlier, later);
                self.offer(later, earlier, cosine);
                self.offer(earlier, later, cosine);
            }
        }
    }

    fn offer(&mut self, latent: usize, other: usize, cosine: f32) {
        if cosine > self.cosine[latent] {
            self.cosine[latent] = cosine;
            self.nearest[latent] = other as u32;
        }
    }
}

/// Euclidean norm, summed in float64.
pub fn norm(row: &[f32]) -> f64 {
    row.iter().map(|&w| f64::from(w) * f64::from(w)).sum::<f64>().sqrt()
}

/// Cosine of two rows; 0 if one of them is zero.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let norms = norm(a) * norm(b);
    if norms == 0.0 {
        return 0.0;
    }
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() / norms
}
