//! The comparison of `docs/comparison.md`: every method at its best step size, and a line of CSV for each run.
//!
//! `cargo run --release --example comparison -- SET [key=value …]`, where SET is `mnist` or `minilm`, and the keys narrow it
//! down: `shares=0.01,0.1`, `methods=…` (names as in [`METHODS`]), `seeds=1,2,3`, `epochs=10`, `steps=0.001,0.003,0.01`,
//! `measure=METHOD` (of seconds, if not the first of the methods), `protocols=epochs,seconds`, `thresholds=1,2` (which JumpReLU
//! starts from, instead of a search), `data=PATH`.
//!
//! `comparison -- known` prints what each method recovers of the features that 4 000 generated rows are made of, with the one
//! step size 0.01: the mean cosine of features and matched decoder rows (MCC), and F1 of activity.
//!
//! How a step size is chosen `support/tuned.rs` says, not by test rows, and what the protocol `seconds` is.

#[path = "support/rows.rs"]
mod rows;
#[path = "support/tuned.rs"]
mod tuned;

use std::error::Error;

use pollster::block_on;
use splinterp::measures::{KnownFeatures, KnownOptions};
use splinterp::progress::NoObserver;
use splinterp::train::Trainer;

use tuned::{Arguments, HEADER, Run, SPLIT_SEED, Task, Tuned};

/// Names of the methods, the one first whose time is the measure of the protocol `seconds`.
const METHODS: [&str; 9] = [
    "topk-pam",
    "topk-sgd",
    "topk-sgd-recipe",
    "batchtopk-pam",
    "batchtopk-sgd",
    "batchtopk-sgd-recipe",
    "jumprelu-pam",
    "jumprelu-sgd",
    "jumprelu-sgd-recipe",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut given = Arguments::read()?;
    if given.set == "known" {
        return known_features();
    }
    let shares: Vec<f64> = given.list("shares", "0.01,0.05,0.1,0.25,0.5,1")?;
    let settings = given.settings(&METHODS, "0.001,0.003,0.01,0.03", "")?;
    let Task { train, test, d_sae, k } = given.task()?;
    println!("{HEADER}");
    for &share in &shares {
        let shared = train.share(share, SPLIT_SEED)?;
        let (set, epochs) = (settings.set.as_str(), settings.epochs);
        let run =
            Run { set, share, protocol: "epochs", d_sae, k, l1: 0.0, epochs, train: &shared, test: &test };
        run.compare_all(&settings.methods, &settings)?;
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
        l1: 0.0,
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
