//! What a model does to its active features on one cell, where it is an affine map of rank at most their number.

use nalgebra::{DMatrix, Schur};

use super::cell::Cell;
use super::encoder::{PreActivations, check_row, column, direction};
use super::products::dot;
use crate::error::{Error, Result};
use crate::memory;
use crate::sae::Sae;

/// Steps of the QR algorithm for each eigenvalue: LAPACK takes 30 of them for one at the most.
const STEPS: usize = 30;

/// The map `x̂ = J x + c` of a cell in terms of its active latents: `J = Σ d_i w_iᵀ` and the matrix `M_ij = w_i · d_j` have
/// the same spectrum but for zeros.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalMap {
    /// Active latents, ascending: s of them.
    pub active: Vec<u32>,
    /// M, `[s, s]` row-major. On its diagonal the gain of each feature, 1 where it does not shrink; beside it how much
    /// of feature j the encoder reads as feature i.
    pub gram: Vec<f64>,
    /// Its trace, the effective dimension of the map.
    pub trace: f64,
    /// Its eigenvalues, real and imaginary part, the largest in modulus first.
    pub eigenvalues: Vec<[f64; 2]>,
}

impl Sae {
    /// The affine map of the cell that a row lies in. [`Sae::affine_map`] writes the same map out.
    ///
    /// # Errors
    /// If `row` is not one row of the model's, a value is NaN or infinite, memory has no room for M, or its eigenvalues
    /// are not found.
    ///
    /// ```
    /// use splinterp::sae::{Activation, Sae};
    /// let mut sae = Sae::random(2, 2, Activation::Relu, true, 1);
    /// (sae.w_enc, sae.b_enc) = (vec![1.0, 0.0, 0.0, -1.0], vec![0.0, 0.0]);
    /// let map = sae.local_map(&[1.0, 1.0])?;
    /// assert_eq!((map.active, map.gram, map.trace), (vec![0], vec![1.0], 1.0));
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub fn local_map(&self, row: &[f32]) -> Result<LocalMap> {
        check_row("row", self, row)?;
        let mut pre = PreActivations::default();
        pre.set(self, row);
        let active = Cell::of(&self.activation.selection(self.d_sae), &pre.values).active;
        let mut gram = memory::reserve("M", &[active.len(), active.len()])?;
        for &i in &active {
            let products = |&j: &u32| dot(column(self, i as usize), direction(self, j as usize));
            gram.extend(active.iter().map(products));
        }
        let trace = gram.iter().step_by(active.len() + 1).sum();
        let eigenvalues = eigenvalues(&gram, active.len())?;
        Ok(LocalMap { active, gram, trace, eigenvalues })
    }
}

fn eigenvalues(matrix: &[f64], size: usize) -> Result<Vec<[f64; 2]>> {
    if size == 0 {
        return Ok(Vec::new());
    }
    let matrix = DMatrix::from_row_slice(size, size, matrix);
    let schur = Schur::try_new(matrix, f64::EPSILON, STEPS * size.max(10)).ok_or_else(|| {
        Error::option("row", "in a cell whose map has no eigenvalues that QR finds", "another row")
    })?;
    let mut found: Vec<[f64; 2]> =
        schur.complex_eigenvalues().iter().map(|value| [value.re, value.im]).collect();
    let square = |[re, im]: &[f64; 2]| re * re + im * im;
    found.sort_by(|a, b| square(b).total_cmp(&square(a)).then(b[1].total_cmp(&a[1])));
    Ok(found)
}
