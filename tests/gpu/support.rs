//! A device for the tests, and the comparison of both engines.

use std::rc::Rc;

use pollster::block_on;
use splinterp::data::{Dataset, Storage};
use splinterp::engine::gpu::{GpuDevice, GpuEngine};
use splinterp::engine::{CpuEngine, Engine, Moments, Optimiser, Split, State, StepOptions, Variants};
use splinterp::random::{Random, Stream};
use splinterp::sae::{Activation, Penalties, Sae};

/// A device of its own, so that losing it disturbs no other test. Without an adapter tests fail under `CI=true`;
/// elsewhere `None` tells them to skip, and says so.
pub fn device() -> Option<Rc<GpuDevice>> {
    match block_on(GpuDevice::open(true)) {
        Ok(device) => Some(device),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{error}");
            eprintln!("SKIPPED: {error}");
            None
        }
    }
}

/// An engine whose training and test rows are the same.
pub fn engine(device: &Rc<GpuDevice>, data: &Dataset, state: &State) -> GpuEngine {
    block_on(GpuEngine::new(device.clone(), data, data, state)).expect("the engine opens")
}

/// Sums in another order, relative to their size.
pub const CLOSE: f64 = 1e-5;

/// Rows at random.
pub fn rows(n: usize, cols: usize, seed: u64) -> Dataset {
    let mut random = Random::new(seed, Stream::Generator);
    let values = (0..n * cols).map(|_| random.normal() as f32).collect();
    Dataset::new(Storage::F32(values), cols).expect("finite rows")
}

/// A model whose decoder counts.
pub fn start(d_in: usize, d_sae: usize, activation: Activation, tied: bool) -> State {
    let mut sae = Sae::random(d_in, d_sae, activation, tied, 3);
    sae.w_dec.iter_mut().flatten().for_each(|w| *w *= 20.0);
    State { optimiser: Optimiser::new(&sae, true), sae }
}

/// Two updates on each batch.
pub fn options(batch_size: usize) -> StepOptions<'static> {
    StepOptions {
        batch_size,
        updates_per_batch: 2,
        lr: 1e-3,
        lr_slope: 0.0,
        weight_decay: 0.0,
        clip: None,
        penalties: Penalties { l1: 1e-3, ..Penalties::default() },
        variants: Variants::NONE,
        sweep: None,
    }
}

/// `‖found − expected‖ / ‖expected‖`, or `‖found‖` where nothing is expected.
pub fn off(found: &[f32], expected: &[f32]) -> f64 {
    let pairs = found.iter().zip(expected).map(|(&a, &b)| (f64::from(a), f64::from(b)));
    let (distance, size) = pairs.fold((0.0, 0.0), |(d, s), (a, b)| (d + (a - b) * (a - b), s + b * b));
    (if size > 0.0 { distance / size } else { distance }).sqrt()
}

/// Steps over all rows, evaluation, and sufficient statistics of both engines.
pub fn assert_engines_agree(
    gpu: &mut GpuEngine,
    cpu: &mut CpuEngine,
    n: usize,
    options: &StepOptions<'_>,
    name: &str,
) {
    let order: Vec<u32> = (0..n as u32).rev().collect();
    gpu.begin_epoch();
    cpu.begin_epoch();
    let expected = block_on(cpu.evaluate(Split::Test, 0..n as u32)).expect("evaluates");
    let found = block_on(gpu.evaluate(Split::Test, 0..n as u32)).expect("evaluates");
    assert_eq!((found.rows, found.active), (expected.rows, expected.active), "{name}");
    assert!((found.squares / expected.squares - 1.0).abs() < CLOSE, "{name}: {found:?} {expected:?}");
    let expected = block_on(cpu.steps(&order, options)).expect("steps");
    let found = block_on(gpu.steps(&order, options)).expect("steps");
    assert_eq!(found.updates, expected.updates, "{name}");
    assert!((found.mse / expected.mse - 1.0).abs() < CLOSE, "{name}: {found:?} {expected:?}");
    assert!((found.l1 / expected.l1 - 1.0).abs() < CLOSE, "{name}: {found:?} {expected:?}");
    assert!(
        (found.others - expected.others).abs() < CLOSE * (expected.mse + expected.others),
        "{name}: {found:?} {expected:?}"
    );
    let activity = block_on(cpu.activity()).expect("reads back");
    let differing = block_on(gpu.activity()).expect("reads back").into_iter().zip(&activity);
    let differing: u64 = differing.map(|(found, &expected)| found.abs_diff(expected)).sum();
    // Pre-activations that tie but for rounding may be ordered either way.
    assert!(differing * 10_000 <= activity.iter().sum(), "{name}: {differing} entries differ");
    let state = block_on(cpu.state()).expect("reads back");
    let same = block_on(gpu.state()).expect("reads back");
    assert!(off(&same.sae.w_enc, &state.sae.w_enc) < 10.0 * CLOSE, "W_enc, {name}");
    assert!(off(same.sae.decoder(), state.sae.decoder()) < 10.0 * CLOSE, "W_dec, {name}");
    assert_eq!(same.sae.thresholds().is_some(), state.sae.thresholds().is_some(), "{name}");
    if let (Some(found), Some(expected)) = (same.sae.thresholds(), state.sae.thresholds()) {
        assert!(off(&found, &expected) < 10.0 * CLOSE, "thresholds, {name}");
    }
    let moments = |state: &State| {
        let Optimiser { w_enc, b_enc, w_dec, b_dec, threshold, .. } = state.optimiser.clone();
        let all = [Some(w_enc), Some(b_enc), w_dec, b_dec, threshold];
        all.into_iter().flatten().map(|Moments { m, .. }| m).collect::<Vec<_>>()
    };
    assert_eq!(moments(&same).len(), moments(&state).len(), "{name}");
    // One entry more or less is a large part of a gradient.
    let compared = if differing == 0 { usize::MAX } else { 0 };
    for (at, (found, expected)) in moments(&same).iter().zip(&moments(&state)).enumerate().take(compared) {
        assert!(off(found, expected) < 10.0 * CLOSE, "moments {at}, {name}: {}", off(found, expected));
    }
    assert_eq!(same.optimiser.idle, state.optimiser.idle, "{name}");
    assert_eq!(same.optimiser.steps, state.optimiser.steps, "{name}");
    // From one state on, so that an active set that a rounding has changed does not count.
    gpu.load(&state).expect("loads");
    block_on(cpu.accumulate(&order)).expect("accumulates");
    block_on(gpu.accumulate(&order)).expect("accumulates");
    let expected = block_on(cpu.take_stats()).expect("hands over");
    let found = block_on(gpu.take_stats()).expect("hands over");
    assert_eq!((found.rows, &found.active), (expected.rows, &expected.active), "{name}");
    let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
    assert!(off(&narrow(&found.upper()), &narrow(&expected.upper())) < CLOSE, "ZᵀZ, {name}");
    assert!(off(&narrow(&found.zx), &narrow(&expected.zx)) < CLOSE, "ZᵀX, {name}");
    assert!(off(&narrow(&found.z), &narrow(&expected.z)) < CLOSE, "sums of codes, {name}");
    assert!((found.l1 / expected.l1 - 1.0).abs() < CLOSE, "l1, {name}");
    let found = block_on(gpu.moments(&order)).expect("sums");
    assert_eq!(found, block_on(cpu.moments(&order)).expect("sums"), "{name}");
    let expected = block_on(cpu.worst_rows(&order, 3)).expect("finds");
    let found = block_on(gpu.worst_rows(&order, 3)).expect("finds");
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!(off(found, expected) < 10.0 * CLOSE, "worst rows, {name}");
    }
}
