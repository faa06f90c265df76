//! The closed-form decoder against float64 least squares, and its promise never to raise F.

use crate::common::Case;
use nalgebra::DMatrix;
use proptest::prelude::*;
use splinterp::data::DataMoments;
use splinterp::engine::SufficientStats;
use splinterp::random::{Random, Stream};
use splinterp::train::decoder::{
    DecoderInput, DecoderPenalties, DecoderProblem, DecoderRef, DecoderSolution, NoPause, decoder_step,
    solve_decoder,
};

/// How far above the reference objective a solution may lie.
const OBJECTIVE: f64 = 1e-9;
/// Agreement of the matrices where the minimiser is unique and well conditioned.
const MATRIX: f64 = 1e-8;

/// Rise of F that rounding explains, as a share of F before and of the mean square of the data.
const ROUNDING: f64 = 1e-9;

#[test]
fn the_minimiser_is_the_one_of_dense_least_squares() {
    for case in Case::all("decoder_") {
        let (z, x) = (case.tensor("Z"), case.tensor("X"));
        let (w_dec0, b_dec0) = (case.tensor("W_dec0"), case.tensor("b_dec0"));
        let (d_in, d_sae) = (b_dec0.len(), w_dec0.len() / b_dec0.len());
        let penalties = DecoderPenalties {
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
            penalties,
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
    let DecoderPenalties { alpha, beta, mu_dec, nu_dec } = input.penalties;
    squares / (input.n * input.d_in) as f64
        + alpha * size(w)
        + beta * size(b)
        + mu_dec * distance(w, input.w_dec0)
        + nu_dec * distance(b, input.b_dec0)
}

/// A problem of the kinds that break least squares, drawn from a seed.
#[derive(Debug)]
struct Problem {
    n: usize,
    d_sae: usize,
    d_in: usize,
    z: Vec<f64>,
    x: Vec<f64>,
    w0: Vec<f64>,
    b0: Vec<f64>,
    penalties: DecoderPenalties,
}

impl Problem {
    fn draw(seed: u64) -> Self {
        let random = &mut Random::new(seed, Stream::Generator);
        let size = |random: &mut Random, bound| 1 + random.below(bound) as usize;
        let (n, d_sae, d_in) = (size(random, 12), size(random, 10), size(random, 4));
        let z_scale = power_of_ten(random, 9);
        let x_scale = power_of_ten(random, 9);
        let mut z = vec![0.0; n * d_sae];
        for latent in 0..d_sae {
            draw_latent(random, &mut z, d_sae, latent);
        }
        let empty = random.below(20) == 0;
        z.iter_mut().for_each(|z| *z *= if empty { 0.0 } else { z_scale });
        // Constant data, data far from 0, and ordinary ones.
        let (offset, spread) = [(1.0, 0.0), (0.0, 0.0), (1e4, 1.0), (0.0, 1.0)][random.below(4) as usize];
        let mean: Vec<f64> = (0..d_in).map(|_| offset * random.normal()).collect();
        let x = (0..n * d_in).map(|at| x_scale * (mean[at % d_in] + spread * random.normal())).collect();
        let start = [0.0, 0.1, 1.0, 1e6][random.below(4) as usize];
        let w0 = (0..d_sae * d_in).map(|_| start * random.normal() * x_scale / z_scale).collect();
        let b0 = (0..d_in).map(|_| start * random.normal() * x_scale).collect();
        let mut weight =
            || [0.0, 0.0, f64::MIN_POSITIVE, 1e-12, 1e-6, 1e-2, 1.0, 1e6][random.below(8) as usize];
        let penalties =
            DecoderPenalties { alpha: weight(), beta: weight(), mu_dec: weight(), nu_dec: weight() };
        Self { n, d_sae, d_in, z, x, w0, b0, penalties }
    }

    fn input(&self) -> DecoderInput<'_> {
        DecoderInput {
            z: &self.z,
            x: &self.x,
            w_dec0: &self.w0,
            b_dec0: &self.b0,
            n: self.n,
            d_sae: self.d_sae,
            d_in: self.d_in,
            penalties: self.penalties,
        }
    }

    /// From raw sums, as a trainer solves.
    fn solve_from_sums(&self) -> splinterp::Result<DecoderSolution> {
        let (d_sae, d_in) = (self.d_sae, self.d_in);
        let mut stats = SufficientStats::new(d_in, d_sae).expect("fits");
        stats.rows = self.n as u64;
        let mut mean = vec![0.0; d_in];
        for (z, x) in self.z.chunks_exact(d_sae).zip(self.x.chunks_exact(d_in)) {
            for (i, zi) in z.iter().enumerate() {
                stats.z[i] += zi;
                (0..d_sae).for_each(|j| stats.zz[i * d_sae + j] += zi * z[j]);
                (0..d_in).for_each(|j| stats.zx[i * d_in + j] += zi * x[j]);
            }
            mean.iter_mut().zip(x).for_each(|(mean, x)| *mean += x / self.n as f64);
        }
        let total_sum_of_squares =
            self.x.iter().enumerate().map(|(at, x)| (x - mean[at % d_in]).powi(2)).sum();
        let start = DecoderRef { w_dec: &self.w0, b_dec: &self.b0 };
        solve_decoder(stats, &DataMoments { mean, total_sum_of_squares }, start, start, &self.penalties)
    }

    /// What is wrong with a solution, if anything: F measured row by row must not have risen.
    fn complaint(&self, solution: splinterp::Result<DecoderSolution>) -> Option<String> {
        let solution = match solution {
            Ok(solution) => solution,
            Err(error) => return Some(error.to_string()),
        };
        let before = objective(&self.input(), &self.w0, &self.b0);
        let after = objective(&self.input(), &solution.w_dec, &solution.b_dec);
        let square = self.x.iter().map(|x| x * x).sum::<f64>() / self.x.len() as f64;
        let rose =
            after.partial_cmp(&(before + ROUNDING * (before + square))) == Some(std::cmp::Ordering::Greater);
        (rose || !after.is_finite()).then(|| format!("F went from {before:e} to {after:e}"))
    }
}

fn power_of_ten(random: &mut Random, largest: u32) -> f64 {
    let exponent = random.below(2 * largest + 1) as i32 - largest as i32;
    if random.below(2) == 0 { 1.0 } else { 10f64.powi(exponent) }
}

/// Codes of one latent, given those before it.
fn draw_latent(random: &mut Random, z: &mut [f64], d_sae: usize, latent: usize) {
    let kind = random.below(9);
    let other = random.below(latent as u32 + 1) as usize;
    let third = random.below(latent as u32 + 1) as usize;
    let closeness = [1e-3, 1e-7, 1e-12][random.below(3) as usize];
    let only = random.below((z.len() / d_sae) as u32) as usize;
    let constant = random.normal();
    for (row, z) in z.chunks_exact_mut(d_sae).enumerate() {
        z[latent] = match kind {
            0 => 0.0,
            1 => z[other],
            2 => z[other] + closeness * random.normal(),
            3 => 3.0 * z[other] - z[third],
            4 => constant,
            5 if row == only => constant,
            5 => 0.0,
            6 if random.below(3) > 0 => 0.0,
            7 => 1e6 * random.normal(),
            _ => random.normal(),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_decoder_half_never_raises_f(seed: u64) {
        let problem = Problem::draw(seed);
        let complaint = problem.complaint(decoder_step(&problem.input()));
        prop_assert!(complaint.is_none(), "dense: {:?} {:?}", complaint, problem);
        let complaint = problem.complaint(problem.solve_from_sums());
        prop_assert!(complaint.is_none(), "sums: {:?} {:?}", complaint, problem);
    }
}

#[test]
fn constant_latents_under_a_ridge_near_0_leave_the_decoder_finite() {
    // Their centred sums are rounding noise beside a ridge of 2e-308, by which they were divided.
    let problem = Problem::draw(16_629_544_225_602_023_905);
    let complaint = problem.complaint(problem.solve_from_sums());
    assert!(complaint.is_none(), "{complaint:?}");
}

#[test]
fn a_latent_that_passes_as_independent_by_noise_does_not_raise_f() {
    // The pivot of a nearly repeated latent, 1.5e-13, is just above noise. It leaves noise of 1e-3 in later latents, by
    // which one that depends on the others passed as well.
    let problem = Problem::draw(4_165_191_142_935_239_764);
    let complaint = problem.complaint(decoder_step(&problem.input()));
    assert!(complaint.is_none(), "{complaint:?}");
}

#[test]
fn a_decoder_that_uses_nearly_dependent_latents_better_than_a_solve_stays() {
    // It is a solution, rounded to float32: F is near 0, and higher where it is solved for again.
    let mut problem = Problem::draw(15_436_760_642_328_570_377);
    let found = problem.solve_from_sums().expect("solves");
    let narrow = |values: &[f64]| values.iter().map(|&v| f64::from(v as f32)).collect();
    (problem.w0, problem.b0) = (narrow(&found.w_dec), narrow(&found.b_dec));
    let complaint = problem.complaint(problem.solve_from_sums());
    assert!(complaint.is_none(), "{complaint:?}");
}

/// With prefixes F is a least-squares problem whose rows are those of every prefix and one for each penalty: solved as such,
/// by singular values.
#[test]
fn prefixes_agree_with_least_squares_on_the_rows_of_every_prefix() {
    let (n, d_in) = (40, 3);
    let mut random = Random::new(5, Stream::Generator);
    let mut normal = |count: usize| -> Vec<f64> { (0..count).map(|_| random.normal()).collect() };
    for (d_sae, prefixes, weights) in [
        (6, vec![2, 4, 6], [0.01, 0.02, 0.03, 0.04]),
        (6, vec![1, 6], [0.0; 4]),
        (5, vec![1, 2, 3, 4, 5], [0.2, 0.0, 0.0, 0.5]),
        (4, vec![4], [0.0, 0.1, 0.2, 0.0]),
    ] {
        let z: Vec<f64> = normal(n * d_sae).iter().map(|v| v + 0.7).collect();
        let x: Vec<f64> = normal(n * d_in).iter().map(|v| 2.0 * v - 1.0).collect();
        let (w0, b0) = (normal(d_sae * d_in), normal(d_in));
        let [alpha, beta, mu_dec, nu_dec] = weights;
        let mut rows: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        for &prefix in &prefixes {
            for (z, x) in z.chunks(d_sae).zip(x.chunks(d_in)) {
                let mut row = z.to_vec();
                row[prefix..].fill(0.0);
                row.push(1.0);
                rows.push((row, x.to_vec()));
            }
        }
        let elements = (n * d_in) as f64;
        let mut pull = |at: usize, weight: f64, towards: &[f64]| {
            let root = (weight * elements).sqrt();
            let mut row = vec![0.0; d_sae + 1];
            row[at] = root;
            rows.push((row, towards.iter().map(|v| root * v).collect()));
        };
        for latent in 0..d_sae {
            pull(latent, alpha, &vec![0.0; d_in]);
            pull(latent, mu_dec, &w0[latent * d_in..(latent + 1) * d_in]);
        }
        pull(d_sae, beta, &vec![0.0; d_in]);
        pull(d_sae, nu_dec, &b0);
        let left = DMatrix::from_fn(rows.len(), d_sae + 1, |row, col| rows[row].0[col]);
        let right = DMatrix::from_fn(rows.len(), d_in, |row, col| rows[row].1[col]);
        let expected = left.clone().svd(true, true).solve(&right, 1e-12).expect("solves");
        let least = (&left * &expected - &right).norm_squared() / elements;

        let mut stats = SufficientStats::new(d_in, d_sae).expect("is small");
        stats.rows = n as u64;
        for (z, x) in z.chunks(d_sae).zip(x.chunks(d_in)) {
            for i in 0..d_sae {
                stats.z[i] += z[i];
                (0..d_sae).for_each(|j| stats.zz[i * d_sae + j] += z[i] * z[j]);
                (0..d_in).for_each(|j| stats.zx[i * d_in + j] += z[i] * x[j]);
            }
        }
        let mean: Vec<f64> =
            (0..d_in).map(|j| x.iter().skip(j).step_by(d_in).sum::<f64>() / n as f64).collect();
        let total_sum_of_squares =
            x.chunks(d_in).flat_map(|x| x.iter().zip(&mean)).map(|(x, mean)| (x - mean).powi(2)).sum();
        let data = DataMoments { mean, total_sum_of_squares };
        let penalties = DecoderPenalties { alpha, beta, mu_dec, nu_dec };
        let problem = pollster::block_on(DecoderProblem::new(stats, &data, &penalties, &mut NoPause));
        let problem = problem.expect("nothing ends it").with_prefixes(&prefixes);
        let previous = DecoderRef { w_dec: &w0, b_dec: &b0 };
        let found = pollster::block_on(problem.solve(previous, previous, &mut NoPause)).expect("solves");
        for (at, found) in found.w_dec.iter().chain(&found.b_dec).enumerate() {
            let expected = expected[(at / d_in, at % d_in)];
            assert!((found - expected).abs() < 1e-9, "{prefixes:?}, value {at}: {found} {expected}");
        }
        assert!((found.objective - least).abs() < 1e-9, "{prefixes:?}: {} {least}", found.objective);
        let square = |prefix: usize| {
            let of = |row: &(Vec<f64>, Vec<f64>)| {
                let fit = |j: usize| (0..=d_sae).map(|i| row.0[i] * expected[(i, j)]).sum::<f64>();
                (0..d_in).map(|j| (row.1[j] - fit(j)).powi(2)).sum::<f64>()
            };
            rows[prefix * n..(prefix + 1) * n].iter().map(of).sum::<f64>() / elements
        };
        let last = prefixes.len() - 1;
        assert!((found.mse - square(last)).abs() < 1e-9);
        assert!((found.shorter - (0..last).map(square).sum::<f64>()).abs() < 1e-9);
    }
}

#[test]
fn a_decoder_too_long_for_its_rounding_stays() {
    // A pull of 1e6 towards rows of 1e20: the last bit of a row that is computed anew costs more than any fit gains.
    let problem = Problem::draw(16_534_234_872_610_575_179);
    let complaint = problem.complaint(decoder_step(&problem.input()));
    assert!(complaint.is_none(), "dense: {complaint:?}");
    let complaint = problem.complaint(problem.solve_from_sums());
    assert!(complaint.is_none(), "sums: {complaint:?}");
}
