//! An epoch of SGD: encoder and decoder by Adam.

use super::Trainer;
use super::epoch::TrainingFigures;
use crate::error::Result;
use crate::progress::Work;

impl Trainer {
    /// Adam's steps over all training rows, with no solve between them.
    pub(super) async fn sgd_epoch(&mut self, work: &mut Work<'_>) -> Result<TrainingFigures> {
        let sums = self.steps_on_all_rows(usize::MAX, work).await?;
        self.figures_of_steps(&sums).await
    }
}
