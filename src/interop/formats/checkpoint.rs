//! The checkpoint of a run, of which the model is a part.

use crate::interop::model_format::{ModelFormat, ModelReader};
use crate::train;

pub const FORMAT: ModelFormat = ModelFormat {
    weights: None,
    recognises: |weights, _| train::is_checkpoint(weights.content()),
    read: ModelReader::Alone(|weights| train::checkpoint_model(weights.content())),
    writer: None,
};
