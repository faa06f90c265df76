//! Pre-activations of a list of latents, with the sums of [`super::encode`] in their order.

use crate::sae::Sae;
use crate::simd::{F32x4, Kernel, transpose, widest};

/// Latents that are computed at once.
const GROUP: usize = 8;

/// Appends the pre-activations of some latents of one row.
#[inline(never)]
pub fn append_listed(sae: &Sae, x: &[f32], latents: &[u32], pre: &mut Vec<f32>) {
    widest(Listed { sae, x, latents, pre });
}

/// Pre-activations of some latents of one row, each sum over `d_in` in order.
struct Listed<'a> {
    sae: &'a Sae,
    x: &'a [f32],
    latents: &'a [u32],
    pre: &'a mut Vec<f32>,
}

impl Kernel for Listed<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { sae, x, latents, pre } = self;
        let (blocks, rest) = x.as_chunks::<4>();
        for latents in latents.chunks(GROUP) {
            let latent = |i: usize| latents[i.min(latents.len() - 1)] as usize;
            let rows: [&[f32]; GROUP] = std::array::from_fn(|i| &sae.w_enc[latent(i) * x.len()..][..x.len()]);
            let weights: [&[[f32; 4]]; GROUP] = rows.map(|row| row.as_chunks::<4>().0);
            let mut sums = [F32x4::zero(); GROUP / 4];
            for (at, x) in blocks.iter().enumerate() {
                for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<4>().0) {
                    let cols = transpose(weights.map(|weights| F32x4::load(&weights[at])));
                    for (x, col) in x.iter().zip(cols) {
                        *sum = *sum + F32x4::splat(*x) * col;
                    }
                }
            }
            for (x, k) in rest.iter().zip(x.len() - rest.len()..) {
                for (sum, rows) in sums.iter_mut().zip(rows.as_chunks::<4>().0) {
                    *sum = *sum + F32x4::splat(*x) * F32x4::load(&rows.map(|row| row[k]));
                }
            }
            let sums = sums.map(F32x4::lanes);
            let sums = sums.as_flattened().iter().zip(latents);
            pre.extend(sums.map(|(sum, &latent)| sum + sae.b_enc[latent as usize]));
        }
    }
}
