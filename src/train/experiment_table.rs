//! The table that a list of runs gives: a row a run, its CSV, and means over seeds.

use serde::{Deserialize, Serialize};

use super::{EpochReport, Method};

/// One run of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentRow {
    /// That of the experiment.
    pub label: String,
    /// How the decoder was trained.
    pub method: Method,
    /// ρ in a word: `relu`, `jumprelu`, `batchtopk-15`, or `topk-15` and, where not by magnitude, by what.
    pub activation: String,
    /// Share of the training rows.
    pub share: f64,
    /// Adam steps on each batch.
    pub updates_per_batch: usize,
    /// λ.
    pub l1: f64,
    /// L2 weight decay of Adam.
    pub weight_decay: f64,
    /// μ of the encoder.
    pub mu_enc: f64,
    /// ν of the encoder.
    pub nu_enc: f64,
    /// μ of the decoder.
    pub mu_dec: f64,
    /// ν of the decoder.
    pub nu_dec: f64,
    /// Seed of the run.
    pub seed: u64,
    /// Epochs finished.
    pub epochs: u32,
    /// Figures of the last epoch; none if the run failed.
    pub report: Option<EpochReport>,
    /// The engine that trained the last epoch.
    pub backend: String,
    /// Time that all epochs took.
    pub seconds: f64,
    /// Why the run failed, in a sentence, if it did.
    pub error: Option<String>,
}

/// The table as CSV, a line a run; failed runs leave their figures empty.
pub fn to_csv(rows: &[ExperimentRow]) -> String {
    let lines = rows.iter().map(ExperimentRow::to_csv_line);
    std::iter::once(CSV_HEADER.to_owned()).chain(lines).map(|line| line + "\n").collect()
}

/// First line of [`to_csv`].
pub const CSV_HEADER: &str = "label,method,activation,share,updates_per_batch,l1,weight_decay,mu_enc,nu_enc,mu_dec,nu_dec,\
                              seed,epochs,backend,test_mse,train_mse,test_fvu,test_l0,dead_share,seconds,error";

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
            "{},{method},{},{},{},{},{},{},{},{},{},{},{},{},{figures},{},{}",
            quoted(&self.label),
            quoted(&self.activation),
            self.share,
            self.updates_per_batch,
            self.l1,
            self.weight_decay,
            self.mu_enc,
            self.nu_enc,
            self.mu_dec,
            self.nu_dec,
            self.seed,
            self.epochs,
            quoted(&self.backend),
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
    /// As in the rows.
    pub weight_decay: f64,
    /// As in the rows.
    pub mu_enc: f64,
    /// As in the rows.
    pub nu_enc: f64,
    /// As in the rows.
    pub mu_dec: f64,
    /// As in the rows.
    pub nu_dec: f64,
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
        let penalties = |row: &Self| {
            [row.l1, row.weight_decay, row.mu_enc, row.nu_enc, row.mu_dec, row.nu_dec].map(f64::to_bits)
        };
        let key = |row: &Self| (row.method, row.share.to_bits(), row.updates_per_batch, penalties(row));
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
            weight_decay: first.weight_decay,
            mu_enc: first.mu_enc,
            nu_enc: first.nu_enc,
            mu_dec: first.mu_dec,
            nu_dec: first.nu_dec,
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
