//! A method at its best step size: tuned on validation rows, then measured on test rows, a line of CSV for each run.
//!
//! Nothing is chosen by test rows. A tenth of the training rows are held out for validation; each method is trained on the
//! others with each step size, JumpReLU also from several thresholds, from seed 1, and what has the least validation error is
//! taken: of ReLU the least mse with the l1 penalty, which is what it minimises, and of JumpReLU among those with no more
//! active latents than were asked for. The method is then trained on all rows, from each seed, and measured on the test rows.

use std::collections::BTreeMap;
use std::error::Error;
use std::str::FromStr;

use pollster::block_on;
use splinterp::data::Dataset;
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, Threshold, TopKBy};
use splinterp::train::{
    AuxKOptions, BiasStart, DecoderNorm, DecoderStart, EpochReport, Method, Preset, ThresholdTraining,
    TrainOptions, Trainer,
};

use crate::rows::{activations, mnist};

const MNIST: &str = "www/public/mnist";
const MINILM: &str = "../shared/data/activations/minilm_l3.npy";
/// Seed of splits into training, validation and test rows.
pub const SPLIT_SEED: u64 = 1;
/// Share of the rows that are trained on while step sizes are compared.
const FITTED: f64 = 0.9;
/// Share of a run's steps over which the step size rises, in the recipe of the libraries.
const WARMUP: f64 = 0.05;

/// What L0 may be above its target, relative to it.
const L0_ABOVE: f64 = 0.1;
/// What L0 may be off its target, relative to it, when no other threshold is tried.
const L0_REACHED: f64 = 0.03;
/// Thresholds that are tried for a step size at most, where they are searched for.
const SEARCHED: usize = 6;
/// The threshold that a search begins with. Pre-activations of MNIST have a standard deviation of 2.8 at the start.
const FIRST_THRESHOLD: f32 = 4.0;
/// What an L0 of 0 counts as where it is interpolated.
const LEAST_L0: f64 = 0.1;

/// Columns of the lines.
pub const HEADER: &str = "set,share,protocol,method,role,lr,threshold,k,l1,seed,epochs,steps,cpu_seconds,multiply_adds,mse,fvu,l0,dead_share,error";

/// Training and test rows of a set, with its number of latents and of active ones.
pub struct Task {
    pub train: Dataset,
    pub test: Dataset,
    pub d_sae: usize,
    pub k: usize,
}

impl Task {
    fn read(set: &str, data: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let ((train, test), d_sae, k) = match set {
            "mnist" => (mnist(data.unwrap_or(MNIST))?, 256, 15),
            "minilm" => (activations(data.unwrap_or(MINILM))?, 1536, 32),
            _ => return Err(format!("'{set}' is no set: mnist or minilm").into()),
        };
        Ok(Self { train, test, d_sae, k })
    }
}

/// What is tuned.
#[derive(Clone, Copy)]
pub struct Tuned {
    pub lr: f64,
    /// Of JumpReLU, at the start.
    pub threshold: f32,
}

/// What runs of one share have in common.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub set: &'a str,
    pub share: f64,
    pub protocol: &'a str,
    pub d_sae: usize,
    pub k: usize,
    /// The l1 penalty.
    pub l1: f64,
    pub epochs: u32,
    pub train: &'a Dataset,
    pub test: &'a Dataset,
}

impl Run<'_> {
    /// Compares methods at equal epochs, and at equal seconds: there a method has as many epochs as take as long as those of
    /// the first method, by the time that the process had of a CPU.
    pub fn compare_all(&self, names: &[String], settings: &Settings) -> Result<(), Box<dyn Error>> {
        let protocols = &settings.protocols;
        let mut measure = match &settings.measure {
            Some(name) => Some(self.seconds_of(name, settings)?),
            None => None,
        };
        for name in names {
            let seconds = self.compare(name, settings, protocols.iter().any(|p| p == "epochs"))?;
            let Some(measure) = measure else {
                measure = Some(seconds);
                continue;
            };
            if protocols.iter().any(|p| p == "seconds") {
                let epochs = ((f64::from(self.epochs) * measure / seconds).round() as u32).max(1);
                Run { protocol: "seconds", epochs, ..*self }.compare(name, settings, true)?;
            }
        }
        Ok(())
    }

    /// Seconds of a method that is only the measure: those of the seed that other processes disturbed least.
    fn seconds_of(&self, name: &str, settings: &Settings) -> Result<f64, Box<dyn Error>> {
        let tuned = Tuned { lr: settings.steps[0], threshold: 0.0 };
        let seconds = self.whole(name, tuned, &settings.seeds, "measure")?;
        seconds.ok_or_else(|| format!("{name}, the measure of seconds, left the numbers").into())
    }

    /// Trains a method with each step size, and with the best of them from each seed; returns the seconds of the run with that
    /// which other processes disturbed least.
    fn compare(&self, name: &str, settings: &Settings, whole: bool) -> Result<f64, Box<dyn Error>> {
        let (fitted, held_out) = self.train.split(FITTED, SPLIT_SEED)?;
        let mut best: Option<(f64, Tuned, f64)> = None;
        for &lr in &settings.steps {
            let mut tried = Vec::new();
            while let Some(threshold) = self.next_threshold(name, &settings.thresholds, &tried) {
                let tuned = Tuned { lr, threshold };
                let trained = self.train(name, tuned, 1, (&fitted, &held_out), "validation")?;
                tried.push((threshold, trained.as_ref().map_or(f64::NAN, |(report, _)| report.test_l0)));
                let Some((report, seconds)) = trained else { continue };
                // With more latents a lower error is no gain: what is above the target comes last, the nearest first.
                let above = report.test_l0 / self.k as f64 - 1.0;
                let is_above = name.starts_with("jumprelu") && above > L0_ABOVE;
                let objective = report.test_mse + self.l1 * report.test_l1;
                let rank = if is_above { f64::from(f32::MAX) * above } else { objective };
                if best.is_none_or(|(least, _, _)| rank < least) {
                    best = Some((rank, tuned, seconds));
                }
            }
        }
        let (_, tuned, seconds) =
            best.ok_or_else(|| format!("{name} left the numbers with every step size"))?;
        let least = if whole { self.whole(name, tuned, &settings.seeds, "test")? } else { None };
        Ok(least.unwrap_or(seconds))
    }

    /// Trains on all rows from each seed; the least seconds of runs that did not fail.
    fn whole(
        &self,
        name: &str,
        tuned: Tuned,
        seeds: &[u64],
        role: &str,
    ) -> Result<Option<f64>, Box<dyn Error>> {
        let mut least: Option<f64> = None;
        for &seed in seeds {
            if let Some((_, took)) = self.train(name, tuned, seed, (self.train, self.test), role)? {
                least = Some(least.map_or(took, |least| least.min(took)));
            }
        }
        Ok(least)
    }

    /// The threshold to start from next, given those that were tried with this step size and what L0 they ended with.
    fn next_threshold(&self, name: &str, given: &[f32], tried: &[(f32, f64)]) -> Option<f32> {
        if !name.starts_with("jumprelu") {
            return tried.is_empty().then_some(0.0);
        }
        if given.is_empty() { searched(tried, self.k as f64) } else { given.get(tried.len()).copied() }
    }

    /// A run, as a line; its report, whose test rows are those of the second data set, and its seconds, unless it failed.
    fn train(
        &self,
        name: &str,
        tuned: Tuned,
        seed: u64,
        (train, measured): (&Dataset, &Dataset),
        role: &str,
    ) -> Result<Option<(EpochReport, f64)>, Box<dyn Error>> {
        let options = self.options(name, tuned, seed, train.rows())?;
        let steps = train.rows().div_ceil(options.batch_size) * self.epochs as usize;
        let is_relu = matches!(options.activation, Activation::Relu);
        let mut trainer = Trainer::create(train.clone(), measured.clone(), options.clone())?;
        let start = cpu_seconds();
        let mut last: Result<EpochReport, splinterp::Error> = block_on(trainer.epoch(&mut NoObserver));
        for _ in 1..self.epochs {
            if last.is_ok() {
                last = block_on(trainer.epoch(&mut NoObserver));
            }
        }
        let seconds = cpu_seconds() - start;
        let figures = match &last {
            Ok(report) => {
                format!("{},{},{},{},", report.test_mse, report.test_fvu, report.test_l0, report.dead_share)
            }
            Err(error) => format!(",,,,\"{error}\""),
        };
        let active = match &last {
            Ok(report) if is_relu => report.test_l0,
            _ => self.k as f64,
        };
        let work = self.multiply_adds(&options, train.rows(), train.cols(), active);
        let (k, l1) =
            if is_relu { (String::new(), self.l1.to_string()) } else { (self.k.to_string(), String::new()) };
        let Tuned { lr, threshold } = tuned;
        let threshold = if name.starts_with("jumprelu") { threshold.to_string() } else { String::new() };
        println!(
            "{},{},{},{name},{role},{lr},{threshold},{k},{l1},{seed},{},{steps},{seconds:.3},{work:.3e},{figures}",
            self.set, self.share, self.protocol, self.epochs
        );
        Ok(last.ok().map(|report| (report, seconds)))
    }

    pub fn options(
        &self,
        name: &str,
        Tuned { lr, threshold }: Tuned,
        seed: u64,
        rows: usize,
    ) -> Result<TrainOptions, String> {
        let (activation, method) = name.split_once('-').ok_or_else(|| format!("'{name}' is no method"))?;
        let activation = match activation {
            "relu" => Activation::Relu,
            "topk" => Activation::TopK { k: self.k, by: TopKBy::Positive },
            "batchtopk" => Activation::BatchTopK { k: self.k, threshold: None },
            "jumprelu" => Activation::JumpRelu { threshold: Threshold::Shared(threshold) },
            _ => return Err(format!("'{name}' is no method")),
        };
        let jumprelu = matches!(activation, Activation::JumpRelu { .. }).then_some(ThresholdTraining {
            bandwidth: 1.0,
            target_l0: self.k as f64,
            coefficient: 1.0,
        });
        let pam = method == "pam";
        let method_of = if pam { Method::Pam } else { Method::Sgd };
        let options = TrainOptions {
            tied: Some(false),
            jumprelu,
            threads: Some(1),
            l1: self.l1,
            ..TrainOptions::new(method_of, self.d_sae, activation, seed)
        };
        // The preset's own step size of PAM-SGD is one of those that are tried.
        let options = TrainOptions { lr, ..Preset::Recommended.apply(options, rows, self.epochs) };
        let steps = (rows.div_ceil(options.batch_size) * self.epochs as usize) as f64;
        match method {
            "pam" | "sgd" => Ok(options),
            "sgd-recipe" => Ok(TrainOptions {
                decoder_norm: DecoderNorm::Unit,
                decoder_start: DecoderStart::Transposed,
                bias_start: BiasStart::Median,
                auxk: Some(AuxKOptions::default()),
                warmup_steps: (WARMUP * steps) as u64,
                ..options
            }),
            _ => Err(format!("'{name}' is no method")),
        }
    }

    /// Multiply-adds of a run with so many active latents: products of the encoder, of the codes with both matrices, Adam's
    /// updates, and the solves.
    fn multiply_adds(&self, options: &TrainOptions, rows: usize, cols: usize, active: f64) -> f64 {
        let (rows, d_in, d_sae, k) = (rows as f64, cols as f64, self.d_sae as f64, active);
        let batches = (rows / options.batch_size as f64).ceil();
        let pam = options.method == Method::Pam;
        let matrices = if pam { 1.0 } else { 2.0 };
        let sweep = if options.sweep_rows > 0 { 2.0 } else { 0.0 };
        // Encoder, reconstruction, gradient of the codes, and of each matrix, and the sweep over the decoder; Adam has some
        // eight operations a parameter.
        let sparse = (2.0 + matrices + sweep) * k * d_in;
        let steps = rows * (d_in * d_sae + sparse) + batches * 8.0 * matrices * d_in * d_sae;
        let solve = d_sae * d_sae * d_sae / 6.0 + d_sae * d_sae * d_in;
        let statistics = |rows: f64| rows * (d_in * d_sae + k * d_in + k * k / 2.0);
        let solves = options.solves_per_epoch as f64;
        let refits = (rows / 2.0).clamp(1.0, 4096.0);
        let decoder = if pam {
            statistics(rows) + (solves - 1.0) * statistics(refits) + solves * solve + d_sae * d_sae * d_in
        } else {
            0.0
        };
        f64::from(self.epochs) * (steps + decoder)
    }
}

/// The threshold to try next so that L0 becomes what it is to be: ln L0 falls about evenly as the threshold rises. None after
/// a run that failed, which has no L0.
fn searched(tried: &[(f32, f64)], target: f64) -> Option<f32> {
    let ends = |l0: f64| l0.is_nan() || (l0 / target - 1.0).abs() <= L0_REACHED;
    if tried.len() == SEARCHED || tried.iter().any(|&(_, l0)| ends(l0)) {
        return None;
    }
    let above = tried.iter().filter(|&&(_, l0)| l0 > target).max_by(|a, b| a.0.total_cmp(&b.0));
    let below = tried.iter().filter(|&&(_, l0)| l0 < target).min_by(|a, b| a.0.total_cmp(&b.0));
    Some(match (above, below) {
        (Some(&(low, more)), Some(&(high, fewer))) if low < high => {
            let part = (more / target).ln() / (more / fewer.max(LEAST_L0)).ln();
            low + (high - low) * part.clamp(0.1, 0.9) as f32
        }
        (Some(&(low, _)), None) => 1.5 * low,
        (None, Some(&(high, _))) => high / 1.5,
        (None, None) => FIRST_THRESHOLD,
        // L0 rose with the threshold: there is nothing between them to look for.
        _ => return None,
    })
}

/// Seconds that this process has had of a CPU; those of the clock where the system does not say.
fn cpu_seconds() -> f64 {
    let nanoseconds = std::fs::read_to_string("/proc/self/schedstat").ok();
    let parsed = nanoseconds.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    parsed.map_or_else(wall_seconds, |nanoseconds| nanoseconds / 1e9)
}

fn wall_seconds() -> f64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// What both examples are asked for.
pub struct Settings {
    pub set: String,
    pub methods: Vec<String>,
    pub seeds: Vec<u64>,
    pub epochs: u32,
    pub steps: Vec<f64>,
    /// What JumpReLU starts from; searched for if none are given.
    pub thresholds: Vec<f32>,
    /// The method that is the measure of the protocol `seconds`, if not the first.
    pub measure: Option<String>,
    /// `epochs`, `seconds` or both.
    pub protocols: Vec<String>,
}

/// What a command line asks for: a set, and `key=value`.
pub struct Arguments {
    pub set: String,
    keys: BTreeMap<String, String>,
}

impl Arguments {
    pub fn read() -> Result<Self, String> {
        let mut arguments = std::env::args().skip(1);
        let set = arguments.next().unwrap_or_default();
        let pair = |argument: String| match argument.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(format!("'{argument}' is not key=value")),
        };
        Ok(Self { set, keys: arguments.map(pair).collect::<Result<_, _>>()? })
    }

    /// The values of a key between commas.
    pub fn list<T: FromStr>(&mut self, key: &str, default: &str) -> Result<Vec<T>, String>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.keys.remove(key).unwrap_or_else(|| default.to_owned());
        text.split_terminator(',')
            .map(|value| value.parse().map_err(|error| format!("'{value}': {error}")))
            .collect()
    }

    /// The settings of both examples, with these methods, step sizes and thresholds unless others are asked for.
    pub fn settings(&mut self, methods: &[&str], steps: &str, thresholds: &str) -> Result<Settings, String> {
        Ok(Settings {
            set: self.set.clone(),
            methods: self.list("methods", &methods.join(","))?,
            seeds: self.list("seeds", "1,2,3")?,
            epochs: self.list("epochs", "10")?[0],
            steps: self.list("steps", steps)?,
            thresholds: self.list("thresholds", thresholds)?,
            measure: self.keys.remove("measure"),
            protocols: self.list("protocols", "epochs,seconds")?,
        })
    }

    /// The set, read from where it is or from what the key `data` names. Keys that nothing has asked for are errors.
    pub fn task(mut self) -> Result<Task, Box<dyn Error>> {
        let data = self.keys.remove("data");
        match self.keys.keys().next() {
            Some(key) => Err(format!("'{key}' is no key").into()),
            None => Task::read(&self.set, data.as_deref()),
        }
    }
}
