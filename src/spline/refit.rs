//! The best decoder for a model's codes on a data set, by the exact solve of training without any penalty.

use super::encoder::direction;
use super::rows::{Pass, Progress, for_each_piece, mean};
use crate::data::{DataMoments, Dataset};
use crate::engine::SufficientStats;
use crate::error::{Error, Result};
use crate::progress::{Observer, Work};
use crate::sae::Sae;
use crate::train::decoder::{DecoderPenalties, DecoderProblem, Minimiser};

/// Sums of codes and centred rows, in float64 throughout.
pub(super) struct DecoderSums {
    stats: SufficientStats,
    /// Of the rows, `[d_in]`.
    mean: Vec<f64>,
    variation: f64,
}

impl DecoderSums {
    /// # Errors
    /// If memory has no room for them.
    pub fn new(sae: &Sae, mean: Vec<f64>) -> Result<Self> {
        Ok(Self { stats: SufficientStats::new(sae.d_in, sae.d_sae)?, mean, variation: 0.0 })
    }

    /// Adds a row with its codes, latents ascending.
    pub fn add(&mut self, row: &[f32], codes: impl Iterator<Item = (u32, f32)> + Clone) {
        let (d_in, d_sae) = (self.mean.len(), self.stats.z.len());
        let centred: Vec<f64> = row.iter().zip(&self.mean).map(|(&x, mean)| f64::from(x) - mean).collect();
        self.variation += centred.iter().map(|x| x * x).sum::<f64>();
        self.stats.rows += 1;
        let mut rest = codes;
        while let Some((latent, z)) = rest.next() {
            let (latent, z) = (latent as usize, f64::from(z));
            self.stats.z[latent] += z;
            self.stats.active[latent] += 1;
            self.stats.l1 += z.abs();
            let zx = &mut self.stats.zx[latent * d_in..(latent + 1) * d_in];
            zx.iter_mut().zip(&centred).for_each(|(sum, x)| *sum += z * x);
            let zz = &mut self.stats.zz[latent * d_sae..(latent + 1) * d_sae];
            zz[latent] += z * z;
            rest.clone().for_each(|(other, value)| zz[other as usize] += z * f64::from(value));
        }
    }

    /// Multiply-adds of a row with so many active latents.
    pub fn work_of_row(sae: &Sae, active: f64) -> f64 {
        active * (sae.d_in as f64 + active / 2.0)
    }

    /// The minimiser of the squared error. A latent that is never active keeps its decoder row: it has no part in the
    /// error.
    ///
    /// # Errors
    /// [`Error::Diverged`] if it is not finite; if memory has no room, or the work is cancelled.
    pub async fn solve(mut self, sae: &Sae, progress: &mut Progress<'_, '_>) -> Result<Minimiser> {
        let active = std::mem::take(&mut self.stats.active);
        // The rows were summed about their mean, which is that of the shifted rows then.
        let moments = DataMoments { mean: vec![0.0; self.mean.len()], total_sum_of_squares: self.variation };
        let problem =
            DecoderProblem::new(self.stats, &moments, &DecoderPenalties::default(), progress).await?;
        let mut found = problem.minimise(None, progress).await?;
        found.b_dec.iter_mut().zip(&self.mean).for_each(|(b, mean)| *b += mean);
        let rows = found.w_dec.chunks_exact_mut(sae.d_in).enumerate();
        for (latent, row) in rows.filter(|(latent, _)| active[*latent] == 0) {
            row.iter_mut().zip(direction(sae, latent)).for_each(|(w, &d)| *w = f64::from(d));
        }
        Ok(found)
    }
}

impl Sae {
    /// The same encoder with the decoder that has the least squared error on a data set; untied. Latents that are never
    /// active keep their decoder rows.
    ///
    /// # Errors
    /// If the data has not the model's columns, an activation or the decoder is not finite, memory has no room, or the
    /// observer breaks ([`Error::Cancelled`]).
    pub async fn refitted(&self, data: &Dataset, observer: &mut impl Observer) -> Result<Self> {
        self.check_columns(data.cols())?;
        let mut work = Work::new(2.0 * data.rows() as f64, observer);
        let mut sums = DecoderSums::new(self, mean(data, &mut work).await?)?;
        let mut row = vec![0.0; self.d_in];
        for_each_piece(self, data, Pass::of_codes(self), &mut work, |numbers, codes| {
            for (at, &number) in numbers.iter().enumerate() {
                data.gather(&[number], &mut row);
                sums.add(&row, codes.row(at));
            }
            Ok(())
        })
        .await?;
        let found = sums.solve(self, &mut Progress::of_rows(&mut work)).await?;
        work.finish().await?;
        let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<_>>();
        let (w_dec, b_dec) = (narrow(found.w_dec), narrow(found.b_dec));
        if !w_dec.iter().chain(&b_dec).all(|value| value.is_finite()) {
            return Err(Error::Diverged("the refitted decoder is beyond the range of float32".into()));
        }
        Ok(Self { w_dec: Some(w_dec), b_dec, ..self.clone() })
    }
}
