//! The closed-form decoder against float64 least squares, and its promise never to raise F.

mod common;

use common::Case;
use splinterp::train::{DecoderInput, Ridge, decoder_step};

/// How far above the reference objective a solution may lie.
const OBJECTIVE: f64 = 1e-9;
/// Agreement of the matrices where the minimiser is unique and well conditioned.
const MATRIX: f64 = 1e-8;

#[test]
fn the_minimiser_is_the_one_of_dense_least_squares() {
    for case in Case::all("decoder_") {
        let (z, x) = (case.tensor("Z"), case.tensor("X"));
        let (w_dec0, b_dec0) = (case.tensor("W_dec0"), case.tensor("b_dec0"));
        let (d_in, d_sae) = (b_dec0.len(), w_dec0.len() / b_dec0.len());
        let ridge = Ridge {
            alpha: case.number("alpha"),
            beta: case.number("beta"),
            mu_dec: case.number("mu_dec"),
            nu_dec: case.number("nu_dec"),
        };
        let input = DecoderInput {
            z: &z,
            x: &x,
            w_dec0: &w_dec0,
            b_dec0: &b_dec0,
            n: x.len() / d_in,
            d_sae,
            d_in,
            ridge,
        };
        let solution = decoder_step(&input).expect("solves");
        let expected = case.tensor("objective")[0];
        assert!(
            solution.objective <= expected + OBJECTIVE,
            "{}: {} {expected}",
            case.name(),
            solution.objective
        );
        let measured = objective(&input, &solution.w_dec, &solution.b_dec);
        assert!((measured - solution.objective).abs() < OBJECTIVE, "{}: {measured}", case.name());
        let before = objective(&input, &w_dec0, &b_dec0);
        assert!((before - solution.objective_before).abs() < OBJECTIVE, "{}", case.name());
        if case.about["unique"] == true && !case.name().contains("near_singular") {
            for (found, name) in [(&solution.w_dec, "W_dec"), (&solution.b_dec, "b_dec")] {
                let expected = case.tensor(name);
                let distance: f64 = found.iter().zip(&expected).map(|(a, b)| (a - b).powi(2)).sum();
                let size: f64 = expected.iter().map(|b| b * b).sum();
                assert!((distance / size).sqrt() < MATRIX, "{name} of {}: {distance:e}", case.name());
            }
        }
    }
}

/// F's decoder terms, row by row from the definition.
fn objective(input: &DecoderInput, w: &[f64], b: &[f64]) -> f64 {
    let mut squares = 0.0;
    for (z, x) in input.z.chunks_exact(input.d_sae).zip(input.x.chunks_exact(input.d_in)) {
        for (col, x) in x.iter().enumerate() {
            let fit: f64 = z.iter().enumerate().map(|(latent, z)| z * w[latent * input.d_in + col]).sum();
            squares += (x - fit - b[col]).powi(2);
        }
    }
    let distance = |v: &[f64], v0: &[f64]| v.iter().zip(v0).map(|(v, v0)| (v - v0).powi(2)).sum::<f64>();
    let size = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>();
    let Ridge { alpha, beta, mu_dec, nu_dec } = input.ridge;
    squares / (input.n * input.d_in) as f64
        + alpha * size(w)
        + beta * size(b)
        + mu_dec * distance(w, input.w_dec0)
        + nu_dec * distance(b, input.b_dec0)
}
