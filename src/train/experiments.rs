//! Lists of runs on one pair of data sets, executed one after another, and the table that they give.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{ExperimentRow, Preset, TrainOptions, Trainer};
use crate::data::Dataset;
use crate::engine::Backend;
use crate::error::{Error, Result};
use crate::progress::{NoObserver, Observer};
use crate::sae::{Activation, Sae, TopKBy};

/// One configuration, to be run once for each of its seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Experiment {
    /// What the table calls it.
    pub label: String,
    /// Options of the run; their seed is replaced by each of `seeds`.
    pub options: TrainOptions,
    /// Settings applied over the options, given the rows of the share and the epochs.
    #[serde(default)]
    pub preset: Option<Preset>,
    /// Share of the training rows to train on, drawn anew for every seed.
    #[serde(default = "whole")]
    pub share: f64,
    /// Epochs to train for.
    pub epochs: u32,
    /// Seeds of the parameters, the order of the rows and the share.
    pub seeds: Vec<u64>,
}

fn whole() -> f64 {
    1.0
}

/// Hears of progress through a list of runs, of each epoch, and of each row as soon as there is one. Between two epochs
/// progress is told once outside of what a run's seconds count: an observer that is to wait, waits there.
pub trait ExperimentObserver: Observer {
    /// A run has finished an epoch: the row as it stands, with the report of that epoch.
    fn epoch(&mut self, row: &ExperimentRow);
    /// A run has ended.
    fn finished(&mut self, row: &ExperimentRow);
}

impl ExperimentObserver for NoObserver {
    fn epoch(&mut self, _row: &ExperimentRow) {}
    fn finished(&mut self, _row: &ExperimentRow) {}
}

/// Executes the experiments in their order, seed by seed, and returns a row for each run. Runs that fail leave a row
/// that says why, and the others still run. Runs whose options leave the engine to `Auto` all train on the engine that the
/// first of them chose, so that a table never mixes engines. Progress counts training rows, so that a run of a small
/// share weighs little.
///
/// # Errors
/// [`Error::Option`] before any run if an experiment has no epochs or no seeds; [`Error::Cancelled`] if the observer
/// breaks: it has heard of the rows finished by then.
///
/// ```
/// use splinterp::data::{Dataset, NormalisationKind};
/// use splinterp::sae::{Activation, TopKBy};
/// use splinterp::progress::NoObserver;
/// use splinterp::train::{Experiment, Method, TrainOptions, run_experiments, summarise};
///
/// let (train, test) =
///     Dataset::digits(300, 1)?.normalised(NormalisationKind::Mnist).split(0.8, 1)?;
/// let activation = Activation::TopK { k: 4, by: TopKBy::Magnitude };
/// let experiment = Experiment {
///     label: "PAM-SGD".into(),
///     options: TrainOptions::new(Method::Pam, 16, activation, 0),
///     preset: None,
///     share: 0.5,
///     epochs: 1,
///     seeds: vec![1, 2],
/// };
/// let rows = pollster::block_on(run_experiments((&train, &test), &[experiment], &mut NoObserver))?;
/// let table = summarise(&rows);
/// assert_eq!((rows.len(), table.len(), table[0].runs), (2, 1, 2));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub async fn run_experiments(
    data: (&Dataset, &Dataset),
    experiments: &[Experiment],
    observer: &mut impl ExperimentObserver,
) -> Result<Vec<ExperimentRow>> {
    run_experiments_from(None, data, experiments, observer).await
}

/// As [`run_experiments`], every run from the parameters of `start`, if there is one, in place of random ones: a seed
/// then decides about the order of the rows and the share only. Runs whose options do not fit the model fail.
///
/// # Errors
/// As [`run_experiments`].
pub async fn run_experiments_from(
    start: Option<&Sae>,
    (train, test): (&Dataset, &Dataset),
    experiments: &[Experiment],
    observer: &mut impl ExperimentObserver,
) -> Result<Vec<ExperimentRow>> {
    for experiment in experiments {
        if experiment.epochs == 0 {
            return Err(Error::option("epochs", 0, "at least 1"));
        }
        if experiment.seeds.is_empty() {
            return Err(Error::option("seeds", "an empty list", "at least one seed"));
        }
    }
    let total = experiments
        .iter()
        .map(|experiment| experiment.weight(train.rows()).saturating_mul(experiment.seeds.len() as u64))
        .fold(0, u64::saturating_add);
    let mut rows = Vec::new();
    let mut done: u64 = 0;
    let mut chosen = None;
    for experiment in experiments {
        for &seed in &experiment.seeds {
            let mut row = experiment.empty_row(seed);
            let weight = experiment.weight(train.rows());
            let mut part = Part { done, weight, epochs: (0, experiment.epochs), total, observer };
            match experiment.run(start, (train, test), &mut chosen, &mut row, &mut part).await {
                Ok(()) => {}
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => (row.report, row.error) = (None, Some(error.to_string())),
            }
            observer.finished(&row);
            rows.push(row);
            done = done.saturating_add(weight);
        }
    }
    Ok(rows)
}

impl Experiment {
    /// What a run counts in progress: the rows that its encoder sees.
    fn weight(&self, rows: usize) -> u64 {
        let share = (rows as f64 * self.share).max(1.0) as u64;
        share.saturating_mul(u64::from(self.epochs)).saturating_mul(self.options.updates_per_batch as u64)
    }

    fn empty_row(&self, seed: u64) -> ExperimentRow {
        ExperimentRow {
            label: self.label.clone(),
            method: self.options.method,
            activation: describe(&self.options.activation),
            share: self.share,
            updates_per_batch: self.options.updates_per_batch,
            l1: self.options.l1,
            weight_decay: self.options.weight_decay,
            mu_enc: self.options.mu_enc,
            nu_enc: self.options.nu_enc,
            mu_dec: self.options.mu_dec,
            nu_dec: self.options.nu_dec,
            seed,
            epochs: 0,
            report: None,
            backend: String::new(),
            seconds: 0.0,
            error: None,
        }
    }

    /// `chosen` is the engine that an earlier run on `Auto` trained on.
    async fn run(
        &self,
        start: Option<&Sae>,
        (train, test): (&Dataset, &Dataset),
        chosen: &mut Option<Backend>,
        row: &mut ExperimentRow,
        part: &mut Part<'_, impl ExperimentObserver>,
    ) -> Result<()> {
        let train = train.share(self.share, row.seed)?;
        let mut options = TrainOptions { seed: row.seed, ..self.options.clone() };
        if let Some(preset) = self.preset {
            options = preset.apply(options, train.rows(), self.epochs);
        }
        let leaves_choice = options.backend == Backend::Auto;
        if let (true, Some(backend)) = (leaves_choice, *chosen) {
            options.backend = backend;
        }
        let mut trainer = match start {
            Some(sae) => Trainer::open_from(sae.clone(), train, test.clone(), options, part).await?,
            None => Trainer::open(train, test.clone(), options, part).await?,
        };
        if leaves_choice {
            *chosen = Some(trainer.engine().backend());
        }
        row.backend = trainer.backend();
        for epoch in 0..self.epochs {
            part.epochs.0 = epoch;
            let report = trainer.epoch(part).await?;
            row.epochs = report.epoch;
            row.backend = trainer.backend();
            row.seconds += report.seconds;
            row.report = Some(report);
            part.observer.epoch(row);
            part.epochs.0 = epoch + 1;
            if part.progress(0, 1).await.is_break() {
                return Err(Error::Cancelled);
            }
        }
        Ok(())
    }
}

/// Progress of one run as a part of the whole list.
struct Part<'a, O> {
    /// What the runs before it counted.
    done: u64,
    weight: u64,
    /// Epochs finished, of how many.
    epochs: (u32, u32),
    total: u64,
    observer: &'a mut O,
}

impl<O: Observer> Observer for Part<'_, O> {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        let epoch = (done as f64 / total.max(1) as f64).min(1.0);
        let run = (f64::from(self.epochs.0) + epoch) / f64::from(self.epochs.1);
        self.observer.progress(self.done + (self.weight as f64 * run) as u64, self.total).await
    }
}

fn describe(activation: &Activation) -> String {
    match activation {
        Activation::Relu => "relu".into(),
        Activation::JumpRelu { .. } => "jumprelu".into(),
        Activation::BatchTopK { k, .. } => format!("batchtopk-{k}"),
        Activation::TopK { k, by: TopKBy::Magnitude } => format!("topk-{k}"),
        Activation::TopK { k, by: TopKBy::Value } => format!("topk-{k}-value"),
        Activation::TopK { k, by: TopKBy::Positive } => format!("topk-{k}-positive"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Storage;
    use crate::train::Method;

    /// A run of the list is the run that a trainer makes from the same model; another number of latents is refused.
    #[test]
    fn runs_start_from_the_model_that_is_given() {
        let values = (0..1600).map(|i| ((i * 7919) % 101) as f32 / 50.0 - 1.0).collect();
        let (train, test) = Dataset::new(Storage::F32(values), 8).unwrap().split(0.75, 1).unwrap();
        let activation = Activation::TopK { k: 2, by: TopKBy::Value };
        let sae = Sae::random(8, 12, activation.clone(), false, 77);
        let experiment = |d_sae| Experiment {
            label: format!("{d_sae} latents"),
            options: TrainOptions::new(Method::Pam, d_sae, activation.clone(), 0),
            preset: None,
            share: 1.0,
            epochs: 2,
            seeds: vec![3],
        };
        let run = |start| {
            let list = [experiment(12), experiment(13)];
            pollster::block_on(run_experiments_from(start, (&train, &test), &list, &mut NoObserver)).unwrap()
        };
        let rows = run(Some(&sae));
        let options = TrainOptions { seed: 3, ..experiment(12).options };
        let share = train.share(1.0, 3).unwrap();
        let mut trainer = Trainer::start_from(sae.clone(), share, test.clone(), options).unwrap();
        let reports = [0, 1].map(|_| pollster::block_on(trainer.epoch(&mut NoObserver)).unwrap());
        assert_eq!(rows[0].report.as_ref().unwrap().test_mse, reports[1].test_mse);
        let error = rows[1].error.as_deref().unwrap();
        assert_eq!(error, "dSae is 13, expected 12 as the model");
        assert_ne!(run(None)[0].report.as_ref().unwrap().test_mse, reports[1].test_mse);
    }
}
