//! The comparisons of `docs/results.md`: runs one set of experiments and prints a line of CSV a run.
//!
//! `cargo run --release --example ablations -- SET [key=value …]`, where SET is one of
//! - `mnist-topk`: test error by share of the training rows, TopK 15 of 256
//! - `mnist-updates`: by Adam steps on each batch, at a share of 10 %
//! - `mnist-decay`: by weight decay, at a share of 10 %
//! - `mnist-proximal`: by μ = ν of encoder and decoder, at a share of 10 %
//! - `mnist-relu`: ReLU over λ, at a share of 10 %: the frontier of error and active latents
//! - `minilm`: as `mnist-topk` on activations of a language model, TopK 32 of 1536
//!
//! and the keys narrow it down: `seeds=1,2,3`, `shares=0.01,0.1`, `methods=sgd-tied,sgd,pam-script,pam`, `epochs=10`
//! (of the shares below 100 %), `updates=1,3`, `l1=0.001,0.01`, `decay=0,1e-5`, `mu=0,1e-5`, `lr=0.003` (of untied SGD);
//! `activation=relu` trains with ReLU in the place of TopK. `data=PATH` says where the data lie: the folder with MNIST's
//! four files, or the array of activations.

#[path = "support/rows.rs"]
mod rows;

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::ControlFlow;
use std::str::FromStr;

use pollster::block_on;
use splinterp::progress::Observer;
use splinterp::sae::{Activation, TopKBy};
use splinterp::train::{
    CSV_HEADER, Experiment, ExperimentObserver, ExperimentRow, Method, Preset, TrainOptions, run_experiments,
};

use rows::{activations, mnist};

const MNIST: &str = "www/public/mnist";
const MINILM: &str = "../shared/data/activations/minilm_l3.npy";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let set = arguments.next().unwrap_or_default();
    let mut keys = BTreeMap::new();
    for argument in arguments {
        let (key, value) =
            argument.split_once('=').ok_or_else(|| format!("'{argument}' is not key=value"))?;
        keys.insert(key.to_owned(), value.to_owned());
    }
    let mut keys = Keys(keys);
    let (train, test) = match set.as_str() {
        "mnist-topk" | "mnist-updates" | "mnist-relu" | "mnist-decay" | "mnist-proximal" => {
            mnist(keys.text("data", MNIST))?
        }
        "minilm" => activations(keys.text("data", MINILM))?,
        _ => {
            return Err(format!(
                "'{set}' is no set of experiments: mnist-topk, mnist-updates, mnist-decay, mnist-proximal, \
                 mnist-relu or minilm"
            )
            .into());
        }
    };
    let experiments = experiments(&set, &mut keys)?;
    if let Some(key) = keys.0.keys().next() {
        return Err(format!("'{key}' is no key of {set}").into());
    }
    println!("{CSV_HEADER}");
    block_on(run_experiments((&train, &test), &experiments, &mut Console { shown: 0 }))?;
    Ok(())
}

/// One of the methods that are compared.
#[derive(Clone, Copy, PartialEq)]
enum Contestant {
    SgdTied,
    Sgd,
    PamScript,
    Pam,
}

impl FromStr for Contestant {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "sgd-tied" => Ok(Self::SgdTied),
            "sgd" => Ok(Self::Sgd),
            "pam-script" => Ok(Self::PamScript),
            "pam" => Ok(Self::Pam),
            _ => Err(format!("'{name}' is no method: sgd-tied, sgd, pam-script or pam")),
        }
    }
}

impl Contestant {
    fn label(self) -> &'static str {
        match self {
            Self::SgdTied => "SGD tied",
            Self::Sgd => "SGD untied",
            Self::PamScript => "PAM-SGD script",
            Self::Pam => "PAM-SGD recommended",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::SgdTied | Self::Sgd => Method::Sgd,
            Self::PamScript | Self::Pam => Method::Pam,
        }
    }

    /// The scripts' settings for the scripts' methods, ours for ours and for untied SGD.
    fn preset(self, script: Preset) -> Preset {
        match self {
            Self::SgdTied | Self::PamScript => script,
            Self::Sgd | Self::Pam => Preset::Recommended,
        }
    }
}

fn experiments(set: &str, keys: &mut Keys) -> Result<Vec<Experiment>, Box<dyn Error>> {
    let by_share = matches!(set, "mnist-topk" | "minilm");
    let (d_sae, mut activation, script) = match set {
        "minilm" => (1536, Activation::TopK { k: 32, by: TopKBy::Magnitude }, Preset::PaperLlm),
        "mnist-relu" => (256, Activation::Relu, Preset::PaperMnist),
        _ => (256, Activation::TopK { k: 15, by: TopKBy::Magnitude }, Preset::PaperMnist),
    };
    match keys.text("activation", "").as_str() {
        "" => {}
        "relu" => activation = Activation::Relu,
        other => return Err(format!("activation is '{other}', expected relu or nothing").into()),
    }
    let methods: Vec<Contestant> =
        keys.list("methods", if set == "mnist-relu" { "sgd,pam" } else { "sgd-tied,sgd,pam-script,pam" })?;
    let seeds: Vec<u64> = keys.list("seeds", "1,2,3")?;
    let epochs: u32 = keys.text("epochs", "10").parse()?;
    let lr: f64 = keys.text("lr", "0.003").parse()?;
    let mut experiments = Vec::new();
    for Point { share, updates_per_batch, l1, weight_decay, mu } in points(set, by_share, keys)? {
        for &contestant in &methods {
            let options = TrainOptions {
                tied: Some(contestant == Contestant::SgdTied),
                updates_per_batch,
                l1,
                weight_decay,
                mu_enc: mu,
                nu_enc: mu,
                mu_dec: mu,
                nu_dec: mu,
                lr,
                ..TrainOptions::new(contestant.method(), d_sae, activation.clone(), 0)
            };
            experiments.push(Experiment {
                label: contestant.label().into(),
                options,
                preset: Some(contestant.preset(script)),
                share,
                // As the paper's MNIST script: twice as many on the whole set.
                epochs: if share == 1.0 && set != "minilm" { 2 * epochs } else { epochs },
                seeds: seeds.clone(),
            });
        }
    }
    Ok(experiments)
}

/// A setting at which every method is tried.
#[derive(Clone, Copy)]
struct Point {
    share: f64,
    updates_per_batch: usize,
    l1: f64,
    weight_decay: f64,
    /// μ and ν of encoder and decoder.
    mu: f64,
}

/// The settings of a set: all combinations, of which a set varies one key.
fn points(set: &str, by_share: bool, keys: &mut Keys) -> Result<Vec<Point>, Box<dyn Error>> {
    let if_set =
        |name: &str, list: &'static str, single: &'static str| if set == name { list } else { single };
    let shares: Vec<f64> = keys.list("shares", if by_share { "0.01,0.05,0.1,0.25,0.5,1" } else { "0.1" })?;
    let updates: Vec<usize> = keys.list("updates", if_set("mnist-updates", "1,3,5,10", "1"))?;
    let l1s: Vec<f64> = keys.list("l1", if_set("mnist-relu", "0,1e-4,3e-4,1e-3,3e-3,1e-2", "0"))?;
    let decays: Vec<f64> = keys.list("decay", if_set("mnist-decay", "0,1e-5,1e-4,1e-3,1e-2", "0"))?;
    let mus: Vec<f64> = keys.list("mu", if_set("mnist-proximal", "0,1e-5,1e-4,1e-3,1e-2", "0"))?;
    let zero = Point { share: 0.0, updates_per_batch: 0, l1: 0.0, weight_decay: 0.0, mu: 0.0 };
    let points = varied(vec![zero], &shares, |point, share| Point { share, ..point });
    let points = varied(points, &updates, |point, updates_per_batch| Point { updates_per_batch, ..point });
    let points = varied(points, &l1s, |point, l1| Point { l1, ..point });
    let points = varied(points, &decays, |point, weight_decay| Point { weight_decay, ..point });
    Ok(varied(points, &mus, |point, mu| Point { mu, ..point }))
}

/// Each point with each of the values.
fn varied<T: Copy>(points: Vec<Point>, values: &[T], with: impl Fn(Point, T) -> Point) -> Vec<Point> {
    points
        .iter()
        .flat_map(|&point| values.iter().map(move |&value| (point, value)))
        .map(|(p, v)| with(p, v))
        .collect()
}

/// The keys of the command line that have not been asked for yet.
struct Keys(BTreeMap<String, String>);

impl Keys {
    fn text(&mut self, key: &str, default: &str) -> String {
        self.0.remove(key).unwrap_or_else(|| default.to_owned())
    }

    fn list<T: FromStr>(&mut self, key: &str, default: &str) -> Result<Vec<T>, String>
    where
        T::Err: std::fmt::Display,
    {
        let values = self.text(key, default);
        values.split(',').map(|value| value.parse().map_err(|error| format!("{key}: {error}"))).collect()
    }
}

/// Rows to standard output, percents to standard error.
struct Console {
    shown: u64,
}

impl Observer for Console {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        let percent = done * 100 / total.max(1);
        if percent > self.shown {
            self.shown = percent;
            eprintln!("{percent} %");
        }
        ControlFlow::Continue(())
    }
}

impl ExperimentObserver for Console {
    fn epoch(&mut self, _row: &ExperimentRow) {}

    fn finished(&mut self, row: &ExperimentRow) {
        println!("{}", row.to_csv_line());
    }
}
