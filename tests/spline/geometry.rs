//! Margins and paths against the encoder that runs in the product, and against slices.

use crate::support::{Case, active, encode, moved, signed};
use splinterp::engine::{Operation, apply};
use splinterp::geometry::{Bounds, Partition};
use splinterp::sae::{Activation, Sae, TopKBy};
use splinterp::spline::{Encoder, Margin, Plane, slice};

const MODELS: u32 = 3000;
const ROWS: usize = 10;
/// How far from a face the encoder is asked. Pre-activations here are float32 sums of some ten products of about 1:
/// this close to a face they tell its sides apart with a hundred times their rounding.
const STEP: f64 = 1e-4;
/// Rounding of a reconstruction in float32, some tens of products of about 1.
const CLOSE: f64 = 1e-4;

fn by_magnitude(sae: &Sae) -> bool {
    matches!(sae.activation, Activation::TopK { by: TopKBy::Magnitude, .. })
}

/// What must not change within the margin: the latents, for magnitude with their signs.
fn cell(sae: &Sae, row: &[f32]) -> Vec<(u32, bool)> {
    let mut cell = signed(&encode(sae, row));
    if !by_magnitude(sae) {
        cell.iter_mut().for_each(|(_, sign)| *sign = true);
    }
    cell
}

/// The unit vector from the row to the face: of the two that an exchange by magnitude may mean, the one at the
/// reported distance.
fn towards(sae: &Sae, row: &[f32], margin: &Margin) -> Vec<f64> {
    let column = |latent: Option<u32>| -> Vec<f64> {
        let Some(latent) = latent else { return vec![0.0; sae.d_in] };
        let at = latent as usize * sae.d_in;
        sae.w_enc[at..at + sae.d_in].iter().map(|&w| f64::from(w)).collect()
    };
    let pre = |latent: Option<u32>| -> f64 {
        let Some(latent) = latent else { return 0.0 };
        let products = column(Some(latent)).into_iter().zip(row).map(|(w, &x)| w * f64::from(x));
        products.sum::<f64>() + f64::from(sae.b_enc[latent as usize])
    };
    let (a, b) = (column(margin.leaving), column(margin.entering));
    let (p_a, p_b) = (pre(margin.leaving), pre(margin.entering));
    let sigma = if by_magnitude(sae) && p_a < 0.0 { -1.0 } else { 1.0 };
    let candidates = if by_magnitude(sae) { vec![1.0, -1.0] } else { vec![1.0] };
    let face = |s: f64| {
        let normal: Vec<f64> = a.iter().zip(&b).map(|(a, b)| sigma * a - s * b).collect();
        let length = normal.iter().map(|n| n * n).sum::<f64>().sqrt();
        ((sigma * p_a - s * p_b) / length, normal.into_iter().map(|n| -n / length).collect::<Vec<_>>())
    };
    let off = |(distance, _): &(f64, Vec<f64>)| (distance - margin.distance).abs();
    let faces = candidates.into_iter().map(face);
    faces.min_by(|a, b| off(a).total_cmp(&off(b))).expect("there is a candidate").1
}

#[test]
fn the_encoder_changes_at_the_margin_and_not_before() {
    let (mut faces, mut inside, mut whole) = (0, 0, 0);
    for number in 0..MODELS {
        let mut case = Case::new(number, 8, 24);
        let rows: Vec<Vec<f32>> = (0..ROWS).map(|_| case.row()).collect();
        let margins = case.sae.margins(&rows.concat()).expect("the rows fit");
        for (row, margin) in rows.iter().zip(&margins) {
            let here = cell(&case.sae, row);
            let radius = margin.distance.min(100.0);
            for _ in 0..3 {
                let distance = radius * case.random.uniform() - STEP;
                if distance > 0.0 {
                    let point = moved(row, &case.direction(), distance);
                    // By magnitude with all latents active signs change within the one cell there is.
                    if margin.distance.is_finite() {
                        assert_eq!(cell(&case.sae, &point), here, "model {number}: {distance} of {margin:?}");
                    } else {
                        assert_eq!(active(&encode(&case.sae, &point)).len(), here.len(), "model {number}");
                    }
                    inside += 1;
                }
            }
            if margin.distance.is_infinite() {
                assert_eq!((margin.leaving, margin.entering, margin.jump), (None, None, 0.0));
                whole += 1;
                continue;
            }
            faces += usize::from(check_face(number, &case.sae, row, margin));
        }
    }
    assert!(
        inside > 60_000 && faces > 9 * MODELS as usize * ROWS / 10 && whole > 300,
        "{inside} {faces} {whole}"
    );
}

/// Just short of the face nothing has changed; just across, what was said has. False where other faces are too near to
/// tell.
fn check_face(number: u32, sae: &Sae, row: &[f32], margin: &Margin) -> bool {
    let direction = towards(sae, row, margin);
    if margin.distance < 2.0 * STEP {
        return false;
    }
    let at = |step: f64| moved(row, &direction, margin.distance + step);
    let points = [-2.0 * STEP, -STEP, STEP, 2.0 * STEP].map(at);
    let near = sae.margins(&points.concat()).expect("the rows fit");
    let steps = [2.0 * STEP, STEP, STEP, 2.0 * STEP];
    if near.iter().zip(steps).any(|(near, step)| (near.distance - step).abs() > STEP / 10.0) {
        return false;
    }
    let [_, short, across, _] = &points;
    let (before, after) = (active(&encode(sae, short)), active(&encode(sae, across)));
    assert_eq!(before, active(&encode(sae, row)), "model {number}: short of {margin:?}");
    let mut expected = before;
    expected.retain(|&latent| Some(latent) != margin.leaving);
    expected.extend(margin.entering);
    expected.sort_unstable();
    assert_eq!(after, expected, "model {number}: across {margin:?}");
    let jump = jump(sae, &points);
    assert!((jump - margin.jump).abs() < CLOSE * (1.0 + jump), "model {number}: {jump} for {margin:?}");
    true
}

/// What the reconstruction does between the inner two of four points on a line at −2, −1, 1 and 2 steps: on either side
/// it is affine, so two points give its limit.
fn jump(sae: &Sae, points: &[Vec<f32>; 4]) -> f64 {
    let [far_before, before, after, far_after] =
        [0, 1, 2, 3].map(|at| apply(Operation::Forward, sae, &points[at]).expect("the row fits"));
    let limit = |near: f32, far: f32| 2.0 * f64::from(near) - f64::from(far);
    let changes = (0..before.len()).map(|j| limit(after[j], far_after[j]) - limit(before[j], far_before[j]));
    changes.map(|change| change * change).sum::<f64>().sqrt()
}

/// Distance of a point in a cell of a slice from the cell's border, the edges on the box included.
fn distance_to_border(diagram: &Partition, p: f64, q: f64) -> Option<f64> {
    let polygon = diagram.polygon(diagram.locate(p, q)?)?;
    let (corners, _) = polygon.as_chunks::<2>();
    let edges = corners.iter().zip(corners.iter().cycle().skip(1));
    let distances = edges.map(|(a, b)| {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        (dx * (q - a[1]) - dy * (p - a[0])).abs() / (dx * dx + dy * dy).sqrt()
    });
    distances.min_by(f64::total_cmp)
}

#[test]
fn margins_are_distances_to_the_borders_of_a_slice() {
    let (mut equal, mut below) = (0, 0);
    for number in 0..MODELS {
        let mut case = Case::new(number, 5, 16);
        let d_in = case.sae.d_in;
        // With all latents active by magnitude there is one cell, which a slice shows by the signs of the codes.
        if matches!(case.sae.activation, Activation::TopK { k, by: TopKBy::Magnitude } if k == case.sae.d_sae)
        {
            continue;
        }
        let (origin, u, v) = if d_in == 2 {
            (vec![0.0; 2], vec![1.0, 0.0], vec![0.0, 1.0])
        } else {
            (case.row(), case.row(), case.row())
        };
        let plane = Plane { origin: &origin, u: &u, v: &v };
        let bounds = Bounds::new([-2.0, -2.0, 2.0, 2.0]).expect("a box");
        let diagram = slice(Encoder::from(&case.sae), &case.sae.activation, plane, bounds).expect("slices");
        // How much longer a step in the plane may be than its (p, q).
        let length = |v: &[f32]| v.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
        let stretch = length(&u) + length(&v);
        for _ in 0..ROWS {
            let (p, q) = (case.random.between(-2.0, 2.0) as f32, case.random.between(-2.0, 2.0) as f32);
            let row: Vec<f32> = (0..d_in).map(|j| origin[j] + p * u[j] + q * v[j]).collect();
            let margin = case.sae.margins(&row).expect("the row fits")[0].distance;
            let Some(border) = distance_to_border(&diagram, f64::from(p), f64::from(q)) else { continue };
            if d_in == 2 {
                // A polygon is the cell and the box: the nearest of their borders is its own.
                let to_box = f64::from((2.0 - p.abs()).min(2.0 - q.abs()));
                assert!((border - margin.min(to_box)).abs() < 1e-6, "model {number}: {border}, {margin}");
                equal += 1;
            } else {
                // The border in the plane is at most as near as that in the whole space, but for the box.
                let to_box = f64::from((2.0 - p.abs()).min(2.0 - q.abs()));
                assert!(
                    margin.min(to_box * stretch) <= border * stretch + 1e-5,
                    "model {number}: {border}, {margin}"
                );
                below += 1;
            }
        }
    }
    assert!(equal > 4000 && below > 15_000, "{equal} {below}");
}

#[test]
fn a_path_goes_through_the_cells_that_a_slice_has_along_a_line() {
    let (mut pieces, mut breakpoints) = (0, 0);
    for number in 0..MODELS {
        let mut case = Case::new(number, 8, 24);
        let (from, to, v) = (case.row(), case.row(), case.row());
        let path = case.sae.path(&from, &to).expect("the rows fit");
        let u: Vec<f32> = from.iter().zip(&to).map(|(x, y)| y - x).collect();
        let bounds = Bounds::new([-0.5, -0.5, 1.5, 1.5]).expect("a box");
        let plane = Plane { origin: &from, u: &u, v: &v };
        let diagram = slice(Encoder::from(&case.sae), &case.sae.activation, plane, bounds).expect("slices");
        let mut on: Vec<u32> = active(&encode(&case.sae, &from));
        let ts: Vec<f64> = path.breakpoints.iter().map(|breakpoint| breakpoint.t).collect();
        assert!(ts.is_sorted() && ts.iter().all(|t| (0.0..1.0).contains(t)), "model {number}: {ts:?}");
        assert_eq!(path.squared_error.len(), ts.len() + 1);
        let starts = std::iter::once(0.0).chain(ts.iter().copied());
        let ends = ts.iter().copied().chain([1.0]);
        for (piece, (start, end)) in starts.zip(ends).enumerate() {
            if let Some(breakpoint) = piece.checked_sub(1).and_then(|at| path.breakpoints.get(at)) {
                on.retain(|&latent| Some(latent) != breakpoint.leaving);
                on.extend(breakpoint.entering);
                on.sort_unstable();
                breakpoints += 1;
            }
            let t = f64::midpoint(start, end);
            if end - start < STEP {
                continue;
            }
            let owners = diagram.locate(t, 0.0).and_then(|cell| diagram.owners(cell));
            assert_eq!(owners, Some(&on[..]), "model {number}, piece {piece} at {t}");
            check_error(number, &case.sae, [&from, &to], t, &path.squared_error[piece]);
            pieces += 1;
        }
    }
    assert!(pieces > 12_000 && breakpoints > 10_000, "{pieces} {breakpoints}");
}

/// The quadratic of a piece is the squared error of the model there.
fn check_error(number: u32, sae: &Sae, [from, to]: [&[f32]; 2], t: f64, [a, b, c]: &[f64; 3]) {
    let along: Vec<f64> = from.iter().zip(to).map(|(x, y)| f64::from(*y) - f64::from(*x)).collect();
    let row = moved(from, &along, t);
    let out = apply(Operation::Forward, sae, &row).expect("the row fits");
    let naive = row.iter().zip(&out).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum::<f64>();
    let found = (a * t + b) * t + c;
    assert!((found - naive).abs() < 1e-4 * (1.0 + naive), "model {number} at {t}: {found} for {naive}");
}

#[test]
fn a_jump_on_a_path_is_what_the_reconstruction_does_there() {
    let mut checked = 0;
    for number in 0..MODELS {
        let mut case = Case::new(number, 8, 24);
        let (from, to) = (case.row(), case.row());
        let along: Vec<f64> = from.iter().zip(&to).map(|(x, y)| f64::from(*y) - f64::from(*x)).collect();
        let path = case.sae.path(&from, &to).expect("the rows fit");
        let ts: Vec<f64> = path.breakpoints.iter().map(|breakpoint| breakpoint.t).collect();
        for (at, breakpoint) in path.breakpoints.iter().enumerate() {
            let others = ts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, t)| t);
            let room = others.chain(&[0.0, 1.0]).fold(1.0, |room: f64, t| room.min((t - ts[at]).abs()));
            if room < 3.0 * STEP {
                continue;
            }
            let points = [-2.0, -1.0, 1.0, 2.0].map(|step| moved(&from, &along, breakpoint.t + step * STEP));
            let jump = jump(&case.sae, &points);
            assert!(
                (jump - breakpoint.jump).abs() < CLOSE * (1.0 + jump),
                "model {number}: {jump} for {breakpoint:?}"
            );
            checked += 1;
        }
    }
    assert!(checked > 10_000, "{checked}");
}
