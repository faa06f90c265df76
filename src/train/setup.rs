//! How a run begins: from random parameters, from a model's, or from a checkpoint.

use super::feed::FirstRows;
#[cfg(not(feature = "variants"))]
use super::no_recipe::start;
#[cfg(feature = "variants")]
use super::start::start;
use super::{Method, TrainOptions, checkpoint};
use crate::data::{DataMoments, Dataset};
use crate::engine::{Optimiser, State};
use crate::error::{Error, Result};
use crate::memory;
use crate::progress::Work;
use crate::sae::Drawing;
use crate::sae::{Activation, Sae, Threshold};

/// A run before it has an engine.
pub struct RunSetup {
    pub options: TrainOptions,
    pub data: DataSummary,
    /// Epochs finished.
    pub epoch: u32,
    /// The state that the last finished epoch left.
    pub saved: State,
}

/// What the epoch loop knows of the data.
#[derive(Debug)]
pub struct DataSummary {
    pub train_rows: u32,
    pub test_rows: u32,
    pub cols: usize,
    pub train: DataMoments,
    pub test: DataMoments,
}

impl DataSummary {
    fn new(train: &FirstRows, test: &Dataset) -> Result<Self> {
        let cols = train.held.cols();
        if cols != test.cols() {
            return Err(Error::shape("columns of the test data", test.cols(), cols));
        }
        Ok(Self {
            train_rows: train.all() as u32,
            test_rows: test.rows() as u32,
            cols,
            train: train.moments(),
            test: test.moments(),
        })
    }
}

impl RunSetup {
    /// From random parameters. Between the pieces of the work, which is worth no rows, others may run.
    pub async fn random(
        train: &FirstRows,
        test: &Dataset,
        options: TrainOptions,
        work: &mut Work<'_>,
    ) -> Result<Self> {
        let options = options.resolve(train.all(), train.held.cols())?;
        check_memory(&options, train.held.cols())?;
        let data = DataSummary::new(train, test)?;
        let tied = options.tied == Some(true);
        let mut drawing =
            Drawing::new(data.cols, options.d_sae, options.activation.clone(), tied, options.seed);
        while !drawing.draw(DRAWN_AT_ONCE) {
            work.advance(0.0).await?;
        }
        work.advance(0.0).await?;
        let mut sae = drawing.sae;
        start(&mut sae, &train.held, &data.train, &options);
        let saved = fresh(sae, &options, train.all());
        work.advance(0.0).await?;
        Ok(Self { saved, options, data, epoch: 0 })
    }

    /// From a model's parameters, in pieces as [`RunSetup::random`].
    pub async fn from_sae(
        sae: Sae,
        train: &FirstRows,
        test: &Dataset,
        options: TrainOptions,
        work: &mut Work<'_>,
    ) -> Result<Self> {
        let (options, sae) = from_model(sae, train.held.cols(), train.all(), options)?;
        let data = DataSummary::new(train, test)?;
        work.advance(0.0).await?;
        let saved = fresh(sae, &options, train.all());
        work.advance(0.0).await?;
        Ok(Self { options, data, epoch: 0, saved })
    }

    /// From a checkpoint, in pieces as [`RunSetup::random`].
    pub async fn from_checkpoint(
        bytes: &[u8],
        train: &FirstRows,
        test: &Dataset,
        work: &mut Work<'_>,
    ) -> Result<Self> {
        let (header, saved) = checkpoint::read(bytes, work).await?;
        let cols = train.held.cols();
        if cols != header.d_in {
            return Err(Error::shape(
                "columns of the data",
                cols,
                format!("{} as in the checkpoint", header.d_in),
            ));
        }
        let options = header.options.resolve(train.all(), cols)?;
        check_memory(&options, header.d_in)?;
        let data = DataSummary::new(train, test)?;
        Ok(Self { options, data, epoch: header.epoch, saved })
    }

    /// A copy of the state. New memory takes long to come by for a large model: others may run in between.
    pub async fn copied(&self, work: &mut Work<'_>) -> Result<State> {
        let State { sae, optimiser } = &self.saved;
        let sae = sae.clone();
        work.advance(0.0).await?;
        let w_enc = optimiser.w_enc.clone();
        work.advance(0.0).await?;
        let w_dec = optimiser.w_dec.clone();
        work.advance(0.0).await?;
        let Optimiser { steps, w_enc: _, b_enc, w_dec: _, b_dec, threshold, idle } = optimiser;
        let (b_enc, b_dec) = (b_enc.clone(), b_dec.clone());
        let (threshold, idle) = (threshold.clone(), idle.clone());
        Ok(State { sae, optimiser: Optimiser { steps: *steps, w_enc, b_enc, w_dec, b_dec, threshold, idle } })
    }
}

/// Parameters that are drawn in one go, which takes some 20 ms in a browser.
const DRAWN_AT_ONCE: usize = 250_000;

/// Copies of the parameters that a run holds: the state with two moments, the same as the last epoch left it, the
/// previous parameters and the packed encoder.
const COPIES: u64 = 8;

/// Refuses a run that cannot fit into memory before anything is allocated for it.
fn check_memory(options: &TrainOptions, d_in: usize) -> Result<()> {
    let d_sae = options.d_sae;
    let matrix = memory::elements::<f32>("W_enc", &[d_sae, d_in])? as u64;
    let matrices = if options.tied == Some(true) { 1 } else { 2 };
    let mut bytes = (COPIES * matrices * 4).saturating_mul(matrix);
    if options.method == Method::Pam {
        // The statistics and the factor, of which half is kept, so that this is more than it takes; the right-hand side, its solution and its residual, in float64.
        let square = memory::elements::<f64>("ZᵀZ of PAM-SGD with so many latents", &[d_sae, d_sae])? as u64;
        bytes = bytes.saturating_add(8 * 2 * square).saturating_add(8 * 4 * matrix);
    }
    memory::check_total(format!("training {d_sae} latents on {d_in} columns"), bytes)
}

/// Options as resolved, and the model with the options' activation, tied if they say so or by default if it is already.
/// `cols` and `rows` are those of the training data.
fn from_model(
    mut sae: Sae,
    cols: usize,
    rows: usize,
    mut options: TrainOptions,
) -> Result<(TrainOptions, Sae)> {
    let may_be_tied = sae.w_dec.as_ref().is_none_or(|decoder| *decoder == sae.w_enc);
    options.tied = options.tied.or(Some(sae.w_dec.is_none() && options.method == Method::Sgd));
    let options = options.resolve(rows, cols)?;
    check_memory(&options, cols)?;
    if cols != sae.d_in {
        return Err(Error::shape("columns of the data", cols, format!("{} as the model", sae.d_in)));
    }
    if options.d_sae != sae.d_sae {
        return Err(Error::option("dSae", options.d_sae, format!("{} as the model", sae.d_sae)));
    }
    sae.w_dec = match options.tied {
        Some(true) if may_be_tied => None,
        Some(true) => {
            return Err(Error::option("tied", true, "false: the model's decoder is not its encoder"));
        }
        _ => Some(sae.w_dec.take().unwrap_or_else(|| sae.w_enc.clone())),
    };
    sae.activation = options.activation.clone();
    Ok((options, sae))
}

/// The state before the first step. Thresholds that are trained are one for each latent.
fn fresh(mut sae: Sae, options: &TrainOptions, rows: usize) -> State {
    let variants = options.variants(rows);
    if variants.unit_decoder() {
        sae.normalise_decoder();
    }
    if let (Some(_), Activation::JumpRelu { threshold }) = (variants.thresholds(), &mut sae.activation) {
        *threshold = Threshold::PerLatent(threshold.per_latent(sae.d_sae));
    }
    let optimiser = Optimiser::new(&sae, options.method == Method::Sgd);
    State { optimiser: optimiser.with_variants(&variants, sae.d_sae), sae }
}
