//! The cell at a point of a partition that is there as flat arrays alone, as a page holds one that a worker cut.

use crate::error::{Error, Result};

/// The cell that holds a point: of convex cells with corners counter-clockwise, cell `i` with the corners
/// `offsets[i]..offsets[i + 1]`, the first. `None` if no cell does.
///
/// [`Partition::locate`](super::Partition::locate) is quicker where the partition itself is at hand.
///
/// # Errors
/// If the offsets do not ascend or do not end at the number of corners.
pub fn cell_at(offsets: &[u32], coordinates: &[f64], x: f64, y: f64) -> Result<Option<usize>> {
    let corners = coordinates.as_chunks::<2>().0;
    let proper = offsets.is_sorted() && offsets.last().is_none_or(|&end| end as usize == corners.len());
    if !proper {
        let found = offsets.last().map_or_else(String::new, u32::to_string);
        let expected = format!("ascending to {}, the number of corners", corners.len());
        return Err(Error::shape("offsets", format!("{} that end at {found}", offsets.len()), expected));
    }
    let cell = |at: &[u32]| &corners[at[0] as usize..at[1] as usize];
    Ok(offsets.windows(2).position(|at| holds(cell(at), x, y)))
}

/// Whether a point lies on the left of every edge.
fn holds(corners: &[[f64; 2]], x: f64, y: f64) -> bool {
    let next = corners.iter().cycle().skip(1);
    !corners.is_empty()
        && corners
            .iter()
            .zip(next)
            .all(|([ax, ay], [bx, by])| (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Bounds, Scattered, power_diagram, scatter};

    #[test]
    fn the_cell_is_the_one_that_the_partition_locates() {
        let bounds = Bounds::new([0.0, 0.0, 1.5, 1.0]).unwrap();
        let Scattered { sites, weights } = scatter(60, 5, bounds, 0.5).unwrap();
        for order in [1, 3] {
            let partition = power_diagram(&sites, &weights, order, bounds).unwrap();
            let find = |x, y| cell_at(partition.offsets(), partition.coordinates(), x, y).unwrap();
            for probe in scatter(500, 3, bounds, 0.0).unwrap().sites.chunks_exact(2) {
                let found = find(probe[0], probe[1]);
                assert!(found.is_some());
                assert_eq!(found, partition.locate(probe[0], probe[1]));
            }
            assert_eq!(find(-0.1, 0.5), None);
            assert_eq!(find(f64::NAN, 0.5), None);
        }
    }

    #[test]
    fn offsets_that_do_not_fit_are_refused() {
        let triangle = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0];
        assert_eq!(cell_at(&[0, 0, 3], &triangle, 0.2, 0.2), Ok(Some(1)));
        for offsets in [&[0, 4][..], &[3, 0], &[0, 2], &[0, 9, 3]] {
            assert!(cell_at(offsets, &triangle, 0.2, 0.2).is_err(), "{offsets:?}");
        }
        assert_eq!(cell_at(&[], &[], 0.2, 0.2), Ok(None));
    }
}
