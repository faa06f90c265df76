//! Properties of runs: determinism, checkpoints, cancelling, refused options, what recipes aim at.

use std::ops::ControlFlow;

use pollster::block_on;
use splinterp::data::{Dataset, NormalisationKind, Storage};
use splinterp::engine::{Operation, apply};
use splinterp::progress::{NoObserver, Observer};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};
use splinterp::train::{
    AuxKOptions, DecoderNorm, DecoderSolve, EpochReport, Method, Preset, ThresholdTraining, TrainOptions,
    Trainer,
};

use crate::support::random_rows;

fn digits() -> (Dataset, Dataset) {
    let draw = |n, seed| Dataset::digits(n, seed).expect("draws").normalised(NormalisationKind::Mnist);
    (draw(700, 1), draw(200, 2))
}

fn options(method: Method) -> TrainOptions {
    TrainOptions::new(method, 32, Activation::TopK { k: 5, by: TopKBy::Magnitude }, 7)
}

/// Every way to train that has code of its own.
fn variants() -> Vec<TrainOptions> {
    let pam = options(Method::Pam);
    vec![
        options(Method::Sgd),
        TrainOptions { tied: Some(false), lr_decay_epochs: Some(4), ..options(Method::Sgd) },
        Preset::Recommended.apply(pam.clone(), 700, 4),
        Preset::PaperLlm.apply(pam.clone(), 700, 4),
        TrainOptions { mu_dec: 0.01, nu_dec: 0.01, mu_enc: 0.01, updates_per_batch: 2, ..pam.clone() },
        Preset::DictionaryLearning.apply(
            TrainOptions { lr: 0.003, prefixes: vec![8, 20], ..options(Method::Sgd) },
            700,
            4,
        ),
        Preset::Sparsify.apply(TrainOptions { activation: BATCH, ..options(Method::Sgd) }, 700, 4),
        TrainOptions { auxk: AUXK, prefixes: vec![8, 20], activation: BATCH, ..pam.clone() },
        TrainOptions { tied: Some(false), ..trained_thresholds(options(Method::Sgd)) },
        TrainOptions { warmup_steps: 9, initial_solve: true, ..trained_thresholds(pam) },
    ]
}

const BATCH: Activation = Activation::BatchTopK { k: 5, threshold: None };
/// Latents that were not active in two of six batches count as dead.
const AUXK: Option<AuxKOptions> = Some(AuxKOptions { k: None, coefficient: 1.0, dead_after: Some(256) });

fn trained_thresholds(options: TrainOptions) -> TrainOptions {
    TrainOptions {
        activation: Activation::JumpRelu { threshold: Threshold::Shared(1.0) },
        jumprelu: Some(ThresholdTraining { bandwidth: 2.0, target_l0: 5.0, coefficient: 1.0 }),
        ..options
    }
}

#[test]
fn the_decoder_half_lowers_the_objective_in_every_epoch() {
    let (train, test) = digits();
    let prefixes = TrainOptions { prefixes: vec![4, 10], ..options(Method::Pam) };
    for options in [
        Preset::Recommended.apply(options(Method::Pam), 700, 4),
        TrainOptions { mu_dec: 0.01, nu_dec: 0.1, beta: 0.01, ..prefixes.clone() },
        TrainOptions { activation: BATCH, ..prefixes },
        trained_thresholds(options(Method::Pam)),
        options(Method::Pam),
    ] {
        let mut trainer = Trainer::create(train.clone(), test.clone(), options).expect("valid options");
        for _ in 0..4 {
            let report = block_on(trainer.epoch(&mut NoObserver)).expect("trains");
            let (before, after) = report.decoder_before.zip(report.decoder_after).expect("the joint decoder");
            assert!(after < before, "{before} {after}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_twice() {
    let (train, test) = digits();
    for options in variants() {
        let run = || {
            let mut trainer =
                Trainer::create(train.clone(), test.clone(), options.clone()).expect("valid options");
            block_on(trainer.epoch(&mut NoObserver)).expect("trains");
            trainer.checkpoint().expect("writes")
        };
        assert!(run() == run(), "{options:?}");
    }
}

/// A checkpoint after two epochs, as if the options had asked for one thread, and the reports but for their seconds.
fn on_threads(threads: usize, mut options: TrainOptions) -> (Vec<u8>, Vec<String>) {
    let (train, test) = digits();
    options.threads = Some(threads);
    let mut trainer = Trainer::create(train, test, options).expect("valid options");
    let expected = if threads == 1 { "CPU, 1 thread".to_owned() } else { format!("CPU, {threads} threads") };
    assert_eq!(trainer.backend(), expected);
    let reports = (0..2).map(|_| {
        let report = block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        format!("{:?}", EpochReport { seconds: 0.0, ..report })
    });
    let reports = reports.collect();
    let mut bytes = trainer.checkpoint().expect("writes");
    let name = |threads: usize| format!("\\\"threads\\\":{threads}}}").into_bytes();
    let found = name(threads);
    let at = bytes.windows(found.len()).position(|part| part == found).expect("the header names the threads");
    bytes.splice(at..at + found.len(), name(1));
    (bytes, reports)
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // Blocks, tiles and pieces of all sizes.
    let large = TrainOptions {
        d_sae: 150,
        solves_per_epoch: 3,
        resample: true,
        batch_size: 100,
        ..options(Method::Pam)
    };
    for options in variants().into_iter().chain([large]) {
        let one = on_threads(1, options.clone());
        for threads in [2, 4] {
            assert!(on_threads(threads, options.clone()) == one, "{threads} threads, {options:?}");
        }
    }
}

#[test]
fn a_checkpoint_names_threads_only_where_they_were_asked_for() {
    let (train, test) = digits();
    let trainer = Trainer::create(train, test, options(Method::Sgd)).expect("valid options");
    let bytes = trainer.checkpoint().expect("writes");
    assert!(!bytes.windows(7).any(|part| part == b"threads"));
}

#[test]
fn a_checkpoint_resumes_bit_for_bit() {
    let (train, test) = digits();
    for options in variants() {
        let mut straight =
            Trainer::create(train.clone(), test.clone(), options.clone()).expect("valid options");
        block_on(straight.epoch(&mut NoObserver)).expect("trains");
        let bytes = straight.checkpoint().expect("writes");
        let mut resumed = Trainer::resume(&bytes, train.clone(), test.clone()).expect("reads");
        let (a, b) = (block_on(straight.epoch(&mut NoObserver)), block_on(resumed.epoch(&mut NoObserver)));
        assert_eq!(a.expect("trains").test_mse, b.expect("trains").test_mse, "{options:?}");
        assert!(straight.checkpoint() == resumed.checkpoint(), "{options:?}");
    }
}

#[test]
fn a_checkpoint_cut_anywhere_is_an_error() {
    let (train, test) = digits();
    let trainer = Trainer::create(train.clone(), test.clone(), options(Method::Sgd)).expect("valid options");
    let bytes = trainer.checkpoint().expect("writes");
    for end in (0..bytes.len()).step_by(997).chain(0..200) {
        let error = Trainer::resume(&bytes[..end], train.clone(), test.clone()).expect_err("is cut");
        assert_eq!(error.code(), "format", "{end}: {error}");
    }
    let other = random_rows(10, 3, 1);
    let error = Trainer::resume(&bytes, other.clone(), other).expect_err("has other columns").to_string();
    assert_eq!(error, "columns of the data: found 3, expected 784 as in the checkpoint");
}

/// Cancels after some calls.
struct Impatient(u32);

impl Observer for Impatient {
    async fn progress(&mut self, _done: u64, _total: u64) -> ControlFlow<()> {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_cancelled_epoch_leaves_no_trace() {
    let (train, test) = digits();
    for options in variants() {
        let mut straight =
            Trainer::create(train.clone(), test.clone(), options.clone()).expect("valid options");
        let mut disturbed = Trainer::create(train.clone(), test.clone(), options).expect("valid options");
        let cancelled = block_on(disturbed.epoch(&mut Impatient(2))).expect_err("is cancelled");
        assert_eq!(cancelled.code(), "cancelled");
        assert_eq!(disturbed.epochs(), 0);
        for trainer in [&mut straight, &mut disturbed] {
            block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        }
        assert!(straight.checkpoint() == disturbed.checkpoint());
    }
}

#[test]
fn a_run_that_leaves_the_numbers_says_so_and_stands_where_it_was() {
    let (train, test) = digits();
    let options = TrainOptions { lr: 1e30, ..options(Method::Sgd) };
    let mut trainer = Trainer::create(train, test, options).expect("valid options");
    let before = trainer.checkpoint();
    let error = block_on(trainer.epoch(&mut NoObserver)).expect_err("diverges");
    assert_eq!(error.code(), "diverged", "{error}");
    assert!(before == trainer.checkpoint());
}

#[test]
fn options_out_of_range_are_named() {
    let refused = |change: fn(&mut TrainOptions)| {
        let (train, test) = digits();
        let mut options = options(Method::Pam);
        change(&mut options);
        Trainer::create(train, test, options).expect_err("is refused").to_string()
    };
    assert_eq!(
        refused(|o| o.activation = Activation::TopK { k: 33, by: TopKBy::Value }),
        "k is 33, expected from 1 to d_sae, here 32"
    );
    assert!(refused(|o| o.d_sae = 0).starts_with("dSae is 0"));
    assert!(refused(|o| o.batch_size = 0).starts_with("batchSize is 0"));
    assert!(refused(|o| o.updates_per_batch = 0).starts_with("updatesPerBatch is 0"));
    assert!(refused(|o| o.solves_per_epoch = 0).starts_with("solvesPerEpoch is 0"));
    let sgd = |o: &mut TrainOptions| *o = TrainOptions { sweep_rows: 9, ..options(Method::Sgd) };
    assert!(refused(sgd).starts_with("sweepRows is 9, expected 0 unless PAM-SGD"));
    let script = |o: &mut TrainOptions| {
        (o.sweep_rows, o.decoder) = (9, DecoderSolve::Script { ridge: 1e-6 });
    };
    assert!(refused(script).starts_with("sweepRows is 9, expected 0 unless PAM-SGD"));
    assert!(refused(|o| o.lr = f64::NAN).starts_with("lr is NaN"));
    assert!(refused(|o| o.lr = -1.0).starts_with("lr is -1"));
    assert!(refused(|o| o.alpha = Some(f64::INFINITY)).starts_with("alpha is inf"));
    assert!(refused(|o| o.nu_dec = -1e-3).starts_with("nuDec is -0.001"));
    assert!(refused(|o| o.tied = Some(true)).starts_with("tied is true"));
    assert_eq!(
        refused(|o| o.prefixes = vec![4, 4]),
        "prefixes is [4, 4], expected numbers of latents that rise from 1 or more to at most d_sae, here 32"
    );
    assert!(refused(|o| o.prefixes = vec![0, 4]).starts_with("prefixes is [0, 4]"));
    assert!(refused(|o| o.prefixes = vec![8, 33]).starts_with("prefixes is [8, 33]"));
    assert!(refused(|o| o.prefixes = (1..=32).chain([33]).collect()).starts_with("prefixes is 33 numbers"));
    assert!(refused(|o| o.decoder_norm = DecoderNorm::Unit).starts_with("decoderNorm is 'unit'"));
    assert!(
        refused(|o| o.auxk = Some(AuxKOptions { k: Some(0), ..AuxKOptions::default() }))
            .starts_with("auxk.k is 0")
    );
    assert!(
        refused(|o| o.auxk = Some(AuxKOptions { dead_after: Some(0), ..AuxKOptions::default() }))
            .starts_with("auxk.deadAfter is 0")
    );
    assert!(
        refused(|o| o.auxk = Some(AuxKOptions { coefficient: -1.0, ..AuxKOptions::default() }))
            .starts_with("auxk.coefficient is -1")
    );
    assert!(
        refused(|o| o.activation = Activation::BatchTopK { k: 33, threshold: None }).starts_with("k is 33")
    );
    let training = |change: fn(&mut ThresholdTraining)| {
        let (train, test) = digits();
        let mut options = trained_thresholds(options(Method::Sgd));
        change(options.jumprelu.as_mut().expect("is set"));
        Trainer::create(train, test, options).expect_err("is refused").to_string()
    };
    assert!(training(|t| t.bandwidth = 0.0).starts_with("jumprelu.bandwidth is 0"));
    assert_eq!(
        training(|t| t.target_l0 = 32.5),
        "jumprelu.targetL0 is 32.5, expected above 0 and at most d_sae, here 32"
    );
    assert!(training(|t| t.target_l0 = 0.0).starts_with("jumprelu.targetL0 is 0"));
    assert!(training(|t| t.coefficient = f64::NAN).starts_with("jumprelu.coefficient is NaN"));
    assert!(
        refused(|o| o.jumprelu = trained_thresholds(o.clone()).jumprelu).starts_with("jumprelu is given")
    );
    assert!(Dataset::new(Storage::F32(Vec::new()), 4).is_err());
    let (train, _) = digits();
    let error =
        Trainer::create(train, random_rows(5, 7, 1), options(Method::Sgd)).expect_err("other columns");
    assert_eq!(error.to_string(), "columns of the test data: found 7, expected 784");
}

#[test]
fn one_row_and_constant_rows_train_to_finite_numbers() {
    for data in [random_rows(1, 5, 3), Dataset::new(Storage::F32(vec![2.5; 60]), 5).expect("constant rows")] {
        for method in [Method::Sgd, Method::Pam] {
            let mut trainer =
                Trainer::create(data.clone(), data.clone(), options(method)).expect("valid options");
            let report = block_on(trainer.epoch(&mut NoObserver)).expect("trains");
            assert!(report.train_mse.is_finite() && report.test_mse.is_finite(), "{report:?}");
        }
    }
}

#[test]
fn a_recipe_comes_to_what_it_aims_at() {
    let (train, test) = digits();
    let run_for = |epochs, options: TrainOptions| {
        let mut trainer = Trainer::create(train.clone(), test.clone(), options).expect("valid options");
        let reports: Vec<EpochReport> =
            (0..epochs).map(|_| block_on(trainer.epoch(&mut NoObserver)).expect("trains")).collect();
        (trainer.sae().clone(), reports[epochs - 1])
    };
    let run = |options| run_for(12, options);
    for method in [Method::Sgd, Method::Pam] {
        let untied = TrainOptions { tied: Some(false), lr: 0.01, ..options(method) };
        // BatchTopK's threshold keeps k latents of a row on average, of rows that no step has seen.
        let (sae, report) = run(TrainOptions { activation: BATCH, ..untied.clone() });
        assert!((report.test_l0 - 5.0).abs() < 1.0, "{method:?}: {report:?}");
        let thresholds = sae.thresholds().expect("is set");
        assert!(
            thresholds.len() == 32 && thresholds[0] > 0.0 && thresholds.iter().all(|t| *t == thresholds[0])
        );
        // Thresholds move towards the target.
        let aiming = |target_l0| {
            let mut options = trained_thresholds(TrainOptions { lr: 0.006, ..untied.clone() });
            options.jumprelu = options.jumprelu.map(|training| ThresholdTraining { target_l0, ..training });
            run_for(40, options)
        };
        let ((sae, low), (_, high)) = (aiming(3.0), aiming(12.0));
        assert!(low.test_l0 < 9.0 && high.test_l0 > 11.0, "{method:?}: {low:?} {high:?}");
        let thresholds = sae.thresholds().expect("are trained");
        assert!(thresholds.iter().any(|t| (*t - 1.0).abs() > 0.1), "{thresholds:?}");
        // A prefix of a Matryoshka SAE reconstructs better than one of a plain SAE.
        let prefix = |sae: &Sae| {
            let mut short = Sae { w_dec: Some(sae.decoder().to_vec()), ..sae.clone() };
            short.w_dec.iter_mut().for_each(|w| w[8 * 784..].fill(0.0));
            let x = test.values();
            let fit = apply(Operation::Forward, &short, &x).expect("reconstructs");
            fit.iter().zip(&x).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / x.len() as f64
        };
        let plain = prefix(&run(untied.clone()).0);
        let nested = prefix(&run(TrainOptions { prefixes: vec![8, 32], ..untied }).0);
        assert!(nested < 0.9 * plain, "{method:?}: {nested} {plain}");
    }
}

#[test]
fn auxk_brings_dead_latents_to_life() {
    let (train, test) = digits();
    let mut sae = Sae::random(784, 32, options(Method::Sgd).activation, false, 7);
    // Half of the latents point at nothing that a row has more of than the others.
    sae.w_enc[16 * 784..].iter_mut().for_each(|w| *w *= 1e-3);
    let dead = |auxk| {
        let options = TrainOptions { tied: Some(false), auxk, ..options(Method::Sgd) };
        let mut trainer =
            Trainer::start_from(sae.clone(), train.clone(), test.clone(), options).expect("valid options");
        let reports = (0..10).map(|_| block_on(trainer.epoch(&mut NoObserver)).expect("trains").dead_share);
        reports.last().expect("ten epochs")
    };
    let (without, with) = (dead(None), dead(AUXK));
    assert!(without > 0.4 && with < 0.7 * without, "{without} {with}");
}

#[test]
fn without_dead_latents_auxk_changes_no_parameter() {
    let (train, test) = digits();
    let run = |auxk| {
        let options = TrainOptions { auxk, ..options(Method::Sgd) };
        let mut trainer = Trainer::create(train.clone(), test.clone(), options).expect("valid options");
        block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        trainer.sae().clone()
    };
    // Nothing can have been inactive for so many rows.
    assert!(run(Some(AuxKOptions { dead_after: Some(1 << 24), ..AuxKOptions::default() })) == run(None));
}

#[test]
fn batch_topk_without_an_active_latent_keeps_no_threshold_and_is_not_exported() {
    let (train, test) = digits();
    let mut sae = Sae::random(784, 32, BATCH, false, 1);
    // No pre-activation is ever positive.
    sae.w_enc.fill(0.0);
    sae.b_enc.fill(-1.0);
    for method in [Method::Sgd, Method::Pam] {
        let options = TrainOptions { activation: BATCH, tied: Some(false), ..options(method) };
        let mut trainer =
            Trainer::start_from(sae.clone(), train.clone(), test.clone(), options).expect("valid options");
        let report = block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        assert!(report.test_mse.is_finite() && report.test_l0 == 0.0, "{report:?}");
        assert_eq!(trainer.sae().activation, BATCH);
        assert_eq!(trainer.sae().thresholds(), None);
        let bytes = trainer.checkpoint().expect("writes");
        let resumed = Trainer::resume(&bytes, train.clone(), test.clone()).expect("reads");
        assert_eq!(resumed.sae().activation, BATCH);
        let error = splinterp::interop::write(trainer.sae(), splinterp::interop::Format::SaeLens);
        assert!(
            error
                .expect_err("has none")
                .to_string()
                .starts_with("activation is BatchTopK without a threshold")
        );
    }
}
