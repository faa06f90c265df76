//! Steps of other programs' recipes against PyTorch's autograd in float64: AuxK, decoders of unit norm, warm-up, BatchTopK,
//! trained thresholds, Matryoshka. `tests/recipes/write.py` made the values.

use crate::common::recipes::{Recipe, assert_close};
use pollster::block_on;
use splinterp::engine::{CpuEngine, Engine};
use splinterp::sae::Activation;
use splinterp::threads::Threads;

#[test]
fn steps_agree_with_autograd() {
    for recipe in Recipe::all() {
        let (data, state) = recipe.start();
        let mut engine = CpuEngine::new(data.clone(), data, state);
        recipe.assert_steps_agree(&mut engine, 1e-5);
    }
}

#[test]
fn threads_change_no_bit() {
    for recipe in Recipe::all() {
        let run = |threads| {
            let (data, state) = recipe.start();
            let mut engine = CpuEngine::new(data.clone(), data, state).on(Threads::up_to(Some(threads)));
            engine.begin_epoch();
            block_on(engine.steps(&recipe.rows(), &recipe.options(&recipe.variants()))).expect("steps");
            block_on(engine.state()).expect("reads back")
        };
        assert!(run(1) == run(3), "{}", recipe.name());
    }
}

#[test]
fn batch_topk_ends_with_the_average_of_the_least_active_values() {
    for recipe in Recipe::all() {
        let Some(expected) = recipe.average() else { continue };
        let (data, state) = recipe.start();
        let mut engine = CpuEngine::new(data.clone(), data, state);
        engine.begin_epoch();
        block_on(engine.steps(&recipe.rows(), &recipe.options(&recipe.variants()))).expect("steps");
        let activation = block_on(engine.state()).expect("reads back").sae.activation;
        let Activation::BatchTopK { threshold: Some(threshold), .. } = activation else {
            panic!("{}: {activation:?}", recipe.name())
        };
        assert_close(&[threshold], &[expected], 1e-5, recipe.name());
    }
}
