//! The native side of `tests/bench/train.bench.mjs`: a request and an answer a line, both JSON.
//!
//! Arguments are the folder with MNIST and the file with the rows of MiniLM. A request names a run, its `spec` from
//! `tests/bench/train/runs.mjs`, the threads, and how many epochs a preset is to plan for; the answer holds the seconds of
//! one epoch and its reports of progress.

#[path = "support/rows.rs"]
mod rows;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::error::Error;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use pollster::block_on;
use serde::Deserialize;
use serde_json::{Value, json};
use splinterp::data::Dataset;
use splinterp::engine::{CpuInference, Operation};
use splinterp::progress::Observer;
use splinterp::threads::Threads;
use splinterp::train::{Preset, TrainOptions, Trainer};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Seed of the split into training and test rows, where the data come in one piece, and of a share of them.
const SEED: u64 = 1;

#[derive(Deserialize)]
struct Request {
    name: String,
    spec: Spec,
    threads: usize,
    epochs: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    kind: String,
    data: String,
    preset: Option<Preset>,
    most_rows: Option<usize>,
    options: TrainOptions,
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let (Some(mnist), Some(minilm)) = (arguments.next(), arguments.next()) else {
        return Err("expected the folder with MNIST and the file with the rows of MiniLM".into());
    };
    let mut data = BTreeMap::new();
    // Those of one name at a time, by the number of threads.
    let (mut name, mut runs) = (String::new(), BTreeMap::new());
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        if name != request.name || request.spec.kind == "solve" {
            runs.clear();
            name.clone_from(&request.name);
        }
        let sets = match data.entry(request.spec.data.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) if entry.key() == "mnist" => entry.insert(rows::mnist(&mnist)?),
            Entry::Vacant(entry) => entry.insert(rows::activations(&minilm)?),
        };
        let run = match runs.entry(request.threads) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Run::new(sets, &request)?),
        };
        println!("{}", run.measured()?);
        std::io::stdout().flush()?;
    }
    Ok(())
}

struct Run {
    trainer: Trainer,
    threads: Threads,
    /// Rows to train on, rows to test on, columns.
    sizes: (usize, usize, usize),
    /// Where rows are to be encoded, these.
    rows: Option<Vec<f32>>,
}

impl Run {
    fn new((train, test): &(Dataset, Dataset), request: &Request) -> Outcome<Self> {
        let Spec { kind, preset, most_rows, options, .. } = &request.spec;
        let train = match most_rows {
            Some(most) if *most < train.rows() => train.share(*most as f64 / train.rows() as f64, SEED)?,
            _ => train.clone(),
        };
        let options = TrainOptions { threads: Some(request.threads), ..options.clone() };
        let options = match preset {
            Some(preset) => preset.apply(options, train.rows(), request.epochs),
            None => options,
        };
        let sizes = (train.rows(), test.rows(), train.cols());
        let rows = (kind == "encode").then(|| train.values());
        let threads = Threads::up_to(Some(request.threads));
        Ok(Self { trainer: Trainer::create(train, test.clone(), options)?, threads, sizes, rows })
    }

    fn measured(&mut self) -> Outcome<Value> {
        let mut marks = Marks { begun: Instant::now(), marks: Vec::new() };
        let processor = processor_seconds();
        let mut answer = match &self.rows {
            Some(rows) => {
                let sae = self.trainer.sae();
                let mut z = vec![0.0; rows.len() / sae.d_in * sae.d_sae];
                marks.begun = Instant::now();
                CpuInference::new(sae).on(self.threads).apply(Operation::Encode, rows, &mut z)?;
                json!({})
            }
            None => {
                let report = block_on(self.trainer.epoch(&mut marks))?;
                json!({ "testMse": report.test_mse, "testL0": report.test_l0 })
            }
        };
        answer["seconds"] = json!(marks.begun.elapsed().as_secs_f64());
        answer["processor"] = json!(processor_seconds().zip(processor).map(|(after, before)| after - before));
        answer["marks"] = json!(marks.marks);
        answer["options"] = serde_json::to_value(self.trainer.options())?;
        let (rows, test_rows, cols) = self.sizes;
        (answer["rows"], answer["testRows"], answer["cols"]) = (json!(rows), json!(test_rows), json!(cols));
        Ok(answer)
    }
}

/// Seconds of the processor that the main thread has used, where the system says it.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

/// When which part of an epoch was done.
struct Marks {
    begun: Instant,
    marks: Vec<(u64, u64, f64)>,
}

impl Observer for Marks {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        self.marks.push((done, total, self.begun.elapsed().as_secs_f64()));
        ControlFlow::Continue(())
    }
}
