//! The cells of a slice against the encoder that runs in the product, in float32.

use splinterp::engine::{Operation, apply};
use splinterp::geometry::Bounds;
use splinterp::random::{Random, Stream};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};
use splinterp::spline::{Encoder, Plane, slice};

/// Pre-activations here are sums of some ten products of about 1: two decisions this close may fall either way in
/// float32.
const TIE: f32 = 1e-5;
const MODELS: u32 = 400;
const POINTS: usize = 25;

#[test]
fn the_owners_of_a_cell_are_the_latents_that_encode_finds_active_in_it() {
    let mut checked = 0;
    for case in 0..MODELS {
        let mut random = Random::new(u64::from(case), Stream::Generator);
        let (d_in, d_sae) = (1 + random.below(8) as usize, 1 + random.below(24) as usize);
        let k = 1 + random.below(d_sae.min(8) as u32) as usize;
        let threshold = Threshold::Shared(random.between(-0.5, 0.5) as f32);
        let activations = [
            Activation::Relu,
            Activation::JumpRelu { threshold },
            Activation::BatchTopK { k, threshold: Some(random.between(0.0, 0.5) as f32) },
            Activation::TopK { k, by: TopKBy::Value },
            Activation::TopK { k, by: TopKBy::Magnitude },
            Activation::TopK { k, by: TopKBy::Positive },
        ];
        let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| random.normal() as f32).collect() };
        let (w_enc, b_enc) = (draw(d_in * d_sae), draw(d_sae));
        let (origin, u, v) = (draw(d_in), draw(d_in), draw(d_in));
        for activation in activations {
            let mut sae = Sae::random(d_in, d_sae, activation.clone(), true, 1);
            (sae.w_enc, sae.b_enc) = (w_enc.clone(), b_enc.clone());
            let encoder = Encoder { weights: &w_enc, bias: &b_enc, d_in };
            let plane = Plane { origin: &origin, u: &u, v: &v };
            let bounds = Bounds::new([-1.0, -1.0, 1.0, 1.0]).unwrap();
            let diagram = slice(encoder, &activation, plane, bounds).unwrap();
            for _ in 0..POINTS / 5 {
                let (p, q) = (random.between(-1.0, 1.0), random.between(-1.0, 1.0));
                let row: Vec<f32> =
                    (0..d_in).map(|j| origin[j] + p as f32 * u[j] + q as f32 * v[j]).collect();
                sae.activation = Activation::TopK { k: d_sae, by: TopKBy::Value };
                let pre = apply(Operation::Encode, &sae, &row).unwrap();
                if margin(&activation, &pre) < TIE {
                    continue;
                }
                sae.activation = activation.clone();
                let z = apply(Operation::Encode, &sae, &row).unwrap();
                let active: Vec<u32> = (0..).zip(&z).filter(|(_, z)| **z != 0.0).map(|(i, _)| i).collect();
                let owners = diagram.locate(p, q).and_then(|cell| diagram.owners(cell));
                assert_eq!(owners, Some(&active[..]), "case {case}, {activation:?} at ({p}, {q})");
                check_map(&sae, &row, &active);
                checked += 1;
            }
        }
    }
    assert!(checked > 9 * MODELS as usize * POINTS / 10, "{checked} points were far enough from borders");
}

/// On its cell the model is the affine map of its active latents.
fn check_map(sae: &Sae, row: &[f32], active: &[u32]) {
    let map = sae.affine_map(active).unwrap();
    let out = apply(Operation::Forward, sae, row).unwrap();
    for ((m, c), out) in map.matrix.chunks_exact(row.len()).zip(&map.offset).zip(&out) {
        let expected = m.iter().zip(row).map(|(m, x)| m * f64::from(*x)).sum::<f64>() + c;
        let scale = m.iter().zip(row).map(|(m, x)| (m * f64::from(*x)).abs()).sum::<f64>() + c.abs() + 1.0;
        assert!((f64::from(*out) - expected).abs() < 1e-5 * scale, "{out} for {expected}");
    }
}

/// How far the pre-activations are from another active set.
fn margin(activation: &Activation, pre: &[f32]) -> f32 {
    let nearest = |at: f32| pre.iter().fold(f32::INFINITY, |least, p| least.min((p - at).abs()));
    match activation {
        Activation::Relu => nearest(0.0),
        Activation::JumpRelu { threshold: Threshold::Shared(threshold) } => nearest(*threshold),
        Activation::JumpRelu { .. } => unreachable!("not drawn above"),
        Activation::BatchTopK { threshold, .. } => nearest(threshold.unwrap_or(0.0)),
        Activation::TopK { k, by } => {
            let key = |p: &f32| if *by == TopKBy::Magnitude { p.abs() } else { *p };
            let mut keys: Vec<f32> = pre.iter().map(key).collect();
            keys.sort_unstable_by(|a, b| b.total_cmp(a));
            // A pre-activation of about 0 would be active and yet not to be told from the inactive by its code.
            keys.get(*k).map_or(f32::INFINITY, |next| keys[k - 1] - next).min(nearest(0.0))
        }
    }
}
