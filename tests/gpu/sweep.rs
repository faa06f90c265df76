//! The decoder's sweep on the GPU against the CPU's engine: all kinds of codes, prefixes, odd sizes, batches above a chunk,
//! epochs.
use crate::support::{CLOSE, device, engine, off, options, rows, start};
use pollster::block_on;
use splinterp::data::{Dataset, NormalisationKind};
use splinterp::engine::{
    AuxK, Backend, CpuEngine, Engine, Optimiser, State, StepOptions, Sweep, ThresholdTraining, Variants,
};
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, Threshold, TopKBy};
use splinterp::train::{Method, TrainOptions, Trainer};

const SWEEP: Sweep = Sweep { rows: 60.0, ridge: 2.0, damping: 0.5, bias_ridge: 5.0 };

fn topk(k: usize) -> Activation {
    Activation::TopK { k, by: TopKBy::Magnitude }
}

fn batch_topk(k: usize) -> Activation {
    Activation::BatchTopK { k, threshold: None }
}

fn prefixes(ends: &[usize]) -> Variants {
    Variants { prefixes: ends.to_vec(), threshold_rate: 0.25, ..Variants::default() }
}

/// What Adam leaves to others, as in PAM-SGD: the decoder.
fn pam(d_in: usize, d_sae: usize, activation: Activation, variants: &Variants) -> State {
    let State { sae, .. } = start(d_in, d_sae, activation, false);
    State { optimiser: Optimiser::new(&sae, false).with_variants(variants, d_sae), sae }
}

/// Compares all parameters; those of the decoder are far from where they began.
fn assert_moved_alike(gpu: &mut impl Engine, cpu: &mut CpuEngine, start: &State, name: &str) {
    let expected = block_on(cpu.state()).expect("reads back").sae;
    let found = block_on(gpu.state()).expect("reads back").sae;
    let decoder = (found.decoder(), expected.decoder(), start.sae.decoder());
    let bias = (&found.b_dec[..], &expected.b_dec[..], &start.sae.b_dec[..]);
    for (what, (found, expected, start)) in [("W_dec", decoder), ("b_dec", bias)] {
        assert!(off(found, expected) < 10.0 * CLOSE, "{what}, {name}: {}", off(found, expected));
        assert!(off(start, expected) > 1000.0 * CLOSE, "{what}, {name}: {}", off(start, expected));
    }
    assert!(off(&found.w_enc, &expected.w_enc) < 10.0 * CLOSE, "W_enc, {name}");
    assert!(off(&found.b_enc, &expected.b_enc) < 10.0 * CLOSE, "b_enc, {name}");
}

/// Name, `(rows, d_in, d_sae)`, ρ, rows of a batch, the variants, and the sweep.
type Case = (&'static str, (usize, usize, usize), Activation, usize, Variants, Sweep);

#[test]
fn sweeps_on_odd_sizes_agree_with_the_cpu() {
    let Some(device) = device() else { return };
    let plain = Variants::default;
    let jump = Activation::JumpRelu { threshold: Threshold::PerLatent(vec![0.1; 70]) };
    let training = ThresholdTraining { bandwidth: 0.3, target_l0: 6.0, coefficient: 0.1 };
    let auxk = Some(AuxK { k: 5, coefficient: 0.25, dead_after: 20 });
    let free = Sweep { ridge: 0.0, bias_ridge: 0.0, ..SWEEP };
    let ridges = Sweep { ridge: 40.0, bias_ridge: 300.0, ..SWEEP };
    // 90 rows in batches of 31 leave 28 for the last.
    let cases: Vec<Case> = vec![
        ("ReLU", (90, 21, 70), Activation::Relu, 31, plain(), SWEEP),
        ("ReLU without ridge", (90, 21, 70), Activation::Relu, 31, plain(), free),
        ("TopK", (90, 21, 70), topk(6), 31, plain(), SWEEP),
        ("TopK without ridge", (90, 21, 70), topk(6), 31, plain(), free),
        ("TopK with much ridge", (90, 21, 70), topk(6), 31, plain(), ridges),
        (
            "TopK by fewer rows than a batch",
            (90, 21, 70),
            topk(6),
            31,
            plain(),
            Sweep { rows: 20.0, ..SWEEP },
        ),
        ("TopK, many columns", (90, 300, 70), topk(6), 31, plain(), SWEEP),
        ("TopK, many latents", (70, 40, 2100), topk(20), 32, plain(), SWEEP),
        ("TopK, one latent", (40, 3, 1), topk(1), 16, plain(), SWEEP),
        ("BatchTopK", (90, 21, 70), batch_topk(4), 31, prefixes(&[]), SWEEP),
        (
            "thresholds",
            (90, 21, 70),
            jump.clone(),
            31,
            Variants { thresholds: Some(training), ..plain() },
            SWEEP,
        ),
        // AuxK lists other rows by latent than those of the sweep.
        ("AuxK", (90, 21, 70), topk(3), 31, Variants { auxk, ..plain() }, SWEEP),
        ("prefixes", (90, 21, 70), topk(6), 31, prefixes(&[1, 6, 31, 32, 45, 70]), SWEEP),
        ("prefixes with much ridge", (90, 21, 70), topk(6), 31, prefixes(&[20, 70]), ridges),
        ("prefixes, ReLU", (90, 21, 70), Activation::Relu, 31, prefixes(&[5, 33, 70]), SWEEP),
        // More than a dispatch goes through.
        ("prefixes, ReLU, long", (500, 9, 600), Activation::Relu, 500, prefixes(&[70, 600]), SWEEP),
        ("prefixes, JumpReLU", (90, 21, 70), jump, 31, prefixes(&[5, 33, 70]), free),
        (
            "prefixes, BatchTopK and AuxK",
            (90, 21, 64),
            batch_topk(3),
            31,
            { Variants { auxk, ..prefixes(&[3, 37, 64]) } },
            SWEEP,
        ),
    ];
    for (name, (n, d_in, d_sae), activation, batch, variants, sweep) in cases {
        let (data, state) = (rows(n, d_in, 7), pam(d_in, d_sae, activation, &variants));
        let options = StepOptions { variants: &variants, sweep: Some(sweep), ..options(batch) };
        assert_eq!(options.updates_per_batch, 2);
        let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
        let mut gpu = engine(&device, &data, &state);
        cpu.begin_epoch();
        gpu.begin_epoch();
        for order in [(0..n as u32).rev().collect::<Vec<u32>>(), (0..n as u32).collect()] {
            let expected = block_on(cpu.steps(&order, &options)).expect("steps");
            let found = block_on(gpu.steps(&order, &options)).expect("steps");
            assert!((found.mse / expected.mse - 1.0).abs() < CLOSE, "{name}: {found:?} {expected:?}");
        }
        assert_moved_alike(&mut gpu, &mut cpu, &state, name);
    }
}

#[test]
fn a_sweep_follows_the_update_where_adam_trains_the_decoder_too() {
    let Some(device) = device() else { return };
    let variants = Variants { unit_decoder: true, ..Variants::default() };
    for tied in [false, true] {
        let (data, state) = (rows(90, 21, 7), start(21, 70, topk(6), tied));
        // A ridge that makes it matter whether it is the decoder before or after Adam's step.
        let sweep = Some(Sweep { ridge: 40.0, bias_ridge: 300.0, ..SWEEP });
        let options = StepOptions { variants: &variants, sweep, lr: 0.02, ..options(31) };
        let order: Vec<u32> = (0..90).collect();
        let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
        let mut gpu = engine(&device, &data, &state);
        cpu.begin_epoch();
        gpu.begin_epoch();
        block_on(cpu.steps(&order, &options)).expect("steps");
        block_on(gpu.steps(&order, &options)).expect("steps");
        assert_moved_alike(&mut gpu, &mut cpu, &state, if tied { "tied" } else { "untied" });
    }
}

#[test]
fn chunks_of_a_long_batch_are_swept_like_batches() {
    let Some(device) = device() else { return };
    // Rows of a chunk, if the device does not limit them.
    let (n, chunk) = (1500, 1024);
    let sweep = Some(Sweep { rows: 2000.0, ..SWEEP });
    for (activation, variants) in [
        (topk(3), Variants::default()),
        (Activation::Relu, Variants::default()),
        (topk(4), prefixes(&[9, 40])),
    ] {
        let name = format!("{activation:?}, {:?}", variants.prefixes);
        let (data, state) = (rows(n, 12, 7), pam(12, 40, activation, &variants));
        // The encoder stays, and with it all codes.
        let options = StepOptions { variants: &variants, sweep, lr: 0.0, ..options(n) };
        let order: Vec<u32> = (0..n as u32).collect();
        let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
        let mut gpu = engine(&device, &data, &state);
        cpu.begin_epoch();
        gpu.begin_epoch();
        for _ in 0..2 {
            block_on(cpu.steps(&order, &StepOptions { batch_size: chunk, ..options })).expect("steps");
            block_on(gpu.steps(&order, &options)).expect("steps");
        }
        assert_moved_alike(&mut gpu, &mut cpu, &state, &name);
    }
}

#[test]
fn an_epoch_forgets_the_energies_of_the_one_before() {
    let Some(device) = device() else { return };
    let (data, state) = (rows(60, 12, 7), pam(12, 70, topk(4), Variants::NONE));
    let sweep = Some(Sweep { rows: 30.0, ..SWEEP });
    let options = StepOptions { sweep, ..options(10) };
    let order: Vec<u32> = (0..60).collect();
    let later = StepOptions { lr: 0.0, ..options };
    let mut gpu = engine(&device, &data, &state);
    let mut engines = [true, false].map(|begins| {
        let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
        cpu.begin_epoch();
        block_on(cpu.steps(&order, &options)).expect("steps");
        if begins {
            cpu.begin_epoch();
        }
        block_on(cpu.steps(&order[..10], &later)).expect("steps");
        cpu
    });
    gpu.begin_epoch();
    block_on(gpu.steps(&order, &options)).expect("steps");
    gpu.begin_epoch();
    block_on(gpu.steps(&order[..10], &later)).expect("steps");
    let [begun, continued] = &mut engines;
    assert_moved_alike(&mut gpu, begun, &state, "a second epoch");
    let decoder = |cpu: &mut CpuEngine| block_on(cpu.decoder()).expect("reads back").w_dec;
    assert!(off(&decoder(continued), &decoder(begun)) > 1000.0 * CLOSE);
}

#[test]
fn steps_with_other_prefixes_keep_the_energies() {
    let Some(device) = device() else { return };
    let variants = [prefixes(&[5, 33, 70]), prefixes(&[9, 70]), prefixes(&[])];
    let (data, state) = (rows(60, 12, 7), pam(12, 70, topk(4), Variants::NONE));
    let order: Vec<u32> = (0..60).collect();
    let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
    let mut gpu = engine(&device, &data, &state);
    cpu.begin_epoch();
    gpu.begin_epoch();
    for (at, sweep) in [(0, Some(SWEEP)), (1, None), (0, Some(SWEEP)), (2, Some(SWEEP)), (1, Some(SWEEP))] {
        let options = StepOptions { variants: &variants[at], sweep, ..options(20) };
        block_on(cpu.steps(&order, &options)).expect("steps");
        block_on(gpu.steps(&order, &options)).expect("steps");
        assert_moved_alike(&mut gpu, &mut cpu, &state, "other prefixes");
    }
}

#[test]
fn epochs_with_sweeps_end_within_half_a_percent_of_the_cpu() {
    let Some(_) = device() else { return };
    let data = |n, seed| Dataset::digits(n, seed).expect("draws").normalised(NormalisationKind::Mnist);
    let (train, test) = (data(1000, 1), data(200, 2));
    let on = |backend, sweep_rows| {
        let options = TrainOptions { backend, sweep_rows, ..TrainOptions::new(Method::Pam, 64, topk(8), 1) };
        let mut run =
            block_on(Trainer::open(train.clone(), test.clone(), options, &mut NoObserver)).expect("opens");
        let reports: Vec<_> = (0..2).map(|_| block_on(run.epoch(&mut NoObserver)).expect("trains")).collect();
        reports[1].test_mse
    };
    let (cpu, gpu) = (on(Backend::Cpu, 300), on(Backend::Gpu, 300));
    assert!((gpu / cpu - 1.0).abs() < 0.005, "{gpu} {cpu}");
    let without = on(Backend::Gpu, 0);
    assert!((without / cpu - 1.0).abs() > 0.005, "{without} {cpu}");
}
