//! Whether a device computes what the CPU computes, and whether it does so faster.

use std::rc::Rc;

use serde::Serialize;
use web_time::Instant;

use super::device::GpuDevice;
use super::gpu_engine::GpuEngine;
use crate::data::{Dataset, NormalisationKind, Storage};
use crate::engine::{
    AuxK, CpuEngine, Decoder, Engine, Optimiser, Split, State, StepOptions, SufficientStats, Sweep,
    ThresholdTraining, Variants,
};
use crate::error::{Error, Result};
use crate::random::{Random, Stream};
use crate::sae::{Activation, Penalties, Sae, Threshold, TopKBy};
use crate::threads::Threads;

/// Largest relative error of a sound device: float32 sums in another order differ by some 1e-6.
const TOLERANCE: f64 = 1e-4;
/// Sizes of the problem: no multiple of a tile, of a workgroup or of a vec4.
const ROWS: usize = 45;
const D_IN: usize = 21;
const D_SAE: usize = 70;
const K: usize = 9;
/// Rows after which latents are dead to AuxK.
const DEAD_AFTER: u32 = 30;
/// Of the decoder where it is not tied: the second batch has fewer rows than the first.
const SWEEP: Sweep = Sweep { rows: 60.0, ridge: 2.0, damping: 0.5, bias_ridge: 3.0 };
/// Of the rows on which recipes are compared.
const RECIPE_SEED: u64 = 9;
/// How many of the worst reconstructed rows are compared.
const WORST_ROWS: usize = 3;
/// Multiply-adds of an encode that a race may take on the CPU: some 0.1 s.
const RACE_WORK: usize = 200_000_000;
/// Batches that the GPU runs in a race, between two readbacks.
const RACE_BATCHES: usize = 16;

/// What is compared, in the order in which [`run`] returns it.
const COMPARED: [&str; 9] = [
    "forward pass",
    "gradients",
    "two steps",
    "activity",
    "ZᵀZ",
    "ZᵀX",
    "sums of codes",
    "decoder",
    "worst rows",
];

/// One comparison with the CPU.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What was compared.
    pub name: String,
    /// `‖gpu − cpu‖ / ‖cpu‖`.
    pub error: f64,
}

/// Compares every kernel with the CPU on small random problems.
///
/// # Errors
/// If the device fails. A wrong result is no error here: see [`verdict`].
pub async fn self_test(device: &Rc<GpuDevice>) -> Result<Vec<Check>> {
    let topk = |by| Activation::TopK { k: K, by };
    let jump = Activation::JumpRelu { threshold: Threshold::Shared(0.3) };
    let problems = [
        ("TopK by magnitude", topk(TopKBy::Magnitude), false),
        ("TopK by value", topk(TopKBy::Value), true),
        ("TopK, positive", topk(TopKBy::Positive), false),
        ("ReLU", Activation::Relu, true),
        ("JumpReLU", jump, false),
    ];
    let mut checks = Vec::new();
    for (seed, (name, activation, tied)) in problems.into_iter().enumerate() {
        checks.extend(compare(device, name, (activation, tied), Variants::NONE, seed as u64).await?);
    }
    let batch = Activation::BatchTopK { k: K, threshold: None };
    let jump = Activation::JumpRelu { threshold: Threshold::PerLatent(vec![0.3; D_SAE]) };
    let auxiliary = Variants {
        auxk: Some(AuxK { k: K, coefficient: 0.5, dead_after: DEAD_AFTER }),
        threshold_rate: 0.25,
        prefixes: vec![D_SAE / 5, D_SAE / 2, D_SAE],
        ..Variants::default()
    };
    let thresholds = Variants {
        thresholds: Some(ThresholdTraining { bandwidth: 0.2, target_l0: K as f64, coefficient: 0.1 }),
        unit_decoder: true,
        ..Variants::default()
    };
    for (name, activation, variants) in
        [("BatchTopK, AuxK and prefixes", batch, auxiliary), ("trained thresholds", jump, thresholds)]
    {
        checks.extend(compare(device, name, (activation, false), &variants, RECIPE_SEED).await?);
    }
    Ok(checks)
}

/// Whether every check is within tolerance.
///
/// # Errors
/// [`Error::Gpu`] that names the worst.
pub fn verdict(checks: &[Check]) -> Result<()> {
    match checks.iter().find(|check| check.error.is_nan() || check.error > TOLERANCE) {
        Some(Check { name, error }) => Err(Error::Gpu(format!(
            "the results of the graphics adapter are wrong: {name} differs from the CPU by {error:.1e} of its size"
        ))),
        None => Ok(()),
    }
}

async fn compare(
    device: &Rc<GpuDevice>,
    name: &str,
    (activation, tied): (Activation, bool),
    variants: &Variants,
    seed: u64,
) -> Result<Vec<Check>> {
    let data = problem(tied, seed)?;
    let mut sae = Sae::random(D_IN, D_SAE, activation, tied, seed);
    // The small decoder of a start would leave nothing of the reconstruction to compare.
    sae.w_dec.iter_mut().flatten().for_each(|w| *w *= 20.0);
    let mut optimiser = Optimiser::new(&sae, true).with_variants(variants, D_SAE);
    // Some are dead from the start.
    let idle = optimiser.idle.iter_mut().flat_map(|rows| rows.iter_mut().step_by(3));
    idle.for_each(|rows| *rows = DEAD_AFTER as f32);
    let state = State { optimiser, sae };
    let mut cpu = CpuEngine::new(data.clone(), data.clone(), state.clone());
    let mut gpu = GpuEngine::new(device.clone(), &data, &data, &state).await?;
    let expected = run(&mut cpu, variants).await?;
    let found = run(&mut gpu, variants).await?;
    Ok(COMPARED
        .iter()
        .zip(found.iter().zip(&expected))
        .map(|(what, (found, expected))| Check {
            name: format!("{name}: {what}"),
            error: relative_error(found, expected),
        })
        .collect())
}

/// Bytes for one half of the problems, float32 for the other.
fn problem(bytes: bool, seed: u64) -> Result<Dataset> {
    let mut random = Random::new(seed, Stream::Generator);
    let values = ROWS * D_IN;
    let storage = if bytes {
        Storage::U8((0..values).map(|_| random.below(256) as u8).collect())
    } else {
        Storage::F32((0..values).map(|_| 3.0 + 2.0 * random.normal() as f32).collect())
    };
    Ok(Dataset::new(storage, D_IN)?.normalised(NormalisationKind::Standardise))
}

/// What an engine computes, in the order of [`COMPARED`].
async fn run(engine: &mut impl Engine, variants: &Variants) -> Result<[Vec<f64>; COMPARED.len()]> {
    let rows: Vec<u32> = (0..ROWS as u32).rev().collect();
    let penalties = Penalties {
        l1: 1e-2,
        alpha: 1e-3,
        beta: 1e-2,
        mu_enc: 1e-2,
        nu_enc: 1e-1,
        mu_dec: 1e-2,
        nu_dec: 1e-1,
    };
    let options = StepOptions {
        batch_size: 25,
        updates_per_batch: 1,
        lr: 1e-3,
        lr_slope: -1e-4,
        weight_decay: 1e-2,
        clip: Some(0.1),
        penalties,
        variants,
        sweep: Some(SWEEP),
    };
    engine.begin_epoch();
    let sums = engine.evaluate(Split::Test, 0..ROWS as u32).await?;
    let steps = engine.steps(&rows, &options).await?;
    let forward = vec![sums.squares, sums.l1, sums.active as f64, steps.mse, steps.l1, steps.others];
    let State { sae, optimiser } = engine.state().await?;
    let Optimiser { w_enc, b_enc, w_dec, b_dec, threshold, idle, .. } = &optimiser;
    let moments = [Some(w_enc), Some(b_enc), w_dec.as_ref(), b_dec.as_ref(), threshold.as_ref()];
    let gradients = moments.iter().flatten().flat_map(|moments| wide(&moments.m)).collect();
    let thresholds = sae.thresholds().unwrap_or_default();
    let parameters = [&sae.w_enc[..], &sae.b_enc, sae.decoder(), &sae.b_dec, &thresholds];
    let parameters = parameters.iter().flat_map(|values| wide(values)).collect();
    let idle = idle.iter().flat_map(|rows| wide(rows));
    let activity = engine.activity().await?.iter().map(|&rows| rows as f64).chain(idle).collect();
    engine.accumulate(&rows).await?;
    let stats = engine.take_stats().await?;
    let zz = stats.upper();
    let SufficientStats { zx, z, l1, active, .. } = stats;
    let sums = z.into_iter().chain([l1]).chain(active.iter().map(|&rows| rows as f64)).collect();
    let Decoder { w_dec, b_dec } = engine.decoder().await?;
    let decoder = wide(&w_dec).chain(wide(&b_dec)).collect();
    let worst = engine.worst_rows(&rows, WORST_ROWS).await?.concat();
    Ok([forward, gradients, parameters, activity, zz, zx, sums, decoder, wide(&worst).collect()])
}

fn wide(values: &[f32]) -> impl Iterator<Item = f64> {
    values.iter().map(|&value| f64::from(value))
}

fn relative_error(found: &[f64], expected: &[f64]) -> f64 {
    let distance: f64 = found.iter().zip(expected).map(|(a, b)| (a - b) * (a - b)).sum();
    let size: f64 = expected.iter().map(|b| b * b).sum();
    (distance / size).sqrt()
}

/// Seconds of a training step on both engines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Race {
    /// On the GPU.
    pub gpu: f64,
    /// On the CPU.
    pub cpu: f64,
}

/// Times steps of the real size on some of the real rows.
///
/// # Errors
/// If the device fails.
pub async fn race(
    device: &Rc<GpuDevice>,
    threads: Threads,
    train: &Dataset,
    state: &State,
    options: &StepOptions<'_>,
) -> Result<Race> {
    let most = (RACE_WORK / (state.sae.d_in * state.sae.d_sae)).max(1);
    let batch = options.batch_size.min(train.rows()).min(most);
    let options = StepOptions { batch_size: batch, updates_per_batch: 1, ..*options };
    let rows: Vec<u32> = (0..batch as u32).collect();
    let data = train.select(&rows);
    let test = train.select(&rows[..1]);
    let mut engine = CpuEngine::new(data.clone(), test.clone(), state.clone()).on(threads);
    let cpu = best_of(3, &mut engine, &rows, &options).await?;
    let many: Vec<u32> = rows.iter().copied().cycle().take(batch * RACE_BATCHES).collect();
    let mut engine = GpuEngine::new(device.clone(), &data, &test, state).await?;
    let gpu = best_of(2, &mut engine, &many, &options).await? / RACE_BATCHES as f64;
    Ok(Race { gpu, cpu })
}

/// Seconds of the quickest of some calls after a first that warms up.
async fn best_of(
    calls: usize,
    engine: &mut impl Engine,
    rows: &[u32],
    options: &StepOptions<'_>,
) -> Result<f64> {
    engine.begin_epoch();
    engine.steps(rows, options).await?;
    let mut best = f64::INFINITY;
    for _ in 0..calls {
        let start = Instant::now();
        engine.steps(rows, options).await?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}
