//! How much of a model's error is the decoder's, how much the amplitudes', how much the selection's.
//!
//! - Decoder: the mse against that of the best decoder for the same codes.
//! - Amplitudes: against that with the codes of each row refitted by least squares on the row's own active latents, of
//!   either sign.
//! - Selection: against that of orthogonal matching pursuit with as many atoms of the same dictionary as the row has
//!   active latents. Pursuit is a heuristic: its error can be above the model's own.

use super::cell_fit::squared_error;
use super::dictionary::Dictionary;
use super::products::{LANES, Lanes, pack, products};
use super::refit::DecoderSums;
use super::rows::{ENCODE_WEIGHT, MOST_ROWS, Pass, Progress, for_each_piece, mean};
use crate::data::Dataset;
use crate::error::Result;
use crate::progress::{Observer, Work};
use crate::sae::{Sae, Selection, SparseCodes, TopK};
use crate::train::decoder::{Minimiser, solve_work};

/// Mean squared errors over all elements of a data set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Audit {
    /// Of the model.
    pub mse: f64,
    /// With the best decoder for its codes.
    pub decoder_refit_mse: f64,
    /// With the best amplitudes on each row's active latents.
    pub support_mse: f64,
    /// With as many atoms for each row as orthogonal matching pursuit picks.
    pub pursuit_mse: f64,
}

/// Multiply-adds between two calls of the observer.
const PIECE: f64 = 3e7;

impl Sae {
    /// Measures on a data set what a better decoder, better amplitudes and a better selection would gain.
    ///
    /// # Errors
    /// If the data has not the model's columns, an activation is not finite, memory has no room, or the observer breaks
    /// ([`Error::Cancelled`](crate::Error::Cancelled)).
    pub async fn audit(&self, data: &Dataset, observer: &mut impl Observer) -> Result<Audit> {
        self.check_columns(data.cols())?;
        let plan = Plan::new(self, data);
        let mut work = Work::new(plan.total, observer);
        let mut sums = DecoderSums::new(self, mean(data, &mut work).await?)?;
        let mut progress = Progress::worth(&mut work, plan.worth);
        let dictionary = Dictionary::new(self, plan.atoms, &mut progress).await?;
        progress.finish().await?;
        let mut rows = Rows { sae: self, data, dictionary, values: Vec::new(), tile: Vec::new() };
        let mut squares = [0.0; 3];
        for_each_piece(self, data, plan.measured, &mut work, |numbers, codes| {
            rows.measure(numbers, codes, &mut sums, &mut squares);
            Ok(())
        })
        .await?;
        let Rows { values: mut row, .. } = rows;
        let mut progress = Progress::worth(&mut work, plan.worth);
        let decoder = sums.solve(self, &mut progress).await?;
        progress.finish().await?;
        let mut refit = 0.0;
        row.resize(self.d_in, 0.0);
        for_each_piece(self, data, Pass::of_codes(self), &mut work, |numbers, codes| {
            for (at, &number) in numbers.iter().enumerate() {
                data.gather(&[number], &mut row);
                refit += error_with(&decoder, codes.row(at), &row);
            }
            Ok(())
        })
        .await?;
        work.finish().await?;
        let mean = |sum: f64| sum / (data.rows() as f64 * self.d_in as f64);
        let [mse, support_mse, pursuit_mse] = squares.map(mean);
        Ok(Audit { mse, decoder_refit_mse: mean(refit), support_mse, pursuit_mse })
    }
}

/// What the passes cost, so that progress runs evenly. A row of the first and the last pass counts 1.
struct Plan {
    /// The pass that measures the rows.
    measured: Pass,
    /// What a multiply-add in float64 counts.
    worth: f64,
    total: f64,
    /// Atoms of all rows.
    atoms: f64,
}

impl Plan {
    fn new(sae: &Sae, data: &Dataset) -> Self {
        let (d_in, d_sae, rows) = (sae.d_in as f64, sae.d_sae as f64, data.rows() as f64);
        let active = match sae.activation.selection(sae.d_sae) {
            Selection::Largest(TopK { k, .. }) => k as f64,
            // Not known before the rows are encoded.
            Selection::Above(_) => (d_in / 4.0).min(d_sae / 4.0),
        };
        let has_table = Dictionary::has_table(sae, rows * active);
        let table = if has_table { d_sae * d_sae * d_in / 2.0 } else { 0.0 };
        let pursuit = d_sae * active * if has_table { active / 2.0 } else { d_in };
        let row = d_in * d_sae * (1.0 + 1.0 / ENCODE_WEIGHT)
            + pursuit
            + 4.0 * active * d_in
            + DecoderSums::work_of_row(sae, active);
        let worth = ENCODE_WEIGHT / (d_in * d_sae);
        let measured = Pass { rows: ((PIECE / row) as usize).clamp(1, MOST_ROWS), weight: worth * row };
        let solve = table + solve_work(sae.d_sae, sae.d_in, 0);
        Self { measured, worth, total: rows * (2.0 + measured.weight) + worth * solve, atoms: rows * active }
    }
}

/// The pass over the rows that needs only the dictionary.
struct Rows<'a> {
    sae: &'a Sae,
    data: &'a Dataset,
    dictionary: Dictionary<'a>,
    values: Vec<f32>,
    tile: Vec<Lanes>,
}

impl Rows<'_> {
    /// Adds the squared errors of rows with these codes: of the model, on their support, by pursuit.
    fn measure(
        &mut self,
        numbers: &[u32],
        codes: &SparseCodes,
        sums: &mut DecoderSums,
        squares: &mut [f64; 3],
    ) {
        let Sae { d_in, d_sae, ref b_dec, .. } = *self.sae;
        self.values.resize(numbers.len() * d_in, 0.0);
        self.data.gather(numbers, &mut self.values);
        let mut with_atoms = vec![0.0; LANES * d_sae];
        for (first, block) in self.values.chunks(LANES * d_in).enumerate() {
            let offsets = b_dec.iter().cycle();
            let about: Vec<f64> =
                block.iter().zip(offsets).map(|(&x, &b)| f64::from(x) - f64::from(b)).collect();
            pack(&about, d_in, &mut self.tile);
            for (atom, direction) in self.sae.decoder().chunks_exact(d_in).enumerate() {
                let found = products(direction, &self.tile);
                let of_rows = with_atoms.iter_mut().skip(atom).step_by(d_sae);
                of_rows.zip(found).for_each(|(product, value)| *product = value);
            }
            let rows = block.chunks_exact(d_in).zip(about.chunks_exact(d_in));
            for (lane, ((row, about), products)) in rows.zip(with_atoms.chunks_exact(d_sae)).enumerate() {
                let at = first * LANES + lane;
                let support = codes.row(at).map(|(latent, _)| latent);
                sums.add(row, codes.row(at));
                squares[0] += squared_error(self.sae, codes.row(at), row);
                squares[1] += self.dictionary.error_on(support, about, products);
                squares[2] += self.dictionary.pursuit_error(codes.range(at).len(), about, products);
            }
        }
    }
}

/// `‖x − x̂‖²` with a decoder in float64.
fn error_with(decoder: &Minimiser, codes: impl Iterator<Item = (u32, f32)>, row: &[f32]) -> f64 {
    let mut rest: Vec<f64> = row.iter().zip(&decoder.b_dec).map(|(&x, b)| f64::from(x) - b).collect();
    for (latent, z) in codes {
        let z = f64::from(z);
        let direction = decoder.w_dec.chunks_exact(row.len()).nth(latent as usize).unwrap_or_default();
        rest.iter_mut().zip(direction).for_each(|(rest, d)| *rest -= z * d);
    }
    rest.iter().map(|rest| rest * rest).sum()
}
