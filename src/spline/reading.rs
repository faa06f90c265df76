//! What a view says of one point: its active latents, what the cell's map does to the strongest, the margin and the
//! reconstruction.

use super::cell::Cell;
use super::encoder::{PreActivations, check_row, column, direction};
use super::margin::Margin;
use super::products::dot;
use crate::error::Result;
use crate::sae::Sae;

/// A latent that is active at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActiveLatent {
    /// Its number.
    pub latent: u32,
    /// Its code.
    pub z: f64,
}

/// A point as the model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The strongest latents, the strongest first.
    pub active: Vec<ActiveLatent>,
    /// Number of active latents, also of those not listed.
    pub l0: usize,
    /// Of the listed latents, `[n, n]` row-major: encoder column i times decoder row j. On the diagonal their gains.
    pub cross_talk: Vec<f64>,
    /// Of the map of the cell: the sum of the gains of all active latents.
    pub trace: f64,
    /// To the border of the cell.
    pub margin: Margin,
    /// x̂.
    pub output: Vec<f64>,
    /// `|x − x̂|²`.
    pub squared_error: f64,
}

impl Sae {
    /// Reads a point; at most `most` of its latents are listed. All in float64.
    ///
    /// # Errors
    /// If `row` is not one row of the model's, or a value is NaN or infinite.
    pub fn reading(&self, row: &[f32], most: usize) -> Result<Reading> {
        check_row("row", self, row)?;
        let mut pre = PreActivations::default();
        pre.set(self, row);
        let selection = self.activation.selection(self.d_sae);
        let cell = Cell::of(&selection, &pre.values);
        let mut active: Vec<ActiveLatent> = cell
            .active
            .iter()
            .map(|&latent| ActiveLatent { latent, z: pre.values[latent as usize] })
            .collect();
        let mut output: Vec<f64> = self.b_dec.iter().map(|&b| f64::from(b)).collect();
        let mut trace = 0.0;
        for &ActiveLatent { latent, z } in &active {
            trace += self.cross_talk(latent, latent);
            output
                .iter_mut()
                .zip(direction(self, latent as usize))
                .for_each(|(x, &d)| *x += z * f64::from(d));
        }
        let squared_error = output.iter().zip(row).map(|(output, &x)| (f64::from(x) - output).powi(2)).sum();
        let l0 = active.len();
        // Of equals the lower latent first.
        active.sort_by(|a, b| b.z.abs().total_cmp(&a.z.abs()));
        active.truncate(most);
        let pairs = active.iter().flat_map(|i| active.iter().map(|j| self.cross_talk(i.latent, j.latent)));
        let cross_talk = pairs.collect();
        let margin = self.margins(row)?[0];
        Ok(Reading { active, l0, cross_talk, trace, margin, output, squared_error })
    }

    fn cross_talk(&self, i: u32, j: u32) -> f64 {
        dot(column(self, i as usize), direction(self, j as usize))
    }
}
