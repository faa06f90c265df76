//! Margins, paths, local maps, census, bounds, certificates and audit against float64 reference values by brute force.

use crate::common::golden::activation;
use crate::common::{Case, narrow};
use pollster::block_on;
use splinterp::data::{Dataset, Storage};
use splinterp::progress::NoObserver;
use splinterp::sae::{Parts, Sae};
use splinterp::spline::BoundsOptions;

/// As the reference values ask.
const CLOSE: f64 = 1e-5;
const CLOSE_JUMP: f64 = 1e-4;
/// What brute force finds in place of 0.
const ROUNDING: f64 = 1e-12;

fn cases(prefix: &str) -> Vec<Case> {
    Case::listed_in("spline_index.json", prefix)
}

fn model(case: &Case) -> Sae {
    let parts = Parts {
        w_enc: case.float32("W_enc"),
        b_enc: case.float32("b_enc"),
        w_dec: case.float32("W_dec"),
        b_dec: case.float32("b_dec"),
    };
    let (d_in, d_sae) = (parts.b_dec.len(), parts.b_enc.len());
    Sae::from_parts(parts, activation(case), d_in, d_sae).expect("the case is valid")
}

fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let slack = tolerance * expected.abs() + ROUNDING;
    assert!((found - expected).abs() <= slack, "{what}: {found}, expected {expected}");
}

/// −1 stands for none.
fn number(latent: Option<u32>) -> f64 {
    latent.map_or(-1.0, f64::from)
}

#[test]
fn margins_agree() {
    for case in cases("spline_margins_") {
        let margins = model(&case).margins(&case.float32("x")).expect("the rows fit");
        let [distance, leaving, entering, jump] =
            ["distance", "leaving", "entering", "jump"].map(|name| case.tensor(name));
        assert_eq!(margins.len(), distance.len());
        for (row, margin) in margins.iter().enumerate() {
            let what = format!("{}, row {row}", case.name());
            assert_close(margin.distance, distance[row], CLOSE, &what);
            assert_eq!(number(margin.leaving), leaving[row], "{what}");
            assert_eq!(number(margin.entering), entering[row], "{what}");
            assert_close(margin.jump, jump[row], CLOSE_JUMP, &what);
        }
    }
}

#[test]
fn paths_agree() {
    for case in cases("spline_path_") {
        let sae = model(&case);
        let (starts, ends) = (case.float32("start"), case.float32("end"));
        let counts = case.about["counts"].as_array().expect("the case counts breakpoints");
        let [t, leaving, entering, jump] = ["t", "leaving", "entering", "jump"].map(|name| case.tensor(name));
        let mut at = 0;
        let lines = starts.chunks_exact(sae.d_in).zip(ends.chunks_exact(sae.d_in));
        for ((start, end), count) in lines.zip(counts) {
            let path = sae.path(start, end).expect("the rows fit");
            assert_eq!(Some(path.breakpoints.len() as u64), count.as_u64(), "{}", case.name());
            assert_eq!(path.squared_error.len(), path.breakpoints.len() + 1);
            for breakpoint in &path.breakpoints {
                let what = format!("{}, breakpoint {at}", case.name());
                assert_close(breakpoint.t, t[at], CLOSE, &what);
                assert_eq!(number(breakpoint.leaving), leaving[at], "{what}");
                assert_eq!(number(breakpoint.entering), entering[at], "{what}");
                assert_close(breakpoint.jump, jump[at], CLOSE_JUMP, &what);
                at += 1;
            }
        }
        assert_eq!(at, t.len());
    }
}

#[test]
fn local_maps_agree() {
    for case in cases("spline_local_map_") {
        let sae = model(&case);
        let (gram, traces) = (case.tensor("gram"), case.tensor("trace"));
        let actives = case.about["active"].as_array().expect("the case lists active latents");
        let mut from = 0;
        let x = case.float32("x");
        for ((row, active), trace) in x.chunks_exact(sae.d_in).zip(actives).zip(traces) {
            let map = sae.local_map(row).expect("the row fits");
            let active: Vec<u64> =
                active.as_array().into_iter().flatten().filter_map(serde_json::Value::as_u64).collect();
            assert_eq!(
                map.active.iter().map(|&i| u64::from(i)).collect::<Vec<_>>(),
                active,
                "{}",
                case.name()
            );
            let expected = &gram[from..from + map.gram.len()];
            let size = expected.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
            for (found, expected) in map.gram.iter().zip(expected) {
                assert!((found - expected).abs() <= CLOSE * size, "{}", case.name());
            }
            from += map.gram.len();
            assert_close(map.trace, trace, CLOSE, case.name());
            let [re, im] =
                map.eigenvalues.iter().fold([0.0; 2], |[re, im], value| [re + value[0], im + value[1]]);
            assert!(
                (re - trace).abs() < CLOSE * size && im.abs() < CLOSE * size,
                "{}: {re} {im}",
                case.name()
            );
        }
        assert_eq!(from, gram.len());
    }
}

#[test]
fn what_concerns_data_agrees() {
    for case in cases("spline_data_") {
        let sae = model(&case);
        let data = |name| {
            Dataset::new(Storage::F32(narrow(&case.tensor(name))), sae.d_in).expect("the rows are valid")
        };
        let (train, test) = (data("x"), data("x_test"));
        let close = |found: f64, key: &str| {
            assert_close(found, case.number(key), CLOSE, &format!("{}, {key}", case.name()));
        };
        let numbers = |key: &str| -> Vec<u32> {
            let list = case.about[key].as_array().expect("the case has the list").iter();
            list.filter_map(serde_json::Value::as_u64).map(|value| value as u32).collect()
        };
        let observer = &mut NoObserver;

        let census = block_on(sae.census(&train, Some(&test), observer)).expect("the data fit");
        assert_eq!(census.cells as f64, case.number("cells"), "{}", case.name());
        assert_eq!(census.prefix_cells, numbers("prefix_cells"), "{}", case.name());
        close(census.entropy, "entropy_nats");
        close(census.unseen_share.expect("there are test rows"), "unseen_test_share");

        let bounds = block_on(sae.bounds(&train, BoundsOptions::default(), observer)).expect("the data fit");
        assert_eq!(bounds.covered_rows as f64, case.number("covered_rows"), "{}", case.name());
        close(bounds.sae_mse, "sae_mse");
        close(bounds.mean_mse, "mean_mse");
        close(bounds.refit_mse, "refit_mse");
        close(bounds.pca_mse, "pca_mse");

        let dead = block_on(sae.dead_latents(&train, observer)).expect("the data fit");
        assert_eq!(dead.dead, numbers("dead"), "{}", case.name());
        assert_eq!(dead.certified, numbers("certified"), "{}", case.name());
        close(dead.radius, "radius");

        let audit = block_on(sae.audit(&train, observer)).expect("the data fit");
        close(audit.mse, "mse");
        close(audit.decoder_refit_mse, "decoder_refit_mse");
        close(audit.support_mse, "support_mse");
        let refitted = block_on(sae.refitted(&train, observer)).expect("the data fit");
        let after = block_on(refitted.audit(&train, observer)).expect("the data fit");
        close(after.mse, "decoder_refit_mse");
    }
}
