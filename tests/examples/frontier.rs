//! Error against active latents: every method at its best step size for each k or l1, and a line of CSV for each run.
//!
//! `cargo run --release --example frontier -- SET [key=value …]`, where SET is `mnist` or `minilm`, and the keys narrow it
//! down: `share=0.1`, `methods=…` (as in [`METHODS`]), `k=4,8,15` (of JumpReLU the l0 that it is trained towards),
//! `l1=0.001,0.003` (of ReLU, which has no k), `seeds=1,2,3`, `epochs=10`, `steps=0.001,0.003,0.01`,
//! `protocols=epochs,seconds`, `thresholds=1,2,3` (of JumpReLU at the start), `data=PATH`.
//!
//! How a step size is chosen `support/tuned.rs` says, not by test rows, and what the protocol `seconds` is. Its measure is
//! the first method of an activation, at the same k or l1.

#[path = "support/rows.rs"]
mod rows;
#[path = "support/tuned.rs"]
mod tuned;

use std::error::Error;

use tuned::{Arguments, HEADER, Run, SPLIT_SEED, Task};

/// Names of the methods.
const METHODS: [&str; 12] = [
    "topk-pam",
    "topk-sgd",
    "topk-sgd-recipe",
    "batchtopk-pam",
    "batchtopk-sgd",
    "batchtopk-sgd-recipe",
    "relu-pam",
    "relu-sgd",
    "relu-sgd-recipe",
    "jumprelu-pam",
    "jumprelu-sgd",
    "jumprelu-sgd-recipe",
];

/// Step sizes: more than in `comparison`, since the best moves with k and with the penalty.
const STEPS: &str = "0.0003,0.001,0.003,0.01,0.03,0.1";
/// What JumpReLU starts from. Pre-activations of MNIST have a standard deviation of 2.8 at the start: these leave 92 to 1 of
/// 256 latents active. Where rows are few, what it starts from is about what it ends with.
const THRESHOLDS: &str = "1,2,3,4.5,6,7.5";

fn main() -> Result<(), Box<dyn Error>> {
    let mut given = Arguments::read()?;
    let share = given.list("share", "0.1")?[0];
    let active: Vec<usize> = given.list("k", "4,8,15,30,60")?;
    let penalties: Vec<f64> = given.list("l1", "0.0003,0.0006,0.001,0.002,0.003,0.005")?;
    let settings = given.settings(&METHODS, STEPS, THRESHOLDS)?;
    let Task { train, test, d_sae, k } = given.task()?;
    println!("{HEADER}");
    let (train, test) = (&train.share(share, SPLIT_SEED)?, &test);
    let (set, epochs) = (settings.set.as_str(), settings.epochs);
    let run = Run { set, share, protocol: "epochs", d_sae, k, l1: 0.0, epochs, train, test };
    for methods in settings.methods.chunk_by(|left, right| activation(left) == activation(right)) {
        let points: Vec<Run<'_>> = if methods[0].starts_with("relu") {
            penalties.iter().map(|&l1| Run { l1, ..run }).collect()
        } else {
            active.iter().map(|&k| Run { k, ..run }).collect()
        };
        for point in points {
            point.compare_all(methods, &settings)?;
        }
    }
    Ok(())
}

/// The first word of a method's name.
fn activation(name: &str) -> &str {
    name.split('-').next().unwrap_or_default()
}
