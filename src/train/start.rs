//! How a run begins: from random parameters, from a model's, or from a checkpoint.

use super::trainer::{Sizes, Trainer};
use super::{Method, TrainOptions, checkpoint};
use crate::data::Dataset;
use crate::engine::{ActiveEngine, Backend, CpuEngine, Optimiser, State};
use crate::error::{Error, Result};
use crate::sae::Sae;

/// A run before it has a room.
pub(super) struct Start {
    pub options: TrainOptions,
    data: Sizes,
    epoch: u32,
    saved: State,
}

impl Start {
    pub fn random(train: &Dataset, test: &Dataset, options: TrainOptions) -> Result<Self> {
        let options = options.resolve(train.rows())?;
        let data = Sizes::new(train, test)?;
        let tied = options.tied == Some(true);
        let sae = Sae::random(data.cols, options.d_sae, options.activation.clone(), tied, options.seed);
        let optimiser = Optimiser::new(&sae, options.method == Method::Sgd);
        Ok(Self { options, data, epoch: 0, saved: State { sae, optimiser } })
    }

    pub fn given(sae: Sae, train: &Dataset, test: &Dataset, options: TrainOptions) -> Result<Self> {
        let data = Sizes::new(train, test)?;
        let (options, saved) = from_model(sae, data.cols, train.rows(), options)?;
        Ok(Self { options, data, epoch: 0, saved })
    }

    pub fn checkpoint(bytes: &[u8], train: &Dataset, test: &Dataset) -> Result<Self> {
        let (header, saved) = checkpoint::read(bytes)?;
        let data = Sizes::new(train, test)?;
        if data.cols != header.d_in {
            return Err(Error::shape(
                "columns of the data",
                data.cols,
                format!("{} as in the checkpoint", header.d_in),
            ));
        }
        let options = header.options.resolve(train.rows())?;
        Ok(Self { options, data, epoch: header.epoch, saved })
    }

    pub fn on_cpu(self, train: Dataset, test: Dataset) -> Trainer<CpuEngine> {
        let engine = CpuEngine::new(train.clone(), test, self.saved.clone());
        self.within(engine, train)
    }

    pub async fn open(
        self,
        backend: Backend,
        train: Dataset,
        test: Dataset,
    ) -> Result<Trainer<ActiveEngine>> {
        let steps = self.options.step_options();
        let engine = ActiveEngine::open(backend, train.clone(), test, &self.saved, &steps).await?;
        Ok(self.within(engine, train))
    }

    fn within<E>(self, engine: E, train: Dataset) -> Trainer<E> {
        let Self { options, data, epoch, saved } = self;
        Trainer { engine, train, options, data, epoch, saved }
    }
}

/// Options as resolved and the state before the first step: the model with the options' activation, tied if they say
/// so or by default if it is already, and a fresh optimiser. `cols` and `rows` are those of the training data.
fn from_model(
    mut sae: Sae,
    cols: usize,
    rows: usize,
    mut options: TrainOptions,
) -> Result<(TrainOptions, State)> {
    let may_be_tied = sae.w_dec.as_ref().is_none_or(|decoder| *decoder == sae.w_enc);
    options.tied = options.tied.or(Some(sae.w_dec.is_none() && options.method == Method::Sgd));
    let options = options.resolve(rows)?;
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
        _ => Some(sae.decoder().to_vec()),
    };
    sae.activation = options.activation.clone();
    let optimiser = Optimiser::new(&sae, options.method == Method::Sgd);
    Ok((options, State { sae, optimiser }))
}
