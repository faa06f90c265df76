//! One feature in detail.

use super::measure::Features;
use crate::data::Dataset;
use crate::engine::CpuInference;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::sae::Sae;

/// Rows encoded at a time.
const PIECE: usize = 512;
/// Length of the lists of input dimensions and of other features.
const LISTED: usize = 10;
/// Below this share of `Σz²` a variance is rounding: the latent counts as constant and has no correlations.
const CONSTANT: f64 = 1e-12;

/// What is shown of one feature. Row numbers are those of the data set measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Non-zero activations.
    pub histogram: Histogram,
    /// The strongest activations, strongest first; among equals the earlier row.
    pub top: Examples,
    /// Intervals of strength of equal width from 0 to the greatest, lowest first.
    pub intervals: Vec<Interval>,
    /// Input dimensions by the size of the decoder row's component, with the components of the unit decoder row.
    pub inputs: Ranked,
    /// Other features by the cosine of decoder rows.
    pub by_cosine: Ranked,
    /// Other features by Pearson's correlation of activations over the rows, zeros included.
    pub by_correlation: Ranked,
}

/// Counts of activations in bins of equal width. They span 0 and all activations; a feature that is never active has
/// no bins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// One more than bins, ascending. A value on an inner edge counts above it.
    pub edges: Vec<f32>,
    /// Rows in each bin.
    pub counts: Vec<u32>,
}

/// Rows with the feature's activations on them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examples {
    /// Row numbers.
    pub rows: Vec<u32>,
    /// z, with its sign.
    pub values: Vec<f32>,
}

/// An interval of strength `|z|` and some rows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Lower end, included.
    pub from: f32,
    /// Upper end, included in the last interval only.
    pub to: f32,
    /// Share of the rows on which the feature is active.
    pub share: f32,
    /// Rows drawn at random, strongest first.
    pub examples: Examples,
}

/// Numbers of dimensions or features, best first, with what they were ranked by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranked {
    /// Dimensions or features.
    pub numbers: Vec<u32>,
    /// Cosine, correlation or component.
    pub values: Vec<f32>,
}

impl Features {
    /// The top activating examples of one feature, strongest first, without the rest of [`Features::feature`].
    ///
    /// # Errors
    /// If there is no such feature.
    pub fn top(&self, latent: usize) -> Result<Examples> {
        self.check(latent, &[])?;
        Ok(Examples::new(self.tallies[latent].top.iter().copied()))
    }

    /// Everything about one feature, within milliseconds unless it is active on most of many rows.
    ///
    /// # Errors
    /// If there is no such feature.
    pub fn feature(&self, latent: usize) -> Result<Feature> {
        let top = self.top(latent)?;
        Ok(Feature {
            histogram: self.histogram(latent),
            top,
            intervals: self.intervals(latent),
            inputs: self.inputs(latent),
            by_cosine: best(self.others(latent), |other| f64::from(self.directions.cosine(latent, other))),
            by_correlation: self.correlated(latent),
        })
    }

    /// z of one feature on some rows of the data set that was measured, by the codes that were kept of it.
    ///
    /// # Errors
    /// If there is no such feature or row, or not the codes of all rows were kept ([`Features::keeps_all`]).
    pub fn kept_activations(&self, latent: usize, rows: &[u32]) -> Result<Vec<f32>> {
        self.check(latent, rows)?;
        if !self.keeps_all() {
            let found = format!("{} of {}", self.sampled_rows(), self.rows);
            return Err(Error::shape("rows whose codes were kept", found, "all"));
        }
        let (active, entries) = self.by_latent.of(latent);
        let values = self.sample.codes.values();
        let of_row = |row: &u32| active.binary_search(row).map_or(0.0, |at| values[entries[at] as usize]);
        Ok(rows.iter().map(of_row).collect())
    }

    /// The same where codes of some rows were let go: the rows are encoded once more. `sae` and `data` are those that were
    /// measured.
    ///
    /// # Errors
    /// If there is no such feature or row, or the model or the data are of other sizes than those measured.
    pub fn activations_on(&self, sae: &Sae, data: &Dataset, latent: usize, rows: &[u32]) -> Result<Vec<f32>> {
        self.check(latent, rows)?;
        if (sae.d_sae, data.rows()) != (self.count(), self.rows as usize) {
            let found = format!("{} latents and {} rows", sae.d_sae, data.rows());
            let measured = format!("{} and {}, which were measured", self.count(), self.rows);
            return Err(Error::shape("model and data of the features", found, measured));
        }
        sae.check_columns(data.cols())?;
        let mut values = Vec::with_capacity(rows.len());
        let mut coder = CpuInference::new(sae);
        for rows in rows.chunks(PIECE) {
            let codes = coder.codes(data, rows)?;
            let of_row =
                |row| codes.row(row).find(|&(other, _)| other as usize == latent).map_or(0.0, |(_, z)| z);
            values.extend((0..rows.len()).map(of_row));
        }
        Ok(values)
    }

    /// Whether the codes of all rows were kept, so that nothing needs to be encoded again.
    pub fn keeps_all(&self) -> bool {
        self.sampled_rows() == self.rows as usize
    }

    fn check(&self, latent: usize, rows: &[u32]) -> Result<()> {
        if latent >= self.count() {
            return Err(Error::option("feature", latent, format!("a number below {}", self.count())));
        }
        match rows.iter().find(|&&row| row >= self.rows) {
            Some(row) => Err(Error::option("rows", row, format!("row numbers below {}", self.rows))),
            None => Ok(()),
        }
    }

    /// Row and z of every activation in the sample.
    fn activations(&self, latent: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let (rows, entries) = self.by_latent.of(latent);
        let values = self.sample.codes.values();
        rows.iter()
            .zip(entries)
            .map(|(&row, &entry)| (self.sample.rows[row as usize], values[entry as usize]))
    }

    fn others(&self, latent: usize) -> impl Iterator<Item = usize> {
        (0..self.count()).filter(move |&other| other != latent)
    }

    fn histogram(&self, latent: usize) -> Histogram {
        let tally = &self.tallies[latent];
        if tally.active == 0 {
            return Histogram::default();
        }
        let bins = self.options.bins;
        let (low, width) = (f64::from(tally.low), f64::from(tally.high) - f64::from(tally.low));
        let mut counts = vec![0; bins];
        for (_, z) in self.activations(latent) {
            counts[part_of(f64::from(z) - low, width, bins)] += 1;
        }
        let edge = |i: usize| (low + width * i as f64 / bins as f64) as f32;
        Histogram { edges: (0..=bins).map(edge).collect(), counts }
    }

    fn intervals(&self, latent: usize) -> Vec<Interval> {
        let tally = &self.tallies[latent];
        if tally.active == 0 {
            return Vec::new();
        }
        let (n, strongest) = (self.options.intervals, f64::from(tally.strongest()));
        let mut members: Vec<Vec<(u32, f32)>> = vec![Vec::new(); n];
        let mut active = 0;
        for (row, z) in self.activations(latent) {
            members[part_of(f64::from(z.abs()), strongest, n)].push((row, z));
            active += 1;
        }
        let mut random = Random::examples(self.options.seed, latent as u32);
        let edge = |i: usize| (strongest * i as f64 / n as f64) as f32;
        let mut interval = |(i, mut members): (usize, Vec<(u32, f32)>)| {
            let share = if active == 0 { 0.0 } else { members.len() as f64 / f64::from(active) };
            draw(&mut members, self.options.per_interval, &mut random);
            members.sort_unstable_by(|(row, a), (other, b)| b.abs().total_cmp(&a.abs()).then(row.cmp(other)));
            let examples = Examples::new(members.into_iter());
            Interval { from: edge(i), to: edge(i + 1), share: share as f32, examples }
        };
        members.into_iter().enumerate().map(&mut interval).collect()
    }

    fn inputs(&self, latent: usize) -> Ranked {
        let direction = self.directions.of(latent);
        let ranked = best(0..direction.len(), |dimension| f64::from(direction[dimension].abs()));
        let values = ranked.numbers.iter().map(|&dimension| direction[dimension as usize]).collect();
        Ranked { values, ..ranked }
    }

    /// `Σ_rows z_i z_j` needs only the rows on which i is active.
    fn correlated(&self, latent: usize) -> Ranked {
        let mut products = vec![0.0; self.count()];
        let (rows, entries) = self.by_latent.of(latent);
        for (&row, &entry) in rows.iter().zip(entries) {
            let z = f64::from(self.sample.codes.values()[entry as usize]);
            for (other, value) in self.sample.codes.row(row as usize) {
                products[other as usize] += z * f64::from(value);
            }
        }
        let n = self.sample.rows.len() as f64;
        let spread = |(sum, squares): (f64, f64)| {
            let spread = n * squares - sum * sum;
            (spread > CONSTANT * n * squares).then(|| spread.sqrt())
        };
        let Some(own) = spread(self.sums[latent]) else { return Ranked::default() };
        best(self.others(latent), |other| match spread(self.sums[other]) {
            Some(spread) => (n * products[other] - self.sums[latent].0 * self.sums[other].0) / (own * spread),
            None => f64::NAN,
        })
    }
}

impl Examples {
    fn new(examples: impl Iterator<Item = (u32, f32)>) -> Self {
        let (rows, values) = examples.unzip();
        Self { rows, values }
    }
}

/// Which of `n` equal parts of `0 ..= width` holds `at`.
fn part_of(at: f64, width: f64, n: usize) -> usize {
    ((at * n as f64 / width) as usize).min(n - 1)
}

/// The numbers with the greatest scores, greatest first; among equals the lower number. NaN is no score.
fn best(numbers: impl Iterator<Item = usize>, score: impl Fn(usize) -> f64) -> Ranked {
    let mut scored: Vec<(usize, f64)> = numbers.map(|number| (number, score(number) + 0.0)).collect();
    scored.retain(|(_, score)| !score.is_nan());
    let order =
        |(number, a): &(usize, f64), (other, b): &(usize, f64)| b.total_cmp(a).then(number.cmp(other));
    if scored.len() > LISTED {
        scored.select_nth_unstable_by(LISTED, order);
        scored.truncate(LISTED);
    }
    scored.sort_unstable_by(order);
    let (numbers, values) = scored.into_iter().map(|(number, score)| (number as u32, score as f32)).unzip();
    Ranked { numbers, values }
}

/// Leaves at most `most` of the items, chosen at random.
fn draw<T>(items: &mut Vec<T>, most: usize, random: &mut Random) {
    for at in 0..most.min(items.len()) {
        let other = at + random.below((items.len() - at) as u32) as usize;
        items.swap(at, other);
    }
    items.truncate(most);
}
