//! An epoch of SGD: encoder and decoder by Adam.

use super::Trainer;
use super::epoch::TrainingFigures;
use crate::engine::StepSums;
use crate::error::Result;
use crate::progress::Work;
use crate::random::Random;

impl Trainer {
    /// Adam's steps over all training rows, in the epoch's order.
    pub(super) async fn sgd_epoch(&mut self, work: &mut Work<'_>) -> Result<TrainingFigures> {
        let order = Random::epoch(self.options.seed, self.epoch).permutation(self.data.train_rows);
        let mut sums = StepSums::default();
        self.steps(&order, 0, &mut sums, work).await?;
        self.figures_of_steps(&sums).await
    }
}
