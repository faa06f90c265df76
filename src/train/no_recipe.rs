//! What stands for `recipe` and `start` in a build without the feature `variants`: TrainOptions has none of their fields.

use super::TrainOptions;
use crate::data::{DataMoments, Dataset};
use crate::engine::Variants;
use crate::error::{Error, Result};
use crate::sae::{Activation, Sae};

impl TrainOptions {
    pub(super) fn resolve_recipe(&mut self, _rows: usize, _cols: usize) {}

    /// # Errors
    /// If the activation is one that this build cannot train.
    pub(super) fn validate_recipe(&self) -> Result<()> {
        match self.activation {
            Activation::BatchTopK { .. } => {
                Err(Error::option("activation", "'batchtopk'", "another: this build does not train it"))
            }
            Activation::Relu | Activation::JumpRelu { .. } | Activation::TopK { .. } => Ok(()),
        }
    }

    pub(super) fn all_prefixes(&self) -> Vec<usize> {
        Vec::new()
    }

    pub(super) fn variants(&self, _rows: usize) -> Variants {
        Variants::default()
    }
}

pub fn start(_sae: &mut Sae, _train: &Dataset, _moments: &DataMoments, _options: &TrainOptions) {}
