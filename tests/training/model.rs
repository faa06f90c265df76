//! The model on the CPU against float64 reference values: forward pass, loss, gradients, and Adam's steps.

use crate::common::golden::{self, FORWARD, model};
use crate::common::{Case, relative_error};
use splinterp::data::Dataset;
use splinterp::engine::{CpuEngine, Operation, State, apply};

fn cpu(data: Dataset, state: State) -> CpuEngine {
    CpuEngine::new(data.clone(), data, state)
}

#[test]
fn the_forward_pass_agrees_with_float64() {
    for case in Case::all("forward_") {
        let sae = model(&case, "W_enc", "b_enc", "W_dec", "b_dec");
        let x = case.float32("x");
        let z = apply(Operation::Encode, &sae, &x).expect("encodes");
        let xhat = apply(Operation::Forward, &sae, &x).expect("reconstructs");
        assert!(relative_error(&z, &case.tensor("z")) < FORWARD, "z of {}", case.name());
        assert!(relative_error(&xhat, &case.tensor("xhat")) < FORWARD, "x̂ of {}", case.name());
        assert_eq!(apply(Operation::Decode, &sae, &z).expect("decodes"), xhat, "{}", case.name());
        let active = |z: f64| z != 0.0;
        let same =
            z.iter().zip(case.tensor("z")).all(|(&z, expected)| active(f64::from(z)) == active(expected));
        assert!(same, "active set of {}", case.name());
    }
}

#[test]
fn losses_agree_with_float64() {
    golden::losses_agree(cpu);
}

#[test]
fn gradients_agree_with_autograd_with_and_without_penalties() {
    golden::gradients_agree(cpu);
}

#[test]
fn clipping_bounds_the_norm_of_autograds_gradient_and_keeps_its_direction() {
    golden::clipping_agrees(cpu);
}

#[test]
fn six_adam_steps_agree_with_float64() {
    golden::adam_agrees(cpu);
}
