//! An epoch of SGD: encoder and decoder by Adam.

use super::Trainer;
use super::epoch::TrainingFigures;
use crate::error::Result;
use crate::progress::Work;

impl Trainer {
    /// Adam's steps over all training rows, with no solve between them. Latents that none of these rows activated may start
    /// anew then: what is measured after the epoch is the model with them.
    pub(super) async fn sgd_epoch(&mut self, work: &mut Work<'_>) -> Result<TrainingFigures> {
        let sums = self.steps_on_all_rows(usize::MAX, work).await?;
        let figures = self.figures_of_steps(&sums).await?;
        if self.options.resample {
            self.resample(&figures.active).await?;
        }
        Ok(figures)
    }
}
