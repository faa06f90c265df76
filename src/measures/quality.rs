//! Reconstruction and sparsity over the rows of a data set: the core measures of SAEBench (Karvonen et al. 2025), by the
//! formulas of its `evals/core`, and the figures of the training report.

use crate::data::{Dataset, NormalisationKind};
use crate::engine::CpuInference;
use crate::error::Result;
use crate::progress::{Observer, Work, pieces};
use crate::sae::Sae;

/// Multiply-adds between two calls of the observer: some ten milliseconds.
const WORK_PER_CALL: usize = 50_000_000;
/// Shares of the rows above which a latent counts as dense.
const DENSE: [f64; 2] = [0.01, 0.1];

/// What a model does to the rows of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Rows measured.
    pub rows: usize,
    /// Mean number of codes of a row that are not 0.
    pub l0: f64,
    /// Mean of `Σ|z|` of a row.
    pub l1: f64,
    /// Share of latents that no row activates.
    pub dead_share: f64,
    /// Share of latents that more than 1 % of the rows activate.
    pub dense_share_1: f64,
    /// Share of latents that more than 10 % of the rows activate.
    pub dense_share_10: f64,
    /// In the units that the model sees.
    pub normalised: Reconstruction,
    /// In the units of the stored data: the normalisation of rows and reconstructions undone.
    pub stored: Reconstruction,
}

/// Reconstructions x̂ of rows x, in some units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reconstruction {
    /// Mean of `(x − x̂)²` over all elements.
    pub mse: f64,
    /// `Σ‖x − x̂‖² / Σ‖x − x̄‖²`: 1 − explained variance.
    pub fvu: f64,
    /// Mean over rows of the cosine of x and x̂; rows where one of them is 0 count as 0.
    pub cosine: f64,
    /// Mean over rows of `‖x̂‖ / ‖x‖`; rows of zeros are left out.
    pub l2_ratio: f64,
    /// `mean ‖x̂‖² / mean x·x̂` (Rajamanoharan et al. 2024, equation 10): below 1 where reconstructions are too short. NaN
    /// where rows and reconstructions have nothing in common.
    pub relative_bias: f64,
}

/// Sums over rows, for a [`Reconstruction`].
#[derive(Debug, Default)]
struct Sums {
    squares: f64,
    cosines: f64,
    ratios: f64,
    /// Rows in the ratios.
    ratio_rows: f64,
    fits: f64,
    products: f64,
}

impl Sums {
    fn add(&mut self, x: &[f32], fit: &[f32]) {
        let (mut square, mut own, mut fitted, mut product) = (0.0, 0.0, 0.0, 0.0);
        for (&x, &fit) in x.iter().zip(fit) {
            let (x, fit) = (f64::from(x), f64::from(fit));
            square += (x - fit) * (x - fit);
            own += x * x;
            fitted += fit * fit;
            product += x * fit;
        }
        self.squares += square;
        self.fits += fitted;
        self.products += product;
        if own > 0.0 {
            self.ratios += (fitted / own).sqrt();
            self.ratio_rows += 1.0;
        }
        if own > 0.0 && fitted > 0.0 {
            self.cosines += product / (own.sqrt() * fitted.sqrt());
        }
    }

    fn finish(&self, rows: usize, cols: usize, variation: f64) -> Reconstruction {
        Reconstruction {
            mse: self.squares / (rows as f64 * cols as f64),
            fvu: self.squares / variation,
            cosine: self.cosines / rows as f64,
            l2_ratio: self.ratios / self.ratio_rows,
            relative_bias: self.fits / self.products,
        }
    }
}

impl Sae {
    /// Measures the model on all rows of a data set, whose normalisation is the one that the model was trained with. Progress
    /// counts rows.
    ///
    /// # Errors
    /// If the columns of the data are not the model's, or the observer breaks
    /// ([`Error::Cancelled`](crate::Error::Cancelled)).
    ///
    /// ```
    /// use splinterp::data::{Dataset, Storage};
    /// use splinterp::progress::NoObserver;
    /// use splinterp::sae::{Activation, Parts, Sae};
    ///
    /// let identity = vec![1.0, 0.0, 0.0, 1.0];
    /// let parts = Parts { w_enc: identity.clone(), b_enc: vec![0.0; 2], w_dec: identity, b_dec: vec![0.0; 2] };
    /// let sae = Sae::from_parts(parts, Activation::Relu, 2, 2)?;
    /// let data = Dataset::new(Storage::F32(vec![3.0, -4.0, 0.0, 2.0]), 2)?;
    /// let quality = pollster::block_on(sae.quality(&data, &mut NoObserver))?;
    /// // (3, −4) becomes (3, 0), of 3/5 its length, and (0, 2) stays.
    /// assert_eq!((quality.normalised.mse, quality.l0), (4.0, 1.0));
    /// assert!((quality.normalised.cosine - 0.8).abs() < 1e-12);
    /// assert!((quality.normalised.l2_ratio - 0.8).abs() < 1e-12);
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub async fn quality(&self, data: &Dataset, observer: &mut impl Observer) -> Result<Quality> {
        self.check_columns(data.cols())?;
        let (rows, cols) = (data.rows(), data.cols());
        let mut work = Work::new(rows as f64, observer);
        let (mut normalised, mut stored) = (Sums::default(), Sums::default());
        let mut active = vec![0u64; self.d_sae];
        let (mut l0, mut l1) = (0u64, 0.0);
        let mut model = CpuInference::new(self);
        let per_call = (WORK_PER_CALL / (self.d_in * self.d_sae)).clamp(2, 512);
        let (mut x, mut fit) = (Vec::new(), Vec::new());
        for piece in pieces(rows as u32, per_call) {
            let numbers: Vec<u32> = piece.collect();
            let codes = model.codes(data, &numbers)?;
            for (&latent, &z) in codes.latents().iter().zip(codes.values()) {
                if z != 0.0 {
                    active[latent as usize] += 1;
                    l0 += 1;
                    l1 += f64::from(z.abs());
                }
            }
            x.resize(numbers.len() * cols, 0.0);
            fit.resize(numbers.len() * cols, 0.0);
            data.gather(&numbers, &mut x);
            model.reconstruct(&mut fit)?;
            for (x, fit) in x.chunks_exact_mut(cols).zip(fit.chunks_exact_mut(cols)) {
                normalised.add(x, fit);
                data.normalisation().undo(x);
                data.normalisation().undo(fit);
                stored.add(x, fit);
            }
            work.advance(numbers.len() as f64).await?;
        }
        let share = |more_than: f64| {
            active.iter().filter(|&&count| count as f64 > more_than * rows as f64).count() as f64
                / self.d_sae as f64
        };
        let stored_variation = data.normalised(NormalisationKind::None).moments().total_sum_of_squares;
        Ok(Quality {
            rows,
            l0: l0 as f64 / rows as f64,
            l1: l1 / rows as f64,
            dead_share: 1.0 - share(0.0),
            dense_share_1: share(DENSE[0]),
            dense_share_10: share(DENSE[1]),
            normalised: normalised.finish(rows, cols, data.moments().total_sum_of_squares),
            stored: stored.finish(rows, cols, stored_variation),
        })
    }
}
