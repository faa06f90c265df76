//! An SAE of the plane held against a partition at random points: the latents that it finds active at a point must own
//! the cell that holds the point.

use crate::engine::{Operation, apply};
use crate::error::{Error, Result};
use crate::geometry::{Partition, uniform};
use crate::sae::{Activation, Sae, Selection, SparseCodes, TopKBy, TopKOrder};

/// 32-bit floats decide as exact numbers do where pre-activations, of size 1, differ by more than this.
const TIE: f64 = 1e-5;

/// What random points found.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Points so near a border that 32-bit floats cannot tell its sides apart.
    pub ties: u32,
    /// Points, not so near, whose active latents do not own their cell.
    pub mismatches: u32,
    /// The points, `x0 y0 x1 y1 …`.
    pub points: Vec<f32>,
}

/// Asks the SAE at `count` points of the partition's box, the same for the same seed.
///
/// # Errors
/// If the SAE is not one of the plane, `count` is 0 or above [`MAX_SCATTERED`](crate::geometry::MAX_SCATTERED), or the
/// codes are beyond memory.
pub fn check(sae: &Sae, partition: &Partition, count: u32, seed: u32) -> Result<Check> {
    if sae.d_in != 2 {
        return Err(Error::shape("columns of the SAE's input", sae.d_in, "2, of the plane"));
    }
    let points = uniform(count, seed, partition.bounds())?;
    let pre = pre_activations(sae, &points)?;
    let selection = sae.activation.selection(sae.d_sae);
    let mut codes = SparseCodes::new(sae.d_sae);
    selection.select(&pre, sae.d_sae, &mut codes);
    let (mut ties, mut mismatches) = (0, 0);
    for ((row, pre), at) in pre.chunks_exact(sae.d_sae).enumerate().zip(points.chunks_exact(2)) {
        if margin(&selection, pre) < TIE {
            ties += 1;
            continue;
        }
        let owners = partition.locate(at[0].into(), at[1].into()).and_then(|cell| partition.owners(cell));
        let active = codes.row(row).filter(|(_, value)| *value != 0.0).map(|(latent, _)| latent);
        if !owners.is_some_and(|owners| active.eq(owners.iter().copied())) {
            mismatches += 1;
        }
    }
    Ok(Check { ties, mismatches, points })
}

/// Pre-activations `[n, d_sae]` of rows `[n, d_in]`, as the engine computes them.
///
/// # Errors
/// As [`apply`].
pub fn pre_activations(sae: &Sae, rows: &[f32]) -> Result<Vec<f32>> {
    // All latents active by value: their codes are their pre-activations.
    let open = Sae { activation: Activation::TopK { k: sae.d_sae, by: TopKBy::Value }, ..sae.clone() };
    apply(Operation::Encode, &open, rows)
}

/// The least change of a row's pre-activations that another active set, or one with a code of 0, needs.
fn margin(selection: &Selection<'_>, pre: &[f32]) -> f64 {
    let least = |distances: &mut dyn Iterator<Item = f64>| distances.fold(f64::INFINITY, f64::min);
    match selection {
        Selection::Above(thresholds) => least(
            &mut pre.iter().zip(&**thresholds).map(|(&pre, &at)| (f64::from(pre) - f64::from(at)).abs()),
        ),
        Selection::Largest(top) => {
            let mut keys: Vec<f64> = pre.iter().map(|&pre| f64::from(pre)).collect();
            // A code of about 0 would not show that its latent is active.
            let to_zero = least(&mut keys.iter().map(|key| key.abs()));
            if top.order == TopKOrder::Magnitude {
                keys.iter_mut().for_each(|key| *key = key.abs());
            }
            keys.sort_unstable_by(|a, b| b.total_cmp(a));
            let to_next = keys.get(top.k).map_or(f64::INFINITY, |next| keys[top.k - 1] - next);
            to_next.min(to_zero)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Bounds, Scattered, power_diagram, scatter};
    use crate::sae::Threshold;
    use crate::spline::{Plane, slice};
    use crate::toy::plane::grid;
    use crate::toy::{fitted_sae, sae_of_sites};

    fn stage() -> Bounds {
        Bounds::new([-1.5, -1.0, 1.5, 1.0]).unwrap()
    }

    fn top(k: usize, by: TopKBy) -> Activation {
        Activation::TopK { k, by }
    }

    #[test]
    fn the_margin_is_the_least_change_that_another_active_set_needs() {
        let margin = |activation: &Activation, pre: &[f32]| margin(&activation.selection(pre.len()), pre);
        let pre = [0.5, -2.0, 1.0, -0.125];
        assert_eq!(margin(&Activation::Relu, &pre), 0.125);
        let jump = Activation::JumpRelu { threshold: Threshold::Shared(0.75) };
        assert_eq!(margin(&jump, &pre), 0.25);
        assert_eq!(margin(&top(1, TopKBy::Value), &pre), 0.125);
        assert_eq!(margin(&top(2, TopKBy::Value), &[3.0, 2.0, 1.5]), 0.5);
        assert_eq!(margin(&top(1, TopKBy::Magnitude), &[3.0, -3.25, 2.0]), 0.25);
        assert_eq!(margin(&top(2, TopKBy::Value), &[3.0, 2.0]), 2.0);
    }

    #[test]
    fn random_points_agree_with_the_cells_of_every_activation_and_not_with_others() {
        let Scattered { sites, weights } = scatter(12, 2, stage(), 0.45).unwrap();
        let (origin, u, v) = ([0.0, 0.0], [1.0, 0.0], [0.0, 1.0]);
        let plane = Plane { origin: &origin, u: &u, v: &v };
        let threshold = Threshold::Shared(0.25);
        for activation in [
            Activation::Relu,
            Activation::JumpRelu { threshold },
            top(3, TopKBy::Value),
            top(3, TopKBy::Magnitude),
            top(3, TopKBy::Positive),
        ] {
            let sae = fitted_sae(&sites, &weights, activation.clone(), stage()).unwrap();
            let own = slice((&sae).into(), &sae.activation, plane, stage()).unwrap();
            let found = check(&sae, &own, 2000, 1).unwrap();
            assert_eq!(found.mismatches, 0, "{activation:?}");
            assert!(found.ties < 20, "{activation:?}: {}", found.ties);
            assert!(found.points.chunks_exact(2).all(|at| stage().contains(at[0].into(), at[1].into())));
            assert_eq!(check(&sae, &own, 2000, 1).unwrap(), found);
            let other = slice((&sae).into(), &top(2, TopKBy::Value), plane, stage()).unwrap();
            assert!(check(&sae, &other, 2000, 1).unwrap().mismatches > 1000, "{activation:?}");
        }
    }

    #[test]
    fn topk_by_value_cuts_the_power_diagram_of_the_sites() {
        let Scattered { sites, weights } = scatter(12, 2, stage(), 0.45).unwrap();
        let sae = sae_of_sites(&sites, &weights, top(2, TopKBy::Value)).unwrap();
        let diagram = power_diagram(&sites, &weights, 2, stage()).unwrap();
        assert_eq!(check(&sae, &diagram, 5000, 4).unwrap().mismatches, 0);
    }

    #[test]
    fn the_fitted_decoder_reconstructs_best() {
        let Scattered { sites, weights } = scatter(12, 2, stage(), 0.45).unwrap();
        let sae = fitted_sae(&sites, &weights, Activation::Relu, stage()).unwrap();
        let rows = grid(stage());
        let error = |sae: &Sae| {
            let out = apply(Operation::Forward, sae, &rows).unwrap();
            out.iter().zip(&rows).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / rows.len() as f64
        };
        let least = error(&sae);
        assert!(least < 0.03, "{least}");
        for i in 0..2 * sae.d_sae {
            for change in [0.05, -0.05] {
                let mut other = sae.clone();
                other.w_dec.as_mut().unwrap()[i] += change;
                assert!(error(&other) > least, "{i}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert!(sae_of_sites(&[], &[], Activation::Relu).is_err());
        assert!(sae_of_sites(&[1.0], &[1.0], Activation::Relu).is_err());
        assert!(sae_of_sites(&[1e300, 1.0], &[1.0], Activation::Relu).is_err());
        assert!(sae_of_sites(&[1.0, 1.0], &[f64::NAN], Activation::Relu).is_err());
        assert!(sae_of_sites(&[1.0, 1.0], &[1.0], top(2, TopKBy::Value)).is_err());
        let wide = Sae::random(3, 4, Activation::Relu, true, 1);
        let diagram = power_diagram(&[0.0, 0.0], &[0.0], 1, stage()).unwrap();
        assert!(check(&wide, &diagram, 5, 1).is_err());
        let flat = sae_of_sites(&[1.0, 1.0], &[1.0], Activation::Relu).unwrap();
        assert!(check(&flat, &diagram, 0, 1).is_err());
    }
}
