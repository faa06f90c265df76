//! Lists of runs on one pair of data sets, executed one after another, and the table that they give.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{EpochReport, Method, Preset, TrainOptions, Trainer};
use crate::data::Dataset;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::progress::{NoObserver, Observer};
use crate::sae::{Activation, TopKBy};

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

/// One run of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentRow {
    /// That of the experiment.
    pub label: String,
    /// How the decoder was trained.
    pub method: Method,
    /// ρ in a word: `relu`, `jumprelu`, or `topk-15` and, where not by magnitude, by what.
    pub activation: String,
    /// Share of the training rows.
    pub share: f64,
    /// Adam steps on each batch.
    pub updates_per_batch: usize,
    /// λ.
    pub l1: f64,
    /// Seed of the run.
    pub seed: u64,
    /// Epochs finished.
    pub epochs: u32,
    /// Figures of the last epoch; none if the run failed.
    pub report: Option<EpochReport>,
    /// Time that all epochs took.
    pub seconds: f64,
    /// Why the run failed, in a sentence, if it did.
    pub error: Option<String>,
}

/// Hears of progress through a list of runs, and of each row as soon as there is one.
pub trait ExperimentObserver: Observer {
    /// A run has ended.
    fn finished(&mut self, row: &ExperimentRow);
}

impl ExperimentObserver for NoObserver {
    fn finished(&mut self, _row: &ExperimentRow) {}
}

/// Executes the experiments in their order, seed by seed, and returns a row for each run. Runs that fail leave a row
/// that says why, and the others go on. `create` opens a run, as [`Trainer::open`] does. Progress counts
/// training rows, so that a run of a small share weighs little.
///
/// # Errors
/// [`Error::Option`] before any run if an experiment has no epochs or no seeds; [`Error::Cancelled`] if the observer
/// breaks: it has heard of the rows finished by then.
///
/// ```
/// use splinterp::data::{Dataset, NormalisationKind};
/// use splinterp::sae::{Activation, TopKBy};
/// use splinterp::progress::NoObserver;
/// use splinterp::train::{Experiment, Method, TrainOptions, Trainer, run_experiments, summarise};
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
/// let rows = pollster::block_on(run_experiments((&train, &test), &[experiment], Trainer::open, &mut NoObserver))?;
/// let table = summarise(&rows);
/// assert_eq!((rows.len(), table.len(), table[0].runs), (2, 1, 2));
/// # Ok::<(), splinterp::Error>(())
/// ```
pub async fn run_experiments<E: Engine>(
    (train, test): (&Dataset, &Dataset),
    experiments: &[Experiment],
    create: impl AsyncFn(Dataset, Dataset, TrainOptions) -> Result<Trainer<E>>,
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
        .map(|experiment| experiment.weight(train.rows()) * experiment.seeds.len() as u64)
        .sum();
    let mut rows = Vec::new();
    let mut done = 0;
    for experiment in experiments {
        for &seed in &experiment.seeds {
            let mut row = experiment.empty_row(seed);
            let weight = experiment.weight(train.rows());
            let mut part = Part { done, weight, epochs: (0, experiment.epochs), total, observer };
            match experiment.run(train, test, &create, &mut row, &mut part).await {
                Ok(()) => {}
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => (row.report, row.error) = (None, Some(error.to_string())),
            }
            observer.finished(&row);
            rows.push(row);
            done += weight;
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
            seed,
            epochs: 0,
            report: None,
            seconds: 0.0,
            error: None,
        }
    }

    async fn run<E: Engine>(
        &self,
        train: &Dataset,
        test: &Dataset,
        create: &impl AsyncFn(Dataset, Dataset, TrainOptions) -> Result<Trainer<E>>,
        row: &mut ExperimentRow,
        part: &mut Part<'_, impl Observer>,
    ) -> Result<()> {
        let train = train.share(self.share, row.seed)?;
        let mut options = TrainOptions { seed: row.seed, ..self.options.clone() };
        if let Some(preset) = self.preset {
            options = preset.apply(options, train.rows(), self.epochs);
        }
        let mut trainer = create(train, test.clone(), options).await?;
        for epoch in 0..self.epochs {
            part.epochs.0 = epoch;
            let report = trainer.epoch(part).await?;
            row.epochs = report.epoch;
            row.seconds += report.seconds;
            row.report = Some(report);
        }
        Ok(())
    }
}

fn describe(activation: &Activation) -> String {
    match activation {
        Activation::Relu => "relu".into(),
        Activation::JumpRelu { .. } => "jumprelu".into(),
        Activation::TopK { k, by: TopKBy::Magnitude } => format!("topk-{k}"),
        Activation::TopK { k, by: TopKBy::Value } => format!("topk-{k}-value"),
        Activation::TopK { k, by: TopKBy::Positive } => format!("topk-{k}-positive"),
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
        let epoch = (done as f64 / total as f64).min(1.0);
        let run = (f64::from(self.epochs.0) + epoch) / f64::from(self.epochs.1);
        self.observer.progress(self.done + (self.weight as f64 * run) as u64, self.total).await
    }
}

/// The table as CSV, a line a run; failed runs leave their figures empty.
pub fn to_csv(rows: &[ExperimentRow]) -> String {
    let lines = rows.iter().map(ExperimentRow::to_csv_line);
    std::iter::once(CSV_HEADER.to_owned()).chain(lines).map(|line| line + "\n").collect()
}

/// First line of [`to_csv`].
pub const CSV_HEADER: &str = "label,method,activation,share,updates_per_batch,l1,seed,epochs,test_mse,train_mse,\
                              test_fvu,test_l0,dead_share,seconds,error";

impl ExperimentRow {
    /// The run as a line of CSV, without its end.
    pub fn to_csv_line(&self) -> String {
        let method = match self.method {
            Method::Sgd => "sgd",
            Method::Pam => "pam",
        };
        let figures = match &self.report {
            Some(r) => {
                format!("{},{},{},{},{}", r.test_mse, r.train_mse, r.test_fvu, r.test_l0, r.dead_share)
            }
            None => ",,,,".into(),
        };
        format!(
            "{},{method},{},{},{},{},{},{},{figures},{},{}",
            quoted(&self.label),
            quoted(&self.activation),
            self.share,
            self.updates_per_batch,
            self.l1,
            self.seed,
            self.epochs,
            self.seconds,
            quoted(self.error.as_deref().unwrap_or_default())
        )
    }
}

/// A field of CSV (RFC 4180), in quotes where it needs them.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The runs of one configuration over its seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentSummary {
    /// As in the rows.
    pub label: String,
    /// As in the rows.
    pub activation: String,
    /// As in the rows.
    pub share: f64,
    /// As in the rows.
    pub updates_per_batch: usize,
    /// As in the rows.
    pub l1: f64,
    /// Runs that ended well; the figures are over these.
    pub runs: usize,
    /// Runs that failed.
    pub failed: usize,
    /// Mean squared error on the test rows.
    pub test_mse: Spread,
    /// Mean squared error on the training rows.
    pub train_mse: Spread,
    /// Fraction of variance unexplained on the test rows.
    pub test_fvu: Spread,
    /// Active latents of a test row.
    pub test_l0: Spread,
    /// Share of latents active on no training row of the last epoch.
    pub dead_share: Spread,
    /// Time that a run took.
    pub seconds: Spread,
}

/// Mean and spread of a figure over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean; none of no runs.
    pub mean: Option<f64>,
    /// Sample standard deviation (divided by n − 1); none of fewer than two runs.
    pub deviation: Option<f64>,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Self {
            mean: (!values.is_empty()).then_some(mean),
            deviation: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        }
    }
}

/// Mean and spread over the seeds of each configuration, in the order in which they first appear.
pub fn summarise(rows: &[ExperimentRow]) -> Vec<ExperimentSummary> {
    let mut groups: Vec<Vec<&ExperimentRow>> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|group| group[0].is_like(row)) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups.iter().map(|group| ExperimentSummary::of(group[0], group)).collect()
}

impl ExperimentRow {
    fn is_like(&self, other: &Self) -> bool {
        let key = |row: &Self| (row.method, row.share.to_bits(), row.updates_per_batch, row.l1.to_bits());
        self.label == other.label && self.activation == other.activation && key(self) == key(other)
    }
}

impl ExperimentSummary {
    fn of(first: &ExperimentRow, rows: &[&ExperimentRow]) -> Self {
        let finished: Vec<(&EpochReport, f64)> =
            rows.iter().filter_map(|row| Some((row.report.as_ref()?, row.seconds))).collect();
        let spread = |figure: fn(&EpochReport) -> f64| Spread::of(finished.iter().map(|(r, _)| figure(r)));
        Self {
            label: first.label.clone(),
            activation: first.activation.clone(),
            share: first.share,
            updates_per_batch: first.updates_per_batch,
            l1: first.l1,
            runs: finished.len(),
            failed: rows.len() - finished.len(),
            test_mse: spread(|r| r.test_mse),
            train_mse: spread(|r| r.train_mse),
            test_fvu: spread(|r| r.test_fvu),
            test_l0: spread(|r| r.test_l0),
            dead_share: spread(|r| r.dead_share),
            seconds: Spread::of(finished.iter().map(|(_, seconds)| *seconds)),
        }
    }
}
