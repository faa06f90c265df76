//! The gradient of every activation against difference quotients of the objective; tied models against untied ones.

use pollster::block_on;
use proptest::prelude::*;
use splinterp::data::Dataset;
use splinterp::engine::{
    CpuEngine, Engine, Operation, Optimiser, Split, State, StepOptions, Variants, apply,
};
use splinterp::sae::{Activation, Penalties, Sae, Threshold, TopKBy};

use crate::support::random_rows;

/// Step of the difference quotient: small enough to stay on one affine piece, large enough for float32.
const STEP: f32 = 2e-2;
/// Agreement of a directional derivative with the difference quotient, relative to the gradient's length.
const DIFFERENCE: f64 = 2e-2;

fn activation() -> impl Strategy<Value = Activation> {
    let by = prop_oneof![Just(TopKBy::Magnitude), Just(TopKBy::Value), Just(TopKBy::Positive)];
    prop_oneof![
        Just(Activation::Relu),
        (1usize..4).prop_map(|k| Activation::BatchTopK { k, threshold: None }),
        (-0.2f32..0.4).prop_map(|t| Activation::JumpRelu { threshold: Threshold::Shared(t) }),
        (1usize..4, by).prop_map(|(k, by)| Activation::TopK { k, by }),
    ]
}

fn step_options(rows: usize, penalties: Penalties) -> StepOptions<'static> {
    StepOptions {
        batch_size: rows,
        updates_per_batch: 1,
        lr: 1e-3,
        lr_slope: 0.0,
        weight_decay: 0.0,
        clip: None,
        penalties,
        variants: Variants::NONE,
        sweep: None,
    }
}

/// The threshold above which BatchTopK's rule for a batch keeps its values.
fn cutoff(data: &Dataset, sae: &Sae, k: usize) -> f32 {
    let relu = Sae { activation: Activation::Relu, ..sae.clone() };
    let mut z = apply(Operation::Encode, &relu, &data.values()).expect("encodes");
    z.sort_by(|a, b| b.total_cmp(a));
    z.get(k * data.rows()).map_or(0.0, |next| next.max(0.0))
}

/// F of a model on all rows as one batch, from the engine's own evaluation; and its codes' support.
fn objective(data: &Dataset, sae: &Sae, penalties: &Penalties, prefixes: &[usize]) -> (f64, Vec<bool>) {
    let mut sae = sae.clone();
    if let Activation::BatchTopK { k, .. } = sae.activation {
        sae.activation = Activation::JumpRelu { threshold: Threshold::Shared(cutoff(data, &sae, k)) };
    }
    let measure = |sae: &Sae| {
        let state = State { sae: sae.clone(), optimiser: Optimiser::new(sae, true) };
        let mut engine = CpuEngine::new(data.clone(), data.clone(), state);
        block_on(engine.evaluate(Split::Test, 0..data.rows() as u32)).expect("evaluates")
    };
    let mut squares = 0.0;
    for &end in prefixes.iter().filter(|&&end| end < sae.d_sae) {
        let mut shorter = Sae { w_dec: Some(sae.decoder().to_vec()), ..sae.clone() };
        shorter.w_dec.iter_mut().for_each(|decoder| decoder[end * sae.d_in..].fill(0.0));
        squares += measure(&shorter).squares;
    }
    let sums = measure(&sae);
    let z = apply(Operation::Encode, &sae, &data.values()).expect("encodes");
    let mse = (squares + sums.squares) / (data.rows() * data.cols()) as f64;
    let f = mse + penalties.l1 * sums.l1 / data.rows() as f64 + penalties.of(&sae, &sae);
    (f, z.iter().map(|&z| z != 0.0).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_gradient_is_the_slope_of_the_objective(
        activation in activation(), tied in any::<bool>(),
        (n, d_in, d_sae) in (1usize..9, 1usize..21, 4usize..40),
        l1 in prop_oneof![Just(0.0), Just(0.01)], alpha in prop_oneof![Just(0.0), Just(0.02)],
        cuts in prop_oneof![Just(vec![]), prop::collection::btree_set(1usize..40, 1..4).prop_map(Vec::from_iter)],
        seed in any::<u64>(),
    ) {
        let mut prefixes: Vec<usize> = cuts.into_iter().filter(|&end| end < d_sae).collect();
        prefixes.push(d_sae);
        let data = random_rows(n, d_in, seed);
        let mut sae = Sae::random(d_in, d_sae, activation, tied, seed);
        sae.w_enc.iter_mut().for_each(|w| *w *= 5.0);
        if let Some(w) = &mut sae.w_dec { w.iter_mut().for_each(|w| *w *= 30.0) }
        let penalties = Penalties { l1, alpha, beta: alpha, ..Penalties::default() };
        let start = State { optimiser: Optimiser::new(&sae, true), sae: sae.clone() };
        let mut engine = CpuEngine::new(data.clone(), data.clone(), start);
        engine.begin_epoch();
        let rows: Vec<u32> = (0..n as u32).collect();
        let variants = Variants { prefixes: prefixes.clone(), ..Variants::default() };
        let options = StepOptions { variants: &variants, ..step_options(n, penalties) };
        block_on(engine.steps(&rows, &options)).expect("steps");
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
        let moved = |by: f32| {
            let mut sae = sae.clone();
            let add = |to: &mut [f32], g: &[f64]| {
                to.iter_mut().zip(g).for_each(|(to, g)| *to += by * STEP * (g / length) as f32);
            };
            add(&mut sae.w_enc, &g[0]);
            add(&mut sae.b_enc, &g[1]);
            if let Some(w) = &mut sae.w_dec { add(w, &g[2]) }
            add(&mut sae.b_dec, &g[3]);
            objective(&data, &sae, &penalties, &prefixes)
        };
        let points = [-2.0, -1.0, 0.0, 1.0, 2.0].map(moved);
        // Across a border of the activation's pieces the objective has no slope.
        prop_assume!(points.iter().all(|(_, support)| *support == points[2].1));
        // On one piece F is a polynomial of degree 4 along a line, for which five points give the slope
        // without error. Two points do not: near a minimum the cubic term passes the gradient.
        let [down2, down, _, up, up2] = points.map(|(f, _)| f);
        let slope = (8.0 * (up - down) - (up2 - down2)) / (12.0 * f64::from(STEP));
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
