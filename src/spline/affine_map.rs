//! What an SAE is on one cell: an affine map (paper, section on SAEs as splines).

use crate::error::{Error, Result};
use crate::sae::Sae;

/// The map `x ↦ M x + c`.
#[derive(Debug, Clone, PartialEq)]
pub struct AffineMap {
    /// M, `[d_in, d_in]` row-major: one row for each output.
    pub matrix: Vec<f64>,
    /// c, `[d_in]`.
    pub offset: Vec<f64>,
}

impl Sae {
    /// The map by which the model reconstructs every input whose active latents are these:
    /// `M = Σ d_i s_iᵀ`, `c = Σ b_i d_i + b_dec`, of rank at most their number, where s_i and b_i are the encoder's
    /// column and bias of latent i and d_i is its decoder row.
    ///
    /// # Errors
    /// If a latent is not one of the model's.
    ///
    /// ```
    /// use splinterp::sae::{Activation, Sae};
    /// let mut sae = Sae::random(2, 3, Activation::Relu, true, 1);
    /// sae.w_enc = vec![2.0, 0.0, 0.0, 1.0, 1.0, 1.0];
    /// sae.b_enc = vec![-1.0, 0.0, 0.0];
    /// let map = sae.affine_map(&[0])?;
    /// assert_eq!((map.matrix, map.offset), (vec![4.0, 0.0, 0.0, 0.0], vec![-2.0, 0.0]));
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub fn affine_map(&self, active: &[u32]) -> Result<AffineMap> {
        let d_in = self.d_in;
        let mut matrix = vec![0.0; d_in * d_in];
        let mut offset: Vec<f64> = self.b_dec.iter().map(|b| f64::from(*b)).collect();
        for &latent in active {
            let i = latent as usize;
            if i >= self.d_sae {
                return Err(Error::option("active", latent, format!("latents below {}", self.d_sae)));
            }
            let site = &self.w_enc[i * d_in..(i + 1) * d_in];
            let direction = &self.decoder()[i * d_in..(i + 1) * d_in];
            let bias = f64::from(self.b_enc[i]);
            for ((row, c), d) in matrix.chunks_exact_mut(d_in).zip(&mut offset).zip(direction) {
                let d = f64::from(*d);
                *c += bias * d;
                row.iter_mut().zip(site).for_each(|(m, s)| *m += d * f64::from(*s));
            }
        }
        Ok(AffineMap { matrix, offset })
    }
}
