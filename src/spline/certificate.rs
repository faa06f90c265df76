//! Dead latents, and which of them are dead for sure: not on these rows alone, but on the whole ball around their mean
//! that holds them all.
//!
//! On the ball of centre c and radius R a pre-activation stays below `p_i(c) + R ‖w_i‖`, and a latent j stays above
//! latent i where `p_j(c) − p_i(c) > R ‖w_j − w_i‖`. With thresholds a latent is certified dead by the first, in TopK
//! where k others stay above it by the second; by magnitude for both signs of it, with `σ_j w_j` for w_j.

use super::cell::sign;
use super::encoder::{PreActivations, column, column_norms};
use super::products::{LANES, dot, pack, products};
use super::rows::{Pass, Progress, for_each_piece, mean};
use crate::data::Dataset;
use crate::error::Result;
use crate::memory;
use crate::progress::{Observer, Work};
use crate::sae::{Sae, Selection, SparseCodes, TopK, TopKOrder};

/// Latents that no row of a data set makes active.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLatents {
    /// Active on no row, ascending.
    pub dead: Vec<u32>,
    /// Those of them that are active nowhere in the ball, ascending.
    pub certified: Vec<u32>,
    /// The greatest distance of a row from the mean of all rows, the centre of the ball.
    pub radius: f64,
    /// For each dead latent how far the row that is nearest to making it active would have to move: infinitely where
    /// no input does. For TopK a lower bound, the distance to where the latent passes the first active one, while more
    /// may have to fall below it.
    pub distance: Vec<f64>,
}

impl Sae {
    /// Finds the latents that are active on no row of a data set, and certifies those that are active on no input as
    /// far from the rows' mean as the rows are.
    ///
    /// # Errors
    /// If the data has not the model's columns, an activation is not finite, memory has no room, or the observer breaks
    /// ([`Error::Cancelled`](crate::Error::Cancelled)).
    pub async fn dead_latents(&self, data: &Dataset, observer: &mut impl Observer) -> Result<DeadLatents> {
        self.check_columns(data.cols())?;
        let mut work = Work::new(3.0 * data.rows() as f64, observer);
        let center = mean(data, &mut work).await?;
        let mut active = vec![false; self.d_sae];
        let mut square: f64 = 0.0;
        let mut row = vec![0.0; self.d_in];
        for_each_piece(self, data, Pass::of_codes(self), &mut work, |numbers, codes| {
            codes.latents().iter().for_each(|&latent| active[latent as usize] = true);
            for &number in numbers {
                data.gather(&[number], &mut row);
                let distances = row.iter().zip(&center).map(|(&x, c)| f64::from(x) - c);
                square = square.max(distances.map(|distance| distance * distance).sum());
            }
            Ok(())
        })
        .await?;
        let radius = square.sqrt();
        let dead: Vec<u32> = (0..).zip(&active).filter(|(_, active)| !**active).map(|(i, _)| i).collect();
        let mut pre = PreActivations::default();
        pre.set(self, &center);
        let rule =
            Rule { sae: self, selection: self.activation.selection(self.d_sae), norms: column_norms(self) };
        let mut certified = Vec::new();
        let mut progress = Progress::of_rows(&mut work);
        for &latent in &dead {
            if rule.is_outside(latent as usize, &pre.values, radius) {
                certified.push(latent);
            }
            progress.done(0.0, (self.d_sae * self.d_in) as u64).await?;
        }
        progress.finish().await?;
        let mut distance = memory::reserve("distances", &[dead.len()])?;
        for batch in dead.chunks((PRODUCTS / self.d_sae).max(1)) {
            distance.extend(rule.distances(data, batch, &mut work).await?);
        }
        work.finish().await?;
        Ok(DeadLatents { dead, certified, radius, distance })
    }
}

/// Inner products of columns that are held at a time: 128 MB.
const PRODUCTS: usize = 16 << 20;
/// Below this share of `‖a‖² + ‖b‖²` the difference `‖a − b‖²` is computed from the vectors and not from their products.
const NEAR: f64 = 1e-6;

/// When a latent is active.
struct Rule<'a> {
    sae: &'a Sae,
    selection: Selection<'a>,
    norms: Vec<f64>,
}

/// The signs with which a latent can be among the largest.
fn signs(order: TopKOrder) -> &'static [f64] {
    match order {
        TopKOrder::Value => &[1.0],
        TopKOrder::Magnitude => &[1.0, -1.0],
    }
}

/// The sign that counts of a rival with this pre-activation.
fn rival_sign(order: TopKOrder, pre: f64) -> f64 {
    match order {
        TopKOrder::Value => 1.0,
        TopKOrder::Magnitude => sign(pre),
    }
}

impl Rule<'_> {
    /// Whether a latent is active nowhere within the radius of the point with these pre-activations.
    fn is_outside(&self, latent: usize, pre: &[f64], radius: f64) -> bool {
        let most = pre[latent] + radius * self.norms[latent];
        match &self.selection {
            Selection::Above(thresholds) => most <= f64::from(thresholds[latent]),
            Selection::Largest(TopK { k, order, positive_only }) => {
                let stays_above = |&rival: &usize, s: f64| {
                    let sigma = rival_sign(*order, pre[rival]);
                    let gap = sigma * pre[rival] - s * pre[latent];
                    // ‖a − b‖ is at least the difference of the lengths.
                    gap > radius * (self.norms[rival] - self.norms[latent]).abs()
                        && gap > radius * self.normal(rival, sigma, latent, s)
                };
                let others = || (0..pre.len()).filter(|&rival| rival != latent);
                let is_below = |s: f64| others().filter(|rival| stays_above(rival, s)).take(*k).count() == *k;
                (*positive_only && most <= 0.0) || signs(*order).iter().all(|&s| is_below(s))
            }
        }
    }

    /// `‖σ w_j − s w_i‖`.
    fn normal(&self, j: usize, sigma: f64, i: usize, s: f64) -> f64 {
        let columns = column(self.sae, j).iter().zip(column(self.sae, i));
        let squares = columns.map(|(&w_j, &w_i)| {
            let difference = sigma * f64::from(w_j) - s * f64::from(w_i);
            difference * difference
        });
        squares.sum::<f64>().sqrt()
    }

    /// How far the nearest row of a data set is from where each of the latents can be active.
    async fn distances(&self, data: &Dataset, latents: &[u32], work: &mut Work<'_>) -> Result<Vec<f64>> {
        let Sae { d_in, d_sae, ref w_enc, ref b_enc, .. } = *self.sae;
        let has_rivals = matches!(self.selection, Selection::Largest(_));
        let mut inner = memory::reserve("products of columns", &[latents.len(), d_sae])?;
        if has_rivals {
            let mut progress = Progress::of_rows(work);
            for &latent in latents {
                let own = column(self.sae, latent as usize);
                inner.extend(w_enc.chunks_exact(d_in).map(|column| dot(column, own)));
                progress.done(0.0, (d_sae * d_in) as u64).await?;
            }
            progress.finish().await?;
        }
        let mut least = vec![f64::INFINITY; latents.len()];
        let (mut rows, mut tile) = (Vec::new(), Vec::new());
        for_each_piece(self.sae, data, Pass::of_codes(self.sae), work, |numbers, codes| {
            rows.resize(numbers.len() * d_in, 0.0f32);
            data.gather(numbers, &mut rows);
            for (first, block) in rows.chunks(LANES * d_in).enumerate() {
                pack(block, d_in, &mut tile);
                for (at, (&latent, least)) in latents.iter().zip(&mut least).enumerate() {
                    let found = products(column(self.sae, latent as usize), &tile);
                    for (lane, product) in found.into_iter().take(block.len() / d_in).enumerate() {
                        let pre = product + f64::from(b_enc[latent as usize]);
                        let inner = inner.get(at * d_sae..(at + 1) * d_sae).unwrap_or_default();
                        *least = least.min(self.distance(
                            latent as usize,
                            pre,
                            codes,
                            first * LANES + lane,
                            inner,
                        ));
                    }
                }
            }
            Ok(())
        })
        .await?;
        Ok(least)
    }

    /// How far a row with these codes is from where a latent of this pre-activation can be active; `inner [d_sae]` are
    /// the products of the latent's column with all.
    fn distance(&self, latent: usize, pre: f64, codes: &SparseCodes, row: usize, inner: &[f64]) -> f64 {
        let rise = |threshold: f64| {
            if self.norms[latent] > 0.0 {
                (threshold - pre).max(0.0) / self.norms[latent]
            } else {
                f64::INFINITY
            }
        };
        match &self.selection {
            Selection::Above(thresholds) => rise(f64::from(thresholds[latent])),
            Selection::Largest(TopK { k, order, positive_only }) => {
                let above_zero = if *positive_only { rise(0.0) } else { 0.0 };
                if codes.range(row).len() < *k {
                    return above_zero;
                }
                let passes = |s: f64| {
                    let gaps = codes.row(row).map(|(rival, z)| {
                        let sigma = rival_sign(*order, f64::from(z));
                        let gap = (sigma * f64::from(z) - s * pre).max(0.0);
                        let normal = self.normal_by(rival as usize, latent, sigma * s, inner);
                        if normal > 0.0 { gap / normal } else { f64::INFINITY }
                    });
                    gaps.fold(f64::INFINITY, f64::min)
                };
                signs(*order).iter().map(|&s| passes(s)).fold(f64::INFINITY, f64::min).max(above_zero)
            }
        }
    }

    /// `‖w_j − sign·w_i‖` from the inner products of `w_i`.
    fn normal_by(&self, j: usize, i: usize, sign: f64, inner: &[f64]) -> f64 {
        let squares = self.norms[j] * self.norms[j] + self.norms[i] * self.norms[i];
        let square = squares - 2.0 * sign * inner[j];
        if square < NEAR * squares { self.normal(j, 1.0, i, sign) } else { square.sqrt() }
    }
}
