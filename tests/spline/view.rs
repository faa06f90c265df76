//! Views of planes and readings of points, against the engine that runs in the product.

use crate::support::{Case, activations, active, encode};
use splinterp::cluster::components;
use splinterp::geometry::{Bounds, NO_CELL};
use splinterp::sae::Sae;
use splinterp::spline::{Angles, PlaneAxes, PlaneChoice, PlaneView, Wanted};

const CASES: u32 = 200;
const ALL: Wanted = Wanted { leading: true, errors: true, jumps: true };
const TURNED: Angles = Angles { turn: 25.0, tilt: -70.0 };

/// A model with rows, on the plane of a choice that the case's number makes.
fn view(number: u32) -> (Sae, Vec<f32>, Option<PlaneAxes>) {
    let mut case = Case::new(number, 8, 20);
    let rows: Vec<f32> = (0..12).flat_map(|_| case.row()).collect();
    let found = components(&rows, case.sae.d_in, 5).unwrap();
    let latents = [0, case.sae.d_sae - 1];
    let choice = match number % 3 {
        0 => PlaneChoice::Rows { rows: [0, 5, 11] },
        1 => PlaneChoice::Components,
        _ => PlaneChoice::Latents { row: 3, latents },
    };
    let axes = PlaneAxes::new(&choice, &case.sae, &rows, &found).ok();
    (case.sae, rows, axes)
}

fn bounds() -> Bounds {
    Bounds::new([-2.0, -1.5, 2.0, 1.5]).unwrap()
}

/// The middle of a cell's corners.
fn middle(polygon: &[f64]) -> [f64; 2] {
    let count = polygon.len() as f64 / 2.0;
    [0, 1].map(|axis| polygon.iter().skip(axis).step_by(2).sum::<f64>() / count)
}

/// x̂ and the squared error of a point, by plain loops in float64 over the codes of the engine.
fn output(sae: &Sae, point: &[f32]) -> (Vec<f64>, f64) {
    let mut output: Vec<f64> = sae.b_dec.iter().map(|&b| f64::from(b)).collect();
    for (z, direction) in encode(sae, point).iter().zip(sae.decoder().chunks_exact(sae.d_in)) {
        output.iter_mut().zip(direction).for_each(|(x, &d)| *x += f64::from(z * d));
    }
    let error = output.iter().zip(point).map(|(output, &x)| (output - f64::from(x)).powi(2)).sum();
    (output, error)
}

#[test]
fn errors_and_leading_latents_of_cells_are_those_of_the_encoder() {
    let mut checked = 0;
    for number in 0..CASES {
        let (sae, rows, Some(axes)) = view(number) else { continue };
        let view = PlaneView::new(&sae, axes, &rows).unwrap();
        for angles in [Angles::default(), TURNED] {
            let cut = view.cut(angles, bounds(), ALL).unwrap();
            for cell in 0..cut.partition.cells() {
                let at = middle(cut.partition.polygon(cell).unwrap());
                let point = view.axes().point(angles, at).unwrap();
                let z = encode(&sae, &point);
                if active(&z) != cut.partition.owners(cell).unwrap() {
                    // Too narrow for float32.
                    continue;
                }
                let (_, error) = output(&sae, &point);
                let found = cut.errors[cell] * sae.d_in as f64;
                assert!((found - error).abs() < 1e-3 * (1.0 + error), "case {number}: {found} {error}");
                let largest = z.iter().fold(0.0f32, |most, z| most.max(z.abs()));
                let leading = cut.leading[cell].map_or(0.0, |latent| z[latent as usize].abs());
                assert!((largest - leading).abs() <= 1e-4 * (1.0 + largest), "case {number}, cell {cell}");
                checked += 1;
            }
        }
    }
    assert!(checked > 5000, "{checked} cells");
}

#[test]
fn jumps_of_faces_are_what_the_reconstruction_does_across_them() {
    const STEP: f64 = 1e-3;
    let mut checked = 0;
    for number in 0..CASES {
        let (sae, rows, Some(axes)) = view(number) else { continue };
        let view = PlaneView::new(&sae, axes, &rows).unwrap();
        let partition = view.cut(TURNED, bounds(), Wanted::default()).unwrap().partition;
        let jumps = view.cut(TURNED, bounds(), ALL).unwrap().jumps;
        for cell in 0..partition.cells() {
            let from = partition.offsets()[cell] as usize;
            let corners: Vec<&[f64]> = partition.polygon(cell).unwrap().chunks_exact(2).collect();
            for (edge, &other) in partition.neighbours(cell).unwrap().iter().enumerate() {
                if other == NO_CELL || (other as usize) < cell {
                    assert_eq!(jumps[from + edge], 0.0);
                    continue;
                }
                let (p, q) = (corners[edge], corners[(edge + 1) % corners.len()]);
                let (dx, dy) = (q[0] - p[0], q[1] - p[1]);
                let length = (dx * dx + dy * dy).sqrt();
                // The cell is on the left.
                let side = |step: f64| {
                    let at =
                        [(p[0] + q[0]) / 2.0 + step * dy / length, (p[1] + q[1]) / 2.0 - step * dx / length];
                    view.axes().point(TURNED, at).unwrap()
                };
                let (here, across) = (side(-STEP), side(STEP));
                let owners = |cell: usize| partition.owners(cell).unwrap();
                if active(&encode(&sae, &here)) != owners(cell)
                    || active(&encode(&sae, &across)) != owners(other as usize)
                {
                    continue;
                }
                let (x, y) = (output(&sae, &here).0, output(&sae, &across).0);
                let jump = x.iter().zip(&y).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
                let (found, scale) = (jumps[from + edge], 1.0 + sae.d_sae as f64);
                assert!((found - jump).abs() < 20.0 * STEP * scale, "case {number}: {found}, not {jump}");
                checked += 1;
            }
        }
    }
    assert!(checked > 3000, "{checked} faces");
}

#[test]
fn planes_are_orthonormal_turn_about_their_origin_and_hold_what_they_go_through() {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for number in 0..CASES {
        let (sae, rows, Some(axes)) = view(number) else { continue };
        let all: Vec<&Vec<f64>> = [&axes.u, &axes.v].into_iter().chain(&axes.beyond).collect();
        for (i, p) in all.iter().enumerate() {
            for (j, q) in all.iter().enumerate() {
                assert!((dot(p, q) - f64::from(u8::from(i == j))).abs() < 1e-12, "case {number}");
            }
        }
        let origin: Vec<f32> = axes.origin.iter().map(|&o| o as f32).collect();
        assert_eq!(axes.point(TURNED, [0.0, 0.0]).unwrap(), origin);
        let view = PlaneView::new(&sae, axes, &rows).unwrap();
        let through: &[usize] = [&[0, 5, 11][..], &[], &[3]][number as usize % 3];
        for (row, values) in rows.chunks_exact(sae.d_in).enumerate() {
            let projected = view.project(TURNED).unwrap()[row];
            let foot = view.axes().point(TURNED, projected.at).unwrap();
            let away = values.iter().zip(&foot).map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>().sqrt();
            assert!((away - projected.distance).abs() < 1e-5, "case {number}, row {row}");
            if through.contains(&row) {
                assert!(view.project(Angles::default()).unwrap()[row].distance < 1e-6, "case {number}");
            }
        }
    }
}

#[test]
fn a_reading_is_what_the_model_makes_of_the_point() {
    for number in 0..CASES {
        let mut case = Case::new(number, 8, 20);
        let row = case.row();
        let reading = case.sae.reading(&row, 4).unwrap();
        let map = case.sae.local_map(&row).unwrap();
        let z = encode(&case.sae, &row);
        assert_eq!(reading.l0, map.active.len());
        assert_eq!(reading.margin, case.sae.margins(&row).unwrap()[0]);
        assert!((reading.trace - map.trace).abs() < 1e-9);
        assert_eq!(reading.active.len(), reading.l0.min(4));
        assert!(reading.active.is_sorted_by(|a, b| a.z.abs() >= b.z.abs()));
        let place = |latent: u32| map.active.iter().position(|&other| other == latent).unwrap();
        for (i, p) in reading.active.iter().enumerate() {
            assert!((p.z - f64::from(z[p.latent as usize])).abs() < 1e-4);
            for (j, q) in reading.active.iter().enumerate() {
                let expected = map.gram[place(p.latent) * map.active.len() + place(q.latent)];
                assert_eq!(reading.cross_talk[i * reading.active.len() + j], expected);
            }
        }
        let (_, error) = output(&case.sae, &row);
        assert!((reading.squared_error - error).abs() < 1e-3 * (1.0 + error), "case {number}");
        assert!(case.sae.reading(&row[1..], 4).is_err());
    }
}

#[test]
fn planes_that_are_none_are_refused() {
    let sae = Sae::random(3, 4, activations(2, 0.0)[2].clone(), false, 1);
    let rows = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let found = components(&rows, 3, 5).unwrap();
    let refusal =
        |choice: &PlaneChoice, sae: &Sae| PlaneAxes::new(choice, sae, &rows, &found).unwrap_err().to_string();
    let expected = "expected two directions that span a plane";
    assert_eq!(
        refusal(&PlaneChoice::Rows { rows: [0, 0, 3] }, &sae),
        format!(
            "plane is laid along the way from the first row to the second, which is 0 or not finite, {expected}"
        )
    );
    let parallel = refusal(&PlaneChoice::Rows { rows: [0, 1, 2] }, &sae);
    assert!(parallel.contains("parallel to the way from the first row to the second"), "{parallel}");
    assert_eq!(
        refusal(&PlaneChoice::Rows { rows: [0, 1, 4] }, &sae),
        "row is 4, expected below 4, the number of rows"
    );
    let latents = |latents| PlaneChoice::Latents { row: 0, latents };
    assert_eq!(refusal(&latents([0, 4]), &sae), "latent is 4, expected below 4");
    assert!(refusal(&latents([1, 1]), &sae).contains("parallel to the decoder row of latent 1"));
    let mut dead = sae.clone();
    dead.w_dec = Some(vec![0.0; 12]);
    assert!(refusal(&latents([0, 1]), &dead).contains("the decoder row of latent 0, which is 0"));
    let level = components(&[1.0; 6], 3, 5).unwrap();
    assert!(PlaneAxes::new(&PlaneChoice::Components, &sae, &rows, &level).is_err());

    let axes = PlaneAxes::new(&PlaneChoice::Rows { rows: [0, 1, 3] }, &sae, &rows, &found).unwrap();
    assert!(axes.point(Angles::default(), [f64::NAN, 0.0]).is_err());
    let view = PlaneView::new(&sae, axes, &rows).unwrap();
    assert!(view.cut(Angles { turn: f64::INFINITY, tilt: 0.0 }, bounds(), ALL).is_err());
    assert!(PlaneView::new(&sae, view.axes().clone(), &rows[1..]).is_err());
}
