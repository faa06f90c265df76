//! Census, bounds, certificates and audit against naive figures, and against orders that must hold for any data.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::support::{Case, active, encode, moved};
use nalgebra::{DMatrix, DVector};
use pollster::block_on;
use splinterp::Error;
use splinterp::cluster::{kmeans, local_pca};
use splinterp::data::Dataset;
use splinterp::engine::{Operation, apply};
use splinterp::progress::{NoObserver, Observer};
use splinterp::sae::{Activation, Sae, TopKBy};
use splinterp::spline::BoundsOptions;
use splinterp::train::decoder::{DecoderInput, DecoderPenalties, decoder_step};

/// Models of each property, with few rows each.
const MODELS: u32 = 10_000;
/// float32 codes against float64.
const CLOSE: f64 = 1e-5;
/// Rounding of float64 sums.
const ROUNDING: f64 = 1e-10;

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

fn codes(sae: &Sae, data: &Dataset) -> Vec<Vec<f32>> {
    data.values().chunks_exact(sae.d_in).map(|row| encode(sae, row)).collect()
}

/// The strongest latents of a row of codes, as a set; codes of exactly 0 count as not active.
fn prefix(sae: &Sae, z: &[f32], depth: usize) -> BTreeSet<u32> {
    let key = |latent: &u32| {
        let z = z[*latent as usize];
        if matches!(sae.activation, Activation::TopK { by: TopKBy::Magnitude, .. }) { z.abs() } else { z }
    };
    let mut latents = active(z);
    latents.sort_by(|a, b| key(b).total_cmp(&key(a)));
    latents.into_iter().take(depth).collect()
}

fn k(sae: &Sae) -> Option<usize> {
    match sae.activation {
        Activation::TopK { k, .. } => Some(k),
        Activation::Relu | Activation::JumpRelu { .. } | Activation::BatchTopK { .. } => None,
    }
}

#[test]
fn the_census_counts_different_sets() {
    for number in 0..MODELS {
        let mut case = Case::new(number, 4, 10);
        let (data, others) = (case.data(32), case.data(12));
        let census = block_on(case.sae.census(&data, Some(&others), &mut NoObserver)).expect("the data fit");
        let z = codes(&case.sae, &data);
        let sets: Vec<Vec<u32>> = z.iter().map(|z| active(z)).collect();
        let different: BTreeSet<&Vec<u32>> = sets.iter().collect();
        assert_eq!(census.cells, different.len(), "model {number}");
        let share = |set: &Vec<u32>| sets.iter().filter(|other| *other == set).count() as f64 / 32.0;
        let entropy: f64 = different.iter().map(|set| -share(set) * share(set).ln()).sum();
        assert!((census.entropy - entropy).abs() < ROUNDING, "model {number}");
        let unseen = codes(&case.sae, &others).iter().filter(|z| !different.contains(&active(z))).count();
        assert_eq!(census.unseen_share, Some(unseen as f64 / 12.0), "model {number}");
        let prefixes = (1..=k(&case.sae).unwrap_or(0))
            .map(|depth| z.iter().map(|z| prefix(&case.sae, z, depth)).collect::<BTreeSet<_>>().len() as u32);
        assert_eq!(census.prefix_cells, prefixes.collect::<Vec<_>>(), "model {number}");
    }
}

#[test]
fn bounds_are_ordered_for_any_data_and_pca_is_local_pca() {
    let (mut measured, mut compared) = (0, 0);
    for number in 0..5000 {
        let mut case = Case::new(number, 5, 8);
        let data = case.data(100);
        let depths = [None].into_iter().chain((1..=k(&case.sae).unwrap_or(0)).map(Some));
        for depth in depths {
            let bounds =
                block_on(case.sae.bounds(&data, BoundsOptions { depth, peers: true }, &mut NoObserver));
            let found = bounds.expect("the data fit");
            let peers = found.peers.expect("they were asked for");
            if found.covered_rows == 0 {
                assert!(found.cells == 0 && found.pca_mse.is_nan() && peers.kmeans_mse.is_nan());
                continue;
            }
            let slack = ROUNDING * (found.mean_mse + found.sae_mse);
            let what = format!("model {number}, {depth:?}: {found:?}");
            assert!(found.pca_mse <= found.refit_mse + slack, "{what}");
            assert!(found.refit_mse <= found.mean_mse + slack, "{what}");
            assert!(peers.kmeans_mse <= found.mean_mse + slack, "{what}");
            // Of one rank on all cells.
            if [2, 3].contains(&(number % 5)) {
                assert!(peers.global_pca_mse + slack >= found.pca_mse, "{what}");
            }
            if depth.is_none() || depth == k(&case.sae) {
                assert!(found.refit_mse <= found.sae_mse + slack, "{what}");
            }
            measured += 1;
            if number % 10 == 2 || number % 10 == 3 {
                compare_pca(&case.sae, &data, depth, &found, &what);
                compared += 1;
            }
        }
    }
    assert!(measured > 10_000 && compared > 800, "{measured} {compared}");
}

/// The covered rows in their cells by `cluster`, for TopK with always k active.
fn compare_pca(
    sae: &Sae,
    data: &Dataset,
    depth: Option<usize>,
    found: &splinterp::spline::CellBounds,
    what: &str,
) {
    let k = k(sae).expect("TopK");
    let sets: Vec<BTreeSet<u32>> =
        codes(sae, data).iter().map(|z| prefix(sae, z, depth.unwrap_or(k))).collect();
    let mut cells: Vec<&BTreeSet<u32>> = sets.iter().collect::<BTreeSet<_>>().into_iter().collect();
    cells.retain(|cell| sets.iter().filter(|set| set == cell).count() >= k + 2);
    let d_in = sae.d_in;
    let values = wide(&data.values());
    let (mut points, mut labels, mut centers) = (Vec::new(), Vec::new(), Vec::new());
    for (label, cell) in (0..).zip(&cells) {
        let own: Vec<&[f64]> =
            values.chunks_exact(d_in).zip(&sets).filter(|(_, set)| set == cell).map(|(row, _)| row).collect();
        centers.extend((0..d_in).map(|j| own.iter().map(|row| row[j]).sum::<f64>() / own.len() as f64));
        labels.extend(own.iter().map(|_| label));
        points.extend(own.concat());
    }
    assert_eq!((found.covered_rows, found.cells), (labels.len(), cells.len()), "{what}");
    let close = |rank: usize, mse: f64| {
        let expected = local_pca(&points, d_in, &labels, &centers, rank).expect("the points fit").mse;
        assert!((mse - expected).abs() <= 1e-9 * (1.0 + found.mean_mse), "{what}: rank {rank}, {expected}");
    };
    close(0, found.mean_mse);
    close(k.min(d_in), found.pca_mse);
    let peers = found.peers.expect("they were asked for");
    let mean: Vec<f64> = (0..d_in).map(|j| points.iter().skip(j).step_by(d_in).sum()).collect();
    let mean: Vec<f64> = mean.iter().map(|sum: &f64| sum / labels.len() as f64).collect();
    let whole = local_pca(&points, d_in, &vec![0; labels.len()], &mean, k.min(d_in)).expect("fits").mse;
    let lloyd = kmeans(&points, d_in, &centers, 19).expect("fits").mse;
    let scale = 1e-9 * (1.0 + found.mean_mse);
    assert!((peers.global_pca_mse - whole).abs() <= scale, "{what}: {peers:?}, {whole}");
    assert!((peers.kmeans_mse - lloyd).abs() <= scale, "{what}: {peers:?}, {lloyd}");
}

/// The mean squared error with the codes of each row made anew by `encode`, in float64 from the decoder.
fn mse_with(
    sae: &Sae,
    data: &Dataset,
    amplitudes: impl Fn(usize, &DVector<f64>) -> (Vec<usize>, DVector<f64>),
) -> f64 {
    let atoms = DMatrix::from_row_slice(sae.d_sae, sae.d_in, &wide(sae.decoder()));
    let values = data.values();
    let rows = values.chunks_exact(sae.d_in).enumerate();
    let square = rows.map(|(number, row)| {
        let about = DVector::from_iterator(
            sae.d_in,
            row.iter().zip(&sae.b_dec).map(|(&x, &b)| f64::from(x) - f64::from(b)),
        );
        let (chosen, amplitudes) = amplitudes(number, &about);
        let out = chosen
            .iter()
            .zip(amplitudes.iter())
            .fold(about, |rest, (&atom, a)| rest - atoms.row(atom).transpose() * *a);
        out.norm_squared()
    });
    square.sum::<f64>() / values.len() as f64
}

/// Least squares of a row on some atoms.
fn least_squares(sae: &Sae, chosen: &[usize], row: &DVector<f64>) -> DVector<f64> {
    let atoms =
        DMatrix::from_fn(sae.d_in, chosen.len(), |j, at| f64::from(sae.decoder()[chosen[at] * sae.d_in + j]));
    atoms.svd(true, true).solve(row, 1e-10).expect("both factors are there")
}

#[test]
fn an_audit_is_what_dense_least_squares_find() {
    for number in 0..MODELS {
        let mut case = Case::new(number, 5, 10);
        let data = case.data(12);
        let sae = &case.sae;
        let audit = block_on(sae.audit(&data, &mut NoObserver)).expect("the data fit");
        let codes = codes(sae, &data);
        let of_row = |number: usize| {
            active(&codes[number]).into_iter().map(|latent| latent as usize).collect::<Vec<_>>()
        };
        let own = mse_with(sae, &data, |number, _| {
            let chosen = of_row(number);
            let z = DVector::from_iterator(
                chosen.len(),
                chosen.iter().map(|&latent| f64::from(codes[number][latent])),
            );
            (chosen, z)
        });
        let on_support = mse_with(sae, &data, |number, row| {
            let chosen = of_row(number);
            let z = if chosen.is_empty() { DVector::zeros(0) } else { least_squares(sae, &chosen, row) };
            (chosen, z)
        });
        let by_pursuit = mse_with(sae, &data, |number, row| pursuit(sae, of_row(number).len(), row));
        let (z, x) = (wide(&codes.concat()), wide(&data.values()));
        let (w_dec0, b_dec0) = (wide(sae.decoder()), wide(&sae.b_dec));
        let (d_in, d_sae) = (sae.d_in, sae.d_sae);
        let penalties = DecoderPenalties::default();
        let input =
            DecoderInput { z: &z, x: &x, w_dec0: &w_dec0, b_dec0: &b_dec0, n: 12, d_sae, d_in, penalties };
        let refit = decoder_step(&input).expect("solves").mse;
        for (what, found, expected) in [
            ("mse", audit.mse, own),
            ("support", audit.support_mse, on_support),
            ("pursuit", audit.pursuit_mse, by_pursuit),
            ("decoder", audit.decoder_refit_mse, refit),
        ] {
            let scale = 1.0 + expected;
            assert!(
                (found - expected).abs() < CLOSE * scale,
                "model {number}, {what}: {found} for {expected}"
            );
        }
        assert!(audit.decoder_refit_mse <= audit.mse + ROUNDING * (1.0 + audit.mse), "model {number}");
        assert!(audit.support_mse <= audit.mse + ROUNDING * (1.0 + audit.mse), "model {number}");
    }
}

/// Orthogonal matching pursuit by the book.
fn pursuit(sae: &Sae, count: usize, row: &DVector<f64>) -> (Vec<usize>, DVector<f64>) {
    let atoms: Vec<DVector<f64>> =
        sae.decoder().chunks_exact(sae.d_in).map(|atom| DVector::from_vec(wide(atom))).collect();
    let (mut chosen, mut amplitudes, mut rest) = (Vec::new(), DVector::zeros(0), row.clone());
    while chosen.len() < count.min(sae.d_in) && rest.norm() > 1e-9 * row.norm() {
        let score = |atom: usize| atoms[atom].dot(&rest).abs() / atoms[atom].norm();
        let left = (0..atoms.len()).filter(|atom| !chosen.contains(atom));
        let Some(best) = left.max_by(|&a, &b| score(a).total_cmp(&score(b))) else { break };
        chosen.push(best);
        amplitudes = least_squares(sae, &chosen, row);
        rest = chosen
            .iter()
            .zip(amplitudes.iter())
            .fold(row.clone(), |rest, (&atom, a)| rest - &atoms[atom] * *a);
    }
    (chosen, amplitudes)
}

#[test]
fn no_point_of_the_ball_makes_a_certified_latent_active() {
    let (mut certified, mut points) = (0, 0);
    for number in 0..600 {
        let mut case = Case::new(number, 4, 16);
        // Far enough down that some latents are out of reach.
        for at in 0..case.sae.d_sae {
            if case.random.below(3) == 0 {
                case.sae.b_enc[at] -= 4.0;
            }
        }
        let data = case.data(50);
        let dead = block_on(case.sae.dead_latents(&data, &mut NoObserver)).expect("the data fit");
        let codes = codes(&case.sae, &data);
        let never =
            (0..case.sae.d_sae as u32).filter(|&latent| codes.iter().all(|z| z[latent as usize] == 0.0));
        assert_eq!(dead.dead, never.collect::<Vec<_>>(), "model {number}");
        assert!(dead.certified.iter().all(|latent| dead.dead.contains(latent)), "model {number}");
        let rows = data.values();
        let d_in = case.sae.d_in;
        let center: Vec<f32> =
            (0..d_in).map(|j| rows.iter().skip(j).step_by(d_in).sum::<f32>() / data.rows() as f32).collect();
        for _ in 0..170 {
            // Half of them on the sphere.
            let distance = dead.radius * case.random.uniform().max(case.random.below(2).into());
            let point = moved(&center, &case.direction(), distance * (1.0 - CLOSE));
            let z = encode(&case.sae, &point);
            for &latent in &dead.certified {
                assert_eq!(z[latent as usize], 0.0, "model {number}: latent {latent} at {point:?}");
                points += 1;
            }
        }
        certified += dead.certified.len();
        for (&latent, &distance) in dead.dead.iter().zip(&dead.distance) {
            check_distance(number, &mut case, &rows, latent as usize, distance);
        }
    }
    assert!(certified > 500 && points > 85_000, "{certified} {points}");
}

/// No row that moves less than the distance makes the latent active; with thresholds one that moves so far and in the
/// right direction does.
fn check_distance(number: u32, case: &mut Case, rows: &[f32], latent: usize, distance: f64) {
    let d_in = case.sae.d_in;
    let column = wide(&case.sae.w_enc[latent * d_in..(latent + 1) * d_in]);
    let length = column.iter().map(|w| w * w).sum::<f64>().sqrt();
    let up: Vec<f64> = column.iter().map(|w| w / length).collect();
    let mut reached = false;
    for row in rows.chunks_exact(d_in) {
        for direction in [up.clone(), case.direction()] {
            let short = encode(&case.sae, &moved(row, &direction, distance.min(100.0) * (1.0 - 1e-4) - 1e-4));
            assert_eq!(short[latent], 0.0, "model {number}: latent {latent} at less than {distance}");
        }
        reached |= encode(&case.sae, &moved(row, &up, distance * (1.0 + 1e-4) + 1e-4))[latent] != 0.0;
    }
    if k(&case.sae).is_none() {
        assert!(reached, "model {number}: latent {latent} at {distance}");
    }
}

#[test]
fn a_refit_is_the_best_decoder_and_keeps_the_codes() {
    for number in 0..MODELS {
        let mut case = Case::new(number, 5, 10);
        let data = case.data(20);
        let refitted = block_on(case.sae.refitted(&data, &mut NoObserver)).expect("the data fit");
        assert_eq!((&refitted.w_enc, &refitted.b_enc), (&case.sae.w_enc, &case.sae.b_enc));
        let audit = block_on(case.sae.audit(&data, &mut NoObserver)).expect("the data fit");
        let values = data.values();
        let out = apply(Operation::Forward, &refitted, &values).expect("the rows fit");
        let mse =
            values.iter().zip(&out).map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>() / values.len() as f64;
        assert!(
            (mse - audit.decoder_refit_mse).abs() < 1e-4 * (1.0 + mse),
            "model {number}: {mse}, {audit:?}"
        );
    }
}

/// Writes down what it hears, and breaks once so much is done.
struct Witness {
    heard: Vec<(u64, u64)>,
    patience: f64,
}

impl Observer for Witness {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        self.heard.push((done, total));
        if done as f64 >= self.patience * total as f64 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[test]
fn progress_rises_and_a_break_cancels() {
    let mut case = Case::new(2, 6, 30);
    let data = case.data(2000);
    let sae = &case.sae;
    for work in 0..5 {
        let run = |patience: f64| {
            let mut witness = Witness { heard: Vec::new(), patience };
            let outcome = match work {
                0 => block_on(sae.census(&data, Some(&data), &mut witness)).map(drop),
                1 => block_on(sae.bounds(&data, BoundsOptions { depth: Some(1), peers: true }, &mut witness))
                    .map(drop),
                2 => block_on(sae.dead_latents(&data, &mut witness)).map(drop),
                3 => block_on(sae.audit(&data, &mut witness)).map(drop),
                _ => block_on(sae.refitted(&data, &mut witness)).map(drop),
            };
            (outcome, witness.heard)
        };
        let (outcome, heard) = run(f64::INFINITY);
        outcome.expect("the data fit");
        let total = heard[0].1;
        assert!(
            heard.len() > 4 && heard.is_sorted() && heard.iter().all(|told| told.1 == total),
            "{work}: {heard:?}"
        );
        let last = heard.last().expect("it is told").0;
        assert!(last as f64 > 0.9 * total as f64, "{work}: {last} of {total}");
        for patience in [0.0, 0.3] {
            let (outcome, heard) = run(patience);
            assert_eq!(outcome, Err(Error::Cancelled), "{work}");
            assert!(heard.last().is_some_and(|told| told.0 < total), "{work}: {heard:?}");
        }
    }
}
