//! Properties of training: gradients, tied models, determinism, checkpoints, refused options.

use std::ops::ControlFlow;

use pollster::block_on;
use proptest::prelude::*;
use splinterp::data::{Dataset, NormalisationKind, Storage};
use splinterp::engine::{CpuEngine, Engine, Operation, Optimiser, Split, State, StepOptions, apply};
use splinterp::progress::{NoObserver, Observer};
use splinterp::random::{Random, Stream};
use splinterp::sae::{Activation, Penalties, Sae, Threshold, TopKBy};
use splinterp::train::{Method, Preset, TrainOptions, Trainer};

/// Step of the central difference: small enough to stay on one affine piece, large enough for float32.
const STEP: f32 = 2e-2;
/// Agreement of a directional derivative with the difference quotient, relative to the gradient's length.
const DIFFERENCE: f64 = 2e-2;

fn activation() -> impl Strategy<Value = Activation> {
    let by = prop_oneof![Just(TopKBy::Magnitude), Just(TopKBy::Value), Just(TopKBy::Positive)];
    prop_oneof![
        Just(Activation::Relu),
        (-0.2f32..0.4).prop_map(|t| Activation::JumpRelu { threshold: Threshold::Shared(t) }),
        (1usize..4, by).prop_map(|(k, by)| Activation::TopK { k, by }),
    ]
}

fn random_rows(n: usize, cols: usize, seed: u64) -> Dataset {
    let mut random = Random::new(seed, Stream::Generator);
    let values = (0..n * cols).map(|_| random.normal() as f32).collect();
    Dataset::new(Storage::F32(values), cols).expect("finite rows")
}

fn step_options(rows: usize, penalties: Penalties) -> StepOptions {
    StepOptions {
        batch_size: rows,
        updates_per_batch: 1,
        lr: 1e-3,
        lr_slope: 0.0,
        weight_decay: 0.0,
        clip: None,
        penalties,
    }
}

/// F of a model on all rows, from the engine's own evaluation; and its codes' support.
fn objective(data: &Dataset, sae: &Sae, penalties: &Penalties) -> (f64, Vec<bool>) {
    let optimiser = Optimiser::new(sae, true);
    let mut engine = CpuEngine::new(data.clone(), data.clone(), State { sae: sae.clone(), optimiser });
    let sums = block_on(engine.evaluate(Split::Test, 0..data.rows() as u32)).expect("evaluates");
    let z = apply(Operation::Encode, sae, &data.values()).expect("encodes");
    let mse = sums.squares / (data.rows() * data.cols()) as f64;
    let f = mse + penalties.l1 * sums.l1 / data.rows() as f64 + penalties.of(sae, sae);
    (f, z.iter().map(|&z| z != 0.0).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_gradient_is_the_slope_of_the_objective(
        activation in activation(), tied in any::<bool>(),
        (n, d_in, d_sae) in (1usize..9, 1usize..21, 4usize..40),
        l1 in prop_oneof![Just(0.0), Just(0.01)], alpha in prop_oneof![Just(0.0), Just(0.02)], seed in any::<u64>(),
    ) {
        let data = random_rows(n, d_in, seed);
        let mut sae = Sae::random(d_in, d_sae, activation, tied, seed);
        sae.w_enc.iter_mut().for_each(|w| *w *= 5.0);
        if let Some(w) = &mut sae.w_dec { w.iter_mut().for_each(|w| *w *= 30.0) }
        let penalties = Penalties { l1, alpha, beta: alpha, ..Penalties::default() };
        let start = State { optimiser: Optimiser::new(&sae, true), sae: sae.clone() };
        let mut engine = CpuEngine::new(data.clone(), data.clone(), start);
        engine.begin_epoch();
        let rows: Vec<u32> = (0..n as u32).collect();
        block_on(engine.steps(&rows, &step_options(n, penalties))).expect("steps");
        let optimiser = block_on(engine.state()).expect("reads back").optimiser;
        // Adam's first moments after one step are (1 − β₁) times the gradient.
        let gradient = |m: &[f32]| -> Vec<f64> { m.iter().map(|&m| f64::from(m) / 0.1).collect() };
        let g = [
            gradient(&optimiser.w_enc.m),
            gradient(&optimiser.b_enc.m),
            optimiser.w_dec.as_ref().map(|w| gradient(&w.m)).unwrap_or_default(),
            gradient(&optimiser.b_dec.as_ref().expect("trained").m),
        ];
        // Along the gradient itself: a wrong entry cannot hide behind a right one of the other sign.
        let length = g.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
        prop_assume!(length > 1e-3);
        let moved = |sign: f32| {
            let mut sae = sae.clone();
            let add = |to: &mut [f32], g: &[f64]| {
                to.iter_mut().zip(g).for_each(|(to, g)| *to += sign * STEP * (g / length) as f32);
            };
            add(&mut sae.w_enc, &g[0]);
            add(&mut sae.b_enc, &g[1]);
            if let Some(w) = &mut sae.w_dec { add(w, &g[2]) }
            add(&mut sae.b_dec, &g[3]);
            objective(&data, &sae, &penalties)
        };
        let (up, support_up) = moved(1.0);
        let (down, support_down) = moved(-1.0);
        // Across a border of the activation's pieces the objective has no slope.
        prop_assume!(support_up == support_down);
        let slope = (up - down) / (2.0 * f64::from(STEP));
        prop_assert!((slope - length).abs() < DIFFERENCE * length, "slope {slope}, gradient {length}");
    }

    #[test]
    fn a_tied_model_is_an_untied_one_with_shared_weights(
        activation in activation(), (n, d_in, d_sae) in (1usize..20, 1usize..30, 4usize..40), seed in any::<u64>(),
    ) {
        let x = random_rows(n, d_in, seed).values();
        let tied = Sae::random(d_in, d_sae, activation.clone(), true, seed);
        let untied = Sae::from_parts(tied.to_parts(), activation, d_in, d_sae).expect("valid parts");
        let forward = |sae: &Sae| apply(Operation::Forward, sae, &x).expect("reconstructs");
        prop_assert_eq!(forward(&tied), forward(&untied));
    }
}

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
        TrainOptions { mu_dec: 0.01, nu_dec: 0.01, mu_enc: 0.01, updates_per_batch: 2, ..pam },
    ]
}

#[test]
fn the_decoder_half_lowers_the_objective_in_every_epoch() {
    let (train, test) = digits();
    for options in [options(Method::Pam), Preset::Recommended.apply(options(Method::Pam), 700, 4)] {
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

/// FNV-1a of the checkpoint after an epoch of each method on generated digits; `tests/node/determinism.test.mjs`
/// expects the same of the wasm module.
const BITS: [(Method, u64); 2] = [(Method::Sgd, 0x0751_6bff_7849_825a), (Method::Pam, 0x2b6b_a733_a23f_419a)];

#[test]
fn the_bits_are_those_of_the_wasm_module() {
    let (train, test) = digits();
    for (method, expected) in BITS {
        let mut trainer =
            Trainer::create(train.clone(), test.clone(), options(method)).expect("valid options");
        block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        let bytes = trainer.checkpoint().expect("writes");
        let fnv = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let found = bytes.iter().fold(0xcbf2_9ce4_8422_2325, fnv);
        assert_eq!(found, expected, "{method:?}: {found:#x}");
    }
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
    assert!(refused(|o| o.lr = f64::NAN).starts_with("lr is NaN"));
    assert!(refused(|o| o.lr = -1.0).starts_with("lr is -1"));
    assert!(refused(|o| o.alpha = Some(f64::INFINITY)).starts_with("alpha is inf"));
    assert!(refused(|o| o.nu_dec = -1e-3).starts_with("nuDec is -0.001"));
    assert!(refused(|o| o.tied = Some(true)).starts_with("tied is true"));
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
