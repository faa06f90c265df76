//! Training: options, the epoch loop of SGD and PAM-SGD, the closed-form decoder, checkpoints, lists of experiments.

mod checkpoint;
mod decoder;
mod experiments;
mod factor;
mod halves;
mod options;
mod presets;
mod report;
mod revive;
mod start;
mod trainer;

pub use crate::engine::Backend;
#[cfg(feature = "files")]
pub(crate) use checkpoint::{is_checkpoint, model as checkpoint_model};
pub use decoder::{DecoderInput, DecoderSolution, Ridge, decoder_step, solve_decoder};
pub use experiments::{
    CSV_HEADER, Experiment, ExperimentObserver, ExperimentRow, ExperimentSummary, Spread, run_experiments,
    summarise, to_csv,
};
pub use options::{DecoderSolve, Method, Order, TrainOptions};
pub use presets::Preset;
pub use report::EpochReport;
pub use trainer::Trainer;
