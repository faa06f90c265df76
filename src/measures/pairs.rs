//! Latents of two models in pairs, by the cosine of their decoder rows.

use super::matching::{match_up, products, unit_rows};
use crate::error::{Error, Result};
use crate::sae::{Activation, Sae, TopKBy};

/// The one-to-one match of the latents of two models with the largest sum of cosines, the best pair first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LatentPairs {
    /// Latents of the model itself.
    pub left: Vec<u32>,
    /// Those of the other that they are matched with.
    pub right: Vec<u32>,
    /// Cosines of their decoder rows. Where latents of a model have either sign, TopK by magnitude, the match and its order are
    /// by size, and a cosine below 0 says that one is the other turned round.
    pub cosines: Vec<f64>,
    /// Latents of the larger model that are left without one.
    pub unmatched: Vec<u32>,
}

impl Sae {
    /// Matches the latents with those of another model, which may have more or fewer. Both must write in the same units.
    ///
    /// # Errors
    /// If the models read rows of different lengths, a weight is not finite, or memory has no room for all pairs.
    ///
    /// ```
    /// use splinterp::sae::{Activation, Parts, Sae};
    ///
    /// let of = |w_dec: [f32; 4]| {
    ///     let parts = Parts { w_enc: vec![0.0; 4], b_enc: vec![0.0; 2], w_dec: w_dec.into(), b_dec: vec![0.0; 2] };
    ///     Sae::from_parts(parts, Activation::Relu, 2, 2)
    /// };
    /// let pairs = of([1.0, 0.0, 0.0, 1.0])?.pairs(&of([3.0, 4.0, 2.0, 0.0])?)?;
    /// assert_eq!((pairs.left, pairs.right), (vec![0, 1], vec![1, 0]));
    /// assert!((pairs.cosines[1] - 0.8).abs() < 1e-12);
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub fn pairs(&self, other: &Self) -> Result<LatentPairs> {
        let mut cosines = decoder_cosines(self, other)?;
        let is_signed = !either_sign(self) && !either_sign(other);
        if !is_signed {
            cosines.iter_mut().for_each(|cosine| *cosine = cosine.abs());
        }
        let matched = match_up(&cosines, self.d_sae, other.d_sae)?;
        let at = |&(a, b): &(usize, usize)| a * other.d_sae + b;
        let mut order: Vec<&(usize, usize)> = matched.iter().collect();
        order.sort_by(|a, b| cosines[at(b)].total_cmp(&cosines[at(a)]));
        let mut found = LatentPairs::default();
        let larger = self.d_sae.max(other.d_sae);
        let mut taken = vec![false; larger];
        for pair in order {
            found.left.push(pair.0 as u32);
            found.right.push(pair.1 as u32);
            let turned = !is_signed && self.are_opposed(pair.0, other, pair.1);
            found.cosines.push(if turned { -cosines[at(pair)] } else { cosines[at(pair)] });
            taken[if self.d_sae == larger { pair.0 } else { pair.1 }] = true;
        }
        found.unmatched = (0..larger as u32).filter(|&latent| !taken[latent as usize]).collect();
        Ok(found)
    }

    /// Whether the decoder rows of two latents have a negative product.
    fn are_opposed(&self, latent: usize, other: &Self, opposite: usize) -> bool {
        let row = |sae: &Self, at: usize| at * sae.d_in..(at + 1) * sae.d_in;
        let rows = self.decoder()[row(self, latent)].iter().zip(&other.decoder()[row(other, opposite)]);
        rows.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() < 0.0
    }
}

/// Whether latents are active upwards and downwards, so that one and its opposite are the same.
fn either_sign(sae: &Sae) -> bool {
    matches!(sae.activation, Activation::TopK { by: TopKBy::Magnitude, .. })
}

/// # Errors
/// If the models read rows of different lengths.
pub fn check_width(sae: &Sae, other: &Sae) -> Result<()> {
    if other.d_in == sae.d_in {
        return Ok(());
    }
    Err(Error::shape("d_in of the other model", other.d_in, sae.d_in))
}

/// Cosines of all decoder rows of one model with all of the other, `[d_sae, d_sae of the other]`.
///
/// # Errors
/// As [`check_width`], or if memory has no room for them.
pub fn decoder_cosines(sae: &Sae, other: &Sae) -> Result<Vec<f64>> {
    check_width(sae, other)?;
    let width = sae.d_in;
    products(&unit_rows(sae.decoder(), width), &unit_rows(other.decoder(), width), width)
}
