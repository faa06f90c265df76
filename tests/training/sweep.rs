//! Sweeps over the decoder against their definition in float64, with residuals that are computed anew for every row moved.

use pollster::block_on;
use proptest::prelude::*;
use splinterp::data::Dataset;
use splinterp::engine::{
    CpuEngine, Decoder, Engine, Operation, Optimiser, Split, State, StepOptions, Sweep, Variants, apply,
};
use splinterp::sae::{Activation, Penalties, Sae, TopKBy};
use splinterp::threads::Threads;

use crate::support::random_rows;

/// So small a step of Adam leaves every parameter as it is.
const NO_STEP: f64 = 1e-30;

fn options(batch_size: usize, variants: &Variants, sweep: Option<Sweep>) -> StepOptions<'_> {
    StepOptions {
        batch_size,
        updates_per_batch: 1,
        lr: NO_STEP,
        lr_slope: 0.0,
        weight_decay: 0.0,
        clip: None,
        penalties: Penalties::default(),
        variants,
        sweep,
    }
}

fn engine_of(data: &Dataset, sae: &Sae) -> CpuEngine {
    let state = State { optimiser: Optimiser::new(sae, false), sae: sae.clone() };
    let mut engine = CpuEngine::new(data.clone(), data.clone(), state);
    engine.begin_epoch();
    engine
}

fn model(d_in: usize, d_sae: usize, activation: Activation, seed: u64) -> Sae {
    let mut sae = Sae::random(d_in, d_sae, activation, false, seed);
    sae.w_enc.iter_mut().for_each(|w| *w *= 5.0);
    sae.w_dec.iter_mut().flatten().for_each(|w| *w *= 30.0);
    sae.b_dec.iter_mut().enumerate().for_each(|(at, b)| *b = 0.1 * at as f32);
    sae
}

/// The decoder after sweeps over consecutive batches of `x`, whose codes are `z`.
fn swept(
    sae: &Sae,
    (x, z): (&[f32], &[f32]),
    batch: usize,
    ends: &[usize],
    sweep: Sweep,
) -> (Vec<f64>, Vec<f64>) {
    let (d_in, d_sae) = (sae.d_in, sae.d_sae);
    let mut w: Vec<f64> = sae.decoder().iter().map(|&w| w.into()).collect();
    let mut b: Vec<f64> = sae.b_dec.iter().map(|&b| b.into()).collect();
    let (mut energy, mut weights) = (vec![0.0; d_sae], 0.0);
    for (x, z) in x.chunks(batch * d_in).zip(z.chunks(batch * d_sae)) {
        let rows = x.len() / d_in;
        let share = (rows as f64 / sweep.rows).min(1.0);
        let z_of = |row: usize, latent: usize| f64::from(z[row * d_sae + latent]);
        weights = (1.0 - share) * weights + share;
        // x̂ − x of a row, from the first `end` latents.
        let residual = |w: &[f64], b: &[f64], row: usize, end: usize, col: usize| {
            let fit: f64 = (0..end).map(|latent| z_of(row, latent) * w[latent * d_in + col]).sum();
            b[col] + fit - f64::from(x[row * d_in + col])
        };
        let horizon = sweep.rows.max(rows as f64);
        for (col, b_of_col) in b.clone().into_iter().enumerate() {
            let all = |row: usize| ends.iter().map(|&end| residual(&w, &b, row, end, col)).sum::<f64>();
            let slope = (0..rows).map(all).sum::<f64>() + share * sweep.bias_ridge * b_of_col;
            let curvature = ends.len() as f64 * horizon + sweep.bias_ridge;
            b[col] -= slope / curvature;
        }
        for (latent, energy) in energy.iter_mut().enumerate() {
            let square: f64 = (0..rows).map(|row| z_of(row, latent).powi(2)).sum();
            *energy = (1.0 - share) * *energy + square;
            if square == 0.0 {
                continue;
            }
            let holders: Vec<usize> = ends.iter().copied().filter(|&end| end > latent).collect();
            let curvature = holders.len() as f64 * *energy / weights + sweep.ridge.max(sweep.damping);
            for col in 0..d_in {
                let by_row = |row: usize| {
                    let of = |&end: &usize| residual(&w, &b, row, end, col);
                    z_of(row, latent) * holders.iter().map(of).sum::<f64>()
                };
                let slope: f64 = (0..rows).map(by_row).sum();
                let at = latent * d_in + col;
                w[at] -= (slope + share * sweep.ridge * w[at]) / curvature;
            }
        }
    }
    (w, b)
}

fn assert_near(found: &[f32], expected: &[f64]) -> Result<(), TestCaseError> {
    let largest = expected.iter().fold(1e-3f64, |most, v| most.max(v.abs()));
    for (&found, expected) in found.iter().zip(expected) {
        prop_assert!((f64::from(found) - expected).abs() < 2e-4 * largest, "{found}, expected {expected}");
    }
    Ok(())
}

fn activation() -> impl Strategy<Value = Activation> {
    prop_oneof![
        Just(Activation::Relu),
        (1usize..4).prop_map(|k| Activation::TopK { k, by: TopKBy::Magnitude }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_sweep_is_coordinate_descent_with_the_curvature_of_more_rows(
        activation in activation(),
        (n, batch, d_in, d_sae) in (1usize..40, 1usize..20, 1usize..75, 4usize..20),
        cuts in prop::collection::btree_set(1usize..20, 0..3),
        (rows, ridge, bias_ridge) in (1f64..60.0, prop_oneof![Just(0.0), 0.01f64..20.0], 0f64..5.0),
        threads in 1usize..4, seed in any::<u64>(),
    ) {
        let mut ends: Vec<usize> = cuts.into_iter().filter(|&end| end < d_sae).collect();
        ends.push(d_sae);
        let data = random_rows(n, d_in, seed);
        let sae = model(d_in, d_sae, activation, seed);
        let sweep = Sweep { rows, ridge, damping: 0.5, bias_ridge };
        let prefixes = if ends.len() > 1 { ends.clone() } else { Vec::new() };
        let variants = Variants { prefixes, ..Variants::default() };
        let order: Vec<u32> = (0..n as u32).collect();
        let mut engine = engine_of(&data, &sae).on(Threads::up_to(Some(threads)));
        // Two calls: the energies are those of the epoch.
        let middle = n.div_ceil(batch) / 2 * batch;
        for part in [&order[..middle], &order[middle..]] {
            block_on(engine.steps(part, &options(batch, &variants, Some(sweep)))).expect("steps");
        }
        let Decoder { w_dec, b_dec } = block_on(engine.decoder()).expect("reads back");
        let values = data.values();
        let z = apply(Operation::Encode, &sae, &values).expect("encodes");
        let (w, b) = swept(&sae, (&values, &z), batch, &ends, sweep);
        assert_near(&w_dec, &w)?;
        assert_near(&b_dec, &b)?;
    }

    #[test]
    fn sweeps_over_one_batch_lower_its_error_and_never_raise_it(
        (n, d_in, d_sae) in (2usize..30, 1usize..40, 4usize..12), seed in any::<u64>(),
    ) {
        let data = random_rows(n, d_in, seed);
        let sae = model(d_in, d_sae, Activation::TopK { k: 2, by: TopKBy::Magnitude }, seed);
        let mut engine = engine_of(&data, &sae);
        let order: Vec<u32> = (0..n as u32).collect();
        let first = block_on(engine.evaluate(Split::Train, 0..n as u32)).expect("evaluates").squares;
        let mut last = first;
        let sweep = Sweep { rows: n as f64, ridge: 0.0, damping: 0.0, bias_ridge: 0.0 };
        for _ in 0..20 {
            block_on(engine.steps(&order, &options(n, Variants::NONE, Some(sweep)))).expect("steps");
            let now = block_on(engine.evaluate(Split::Train, 0..n as u32)).expect("evaluates").squares;
            prop_assert!(now <= last * (1.0 + 1e-5) + 1e-6 * first, "{now} after {last}");
            last = now;
        }
        prop_assert!(last < first);
    }
}

#[test]
fn an_epoch_begins_without_the_energies_of_the_last() {
    let data = random_rows(40, 9, 3);
    let sae = model(9, 12, Activation::TopK { k: 3, by: TopKBy::Magnitude }, 3);
    let rows: Vec<u32> = (0..40).collect();
    let sweep = Sweep { rows: 30.0, ridge: 1.0, damping: 0.0, bias_ridge: 0.0 };
    let sweep = options(10, Variants::NONE, Some(sweep));
    let mut engine = engine_of(&data, &sae);
    block_on(engine.steps(&rows[..20], &sweep)).expect("steps");
    let state = block_on(engine.state()).expect("reads back");
    let mut other = engine_of(&data, &state.sae);
    engine.begin_epoch();
    for engine in [&mut engine, &mut other] {
        block_on(engine.steps(&rows[20..], &sweep)).expect("steps");
    }
    let [one, two] = [&mut engine, &mut other].map(|engine| block_on(engine.decoder()).expect("reads back"));
    assert_eq!(one.w_dec, two.w_dec);
}
