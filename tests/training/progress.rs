//! What an observer of a run hears, and what a run does about latents that stay dead and sizes beyond memory.

use std::ops::ControlFlow;

use pollster::block_on;
use splinterp::data::{Dataset, Storage};
use splinterp::progress::{NoObserver, Observer};
use splinterp::sae::{Activation, Sae, TopKBy};
use splinterp::train::{
    Experiment, ExperimentObserver, ExperimentRow, Method, Order, Preset, TrainOptions, Trainer,
    run_experiments,
};

const COLS: usize = 6;

fn rows(n: usize) -> Dataset {
    let value = |at: usize| ((at * 7919 + 13) % 101) as f32 / 50.0 - 1.0;
    Dataset::new(Storage::F32((0..n * COLS).map(value).collect()), COLS).expect("finite rows")
}

fn options(method: Method, d_sae: usize) -> TrainOptions {
    let activation = Activation::TopK { k: 3, by: TopKBy::Positive };
    TrainOptions { batch_size: 16, lr: 0.01, ..TrainOptions::new(method, d_sae, activation, 1) }
}

/// Writes down what it hears, and breaks once so much is done.
struct Witness {
    heard: Vec<(u64, u64)>,
    patience: f64,
}

impl Witness {
    fn new(patience: f64) -> Self {
        Self { heard: Vec::new(), patience }
    }
}

impl Observer for Witness {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        self.heard.push((done, total));
        if done as f64 > self.patience * total as f64 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[test]
fn progress_rises_to_its_total_under_every_method() {
    let data = rows(90);
    let recommended = Preset::Recommended.apply(options(Method::Pam, 24), 90, 2);
    let decoder_first = TrainOptions { order: Order::DecoderFirst, ..options(Method::Pam, 24) };
    let script = Preset::PaperMnist.apply(options(Method::Pam, 24), 90, 2);
    for options in [options(Method::Sgd, 24), options(Method::Pam, 24), recommended, decoder_first, script] {
        let mut trainer =
            Trainer::create(data.clone(), data.clone(), options.clone()).expect("valid options");
        for _ in 0..2 {
            let mut witness = Witness::new(f64::INFINITY);
            block_on(trainer.epoch(&mut witness)).expect("trains");
            let heard = witness.heard;
            let total = heard[0].1;
            assert!(heard.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[1].1 == total), "{heard:?}");
            assert_eq!(heard.last(), Some(&(total, total)), "{options:?}");
        }
    }
}

#[test]
fn a_long_solve_is_heard_of_and_can_be_cancelled() {
    let data = rows(20);
    let mut trainer = Trainer::create(data.clone(), data, options(Method::Pam, 1000)).expect("valid options");
    let before = trainer.checkpoint().expect("writes");
    let mut witness = Witness::new(f64::INFINITY);
    block_on(trainer.epoch(&mut witness)).expect("trains");
    // 1000³/6 multiply-adds in pieces of 20 million, and little else.
    assert!(witness.heard.len() >= 9, "{:?}", witness.heard);
    let mut trainer = Trainer::resume(&before, rows(20), rows(20)).expect("resumes");
    let mut witness = Witness::new(0.5);
    let error = block_on(trainer.epoch(&mut witness)).expect_err("is cancelled");
    assert_eq!((error.code(), trainer.epochs()), ("cancelled", 0));
    assert!(before == trainer.checkpoint().expect("writes"));
}

/// Writes down what it hears of a list of runs, in order.
#[derive(Default)]
struct ListWitness {
    epochs: Vec<(u64, u32, f64)>,
    finished: Vec<u64>,
    /// Epochs heard of before each progress.
    told: Vec<usize>,
    patience: usize,
}

impl Observer for ListWitness {
    async fn progress(&mut self, _done: u64, _total: u64) -> ControlFlow<()> {
        self.told.push(self.epochs.len());
        if self.epochs.len() > self.patience { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl ExperimentObserver for ListWitness {
    fn epoch(&mut self, row: &ExperimentRow) {
        let report = row.report.expect("an epoch has a report");
        assert_eq!(row.epochs, report.epoch);
        self.epochs.push((row.seed, report.epoch, report.test_mse));
    }

    fn finished(&mut self, row: &ExperimentRow) {
        self.finished.push(row.seed);
    }
}

#[test]
fn a_list_tells_of_each_epoch_and_lets_go_between_them() {
    let data = rows(40);
    let experiment = Experiment {
        label: "PAM-SGD".into(),
        options: options(Method::Pam, 8),
        preset: None,
        share: 1.0,
        epochs: 3,
        seeds: vec![5, 6],
    };
    let mut witness = ListWitness { patience: usize::MAX, ..ListWitness::default() };
    let list = [experiment];
    let table = block_on(run_experiments((&data, &data), &list, &mut witness)).expect("a table");
    let heard: Vec<(u64, u32)> = witness.epochs.iter().map(|&(seed, epoch, _)| (seed, epoch)).collect();
    assert_eq!(heard, [(5, 1), (5, 2), (5, 3), (6, 1), (6, 2), (6, 3)]);
    assert_eq!(witness.finished, [5, 6]);
    assert_eq!(witness.epochs[2].2, table[0].report.expect("figures").test_mse);
    // After every epoch, the last included, progress is told before the next begins.
    assert!((1..=6).all(|epochs| witness.told.contains(&epochs)), "{:?}", witness.told);

    let mut witness = ListWitness { patience: 3, ..ListWitness::default() };
    let error = block_on(run_experiments((&data, &data), &list, &mut witness)).expect_err("is cancelled");
    assert_eq!((error.code(), witness.epochs.len(), witness.finished), ("cancelled", 4, vec![5]));
}

/// A model with four latents of its eight that no row of [`rows`] activates.
fn half_dead() -> Sae {
    let mut sae = Sae::random(COLS, 8, Activation::TopK { k: 3, by: TopKBy::Positive }, false, 1);
    sae.b_enc[..4].fill(-100.0);
    sae
}

#[test]
fn dead_latents_are_resampled_under_either_order() {
    let data = rows(90);
    for order in [Order::EncoderFirst, Order::DecoderFirst] {
        let dead_share = |resample: bool| {
            let options = TrainOptions { order, resample, ..options(Method::Pam, 8) };
            let mut trainer =
                Trainer::start_from(half_dead(), data.clone(), data.clone(), options).expect("fits");
            block_on(trainer.epoch(&mut NoObserver)).expect("trains").dead_share
        };
        assert_eq!(dead_share(false), 0.5, "{order:?}");
        assert!(dead_share(true) < 0.25, "{order:?}: {}", dead_share(true));
    }
}

#[test]
fn sgd_starts_dead_latents_anew_along_residuals() {
    let data = rows(90);
    // A model after an epoch, and how many latents the next finds dead.
    let train = |resample: bool, tied: bool| {
        let start = if tied {
            let mut sae = Sae::random(COLS, 8, Activation::TopK { k: 3, by: TopKBy::Positive }, true, 1);
            sae.b_enc[..4].fill(-100.0);
            sae
        } else {
            half_dead()
        };
        let options = TrainOptions { resample, tied: Some(tied), ..options(Method::Sgd, 8) };
        let mut trainer = Trainer::start_from(start, data.clone(), data.clone(), options).expect("fits");
        block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        let after = trainer.sae().clone();
        (after, block_on(trainer.epoch(&mut NoObserver)).expect("trains").dead_share)
    };
    let length = |vector: &[f32]| vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    for tied in [false, true] {
        let (plain, dead) = train(false, tied);
        assert_eq!(dead, 0.5, "tied {tied}");
        let (sae, dead) = train(true, tied);
        assert!(dead < 0.25, "tied {tied}: {dead}");
        // The living are left alone.
        assert_eq!(sae.w_enc[4 * COLS..], plain.w_enc[4 * COLS..]);
        assert_eq!(sae.decoder()[4 * COLS..], plain.decoder()[4 * COLS..]);
        let mean = plain.decoder()[4 * COLS..].chunks_exact(COLS).map(length).sum::<f32>() / 4.0;
        for latent in 0..4 {
            let (encoder, decoder) =
                (&sae.w_enc[latent * COLS..][..COLS], &sae.decoder()[latent * COLS..][..COLS]);
            let product: f32 = encoder.iter().zip(decoder).map(|(e, d)| e * d).sum();
            assert!(
                (product / length(encoder) / length(decoder) - 1.0).abs() < 1e-5,
                "tied {tied}, latent {latent}"
            );
            if !tied {
                assert!((length(decoder) / mean - 1.0).abs() < 1e-5, "latent {latent}");
            }
            assert_eq!(sae.b_enc[latent], 0.0);
        }
    }
}

#[test]
fn sgd_leaves_latents_alone_at_the_end_of_a_planned_run() {
    let last = |resample: bool| {
        let planned = TrainOptions { lr_decay_epochs: Some(1), ..options(Method::Sgd, 8) };
        let options = TrainOptions { resample, tied: Some(false), ..planned };
        let mut trainer = Trainer::start_from(half_dead(), rows(90), rows(90), options).expect("fits");
        block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        trainer.sae().clone()
    };
    assert_eq!(last(true), last(false));
}

#[test]
fn what_memory_cannot_hold_is_refused_before_anything_is_allocated() {
    let refused = |method, d_sae: usize| {
        let error = Trainer::create(rows(5), rows(5), options(method, d_sae)).expect_err("is too large");
        assert_eq!(error.code(), "memory", "{error}");
        error.to_string()
    };
    let message = refused(Method::Pam, 1 << 31);
    assert!(
        message.starts_with("ZᵀZ of PAM-SGD with so many latents [2147483648, 2147483648] takes"),
        "{message}"
    );
    assert!(refused(Method::Sgd, usize::MAX / 2).starts_with("W_enc ["));
}
