//! The field's other recipes on the GPU against the CPU's engine: odd sizes, batches above a chunk, epochs, checkpoints.
use crate::support::{CLOSE, assert_engines_agree, device, engine, off, options, rows, start};
use pollster::block_on;
use splinterp::data::{Dataset, NormalisationKind};
use splinterp::engine::{
    AuxK, Backend, CpuEngine, Engine, Optimiser, State, StepOptions, ThresholdTraining, Variants,
};
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, Threshold, TopKBy};
use splinterp::train::{AuxKOptions, DecoderNorm, Method, TrainOptions, Trainer};

const AUXK: AuxK = AuxK { k: 5, coefficient: 0.25, dead_after: 20 };
const TARGET: ThresholdTraining = ThresholdTraining { bandwidth: 0.3, target_l0: 6.0, coefficient: 0.1 };

fn topk(k: usize) -> Activation {
    Activation::TopK { k, by: TopKBy::Positive }
}

fn batch_topk(k: usize) -> Activation {
    Activation::BatchTopK { k, threshold: None }
}

fn jump(d_sae: usize) -> Activation {
    let threshold = (0..d_sae).map(|latent| 0.02 * (latent % 9) as f32).collect();
    Activation::JumpRelu { threshold: Threshold::PerLatent(threshold) }
}

fn auxk() -> Variants {
    Variants { auxk: Some(AUXK), ..Variants::default() }
}

fn prefixes(ends: &[usize]) -> Variants {
    Variants { prefixes: ends.to_vec(), ..Variants::default() }
}

fn averaging() -> Variants {
    Variants { threshold_rate: 0.25, ..Variants::default() }
}

fn thresholds() -> Variants {
    Variants { thresholds: Some(TARGET), ..Variants::default() }
}

#[test]
fn what_recipes_keep_comes_back_as_it_was_loaded() {
    let Some(device) = device() else { return };
    let batch = Activation::BatchTopK { k: 3, threshold: Some(0.75) };
    for (activation, variants) in [(jump(45), thresholds()), (topk(3), auxk()), (batch, auxk())] {
        let state = start(21, 45, activation, false);
        let mut optimiser = Optimiser::new(&state.sae, true).with_variants(&variants, 45);
        let kept = optimiser.threshold.iter_mut().flat_map(|moments| [&mut moments.m, &mut moments.v]);
        for (at, value) in kept.chain(&mut optimiser.idle).flatten().enumerate() {
            *value = at as f32;
        }
        let state = State { optimiser, ..state };
        let mut gpu = engine(&device, &rows(5, 21, 1), &state);
        assert_eq!(block_on(gpu.state()).expect("reads back"), state);
        // Another state with other thresholds takes its place, one that keeps less does not.
        let mut other = state.clone();
        match &mut other.sae.activation {
            Activation::JumpRelu { threshold } => *threshold = Threshold::PerLatent(vec![0.5; 45]),
            Activation::BatchTopK { threshold, .. } => *threshold = None,
            Activation::Relu | Activation::TopK { .. } => {}
        }
        gpu.load(&other).expect("loads");
        assert_eq!(block_on(gpu.state()).expect("reads back"), other);
        let less = State { optimiser: Optimiser::new(&state.sae, true), ..state };
        assert_eq!(gpu.load(&less).expect_err("keeps less").code(), "gpu");
    }
}

/// Name, `(rows, d_in, d_sae)`, ρ, whether it is tied, rows of a batch, and the variants.
type Case = (&'static str, (usize, usize, usize), Activation, bool, usize, Variants);

#[test]
fn recipes_on_odd_sizes_and_long_batches_agree_with_the_cpu() {
    let Some(device) = device() else { return };
    let both = Variants { auxk: Some(AUXK), thresholds: Some(TARGET), ..prefixes(&[3, 37, 64]) };
    let cases: Vec<Case> = vec![
        ("BatchTopK", (90, 21, 70), batch_topk(4), false, 31, averaging()),
        ("BatchTopK, one latent", (40, 3, 1), batch_topk(1), true, 16, averaging()),
        ("BatchTopK of all latents", (40, 9, 33), batch_topk(33), false, 7, averaging()),
        ("BatchTopK above a chunk", (1500, 12, 40), batch_topk(3), false, 1500, averaging()),
        ("BatchTopK, many latents", (70, 40, 2100), batch_topk(20), true, 32, averaging()),
        ("thresholds", (90, 21, 70), jump(70), false, 31, thresholds()),
        ("thresholds above a chunk", (1300, 12, 40), jump(40), true, 1300, thresholds()),
        ("AuxK", (90, 21, 70), topk(3), false, 31, auxk()),
        ("AuxK, tied, above a chunk", (1100, 12, 300), topk(1), true, 1100, auxk()),
        ("AuxK with ReLU", (90, 21, 70), Activation::Relu, false, 31, auxk()),
        ("prefixes", (90, 21, 70), topk(6), false, 31, prefixes(&[1, 6, 31, 32, 45, 70])),
        ("prefixes, tied ReLU", (90, 21, 70), Activation::Relu, true, 31, prefixes(&[5, 33, 70])),
        ("prefixes above a chunk", (1100, 12, 40), Activation::Relu, false, 1100, prefixes(&[9, 40])),
        ("everything", (90, 21, 64), jump(64), false, 31, both.clone()),
        ("BatchTopK with prefixes and AuxK", (90, 21, 64), batch_topk(3), false, 31, {
            Variants { thresholds: None, threshold_rate: 0.1, unit_decoder: true, warmup_steps: 3, ..both }
        }),
    ];
    for (name, (n, d_in, d_sae), activation, tied, batch, variants) in cases {
        let (data, state) = (rows(n, d_in, 7), start(d_in, d_sae, activation, tied));
        let optimiser = Optimiser::new(&state.sae, true).with_variants(&variants, d_sae);
        let state = State { optimiser, ..state };
        let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
        let options = StepOptions { variants: &variants, ..options(batch) };
        assert_engines_agree(&mut engine(&device, &data, &state), &mut cpu, n, &options, name);
        let sae = block_on(cpu.state()).expect("reads back").sae;
        assert_eq!(
            sae.thresholds().is_some(),
            !matches!(sae.activation, Activation::Relu | Activation::TopK { .. })
        );
    }
}

#[test]
fn sums_that_are_read_back_in_mid_batch_belong_to_its_whole() {
    let Some(device) = device() else { return };
    // More rows than the device holds sums of, an update of BatchTopK taking five passes over them.
    let cases = [("thresholds", jump(40), thresholds(), 52), ("BatchTopK", batch_topk(3), averaging(), 12)];
    for (name, activation, variants, updates_per_batch) in cases {
        let (n, data, state) = (1300, rows(1300, 5, 7), start(5, 40, activation, false));
        let optimiser = Optimiser::new(&state.sae, true).with_variants(&variants, 40);
        let state = State { optimiser, ..state };
        let options = StepOptions { variants: &variants, updates_per_batch, lr: 1e-4, ..options(n) };
        let order: Vec<u32> = (0..n as u32).collect();
        let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
        let mut gpu = engine(&device, &data, &state);
        cpu.begin_epoch();
        gpu.begin_epoch();
        let expected = block_on(cpu.steps(&order, &options)).expect("steps");
        let found = block_on(gpu.steps(&order, &options)).expect("steps");
        assert_eq!(found.updates, updates_per_batch as u64);
        for (found, expected) in
            [(found.mse, expected.mse), (found.l1, expected.l1), (1.0 + found.others, 1.0 + expected.others)]
        {
            assert!((found / expected - 1.0).abs() < 1e-4, "{name}: {found} {expected}");
        }
    }
}

#[test]
fn a_second_epoch_counts_activity_from_its_start() {
    let Some(device) = device() else { return };
    let both = Variants { auxk: Some(AUXK), ..thresholds() };
    for (activation, variants) in [(jump(70), both), (topk(2), auxk())] {
        let (data, state) = (rows(60, 12, 7), start(12, 70, activation, false));
        let optimiser = Optimiser::new(&state.sae, true).with_variants(&variants, 70);
        let state = State { optimiser, ..state };
        let options = StepOptions { variants: &variants, ..options(10) };
        let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
        let mut gpu = engine(&device, &data, &state);
        for order in [(0..60).collect::<Vec<u32>>(), (0..30).rev().collect()] {
            cpu.begin_epoch();
            gpu.begin_epoch();
            block_on(cpu.steps(&order, &options)).expect("steps");
            block_on(gpu.steps(&order, &options)).expect("steps");
        }
        let expected = block_on(cpu.state()).expect("reads back");
        let found = block_on(gpu.state()).expect("reads back");
        let some_idle = expected.optimiser.idle.iter().flatten().any(|&rows| rows > 0.0);
        assert!(some_idle || variants.thresholds.is_some());
        assert_eq!(found.optimiser.idle, expected.optimiser.idle);
        let thresholds = |state: &State| state.sae.thresholds().unwrap_or_default();
        assert!(off(&thresholds(&found), &thresholds(&expected)) < 10.0 * CLOSE);
    }
}

#[test]
fn thresholds_that_are_trained_stay_at_0_or_above() {
    let Some(device) = device() else { return };
    // Far below its target, l0 pulls all thresholds down.
    let training = ThresholdTraining { bandwidth: 1.0, target_l0: 40.0, coefficient: 10.0 };
    let variants = Variants { thresholds: Some(training), ..Variants::default() };
    let (data, state) = (rows(40, 5, 7), start(5, 40, jump(40), false));
    let optimiser = Optimiser::new(&state.sae, true).with_variants(&variants, 40);
    let state = State { optimiser, ..state };
    let options = StepOptions { variants: &variants, lr: 0.01, ..options(10) };
    let order: Vec<u32> = (0..40).collect();
    let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
    let mut gpu = engine(&device, &data, &state);
    block_on(cpu.steps(&order, &options)).expect("steps");
    block_on(gpu.steps(&order, &options)).expect("steps");
    let expected = block_on(cpu.state()).expect("reads back").sae.thresholds().expect("has them");
    let found = block_on(gpu.state()).expect("reads back").sae.thresholds().expect("has them");
    assert!(expected.contains(&0.0) && found.iter().all(|&threshold| threshold >= 0.0), "{found:?}");
    assert!(off(&found, &expected) < 1e-3, "{found:?} {expected:?}");
}

#[test]
fn a_batch_without_positive_pre_activations_activates_none_and_leaves_the_threshold() {
    let Some(device) = device() else { return };
    for threshold in [None, Some(0.5)] {
        let (data, mut state) =
            (rows(40, 5, 1), start(5, 9, Activation::BatchTopK { k: 2, threshold }, false));
        state.sae.b_enc.fill(-100.0);
        let variants = averaging();
        let options = StepOptions { variants: &variants, ..options(20) };
        let mut gpu = engine(&device, &data, &state);
        gpu.begin_epoch();
        let sums = block_on(gpu.steps(&[0, 1, 2, 3], &options)).expect("steps");
        assert_eq!(sums.l1, 0.0);
        assert_eq!(block_on(gpu.activity()).expect("reads back"), [0; 9]);
        let activation = block_on(gpu.state()).expect("reads back").sae.activation;
        assert_eq!(activation, Activation::BatchTopK { k: 2, threshold });
    }
}

#[test]
fn several_latents_that_equal_the_least_are_all_active() {
    let Some(device) = device() else { return };
    let (data, mut state) = (rows(6, 4, 1), start(4, 40, batch_topk(3), false));
    state.sae.w_enc.fill(0.0);
    state.sae.b_enc.fill(0.25);
    let variants = averaging();
    let options = StepOptions { variants: &variants, ..options(6) };
    let mut gpu = engine(&device, &data, &state);
    gpu.begin_epoch();
    block_on(gpu.steps(&[0, 1, 2, 3, 4, 5], &options)).expect("steps");
    // Of two updates the first has them all.
    assert!(block_on(gpu.activity()).expect("reads back").iter().all(|&rows| rows >= 6));
}

fn digits() -> (Dataset, Dataset) {
    let data = |n, seed| Dataset::digits(n, seed).expect("draws").normalised(NormalisationKind::Mnist);
    (data(1000, 1), data(200, 2))
}

fn recipe(name: &str, method: Method) -> TrainOptions {
    let plain = |activation| TrainOptions {
        tied: (method == Method::Sgd).then_some(false),
        lr: 2e-3,
        ..TrainOptions::new(method, 64, activation, 1)
    };
    let jump = Activation::JumpRelu { threshold: Threshold::Shared(0.05) };
    match name {
        "BatchTopK" => plain(batch_topk(8)),
        "AuxK" => TrainOptions {
            auxk: Some(AuxKOptions { dead_after: Some(300), ..AuxKOptions::default() }),
            ..plain(topk(4))
        },
        "thresholds" => TrainOptions {
            jumprelu: Some(ThresholdTraining { bandwidth: 0.2, target_l0: 8.0, coefficient: 0.01 }),
            ..plain(jump)
        },
        "prefixes" => TrainOptions { prefixes: vec![8, 20], ..plain(topk(6)) },
        _ => TrainOptions {
            prefixes: vec![16],
            auxk: Some(AuxKOptions::default()),
            decoder_norm: if method == Method::Sgd { DecoderNorm::Unit } else { DecoderNorm::Free },
            ..plain(batch_topk(6))
        },
    }
}

const RECIPES: [&str; 5] = ["BatchTopK", "AuxK", "thresholds", "prefixes", "several"];

#[test]
fn epochs_of_recipes_end_within_half_a_percent_of_the_cpu() {
    let Some(_) = device() else { return };
    let (train, test) = digits();
    for (name, method) in RECIPES.into_iter().flat_map(|name| [(name, Method::Sgd), (name, Method::Pam)]) {
        let on = |backend| {
            let options = TrainOptions { backend, ..recipe(name, method) };
            let mut run = block_on(Trainer::open(train.clone(), test.clone(), options, &mut NoObserver))
                .expect("opens");
            let reports: Vec<_> =
                (0..2).map(|_| block_on(run.epoch(&mut NoObserver)).expect("trains")).collect();
            (run.backend(), reports[1], run.sae().thresholds())
        };
        let (_, cpu, expected) = on(Backend::Cpu);
        let (backend, gpu, found) = on(Backend::Gpu);
        assert!(backend.starts_with("GPU: "), "{backend}");
        let close = |found: f64, expected: f64, what: &str| {
            let off = (found / expected - 1.0).abs();
            assert!(off < 0.005, "{what} of {name} by {method:?}: {found} {expected}");
        };
        close(gpu.test_mse, cpu.test_mse, "test mse");
        close(gpu.train_mse, cpu.train_mse, "train mse");
        close(gpu.objective, cpu.objective, "objective");
        close(gpu.test_l0, cpu.test_l0, "l0");
        assert_eq!(found.is_some(), expected.is_some(), "{name}");
        for (found, expected) in found.into_iter().flatten().zip(expected.into_iter().flatten()) {
            assert!((found - expected).abs() < 0.01 * expected.abs().max(0.1), "{name}: {found} {expected}");
        }
    }
}

#[test]
fn checkpoints_of_recipes_go_from_engine_to_engine() {
    let Some(_) = device() else { return };
    let (train, test) = digits();
    for name in RECIPES {
        let options = recipe(name, Method::Sgd);
        let mut whole = Trainer::create(train.clone(), test.clone(), options.clone()).expect("is made");
        let options = TrainOptions { backend: Backend::Gpu, ..options };
        let mut run =
            block_on(Trainer::open(train.clone(), test.clone(), options, &mut NoObserver)).expect("opens");
        for backend in [Backend::Cpu, Backend::Gpu] {
            let expected = block_on(whole.epoch(&mut NoObserver)).expect("trains").test_mse;
            let found = block_on(run.epoch(&mut NoObserver)).expect("trains").test_mse;
            assert!((found / expected - 1.0).abs() < 0.005, "{name}: {found} {expected}");
            let bytes = run.checkpoint().expect("writes");
            let resumed = block_on(Trainer::reopen(
                &bytes,
                train.clone(),
                test.clone(),
                Some(backend),
                &mut NoObserver,
            ));
            let resumed = resumed.expect("resumes");
            assert_eq!(resumed.sae(), run.sae(), "{name}");
            run = resumed;
        }
    }
}
