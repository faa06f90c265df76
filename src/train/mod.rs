//! Training: options, the epochs of SGD and PAM-SGD, the closed-form decoder, checkpoints, lists of experiments.
//!
//! A run is a [`Trainer`]: `setup` makes its start, `epoch` has what both methods share, `sgd` and `pam` own their
//! epochs, `resample` revives dead latents, `checkpoint` writes a run down. [`decoder`] is the closed form by itself.

mod checkpoint;
pub mod decoder;
mod epoch;
mod experiment_table;
mod experiments;
mod options;
mod pam;
mod presets;
mod report;
mod resample;
mod setup;
mod sgd;
mod trainer;

pub use crate::engine::Backend;
#[cfg(feature = "files")]
pub(crate) use checkpoint::{is_checkpoint, model as checkpoint_model};
pub use experiment_table::{CSV_HEADER, ExperimentRow, ExperimentSummary, Spread, summarise, to_csv};
pub use experiments::{Experiment, ExperimentObserver, run_experiments};
pub use options::{DecoderSolve, Method, Order, TrainOptions};
pub use presets::Preset;
pub use report::EpochReport;
pub use trainer::Trainer;
