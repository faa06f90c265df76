//! The decoder's rows as a dictionary: how closely a row of data can be written with given atoms, or with as many that
//! orthogonal matching pursuit picks.
//!
//! All in float64 from the inner products of the atoms, which stand in a table where that fits and pays and are
//! otherwise computed as they are needed.

use super::encoder::direction;
use super::products::{LANES, add_gram_tile, dot, mirror};
use crate::error::Result;
use crate::memory;
use crate::sae::Sae;
use crate::train::decoder::Pause;

/// Inner products that a table may hold: 256 MB.
const TABLE: usize = 32 << 20;
/// An atom of which this share of its square is left, once those before it are taken out, depends on them but for
/// rounding.
const DEPENDENT: f64 = 1e-12;

/// The atoms of a model.
pub(super) struct Dictionary<'a> {
    sae: &'a Sae,
    squares: Vec<f64>,
    /// `[d_sae, d_sae]`.
    table: Option<Vec<f64>>,
}

impl<'a> Dictionary<'a> {
    /// Whether a table of inner products fits, and costs less than so many atoms, each compared with all others, do.
    pub fn has_table(sae: &Sae, atoms: f64) -> bool {
        sae.d_sae.saturating_mul(sae.d_sae) <= TABLE && sae.d_sae as f64 <= 2.0 * atoms
    }

    /// The atoms, for use with so many of them on all rows together.
    ///
    /// # Errors
    /// What ends the pauses.
    pub async fn new(sae: &'a Sae, atoms: f64, pause: &mut dyn Pause) -> Result<Self> {
        let (d_in, d_sae) = (sae.d_in, sae.d_sae);
        let squares = sae.decoder().chunks_exact(d_in).map(|atom| dot(atom, atom)).collect();
        if !Self::has_table(sae, atoms) {
            return Ok(Self { sae, squares, table: None });
        }
        let mut table = memory::zeros("products of decoder rows", &[d_sae, d_sae])?;
        let mut tile = Vec::new();
        for first in (0..d_sae).step_by(LANES) {
            add_gram_tile(sae.decoder(), d_in, first, &mut tile, &mut table);
            pause.after((LANES * (d_sae - first) * d_in) as u64).await?;
        }
        mirror(&mut table, d_sae);
        Ok(Self { sae, squares, table: Some(table) })
    }

    fn product(&self, i: u32, j: u32) -> f64 {
        match &self.table {
            Some(table) => table[i as usize * self.sae.d_sae + j as usize],
            None => dot(direction(self.sae, i as usize), direction(self.sae, j as usize)),
        }
    }

    /// The least `‖row − Σ γ_i d_i‖²` over amplitudes γ of the given atoms. `products [d_sae]` are those of the row with
    /// all atoms.
    pub fn error_on(&self, support: impl Iterator<Item = u32>, row: &[f64], products: &[f64]) -> f64 {
        let mut chosen = Chosen::default();
        for atom in support {
            chosen.add(self, atom, products);
        }
        let mut rest = row.to_vec();
        self.subtract(&chosen, &mut rest);
        dot(&rest, &rest)
    }

    /// The same with as many atoms as pursuit picks: always the one that is closest in direction to what is left.
    pub fn pursuit_error(&self, count: usize, row: &[f64], products: &[f64]) -> f64 {
        let mut chosen = Chosen::default();
        let mut passed = vec![false; self.sae.d_sae];
        let mut left = products.to_vec();
        let mut rest = row.to_vec();
        while chosen.atoms.len() < count {
            let score = |atom: usize| left[atom] * left[atom] / self.squares[atom];
            let candidates = (0..passed.len()).filter(|&atom| !passed[atom] && score(atom) > 0.0);
            let Some(best) = candidates.max_by(|&a, &b| score(a).total_cmp(&score(b)).then(b.cmp(&a))) else {
                break;
            };
            passed[best] = true;
            if chosen.add(self, best as u32, products) && chosen.atoms.len() < count {
                self.products_left(&chosen, row, products, &mut left, &mut rest);
            }
        }
        rest.copy_from_slice(row);
        self.subtract(&chosen, &mut rest);
        dot(&rest, &rest)
    }

    /// Products of all atoms with what the chosen ones leave of the row.
    fn products_left(
        &self,
        chosen: &Chosen,
        row: &[f64],
        products: &[f64],
        left: &mut [f64],
        rest: &mut [f64],
    ) {
        if let Some(table) = &self.table {
            left.copy_from_slice(products);
            for (&atom, amplitude) in chosen.atoms.iter().zip(chosen.amplitudes()) {
                let with_all = &table[atom as usize * left.len()..][..left.len()];
                left.iter_mut().zip(with_all).for_each(|(left, product)| *left -= amplitude * product);
            }
        } else {
            rest.copy_from_slice(row);
            self.subtract(chosen, rest);
            let atoms = self.sae.decoder().chunks_exact(self.sae.d_in);
            left.iter_mut().zip(atoms).for_each(|(left, atom)| *left = dot(atom, rest));
        }
    }

    fn subtract(&self, chosen: &Chosen, row: &mut [f64]) {
        for (&atom, amplitude) in chosen.atoms.iter().zip(chosen.amplitudes()) {
            let direction = direction(self.sae, atom as usize);
            row.iter_mut().zip(direction).for_each(|(x, &d)| *x -= amplitude * f64::from(d));
        }
    }
}

/// Atoms that do not depend on one another, with the Cholesky factor of their inner products.
#[derive(Default)]
struct Chosen {
    atoms: Vec<u32>,
    /// Row t has t + 1 numbers.
    factor: Vec<f64>,
    /// The row's coefficients along the atoms made orthonormal.
    along: Vec<f64>,
}

impl Chosen {
    fn row(&self, t: usize) -> &[f64] {
        &self.factor[t * (t + 1) / 2..(t + 1) * (t + 2) / 2]
    }

    /// Adds an atom, unless it depends on the others.
    fn add(&mut self, dictionary: &Dictionary<'_>, atom: u32, products: &[f64]) -> bool {
        let end = self.factor.len();
        for (t, &earlier) in self.atoms.iter().enumerate() {
            let start = t * (t + 1) / 2;
            let sum: f64 =
                self.factor[start..start + t].iter().zip(&self.factor[end..]).map(|(l, v)| l * v).sum();
            let entry = (dictionary.product(earlier, atom) - sum) / self.factor[start + t];
            self.factor.push(entry);
        }
        let (square, taken) =
            (dictionary.squares[atom as usize], dot(&self.factor[end..], &self.factor[end..]));
        let pivot = square - taken;
        if pivot <= DEPENDENT * square {
            self.factor.truncate(end);
            return false;
        }
        let root = pivot.sqrt();
        let explained = dot(&self.factor[end..], &self.along);
        self.along.push((products[atom as usize] - explained) / root);
        self.factor.push(root);
        self.atoms.push(atom);
        true
    }

    /// γ of each atom.
    fn amplitudes(&self) -> Vec<f64> {
        let mut amplitudes = self.along.clone();
        for t in (0..amplitudes.len()).rev() {
            let row = self.row(t);
            amplitudes[t] /= row[t];
            let amplitude = amplitudes[t];
            amplitudes[..t].iter_mut().zip(row).for_each(|(sum, l)| *sum -= amplitude * l);
        }
        amplitudes
    }
}
