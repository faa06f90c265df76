//! What the spline's functions say to input that does not fit, and what they give where there is nothing to find.

use std::collections::BTreeSet;

use crate::support::{Case, activations, active, encode};
use pollster::block_on;
use splinterp::data::{Dataset, Storage};
use splinterp::geometry::Bounds;
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, Sae, TopKBy};
use splinterp::spline::{
    Angles, BoundsOptions, CellBounds, Encoder, Margin, Plane, PlaneAxes, PlaneView, Wanted, slice,
};

fn sae(activation: Activation) -> Sae {
    let mut sae = Sae::random(3, 4, activation, true, 1);
    sae.b_enc = vec![0.3, -0.2, 0.1, 0.05];
    sae
}

fn message<T: std::fmt::Debug>(outcome: splinterp::Result<T>) -> String {
    outcome.expect_err("it does not fit").to_string()
}

#[test]
fn rows_of_another_width_and_nan_are_named() {
    let sae = sae(Activation::Relu);
    assert_eq!(
        message(sae.margins(&[0.0; 4])),
        "number of values in rows: found 4, expected a multiple of 3"
    );
    assert_eq!(message(sae.path(&[0.0; 3], &[0.0; 2])), "length of to: found 2, expected 3 as the model");
    assert_eq!(message(sae.local_map(&[0.0; 6])), "length of row: found 6, expected 3 as the model");
    let nan = [0.0, 0.0, 0.0, 1.0, f32::NAN, 0.0];
    assert_eq!(message(sae.margins(&nan)), "row 1, column 1 is NaN, expected a finite number");
    assert_eq!(message(sae.path(&nan[3..], &[0.0; 3])), "from is NaN at 1, expected finite numbers");
    assert_eq!(message(sae.local_map(&nan[3..])), "row is NaN at 1, expected finite numbers");
    let data = Dataset::new(Storage::F32(vec![0.0; 8]), 2).expect("finite");
    let other = "columns of the data: found 2, expected 3 as the model";
    let fits = Dataset::new(Storage::F32(vec![0.0; 9]), 3).expect("finite");
    assert_eq!(message(block_on(sae.census(&data, None, &mut NoObserver))), other);
    assert_eq!(message(block_on(sae.census(&fits, Some(&data), &mut NoObserver))), other);
    assert_eq!(message(block_on(sae.bounds(&data, BoundsOptions::default(), &mut NoObserver))), other);
    assert_eq!(message(block_on(sae.dead_latents(&data, &mut NoObserver))), other);
    assert_eq!(message(block_on(sae.audit(&data, &mut NoObserver))), other);
    assert_eq!(message(block_on(sae.refitted(&data, &mut NoObserver))), other);
}

#[test]
fn a_depth_is_a_number_of_ranked_latents() {
    let data = Dataset::new(Storage::F32(vec![0.0; 9]), 3).expect("finite");
    let bounds = |activation, depth| {
        let options = BoundsOptions { depth: Some(depth), ..BoundsOptions::default() };
        block_on(sae(activation).bounds(&data, options, &mut NoObserver))
    };
    let top = || Activation::TopK { k: 2, by: TopKBy::Positive };
    assert_eq!(message(bounds(top(), 0)), "depth is 0, expected from 1 to k, here 2");
    assert_eq!(message(bounds(top(), 3)), "depth is 3, expected from 1 to k, here 2");
    assert_eq!(
        message(bounds(Activation::Relu, 1)),
        "depth is 1, expected none, since only TopK ranks its latents"
    );
    assert!(bounds(top(), 2).is_ok());
}

#[test]
fn no_rows_give_no_margins() {
    assert_eq!(sae(Activation::Relu).margins(&[]), Ok(vec![]));
}

#[test]
fn where_all_latents_are_always_active_there_is_one_cell() {
    for by in [TopKBy::Value, TopKBy::Magnitude] {
        let sae = sae(Activation::TopK { k: 4, by });
        let none = Margin { distance: f64::INFINITY, leaving: None, entering: None, jump: 0.0 };
        assert_eq!(sae.margins(&[0.5, -1.0, 2.0]), Ok(vec![none]));
        let path = sae.path(&[-9.0, 3.0, 1.0], &[9.0, -5.0, 0.0]).expect("the rows fit");
        assert_eq!((path.breakpoints.len(), path.squared_error.len()), (0, 1));
        assert_eq!(sae.local_map(&[0.0; 3]).expect("the row fits").active, [0, 1, 2, 3]);
    }
    // Positive, latents still leave at 0.
    let sae = sae(Activation::TopK { k: 4, by: TopKBy::Positive });
    let margin = sae.margins(&[0.0; 3]).expect("the row fits")[0];
    assert!(margin.distance.is_finite() && margin.jump == 0.0);
}

#[test]
fn one_latent_and_one_row_are_enough() {
    let data = Dataset::new(Storage::F32(vec![0.5, 1.0]), 2).expect("finite");
    for activation in activations(1, 0.2) {
        let sae = Sae::random(2, 1, activation, false, 1);
        sae.margins(&[1.0, 2.0]).expect("the row fits");
        sae.path(&[1.0, 2.0], &[-1.0, 0.0]).expect("the rows fit");
        let census = block_on(sae.census(&data, Some(&data), &mut NoObserver)).expect("the data fit");
        assert_eq!((census.cells, census.entropy, census.unseen_share), (1, 0.0, Some(0.0)));
        let bounds = block_on(sae.bounds(&data, BoundsOptions::default(), &mut NoObserver)).expect("fits");
        assert!(matches!(bounds, CellBounds { covered_rows: 0, cells: 0, .. }) && bounds.sae_mse.is_nan());
        let dead = block_on(sae.dead_latents(&data, &mut NoObserver)).expect("the data fit");
        assert_eq!(dead.radius, 0.0);
        let audit = block_on(sae.audit(&data, &mut NoObserver)).expect("the data fit");
        assert!(audit.decoder_refit_mse < 1e-12 && audit.mse.is_finite(), "{audit:?}");
    }
}

/// A model of zeros has no faces at all: a normal of 0 bounds nothing.
#[test]
fn columns_of_zeros_and_equal_columns_bound_nothing() {
    for activation in activations(2, 0.2) {
        let mut case = Case::new(0, 3, 4);
        let mut sae = Sae::random(3, 4, activation, true, 1);
        sae.w_enc.fill(0.0);
        let found = sae.margins(&[1.0, 2.0, 3.0]).expect("the row fits")[0];
        assert_eq!((found.distance, found.leaving, found.entering), (f64::INFINITY, None, None));
        assert_eq!(sae.path(&[0.0; 3], &[1.0; 3]).expect("the rows fit").breakpoints, []);
        // Four times the same column: which of them are active is decided by their number, everywhere.
        let column = [0.3, -0.5, 0.7];
        sae.w_enc = column.repeat(4);
        for _ in 0..20 {
            let row: Vec<f32> = (0..3).map(|_| case.random.normal() as f32).collect();
            let margin = sae.margins(&row).expect("the row fits")[0];
            let exchanges = margin.leaving.is_some() && margin.entering.is_some();
            let magnitude = matches!(sae.activation, Activation::TopK { by: TopKBy::Magnitude, .. });
            assert!(!exchanges || magnitude, "{:?}: {margin:?}", sae.activation);
            sae.path(&row, &[0.1, 0.2, -0.3]).expect("the rows fit");
        }
    }
}

#[test]
fn a_path_of_no_length_has_one_piece_and_one_through_the_apex_ends() {
    for activation in activations(2, 0.2) {
        let sae = sae(activation.clone());
        let path = sae.path(&[0.5, 1.0, -0.5], &[0.5, 1.0, -0.5]).expect("the rows fit");
        assert_eq!((path.breakpoints.len(), path.squared_error.len()), (0, 1), "{activation:?}");
        // Without biases every pre-activation is 0 at the origin, half way.
        let sae = Sae { b_enc: vec![0.0; 4], ..sae };
        let row = [0.7f32, -0.2, 0.4];
        let path = sae.path(&row, &row.map(|x| -x)).expect("the rows fit");
        let ts: Vec<f64> = path.breakpoints.iter().map(|breakpoint| breakpoint.t).collect();
        assert!(ts.is_sorted() && ts.len() < 100, "{activation:?}: {ts:?}");
        let last = sae.local_map(&row.map(|x| -x)).expect("the row fits").active;
        let mut on = sae.local_map(&row).expect("the row fits").active;
        for breakpoint in &path.breakpoints {
            on.retain(|&latent| Some(latent) != breakpoint.leaving);
            on.extend(breakpoint.entering);
        }
        on.sort_unstable();
        assert_eq!(on, last, "{activation:?}");
    }
}

#[test]
fn the_origin_of_a_model_without_biases_is_on_every_border() {
    for activation in activations(2, 0.0) {
        let sae = Sae { b_enc: vec![0.0; 4], ..sae(activation) };
        assert_eq!(sae.margins(&[0.0; 3]).expect("the row fits")[0].distance, 0.0, "{:?}", sae.activation);
    }
}

#[test]
fn parallel_and_zero_plane_vectors_and_extreme_views_slice() {
    for activation in activations(2, 0.2) {
        let sae = sae(activation);
        let view = |u: &[f32], v: &[f32], half: f64| {
            let plane = Plane { origin: &[0.1, 0.2, 0.3], u, v };
            let bounds = Bounds::new([-half, -half, half, half]).expect("a box");
            slice(Encoder::from(&sae), &sae.activation, plane, bounds)
        };
        let whole = |half: f64| 4.0 * half * half;
        for (u, v) in [([1.0, 0.0, 0.0], [2.0, 0.0, 0.0]), ([0.0; 3], [0.0, 1.0, 0.0]), ([0.0; 3], [0.0; 3])]
        {
            let diagram = view(&u, &v, 2.0).expect("slices");
            let area: f64 = diagram.areas().iter().sum();
            assert!((area - whole(2.0)).abs() < 1e-9, "{area}");
        }
        for half in [1e-9, 1e9] {
            let diagram = view(&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], half).expect("slices");
            let area: f64 = diagram.areas().iter().sum();
            assert!((area / whole(half) - 1.0).abs() < 1e-9, "{area} of {}", whole(half));
        }
    }
}

/// The plane of the first two columns, through 0.
fn axes(d_in: usize) -> PlaneAxes {
    let unit = |at: usize| (0..d_in).map(|i| f64::from(u8::from(i == at))).collect::<Vec<_>>();
    PlaneAxes { origin: vec![0.0; d_in], u: unit(0), v: unit(1), beyond: Vec::new() }
}

const ALL: Wanted = Wanted { leading: true, errors: true, jumps: true };

#[test]
fn a_view_refuses_rows_of_another_width_and_nan() {
    let sae = sae(Activation::Relu);
    let view = |axes, rows: &[f32]| message(PlaneView::new(&sae, axes, rows).map(|_| ()));
    assert_eq!(view(axes(3), &[0.0; 4]), "number of values in rows: found 4, expected a multiple of 3");
    let nan = [0.0, 0.0, 0.0, 1.0, f32::NAN, 0.0];
    assert_eq!(view(axes(3), &nan), "row 1, column 1 is NaN, expected a finite number");
    assert!(view(axes(2), &[0.0; 3]).contains("found 2, expected 3"), "{}", view(axes(2), &[0.0; 3]));
    let found = PlaneView::new(&sae, axes(3), &[]).expect("it needs no rows");
    assert_eq!(found.project(Angles::default()).expect("angles fit"), []);
}

#[test]
fn a_view_of_one_latent_or_of_all_of_them_has_the_cells_there_are() {
    for d_sae in [1, 4] {
        for activation in activations(d_sae, 0.2) {
            let sae = Sae::random(3, d_sae, activation, true, 1);
            let view = PlaneView::new(&sae, axes(3), &[]).expect("the plane fits");
            let bounds = Bounds::new([-9.0, -9.0, 9.0, 9.0]).expect("a box");
            let cut = view.cut(Angles::default(), bounds, ALL).expect("it is cut");
            let cells = cut.partition.cells();
            assert!(cut.jumps.iter().chain(&cut.errors).all(|value| value.is_finite() && *value >= 0.0));
            assert_eq!((cut.errors.len(), cut.leading.len()), (cells, cells));
            // At each point of a grid the cell's owners are the latents that the encoder activates.
            let mut sets = BTreeSet::new();
            for (x, y) in (0..60).flat_map(|i| (0..60).map(move |j| (i, j))) {
                let at = [x, y].map(|k: i32| -8.9 + 0.3 * f64::from(k));
                let point = view.axes().point(Angles::default(), at).expect("finite");
                let active = active(&encode(&sae, &point));
                let cell = cut.partition.locate(at[0], at[1]).expect("within the box");
                assert_eq!(cut.partition.owners(cell), Some(&active[..]), "{:?} at {at:?}", sae.activation);
                sets.insert(active);
            }
            let all =
                matches!(sae.activation, Activation::TopK { by: TopKBy::Value | TopKBy::Magnitude, .. });
            assert_eq!(sets.len() == 1, all, "{:?}: {sets:?}", sae.activation);
        }
    }
}

#[test]
fn a_view_as_narrow_or_as_wide_as_numbers_allow_has_finite_errors_and_jumps() {
    let rows = [0.5, -0.5, 1.0, 2.0, 0.1, 0.3];
    for activation in activations(2, 0.2) {
        let sae = sae(activation);
        let view = PlaneView::new(&sae, axes(3), &rows).expect("the plane fits");
        for half in [1e-9, 1e9] {
            let bounds = Bounds::new([-half, -half, half, half]).expect("a box");
            let cut = view.cut(Angles { turn: 10.0, tilt: -5.0 }, bounds, ALL).expect("it is cut");
            let area: f64 = cut.partition.areas().iter().sum();
            assert!((area / (4.0 * half * half) - 1.0).abs() < 1e-9, "{area}");
            assert!(cut.errors.iter().chain(&cut.jumps).all(|value| value.is_finite()), "{half}");
        }
    }
}
