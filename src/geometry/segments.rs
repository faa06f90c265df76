//! Segments cut to a box (Liang and Barsky 1984).

use super::Bounds;
use crate::error::{Error, Result};

/// The parts of segments `x0 y0 x1 y1 …` that lie in the box; a segment that misses it is left out.
///
/// # Errors
/// If the length is no multiple of 4.
///
/// ```
/// use splinterp::geometry::{Bounds, clip_segments};
/// let square = Bounds::new([-1.0, -1.0, 1.0, 1.0])?;
/// assert_eq!(clip_segments(&[0.0, 0.0, 4.0, 2.0], square)?, [0.0, 0.0, 1.0, 0.5]);
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn clip_segments(segments: &[f64], bounds: Bounds) -> Result<Vec<f64>> {
    let (chunks, []) = segments.as_chunks::<4>() else {
        return Err(Error::shape("number of values in segments", segments.len(), "a multiple of 4"));
    };
    Ok(chunks.iter().filter_map(|segment| clip(segment, bounds)).flatten().collect())
}

fn clip(&[x0, y0, x1, y1]: &[f64; 4], bounds: Bounds) -> Option<[f64; 4]> {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    // How fast the segment leaves each side, and how far inside it starts.
    for (along, room) in
        [(-dx, x0 - bounds.x0), (dx, bounds.x1 - x0), (-dy, y0 - bounds.y0), (dy, bounds.y1 - y0)]
    {
        if along == 0.0 && room < 0.0 {
            return None;
        }
        if along < 0.0 {
            enter = enter.max(room / along);
        } else if along > 0.0 {
            leave = leave.min(room / along);
        }
    }
    (enter <= leave).then_some([x0 + enter * dx, y0 + enter * dy, x0 + leave * dx, y0 + leave * dy])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_cut_to_the_box_or_left_out() {
        let bounds = Bounds::new([-2.0, -1.0, 2.0, 1.0]).unwrap();
        let cut = |segments: &[f64]| clip_segments(segments, bounds).unwrap();
        assert_eq!(cut(&[0.0, 0.0, 1.0, 0.5]), [0.0, 0.0, 1.0, 0.5]);
        assert_eq!(
            cut(&[0.0, 0.0, 4.0, 2.0, -3.0, 0.0, 3.0, 0.0]),
            [0.0, 0.0, 2.0, 1.0, -2.0, 0.0, 2.0, 0.0]
        );
        assert_eq!(cut(&[3.0, -3.0, 3.0, 3.0, -3.0, 0.5, 0.0, 3.5]), [0.0; 0]);
        assert_eq!(cut(&[f64::NAN, 0.0, 1.0, 0.0]).len() % 4, 0);
        assert!(clip_segments(&[1.0; 5], bounds).is_err());
    }
}
