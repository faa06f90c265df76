//! The exact geometry of trained SAEs, for `docs/results.md`: margins through the epochs, then census, bounds by depth,
//! certificates and audit. Prints lines of CSV.
//!
//! `cargo run --release --example spline -- SET [key=value …]`, where SET is `mnist` (TopK 15 of 256, 20 epochs) or
//! `minilm` (TopK 32 of 1536, 10 epochs), and the keys are `data=PATH` (as for the example `ablations`), `epochs=N`,
//! `share=0.1` (of the training rows to train on), `seed=1`, `methods=sgd,pam`, and `rows=10000` (training rows that
//! bounds, certificates and audit are measured on).

#[path = "support/rows.rs"]
mod rows;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use pollster::block_on;
use splinterp::cluster::{kmeans, local_pca};
use splinterp::data::Dataset;
use splinterp::progress::NoObserver;
use splinterp::random::{Random, Stream};
use splinterp::sae::{Activation, Sae, TopKBy};
use splinterp::spline::BoundsOptions;
use splinterp::train::{Method, Preset, TrainOptions, Trainer};

use rows::{activations, mnist};

/// Test rows whose margins are measured.
const MARGIN_ROWS: usize = 1000;
/// Epochs after which they are; and after the last.
const MARGIN_EPOCHS: [u32; 4] = [0, 1, 3, 10];
/// Parts by so many of the strongest latents; and by all.
const DEPTHS: [usize; 5] = [1, 2, 3, 4, 6];
/// Rounds of Lloyd's k-means, which is run beside the parts of depth 1, at most.
const ROUNDS: u32 = 15;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let set = arguments.next().unwrap_or_default();
    let mut keys = BTreeMap::new();
    for argument in arguments {
        let (key, value) =
            argument.split_once('=').ok_or_else(|| format!("'{argument}' is not key=value"))?;
        keys.insert(key.to_owned(), value.to_owned());
    }
    let mut key = |name: &str, default: &str| keys.remove(name).unwrap_or_else(|| default.to_owned());
    let (d_sae, k, epochs, (train, test)) = match set.as_str() {
        "mnist" => (256, 15, "20", mnist(key("data", "../shared/data/mnist"))?),
        "minilm" => (1536, 32, "10", activations(key("data", "../shared/data/activations/minilm_l3.npy"))?),
        _ => return Err(format!("'{set}' is no set: mnist or minilm").into()),
    };
    let epochs: u32 = key("epochs", epochs).parse()?;
    let seed: u64 = key("seed", "1").parse()?;
    let train = train.share(key("share", "1").parse()?, seed)?;
    let rows: usize = key("rows", "10000").parse()?;
    let methods = key("methods", "sgd,pam");
    if let Some(key) = keys.keys().next() {
        return Err(format!("'{key}' is no key").into());
    }
    let measured = train.share((rows as f64 / train.rows() as f64).min(1.0), seed)?;
    println!("label,epoch,figure,at,value");
    for name in methods.split(',') {
        let (label, method) = match name {
            "sgd" => ("SGD untied", Method::Sgd),
            "pam" => ("PAM-SGD recommended", Method::Pam),
            _ => return Err(format!("methods: '{name}' is none: sgd or pam").into()),
        };
        let activation = Activation::TopK { k, by: TopKBy::Magnitude };
        let options =
            TrainOptions { tied: Some(false), ..TrainOptions::new(method, d_sae, activation, seed) };
        let options = Preset::Recommended.apply(options, train.rows(), epochs);
        let mut trainer = Trainer::create(train.clone(), test.clone(), options)?;
        let line = Line { label, epoch: epochs };
        for epoch in 0..=epochs {
            if epoch == epochs || MARGIN_EPOCHS.contains(&epoch) {
                margins(&Line { label, epoch }, trainer.sae(), &test)?;
            }
            if epoch < epochs {
                block_on(trainer.epoch(&mut NoObserver))?;
                eprintln!("{label}: epoch {} of {epochs}", epoch + 1);
            }
        }
        let sae = trainer.sae();
        census(&line, sae, &train, &test)?;
        dead(&line, sae, &measured)?;
        audit(&line, sae, &measured)?;
        bounds(&line, sae, &measured, k)?;
    }
    Ok(())
}

/// What a line says beside its figure.
struct Line {
    label: &'static str,
    epoch: u32,
}

impl Line {
    fn print(&self, figure: &str, at: impl ToString, value: f64) {
        println!("{},{},{figure},{},{value}", self.label, self.epoch, at.to_string());
    }
}

/// Quantiles of distance and jump, the distances also in shares of the row's distance from the mean row.
fn margins(line: &Line, sae: &Sae, test: &Dataset) -> Outcome<()> {
    let rows: Vec<u32> = (0..test.rows().min(MARGIN_ROWS) as u32).collect();
    let values = test.rows_at(&rows)?;
    let mean = test.moments().mean;
    let away = |row: &[f32]| {
        let squares = row.iter().zip(&mean).map(|(&x, mean)| (f64::from(x) - mean).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let start = Instant::now();
    let margins = sae.margins(&values)?;
    eprintln!("{}: margins of {} rows in {:?}", line.label, margins.len(), start.elapsed());
    let shares = margins.iter().zip(values.chunks_exact(sae.d_in)).map(|(m, row)| m.distance / away(row));
    for (figure, mut found) in [
        ("margin", margins.iter().map(|margin| margin.distance).collect::<Vec<_>>()),
        ("margin share", shares.collect()),
        ("jump", margins.iter().map(|margin| margin.jump).collect()),
    ] {
        found.sort_by(f64::total_cmp);
        for percent in [10, 50, 90] {
            line.print(figure, percent, found[(found.len() - 1) * percent / 100]);
        }
    }
    Ok(())
}

fn census(line: &Line, sae: &Sae, train: &Dataset, test: &Dataset) -> Outcome<()> {
    let census = block_on(sae.census(train, Some(test), &mut NoObserver))?;
    line.print("rows", "", train.rows() as f64);
    line.print("cells", "", census.cells as f64);
    line.print("entropy", "", census.entropy);
    line.print("unseen share", "", census.unseen_share.unwrap_or(f64::NAN));
    for (j, cells) in (1..).zip(census.prefix_cells) {
        line.print("prefix cells", j, f64::from(cells));
    }
    Ok(())
}

fn dead(line: &Line, sae: &Sae, rows: &Dataset) -> Outcome<()> {
    let found = block_on(sae.dead_latents(rows, &mut NoObserver))?;
    line.print("dead", "", found.dead.len() as f64);
    line.print("certified", "", found.certified.len() as f64);
    line.print("radius", "", found.radius);
    Ok(())
}

fn audit(line: &Line, sae: &Sae, rows: &Dataset) -> Outcome<()> {
    let audit = block_on(sae.audit(rows, &mut NoObserver))?;
    line.print("mse", "", audit.mse);
    line.print("decoder refit mse", "", audit.decoder_refit_mse);
    line.print("support mse", "", audit.support_mse);
    line.print("pursuit mse", "", audit.pursuit_mse);
    Ok(())
}

fn bounds(line: &Line, sae: &Sae, rows: &Dataset, k: usize) -> Outcome<()> {
    let values: Vec<f64> = rows.try_values()?.into_iter().map(f64::from).collect();
    let moments = rows.moments();
    let whole = local_pca(&values, sae.d_in, &vec![0; rows.rows()], &moments.mean, k)?;
    line.print("global pca mse", k, whole.mse);
    line.print("bounds rows", "", rows.rows() as f64);
    for depth in DEPTHS.into_iter().chain([k]) {
        let found = block_on(sae.bounds(
            rows,
            BoundsOptions { depth: Some(depth), ..BoundsOptions::default() },
            &mut NoObserver,
        ))?;
        line.print("covered share", depth, found.covered_rows as f64 / rows.rows() as f64);
        line.print("covered cells", depth, found.cells as f64);
        line.print("pca mse", depth, found.pca_mse);
        line.print("refit mse", depth, found.refit_mse);
        line.print("sae mse", depth, found.sae_mse);
        line.print("mean mse", depth, found.mean_mse);
        if depth == 1 && found.cells > 0 {
            line.print("k-means mse", depth, lloyd(&values, sae.d_in, found.cells)?);
        }
        eprintln!("{}: bounds at depth {depth}", line.label);
    }
    Ok(())
}

/// Lloyd's k-means of all rows from so many of them.
fn lloyd(values: &[f64], dims: usize, centers: usize) -> Outcome<f64> {
    let order = Random::new(0, Stream::Centers).permutation((values.len() / dims) as u32);
    let starts = order[..centers].iter().flat_map(|&row| &values[row as usize * dims..][..dims]);
    Ok(kmeans(values, dims, &starts.copied().collect::<Vec<_>>(), ROUNDS)?.mse)
}
