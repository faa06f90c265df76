//! The part of a large power diagram around a change, cut by itself: a page shows it while the whole is computed.

use super::{Bounds, Partition, power_diagram};
use crate::error::{Error, Result};

/// Sites × order² that a patch may take: a few milliseconds' worth.
const MOST_WORK: usize = 3000;
/// Sites beyond this many are not near: a drag over half the box is not worth a patch.
const MOST_SITES: usize = 700;

/// How far the window reaches beyond the change, and a ring whose sites count too beyond the window, in widths of the
/// square that falls to K sites: a site is among the K nearest up to about half of it away, and more where weights
/// favour it.
fn reach(order: usize) -> (f64, f64) {
    if order == 1 { (3.0, 3.0) } else { (1.0, 1.2) }
}

/// The power diagram of order K around `changed`, a box about all that differs; owners are places in `sites`. The box
/// of the partition is the window that it covers: exact but near its edge, where sites far outside may matter. `None`
/// where too many sites would be needed.
///
/// # Errors
/// As [`power_diagram`], or if `changed` is not four finite numbers in order.
pub fn power_patch(
    sites: &[f64],
    weights: &[f64],
    order: usize,
    bounds: Bounds,
    changed: [f64; 4],
) -> Result<Option<Partition>> {
    if weights.is_empty() || sites.len() != 2 * weights.len() {
        return Err(Error::shape("number of coordinates in sites", sites.len(), 2 * weights.len()));
    }
    let [x0, y0, x1, y1] = changed;
    if !(changed.iter().all(|v| v.is_finite()) && x0 <= x1 && y0 <= y1) {
        return Err(Error::option(
            "changed",
            format!("{changed:?}"),
            "[x0, y0, x1, y1] with x0 ≤ x1 and y0 ≤ y1",
        ));
    }
    let spacing = (bounds.area() * order as f64 / weights.len() as f64).sqrt();
    let grow = |by: f64| Bounds { x0: x0 - by, y0: y0 - by, x1: x1 + by, y1: y1 + by };
    let (window, ring) = reach(order);
    let (window, around) = (grow(window * spacing), grow((window + ring) * spacing));
    let near: Vec<u32> = (0..)
        .zip(sites.chunks_exact(2))
        .filter(|(_, at)| around.contains(at[0], at[1]))
        .map(|(i, _)| i)
        .collect();
    let work = near.len().saturating_mul(order).saturating_mul(order);
    // A change outside the box has no window in it.
    let Ok(window) = window.meet(bounds) else { return Ok(None) };
    if near.len() < order || near.len() > MOST_SITES || work > MOST_WORK {
        return Ok(None);
    }
    let at: Vec<f64> =
        near.iter().flat_map(|&i| [sites[2 * i as usize], sites[2 * i as usize + 1]]).collect();
    let own: Vec<f64> = near.iter().map(|&i| weights[i as usize]).collect();
    let mut partition = power_diagram(&at, &own, order, window)?;
    partition.rename_owners(&near);
    Ok(Some(partition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Scattered, scatter};

    const BOX: [f64; 4] = [0.0, 0.0, 1.5, 1.0];

    /// Cells that a site owns a part of, by their owners, with their areas.
    fn cells_of(partition: &Partition, site: u32) -> Vec<(Vec<u32>, f64)> {
        let cells =
            (0..partition.cells()).filter_map(|cell| Some((partition.owners(cell)?, partition.area(cell)?)));
        let mut own: Vec<_> = cells.map(|(owners, area)| (owners.to_vec(), area)).collect();
        own.retain(|(owners, _)| owners.contains(&site));
        own.sort_by(|a, b| a.0.cmp(&b.0));
        own
    }

    #[test]
    fn the_cells_of_a_moved_site_are_those_of_the_whole() {
        let bounds = Bounds::new(BOX).unwrap();
        for (count, order) in [(4000, 1), (400, 3)] {
            let Scattered { mut sites, weights } = scatter(count, 2, bounds, 0.4).unwrap();
            let near = |at: &[f64]| (at[0] - 0.7).hypot(at[1] - 0.5) < 0.05;
            let moved = sites.chunks_exact(2).position(near).unwrap();
            let (x, y) = (sites[2 * moved], sites[2 * moved + 1]);
            (sites[2 * moved], sites[2 * moved + 1]) = (x + 0.004, y + 0.003);
            let changed = [x, y, x + 0.004, y + 0.003];
            let patch = power_patch(&sites, &weights, order, bounds, changed).unwrap().unwrap();
            assert!(patch.bounds().area() < 0.2 * bounds.area());
            let whole = power_diagram(&sites, &weights, order, bounds).unwrap();
            let (found, expected) = (cells_of(&patch, moved as u32), cells_of(&whole, moved as u32));
            assert!(!expected.is_empty());
            assert_eq!(found.len(), expected.len());
            for ((owners, area), (own, exact)) in found.iter().zip(&expected) {
                assert_eq!(owners, own);
                assert!((area - exact).abs() < 1e-10, "{owners:?}: {area} {exact}");
            }
        }
    }

    #[test]
    fn a_change_of_everything_has_no_patch_and_one_outside_no_window() {
        let bounds = Bounds::new(BOX).unwrap();
        let Scattered { sites, weights } = scatter(4000, 2, bounds, 0.4).unwrap();
        assert!(power_patch(&sites, &weights, 1, bounds, BOX).unwrap().is_none());
        assert!(power_patch(&sites, &weights, 1, bounds, [9.0, 9.0, 9.0, 9.0]).unwrap().is_none());
        assert!(power_patch(&sites, &weights, usize::MAX, bounds, [0.5, 0.5, 0.5, 0.5]).unwrap().is_none());
        assert!(power_patch(&sites, &weights, 1, bounds, [0.5, f64::NAN, 0.5, 0.5]).is_err());
        assert!(power_patch(&sites[2..], &weights, 1, bounds, [0.5; 4]).is_err());
    }
}
