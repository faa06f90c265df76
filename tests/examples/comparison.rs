//! The comparison of `docs/comparison.md`: every method at its best step size, and a line of CSV for each run.
//!
//! `cargo run --release --example comparison -- SET [key=value …]`, where SET is `mnist` or `minilm`, and the keys narrow it
//! down: `shares=0.01,0.1`, `methods=…` (names as in [`METHODS`]), `seeds=1,2,3`, `epochs=10`, `steps=0.001,0.003,0.01`,
//! `protocols=epochs,seconds`, `data=PATH`.
//!
//! `comparison -- known` prints what each method recovers of the features that 4 000 generated rows are made of, with the one
//! step size 0.01: the mean cosine of features and matched decoder rows (MCC), and F1 of activity.
//!
//! Nothing is chosen by test rows. A tenth of the share's rows are held out for validation; each method is trained on the
//! others with each step size, JumpReLU also with each of [`THRESHOLDS`] to start from, from seed 1, and what has the
//! least validation error is taken: of JumpReLU among those with no more active latents than were asked for. The method is then trained on
//! all rows of the share, from each seed, and measured on the test rows. With the protocol `seconds` a method has as many
//! epochs as take as long as the first method's `epochs`, by the time that the process had of a CPU.

#[path = "support/rows.rs"]
mod rows;

use std::collections::BTreeMap;
use std::error::Error;
use std::str::FromStr;

use pollster::block_on;
use splinterp::data::Dataset;
use splinterp::measures::{KnownFeatures, KnownOptions};
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, Threshold, TopKBy};
use splinterp::train::{
    AuxKOptions, BiasStart, DecoderNorm, DecoderStart, EpochReport, Method, Preset, ThresholdTraining,
    TrainOptions, Trainer,
};

use rows::{activations, mnist};

const MNIST: &str = "www/public/mnist";
const MINILM: &str = "../shared/data/activations/minilm_l3.npy";
/// Seed of splits into training, validation and test rows.
const SPLIT_SEED: u64 = 1;
/// Share of a share's rows that are trained on while step sizes are compared.
const FITTED: f64 = 0.9;
/// Share of a run's steps over which the step size rises, in the recipe of the libraries.
const WARMUP: f64 = 0.05;

/// Thresholds that JumpReLU starts from. Pre-activations of MNIST have a standard deviation of 2.8 at the start: these leave
/// 92 to 13 of 256 latents active.
const THRESHOLDS: [f32; 4] = [1.0, 2.0, 3.0, 4.5];
/// What L0 may be above its target, relative to it.
const L0_ABOVE: f64 = 0.1;

/// Names of the methods, the one first whose time is the measure of the protocol `seconds`.
const METHODS: [&str; 8] = [
    "topk-pam",
    "topk-sgd",
    "topk-sgd-recipe",
    "batchtopk-pam",
    "batchtopk-sgd",
    "batchtopk-sgd-recipe",
    "jumprelu-pam",
    "jumprelu-sgd",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let set = arguments.next().unwrap_or_default();
    if set == "known" {
        return known_features();
    }
    let mut keys = BTreeMap::new();
    for argument in arguments {
        let (key, value) =
            argument.split_once('=').ok_or_else(|| format!("'{argument}' is not key=value"))?;
        keys.insert(key.to_owned(), value.to_owned());
    }
    let mut take = |key: &str, default: &str| keys.remove(key).unwrap_or_else(|| default.to_owned());
    let shares: Vec<f64> = list(&take("shares", "0.01,0.05,0.1,0.25,0.5,1"))?;
    let methods: Vec<String> = list(&take("methods", &METHODS.join(",")))?;
    let seeds: Vec<u64> = list(&take("seeds", "1,2,3"))?;
    let epochs: u32 = take("epochs", "10").parse()?;
    let steps: Vec<f64> = list(&take("steps", "0.001,0.003,0.01,0.03"))?;
    let protocols: Vec<String> = list(&take("protocols", "epochs,seconds"))?;
    let data = take("data", if set == "minilm" { MINILM } else { MNIST });
    if let Some(key) = keys.keys().next() {
        return Err(format!("'{key}' is no key").into());
    }
    let (train, test, d_sae, k) = match set.as_str() {
        "mnist" => {
            let (train, test) = mnist(&data)?;
            (train, test, 256, 15)
        }
        "minilm" => {
            let (train, test) = activations(&data)?;
            (train, test, 1536, 32)
        }
        _ => return Err(format!("'{set}' is no set: mnist or minilm").into()),
    };
    println!(
        "set,share,protocol,method,role,lr,threshold,seed,epochs,steps,cpu_seconds,multiply_adds,mse,fvu,l0,dead_share,error"
    );
    for &share in &shares {
        let shared = train.share(share, SPLIT_SEED)?;
        let whole =
            Run { set: &set, share, protocol: "epochs", d_sae, k, epochs, train: &shared, test: &test };
        let mut measure = None;
        for name in &methods {
            // The first method's time is what the others are given.
            let seconds = whole.compare(name, &steps, &seeds, protocols.iter().any(|p| p == "epochs"))?;
            if measure.is_none() {
                measure = Some(seconds);
                continue;
            }
            let ratio = measure.unwrap_or(seconds) / seconds;
            if protocols.iter().any(|p| p == "seconds") {
                let epochs = ((f64::from(epochs) * ratio).round() as u32).max(1);
                Run { protocol: "seconds", epochs, ..whole }.compare(name, &steps, &seeds, true)?;
            }
        }
    }
    Ok(())
}

/// What each method, and Matryoshka over BatchTopK, recovers of known features, from three seeds.
fn known_features() -> Result<(), Box<dyn Error>> {
    let drawn = KnownOptions { count: 32, d_in: 20, active: 3.0, noise: 0.05 };
    let known = KnownFeatures::draw(4000, drawn, 1)?;
    let (train, test) = known.data.split(0.9, SPLIT_SEED)?;
    let run = Run {
        set: "known",
        share: 1.0,
        protocol: "epochs",
        d_sae: 32,
        k: 3,
        epochs: 30,
        train: &train,
        test: &test,
    };
    println!("method,seed,mcc,f1,fvu,l0,dead_share");
    for name in METHODS.into_iter().chain(["batchtopk-pam-prefixes", "batchtopk-sgd-prefixes"]) {
        for seed in 1..=3 {
            let plain = name.trim_end_matches("-prefixes");
            let mut options = run.options(plain, Tuned { lr: 0.01, threshold: 1.0 }, seed, train.rows())?;
            if plain != name {
                options.prefixes = vec![8, 16];
            }
            let mut trainer = Trainer::create(train.clone(), test.clone(), options)?;
            let mut report = block_on(trainer.epoch(&mut NoObserver))?;
            for _ in 1..run.epochs {
                report = block_on(trainer.epoch(&mut NoObserver))?;
            }
            let found = trainer.sae().recovery(&known)?;
            println!(
                "{name},{seed},{},{},{},{},{}",
                found.mcc, found.f1, report.test_fvu, report.test_l0, report.dead_share
            );
        }
    }
    Ok(())
}

/// What is tuned.
#[derive(Clone, Copy)]
struct Tuned {
    lr: f64,
    /// Of JumpReLU, at the start.
    threshold: f32,
}

/// What runs of one share have in common.
#[derive(Clone, Copy)]
struct Run<'a> {
    set: &'a str,
    share: f64,
    protocol: &'a str,
    d_sae: usize,
    k: usize,
    epochs: u32,
    train: &'a Dataset,
    test: &'a Dataset,
}

impl Run<'_> {
    /// Trains a method with each step size, and with the best of them from each seed; returns the seconds of a run with that.
    fn compare(&self, name: &str, steps: &[f64], seeds: &[u64], whole: bool) -> Result<f64, Box<dyn Error>> {
        let (fitted, held_out) = self.train.split(FITTED, SPLIT_SEED)?;
        let thresholds = if name.starts_with("jumprelu") { &THRESHOLDS[..] } else { &THRESHOLDS[..1] };
        let grid =
            steps.iter().flat_map(|&lr| thresholds.iter().map(move |&threshold| Tuned { lr, threshold }));
        let mut best: Option<(f64, Tuned, f64)> = None;
        for tuned in grid {
            let Some((report, seconds)) = self.train(name, tuned, 1, (&fitted, &held_out), "validation")?
            else {
                continue;
            };
            // With more latents a lower error is no gain: what is above the target comes last, the nearest first.
            let above = report.test_l0 / self.k as f64 - 1.0;
            let is_above = name.starts_with("jumprelu") && above > L0_ABOVE;
            let rank = if is_above { f64::from(f32::MAX) * above } else { report.test_mse };
            if best.is_none_or(|(least, _, _)| rank < least) {
                best = Some((rank, tuned, seconds));
            }
        }
        let (_, tuned, mut seconds) =
            best.ok_or_else(|| format!("{name} left the numbers with every step size"))?;
        if whole {
            for &seed in seeds {
                if let Some((_, took)) = self.train(name, tuned, seed, (self.train, self.test), "test")? {
                    seconds = took;
                }
            }
        }
        Ok(seconds)
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
        let work = self.multiply_adds(&options, train.rows(), train.cols());
        let mut trainer = Trainer::create(train.clone(), measured.clone(), options)?;
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
        let Tuned { lr, threshold } = tuned;
        let threshold = if name.starts_with("jumprelu") { threshold.to_string() } else { String::new() };
        println!(
            "{},{},{},{name},{role},{lr},{threshold},{seed},{},{steps},{seconds:.3},{work:.3e},{figures}",
            self.set, self.share, self.protocol, self.epochs
        );
        Ok(last.ok().map(|report| (report, seconds)))
    }

    fn options(
        &self,
        name: &str,
        Tuned { lr, threshold }: Tuned,
        seed: u64,
        rows: usize,
    ) -> Result<TrainOptions, String> {
        let (activation, method) = name.split_once('-').ok_or_else(|| format!("'{name}' is no method"))?;
        let activation = match activation {
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

    /// Multiply-adds of a run: products of the encoder, of the codes with both matrices, Adam's updates, and the solves.
    fn multiply_adds(&self, options: &TrainOptions, rows: usize, cols: usize) -> f64 {
        let (rows, d_in, d_sae, k) = (rows as f64, cols as f64, self.d_sae as f64, self.k as f64);
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

fn list<T: FromStr>(values: &str) -> Result<Vec<T>, String>
where
    T::Err: std::fmt::Display,
{
    values.split(',').map(|value| value.parse().map_err(|error| format!("'{value}': {error}"))).collect()
}
