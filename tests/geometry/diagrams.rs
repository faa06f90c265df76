//! Diagrams against independent reference values and against hand-checked and degenerate cases.

use serde_json::Value;
use splinterp::Error;
use splinterp::geometry::{
    Bounds, Bounds3, NO_CELL, NO_NEIGHBOUR, Partition, Polyhedra, lift, power_diagram, voronoi_cells,
    weights_at,
};
use splinterp::sae::{Activation, Threshold, TopKBy};
use splinterp::spline::{Encoder, Plane, slice};

use crate::support::{check_partition, golden, square};

/// The reference areas come from clipping polygons of size 4 in float64.
const AREA_TOLERANCE: f64 = 1e-10;

#[test]
fn golden_diagrams_have_the_reference_areas() {
    let Some(golden) = golden() else { return };
    let mut cases = 0;
    for case in golden.cases("power_diagram") {
        let tensors = golden.read(case);
        let (sites, weights, areas) = (tensors.f64("sites"), tensors.f64("weights"), tensors.f64("areas"));
        let order = case["order"].as_u64().unwrap() as usize;
        let side: Vec<f64> = case["box"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
        let bounds = Bounds::new([side[0], side[1], side[2], side[3]]).unwrap();
        let diagram = power_diagram(&sites, &weights, order, bounds).unwrap();
        check_partition(&diagram);
        let file = case["file"].as_str().unwrap();
        let expected: Vec<(Vec<u32>, f64)> = if order == 1 {
            (0..).zip(&areas).filter(|(_, a)| **a > 0.0).map(|(i, a)| (vec![i], *a)).collect()
        } else {
            let subsets = tensors.i64("subsets");
            subsets.chunks(order).map(|s| s.iter().map(|i| *i as u32).collect()).zip(areas).collect()
        };
        assert_eq!(diagram.cells(), expected.len(), "{file}");
        for (owners, area) in expected {
            let cell = (0..diagram.cells()).find(|&cell| diagram.owners(cell).unwrap() == owners);
            let found =
                diagram.area(cell.unwrap_or_else(|| panic!("{file}: no cell of {owners:?}"))).unwrap();
            assert!((found - area).abs() < AREA_TOLERANCE, "{file} {owners:?}: {found} for {area}");
        }
        cases += 1;
    }
    assert_eq!(cases, 6);
}

#[test]
fn two_sites_share_the_square_at_their_bisector() {
    let diagram = power_diagram(&[0.25, 0.5, 0.75, 0.5], &[0.0, 0.0], 1, square(1.0)).unwrap();
    assert_eq!(diagram.polygon(0), Some(&[0.0, 0.0, 0.5, 0.0, 0.5, 1.0, 0.0, 1.0][..]));
    assert_eq!(diagram.neighbours(0), Some(&[NO_CELL, 1, NO_CELL, NO_CELL][..]));
    assert_eq!((diagram.offsets(), diagram.all_owners()), (&[0, 4, 8][..], &[0, 1][..]));
    assert_eq!((diagram.locate(0.4, 0.1), diagram.locate(0.6, 0.9)), (Some(0), Some(1)));
    assert_eq!((diagram.locate(1.1, 0.5), diagram.locate(f64::NAN, 0.5)), (None, None));
    assert_eq!((diagram.polygon(2), diagram.owners(2), diagram.area(2)), (None, None, None));
    assert_ne!(diagram.colours()[0], diagram.colours()[1]);
}

fn only_owner(diagram: &Partition) -> u32 {
    check_partition(diagram);
    assert_eq!(diagram.cells(), 1);
    assert_eq!(diagram.polygon(0), Some(&[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0][..]));
    diagram.owners(0).unwrap()[0]
}

#[test]
fn one_owner_takes_the_whole_box() {
    let diagram = |sites: &[f64], weights: &[f64]| power_diagram(sites, weights, 1, square(1.0)).unwrap();
    assert_eq!(only_owner(&diagram(&[7.0, -3.0], &[2.0])), 0);
    // All sites equal: the heaviest, of those the first.
    assert_eq!(only_owner(&diagram(&[0.5; 10], &[1.0, 3.0, 2.0, 3.0, 0.0])), 1);
    assert_eq!(only_owner(&diagram(&[0.5; 10], &[0.0; 5])), 0);
    // Every site hidden but one.
    assert_eq!(only_owner(&diagram(&[0.1, 0.1, 0.9, 0.2, 0.5, 0.5, 0.2, 0.8], &[0.0, 0.0, 9.0, 0.0])), 2);
    assert_eq!(only_owner(&diagram(&[0.1, 0.1, 0.9, 0.2, 0.5, 0.5], &[-1e300, 1e300, 0.0])), 1);
    assert_eq!(only_owner(&diagram(&[0.1, 0.1, 0.9, 0.2], &[-f64::MAX, f64::MAX])), 1);
    // Order n: all sites own the box.
    let all = power_diagram(&[0.1, 0.1, 0.9, 0.2, 0.5, 0.5], &[1.0, 2.0, 3.0], 3, square(1.0)).unwrap();
    assert_eq!((only_owner(&all), all.owners(0)), (0, Some(&[0, 1, 2][..])));
}

#[test]
fn huge_weights_leave_the_others_their_digits() {
    // Sites 1 and 3 share the box at x = 1/2 if site 0 is in every set, or in none.
    let sites = [0.3, 0.3, 0.25, 0.5, 5.0, 5.0, 0.75, 0.5];
    for (weight, order) in [(1e300, 2), (-1e300, 1)] {
        let diagram = power_diagram(&sites, &[weight, 0.0, 0.0, 0.0], order, square(1.0)).unwrap();
        check_partition(&diagram);
        assert_eq!(
            (diagram.cells(), diagram.area(0), diagram.area(1)),
            (2, Some(0.5), Some(0.5)),
            "{weight}"
        );
    }
    let equal = power_diagram(&sites, &[1e300; 4], 1, square(1.0)).unwrap();
    assert_eq!(equal.areas(), power_diagram(&sites, &[0.0; 4], 1, square(1.0)).unwrap().areas());
}

#[test]
fn bad_input_is_named() {
    let message = |sites: &[f64], weights: &[f64], order| {
        power_diagram(sites, weights, order, square(1.0)).unwrap_err().to_string()
    };
    assert_eq!(message(&[], &[], 1), "sites is an empty list, expected at least one site, x y");
    assert_eq!(message(&[0.0, 1.0], &[0.0], 0), "order is 0, expected 1 to 1, the number of sites");
    assert_eq!(message(&[0.0, 1.0], &[0.0], 2), "order is 2, expected 1 to 1, the number of sites");
    assert_eq!(
        message(&[0.0, f64::NAN], &[0.0], 1),
        "sites is NaN at site 0, y, expected finite coordinates"
    );
    assert_eq!(
        message(&[0.0, 1.0, f64::INFINITY, 1.0], &[0.0; 2], 1),
        "sites is inf at site 1, x, expected finite coordinates"
    );
    assert_eq!(message(&[0.0, 1.0], &[f64::NAN], 1), "weights is NaN at site 0, expected finite weights");
    assert_eq!(
        message(&[0.0, 1.0, 2.0], &[0.0], 1),
        "number of coordinates in sites: found 3, expected 2, two for each of 1 weights"
    );
    assert!(message(&[1e200, 1.0], &[0.0], 1).starts_with("sites is 1e200 at site 0, x"));
    assert!(message(&[1e60, 1.0], &[0.0], 1).starts_with("box is of side 1e0"));
    assert!(matches!(Bounds::new([0.0, 0.0, -1.0, 1.0]), Err(Error::Option { name: "box", .. })));
}

/// An encoder of three latents in two dimensions; the plane is the input space itself.
const WEIGHTS: [f32; 6] = [1.0, 0.0, 0.0, 1.0, -1.0, -1.0];
const BIAS: [f32; 3] = [0.0, 0.0, 0.5];

fn cut(activation: Activation) -> Partition {
    let encoder = Encoder { weights: &WEIGHTS, bias: &BIAS, d_in: 2 };
    let plane = Plane { origin: &[0.0, 0.0], u: &[1.0, 0.0], v: &[0.0, 1.0] };
    let diagram = slice(encoder, &activation, plane, Bounds::new([-1.0, -1.0, 1.0, 1.0]).unwrap()).unwrap();
    check_partition(&diagram);
    diagram
}

fn area_of(diagram: &Partition, owners: &[u32]) -> f64 {
    (0..diagram.cells()).filter(|&c| diagram.owners(c) == Some(owners)).filter_map(|c| diagram.area(c)).sum()
}

#[test]
fn relu_cuts_the_plane_along_the_lines_where_latents_wake() {
    let relu = cut(Activation::Relu);
    // Three lines x = 0, y = 0, x + y = 1/2 in general position: seven cells.
    assert_eq!(relu.cells(), 7);
    for (owners, area) in [
        (&[0u32, 1, 2][..], 0.125),
        (&[0, 1], 0.875),
        (&[2], 1.0),
        (&[0, 2], 0.875),
        (&[0], 0.125),
        (&[1, 2], 0.875),
        (&[1], 0.125),
    ] {
        assert!((area_of(&relu, owners) - area).abs() < 1e-12, "{owners:?}");
    }
    let jump = cut(Activation::JumpRelu { threshold: Threshold::PerLatent(vec![0.0, 0.0, 0.5]) });
    // x + y < 0 for the third: the three lines meet in the origin.
    assert_eq!(jump.cells(), 6);
    assert!((area_of(&jump, &[0, 1]) - 1.0).abs() < 1e-12);
    assert_eq!(cut(Activation::JumpRelu { threshold: Threshold::Shared(9.0) }).owners(0), Some(&[][..]));
}

#[test]
fn topk_cuts_the_plane_by_the_first_latents() {
    let value = cut(Activation::TopK { k: 1, by: TopKBy::Value });
    assert_eq!(value.cells(), 3);
    let positive = cut(Activation::TopK { k: 1, by: TopKBy::Positive });
    // x, y and 1/2 − x − y are nowhere all negative.
    assert_eq!(positive.cells(), 3);
    let positive = cut(Activation::TopK { k: 3, by: TopKBy::Positive });
    assert_eq!(positive.cells(), cut(Activation::Relu).cells());
    let magnitude = cut(Activation::TopK { k: 1, by: TopKBy::Magnitude });
    let active = |x: f64, y: f64| magnitude.owners(magnitude.locate(x, y).unwrap()).unwrap()[0];
    assert_eq!((active(0.6, -0.1), active(-0.1, 0.6), active(-0.9, -0.8)), (0, 1, 2));
    // |1/2 − x − y| = 1.3 at (0.9, 0.9): the third by magnitude, the first or second by value.
    assert_eq!(active(0.9, 0.9), 2);
}

#[test]
fn bad_slices_are_named() {
    let plane = Plane { origin: &[0.0, 0.0], u: &[1.0, 0.0], v: &[0.0, 1.0] };
    let encoder = Encoder { weights: &WEIGHTS, bias: &BIAS, d_in: 2 };
    let message =
        |encoder, activation, plane| slice(encoder, &activation, plane, square(1.0)).unwrap_err().to_string();
    assert_eq!(
        message(encoder, Activation::TopK { k: 4, by: TopKBy::Value }, plane),
        "k is 4, expected from 1 to d_sae, here 3"
    );
    assert!(
        message(encoder, Activation::JumpRelu { threshold: Threshold::PerLatent(vec![0.0, 1.0]) }, plane)
            .starts_with("number of thresholds: found 2")
    );
    assert!(
        message(Encoder { d_in: 3, ..encoder }, Activation::Relu, plane)
            .starts_with("number of encoder weights")
    );
    assert!(
        message(encoder, Activation::Relu, Plane { u: &[1.0], ..plane }).starts_with("length of u: found 1")
    );
    let broken = Plane { v: &[0.0, f32::NAN], ..plane };
    assert_eq!(message(encoder, Activation::Relu, broken), "v is NaN at 1, expected finite numbers");
}

/// Area of a face of a solid, seen along the z axis from above.
fn area_from_above(corners: &[&[f64]]) -> f64 {
    (0..corners.len())
        .map(|k| (corners[k], corners[(k + 1) % corners.len()]))
        .map(|(p, q)| (p[0] * q[1] - q[0] * p[1]) / 2.0)
        .sum()
}

/// Cells that share a face differ in colour.
fn check_colours(cells: &Polyhedra) {
    let colours = cells.colours();
    assert_eq!(colours.len(), cells.volumes.len());
    for (cell, faces) in cells.cell_offsets.windows(2).enumerate() {
        for &other in &cells.neighbours[faces[0] as usize..faces[1] as usize] {
            assert!(other == NO_NEIGHBOUR || colours[other as usize] != colours[cell]);
        }
    }
}

#[test]
fn a_cell_has_the_lowest_colour_that_those_before_it_leave() {
    let cells = Polyhedra {
        cell_offsets: vec![0, 3, 5, 8, 9],
        face_offsets: vec![],
        coordinates: vec![],
        neighbours: vec![1, 2, NO_NEIGHBOUR, 0, 2, 0, 1, 3, 2],
        volumes: vec![0.25; 4],
    };
    assert_eq!(cells.colours(), [0, 1, 2, 0]);
}

#[test]
fn a_plane_cuts_the_power_diagram_out_of_the_lifted_cells() {
    let sites = [0.2, 0.3, 0.7, 0.6, 0.4, 0.9, 0.8, 0.1, 0.5, 0.5];
    let weights = [0.10, 0.02, 0.05, 0.00, 0.08];
    let heights = lift(&weights);
    let flat = power_diagram(&sites, &weights, 1, square(1.0)).unwrap();
    let cut = power_diagram(&sites, &weights_at(&heights, 0.0), 1, square(1.0)).unwrap();
    for cell in 0..flat.cells() {
        assert!((flat.area(cell).unwrap() - cut.area(cell).unwrap()).abs() < 1e-12);
    }
    // The solid cells stand on z = 0: their floors are the cells of the diagram.
    let points: Vec<f64> = sites.chunks(2).zip(&heights).flat_map(|(s, h)| [s[0], s[1], *h]).collect();
    let cells = voronoi_cells(&points, Bounds3::new([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]).unwrap()).unwrap();
    assert!((cells.volumes.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    check_colours(&cells);
    for site in 0..5 {
        let mut floor = 0.0;
        for face in cells.cell_offsets[site]..cells.cell_offsets[site + 1] {
            let face = face as usize;
            let (from, to) = (cells.face_offsets[face] as usize, cells.face_offsets[face + 1] as usize);
            let corners: Vec<&[f64]> = cells.coordinates[3 * from..3 * to].chunks(3).collect();
            if cells.neighbours[face] == NO_NEIGHBOUR && corners.iter().all(|c| c[2] == 0.0) {
                // Counter-clockwise seen from outside, which is below.
                floor -= area_from_above(&corners);
            }
        }
        let area = area_of(&flat, &[site as u32]);
        assert!((floor - area).abs() < 1e-12, "site {site}: {floor} for {area}");
    }
}
