//! The measurement, and its table of all features.

use super::options::FeatureOptions;
use super::sample::CodeSample;
use super::similarity::{Directions, cosine, norm};
use super::tally::Tally;
use crate::data::Dataset;
use crate::engine::CpuInference;
use crate::error::Result;
use crate::progress::{Observer, Work, pieces};
use crate::sae::{LatentIndex, Sae, finite_activation};

/// Multiply-adds between two calls of the observer: some ten milliseconds.
const WORK_PER_CALL: usize = 50_000_000;

/// What a data set shows of a model's latents.
#[derive(Debug)]
pub struct Features {
    pub(super) options: FeatureOptions,
    pub(super) rows: u32,
    pub(super) tallies: Vec<Tally>,
    pub(super) sample: CodeSample,
    /// The sampled codes by latent; rows are positions in the sample.
    pub(super) by_latent: LatentIndex,
    /// `Σz` and `Σz²` of each latent over the sample.
    pub(super) sums: Vec<(f64, f64)>,
    pub(super) directions: Directions,
    table: FeatureTable,
}

/// Statistics of all latents, each `[d_sae]`.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    /// Share of rows on which it is active.
    pub density: Vec<f32>,
    /// Mean of `|z|` over the rows on which it is active; 0 if there are none.
    pub mean: Vec<f32>,
    /// The greatest `|z|`.
    pub max: Vec<f32>,
    /// Norm of its encoder column.
    pub encoder_norm: Vec<f32>,
    /// Norm of its decoder row.
    pub decoder_norm: Vec<f32>,
    /// Cosine of the two.
    pub cosine: Vec<f32>,
    /// Another latent whose decoder row has the greatest cosine with its own; the lowest of equals.
    pub nearest: Vec<u32>,
    /// That cosine.
    pub nearest_cosine: Vec<f32>,
}

impl Features {
    /// Measures a model's latents over all rows of a data set. Progress counts rows and latents, `rows + d_sae` in
    /// all.
    ///
    /// # Errors
    /// If the columns of the data are not the model's, an option is out of range, an activation is not finite, or the
    /// observer breaks ([`Error::Cancelled`](crate::Error::Cancelled)).
    ///
    /// ```
    /// use splinterp::data::{Dataset, Storage};
    /// use splinterp::features::{FeatureOptions, Features};
    /// use splinterp::sae::{Activation, Parts, Sae};
    /// use splinterp::progress::NoObserver;
    ///
    /// let identity = vec![1.0, 0.0, 0.0, 1.0];
    /// let parts = Parts { w_enc: identity.clone(), b_enc: vec![0.0; 2], w_dec: identity, b_dec: vec![0.0; 2] };
    /// let sae = Sae::from_parts(parts, Activation::Relu, 2, 2)?;
    /// let data = Dataset::new(Storage::F32(vec![1.0, -1.0, 3.0, 2.0]), 2)?;
    /// let options = FeatureOptions::default();
    /// let features = pollster::block_on(Features::measure(&sae, &data, options, &mut NoObserver))?;
    /// assert_eq!(features.table().density, [1.0, 0.5]);
    /// assert_eq!(features.feature(0)?.top.rows, [1, 0]);
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub async fn measure(
        sae: &Sae,
        data: &Dataset,
        options: FeatureOptions,
        observer: &mut impl Observer,
    ) -> Result<Self> {
        options.validate()?;
        sae.check_columns(data.cols())?;
        let rows = data.rows() as u32;
        let mut work = Work::new(f64::from(rows) + sae.d_sae as f64, observer);
        let mut tallies = vec![Tally::new(); sae.d_sae];
        let mut sample = CodeSample::new(sae.d_sae, options.keep, options.seed);
        let per_call = (WORK_PER_CALL / (sae.d_in * sae.d_sae)).clamp(2, 512);
        let mut coder = CpuInference::new(sae);
        for piece in pieces(rows, per_call) {
            let numbers: Vec<u32> = piece.collect();
            let codes = coder.codes(data, &numbers)?;
            for (at, &row) in numbers.iter().enumerate() {
                let entries = codes.row(at).filter(|&(_, z)| z != 0.0);
                for (latent, z) in entries.clone() {
                    finite_activation(latent, row, z)?;
                    tallies[latent as usize].add(row, z, options.top_rows);
                }
                sample.push(row, entries);
            }
            work.advance(numbers.len() as f64).await?;
        }
        let mut by_latent = LatentIndex::default();
        by_latent.rebuild(&sample.codes);
        let mut sums = vec![(0.0, 0.0); sae.d_sae];
        for (&latent, &z) in sample.codes.latents().iter().zip(sample.codes.values()) {
            let (sum, squares) = &mut sums[latent as usize];
            *sum += f64::from(z);
            *squares += f64::from(z) * f64::from(z);
        }
        let mut directions = Directions::new(sae);
        for block in pieces(sae.d_sae as u32, per_call) {
            directions.compare(block.start as usize..block.end as usize);
            work.advance(block.len() as f64).await?;
        }
        let table = FeatureTable::new(sae, rows, &tallies, &directions);
        Ok(Self { options, rows, tallies, sample, by_latent, sums, directions, table })
    }

    /// Number of latents.
    pub fn count(&self) -> usize {
        self.tallies.len()
    }

    /// Rows measured.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Number of rows that histograms, intervals and correlations are computed from: all, or a random sample if there are
    /// too many codes.
    pub fn sampled_rows(&self) -> usize {
        self.sample.rows.len()
    }

    /// Statistics of all latents.
    pub fn table(&self) -> &FeatureTable {
        &self.table
    }
}

impl FeatureTable {
    fn new(sae: &Sae, rows: u32, tallies: &[Tally], directions: &Directions) -> Self {
        let tallied =
            |figure: &dyn Fn(&Tally) -> f64| tallies.iter().map(|tally| figure(tally) as f32).collect();
        let pairs = || sae.w_enc.chunks_exact(sae.d_in).zip(sae.decoder().chunks_exact(sae.d_in));
        Self {
            density: tallied(&|tally| f64::from(tally.active) / f64::from(rows)),
            mean: tallied(&Tally::mean),
            max: tallied(&|tally| f64::from(tally.strongest())),
            encoder_norm: pairs().map(|(encoder, _)| norm(encoder) as f32).collect(),
            decoder_norm: pairs().map(|(_, decoder)| norm(decoder) as f32).collect(),
            cosine: pairs().map(|(encoder, decoder)| cosine(encoder, decoder) as f32).collect(),
            nearest: directions.nearest.clone(),
            nearest_cosine: directions.cosine.clone(),
        }
    }
}
