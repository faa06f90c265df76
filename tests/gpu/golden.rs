//! The GPU engine against float64 reference values: loss, gradients, clipping, and Adam's steps.
use crate::common::golden;
use crate::common::recipes::Recipe;
use crate::support::{device, engine};

#[test]
fn losses_agree_with_float64() {
    let Some(device) = device() else { return };
    golden::losses_agree(|data, state| engine(&device, &data, &state));
}

#[test]
fn gradients_agree_with_autograd_with_and_without_penalties() {
    let Some(device) = device() else { return };
    golden::gradients_agree(|data, state| engine(&device, &data, &state));
}

#[test]
fn clipping_bounds_the_norm_of_autograds_gradient_and_keeps_its_direction() {
    let Some(device) = device() else { return };
    golden::clipping_agrees(|data, state| engine(&device, &data, &state));
}

#[test]
fn six_adam_steps_agree_with_float64() {
    let Some(device) = device() else { return };
    golden::adam_agrees(|data, state| engine(&device, &data, &state));
}

#[test]
fn recipes_agree_with_autograd() {
    let Some(device) = device() else { return };
    for recipe in Recipe::all() {
        let (data, state) = recipe.start();
        recipe.assert_steps_agree(&mut engine(&device, &data, &state), 1e-5);
    }
}
