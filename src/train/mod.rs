//! Training: options, the epochs of SGD and PAM-SGD, the closed-form decoder, checkpoints, lists of experiments.
//!
//! A run is a [`Trainer`]: `train_rows` hands out its rows, in memory or streamed, `setup` and `start` make its start,
//! `recipe` has what other programs add, `epoch` has what both methods share, `sgd` and `pam` own their epochs,
//! `resample` revives dead latents, `checkpoint` writes a run down. [`decoder`] is the closed form by itself.

mod checkpoint;
pub mod decoder;
mod epoch;
mod experiment_table;
mod experiments;
#[cfg(not(feature = "files"))]
mod held_feed;
#[cfg(not(feature = "variants"))]
mod no_recipe;
mod options;
mod pam;
mod presets;
#[cfg(feature = "variants")]
mod recipe;
#[cfg(feature = "variants")]
mod recipe_options;
mod report;
mod resample;
#[cfg(feature = "files")]
mod row_feed;
mod setup;
mod sgd;
#[cfg(feature = "variants")]
mod start;
mod train_rows;
mod trainer;

#[cfg(not(feature = "files"))]
use held_feed as feed;
#[cfg(feature = "files")]
use row_feed as feed;

pub use crate::engine::{Backend, ThresholdTraining};
pub use checkpoint::Checkpoint;
#[cfg(feature = "files")]
pub(crate) use checkpoint::{is_checkpoint, model as checkpoint_model};
pub use experiment_table::{CSV_HEADER, ExperimentRow, ExperimentSummary, Spread, summarise, to_csv};
pub use experiments::{Experiment, ExperimentObserver, run_experiments, run_experiments_from};
pub use options::{DecoderSolve, Method, Order, TrainOptions};
pub use presets::Preset;
#[cfg(feature = "variants")]
pub use recipe_options::{AuxKOptions, BiasStart, DecoderNorm, DecoderStart};
pub use report::EpochReport;
pub use train_rows::TrainRows;
pub use trainer::Trainer;
