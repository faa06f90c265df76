//! The GPU engine against the CPU's: every activation and term, odd sizes, long batches, codes, epochs.
use crate::support::{CLOSE, assert_engines_agree, device, engine, off, options, rows, start};
use half::f16;
use pollster::block_on;
use splinterp::data::{Dataset, NormalisationKind, Storage};
use splinterp::engine::gpu::{GpuDevice, Workload, benchmark, race, self_test, verdict};
use splinterp::engine::{Backend, CpuEngine, Decoder, Engine, Inference, Operation, apply};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};
use splinterp::threads::Threads;

/// Pre-activations nearer than this may be ordered either way.
const TIE: f32 = 1e-6;

#[test]
fn the_self_test_passes_and_its_errors_are_those_of_rounding() {
    let Some(device) = device() else { return };
    let checks = block_on(self_test(&device)).expect("runs");
    verdict(&checks).expect("within tolerance");
    let worst = checks.iter().max_by(|a, b| a.error.total_cmp(&b.error)).expect("checks");
    assert!(worst.error > 0.0 && worst.error < CLOSE, "{worst:?}");
}

#[test]
fn a_state_comes_back_as_it_was_loaded() {
    let Some(device) = device() else { return };
    for tied in [true, false] {
        let mut state = start(21, 45, Activation::Relu, tied);
        let optimiser = &mut state.optimiser;
        optimiser.steps = 17;
        for (at, v) in optimiser.w_enc.v.iter_mut().chain(&mut optimiser.b_enc.m).enumerate() {
            *v = at as f32 / 3.0;
        }
        let mut gpu = engine(&device, &rows(5, 21, 1), &state);
        assert_eq!(block_on(gpu.state()).expect("reads back"), state);
        let found = block_on(gpu.decoder()).expect("reads back");
        assert_eq!((&found.w_dec[..], &found.b_dec), (state.sae.decoder(), &state.sae.b_dec));
        let decoder = Decoder { w_dec: vec![0.25; 21 * 45], b_dec: vec![0.5; 21] };
        if tied {
            assert_eq!(gpu.set_decoder(decoder).expect_err("is tied").code(), "gpu");
        } else {
            gpu.set_decoder(decoder.clone()).expect("sets");
            let sae = block_on(gpu.state()).expect("reads back").sae;
            let Decoder { w_dec, b_dec } = decoder;
            assert_eq!((sae.w_enc, sae.w_dec, sae.b_dec), (state.sae.w_enc, Some(w_dec), b_dec));
        }
    }
}

#[test]
fn odd_sizes_and_long_batches_agree_with_the_cpu() {
    let Some(device) = device() else { return };
    let topk = |k, by| Activation::TopK { k, by };
    let jump = Activation::JumpRelu { threshold: Threshold::Shared(-0.1) };
    let cases = [
        ("one row, one column, one latent", (1, 1, 1), topk(1, TopKBy::Magnitude), true, 128),
        ("k of all latents", (40, 9, 33), topk(33, TopKBy::Value), false, 7),
        ("fewer positive latents than k", (40, 9, 33), topk(30, TopKBy::Positive), false, 7),
        ("a batch above a chunk", (1500, 12, 40), topk(5, TopKBy::Magnitude), false, 1500),
        ("many latents", (70, 40, 2100), topk(70, TopKBy::Positive), true, 32),
        ("ReLU on a batch above a chunk", (1100, 16, 64), Activation::Relu, false, 1100),
        ("JumpReLU below zero", (90, 30, 50), jump, true, 30),
    ];
    for (name, (n, d_in, d_sae), activation, tied, batch) in cases {
        let (data, state) = (rows(n, d_in, 7), start(d_in, d_sae, activation, tied));
        let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
        assert_engines_agree(&mut engine(&device, &data, &state), &mut cpu, n, &options(batch), name);
    }
}

#[test]
fn every_latent_chosen_by_one_engine_alone_ties_with_one_chosen_by_the_other() {
    let Some(_) = device() else { return };
    for (by, d_sae, k) in
        [(TopKBy::Magnitude, 300, 31), (TopKBy::Value, 4100, 320), (TopKBy::Positive, 64, 60)]
    {
        let sae = Sae::random(24, d_sae, Activation::TopK { k, by }, true, 5);
        let x = rows(130, 24, 11).values();
        let quiet = async |_: usize, _: usize| Ok(());
        let found = block_on(Inference::default().run(Operation::Encode, &sae, &x, Backend::Gpu, quiet))
            .expect("encodes");
        let expected = apply(Operation::Encode, &sae, &x).expect("encodes");
        for (found, expected) in found.chunks(d_sae).zip(expected.chunks(d_sae)) {
            assert!(found.iter().filter(|z| **z != 0.0).count() <= k);
            let least = expected.iter().filter(|z| **z != 0.0).map(|z| z.abs()).fold(f32::MAX, f32::min);
            for (found, expected) in found.iter().zip(expected) {
                let both = (*found != 0.0) == (*expected != 0.0);
                let chosen = if *found != 0.0 { found } else { expected };
                assert!(both || (chosen.abs() - least).abs() < TIE, "{found} {expected} {least}");
            }
        }
    }
}

#[test]
fn ties_go_to_the_lower_latent() {
    let Some(_) = device() else { return };
    // Every latent is the same: the first three must be chosen.
    let mut sae = Sae::random(4, 40, Activation::TopK { k: 3, by: TopKBy::Magnitude }, true, 1);
    sae.w_enc.fill(0.5);
    let quiet = async |_: usize, _: usize| Ok(());
    let z = block_on(Inference::default().run(Operation::Encode, &sae, &[1.0; 4], Backend::Gpu, quiet))
        .expect("encodes");
    let chosen: Vec<usize> = (0..40).filter(|&latent| z[latent] != 0.0).collect();
    assert_eq!(chosen, [0, 1, 2]);
}

#[test]
fn bulk_operations_agree_with_the_cpu_and_report_progress() {
    let Some(_) = device() else { return };
    let activations = [
        Activation::TopK { k: 4, by: TopKBy::Magnitude },
        Activation::Relu,
        Activation::JumpRelu {
            threshold: Threshold::PerLatent((0..50).map(|at| 0.02 * at as f32).collect()),
        },
        Activation::BatchTopK { k: 4, threshold: Some(0.4) },
        Activation::BatchTopK { k: 4, threshold: None },
    ];
    for activation in activations {
        let sae = start(21, 50, activation, false).sae;
        let x = rows(2500, 21, 2).values();
        let z = apply(Operation::Encode, &sae, &x).expect("encodes");
        let operations = [
            (Operation::Encode, &x, z.clone()),
            (Operation::Decode, &z, apply(Operation::Decode, &sae, &z).expect("decodes")),
            (Operation::Forward, &x, apply(Operation::Forward, &sae, &x).expect("reconstructs")),
        ];
        for (operation, input, expected) in operations {
            let mut heard = Vec::new();
            let listen = async |done: usize, total: usize| {
                heard.push((done, total));
                Ok(())
            };
            let found = block_on(Inference::default().run(operation, &sae, input, Backend::Gpu, listen))
                .expect("works");
            assert!(off(&found, &expected) < CLOSE, "{operation:?}");
            assert_eq!(heard, [(1024, 2500), (2048, 2500), (2500, 2500)]);
        }
    }
}

#[test]
fn bytes_and_columns_of_their_own_scale_are_normalised_on_the_way() {
    let Some(device) = device() else { return };
    let digits = Dataset::digits(60, 1).expect("draws");
    for kind in [NormalisationKind::None, NormalisationKind::Mnist, NormalisationKind::Standardise] {
        let bytes = digits.normalised(kind).share(0.5, 4).expect("a share");
        let values = digits.values().iter().map(|&value| f16::from_f32(value / 255.0)).collect();
        let halves = Dataset::new(Storage::F16(values), 784).expect("finite rows").normalised(kind);
        for data in [bytes, halves] {
            let state = start(784, 48, Activation::TopK { k: 6, by: TopKBy::Magnitude }, true);
            let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
            let name = format!("{kind:?}");
            assert_engines_agree(&mut engine(&device, &data, &state), &mut cpu, 30, &options(16), &name);
        }
    }
}

#[test]
fn rows_in_several_buffers_and_chunks_below_a_batch_give_the_same() {
    const LARGEST: u64 = 2 << 20;
    let Some(_) = device() else { return };
    let device = block_on(GpuDevice::open_within(true, LARGEST)).expect("opens");
    assert_eq!(device.largest_binding(), LARGEST);
    // 9 MB of rows, 3 MB for a chunk of 1 024, and more than one buffer holds where residuals and their sums are read
    // back.
    let data = rows(3000, 784, 9);
    let state = start(784, 40, Activation::TopK { k: 4, by: TopKBy::Magnitude }, true);
    let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
    assert_engines_agree(
        &mut engine(&device, &data, &state),
        &mut cpu,
        3000,
        &options(1000),
        "small bindings",
    );
}

#[test]
fn races_and_benchmarks_end_with_times() {
    let Some(device) = device() else { return };
    let data = rows(50, 30, 1);
    let state = start(30, 64, Activation::TopK { k: 4, by: TopKBy::Magnitude }, false);
    let times = block_on(race(&device, Threads::ONE, &data, &state, &options(128))).expect("runs");
    assert!(times.gpu > 0.0 && times.cpu > 0.0 && times.gpu.is_finite(), "{times:?}");
    assert_eq!(Workload::named("step").expect_err("is none").code(), "option");
    for id in ["encode-784-256", "step-784-256"] {
        let workload = Workload::named(id).expect("is one");
        let timing = block_on(benchmark(&device, workload, 1, true)).expect("runs");
        assert_eq!(timing.workload, id);
        assert!(
            timing.gpu > 0.0 && timing.gpu_without_readback > 0.0 && timing.cpu > Some(0.0),
            "{timing:?}"
        );
    }
}
