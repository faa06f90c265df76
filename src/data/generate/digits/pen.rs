//! A round pen on 28 × 28 pixels: anti-aliased strokes of varying width.

/// Pixels along one side of an image.
pub const SIDE: usize = 28;
/// Pixels from full ink to none at the edge of a stroke: wider than the 1 of exact coverage, as MNIST was
/// shrunk from larger scans with a soft filter.
const SOFTNESS: f32 = 1.1;

/// A point of a stroke, in pixels, and the pen's radius there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nib {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
    /// Half the width of the stroke.
    pub radius: f32,
}

/// Draws the straight piece from `from` to `to`. Ink does not add up where strokes cross: each pixel keeps the
/// darkest value. What falls outside the image is cut off.
pub fn draw(image: &mut [f32; SIDE * SIDE], from: Nib, to: Nib) {
    let (dx, dy, dr) = (to.x - from.x, to.y - from.y, to.radius - from.radius);
    let length = dx * dx + dy * dy;
    // A piece of no length is a dot.
    let inverse = if length > 1e-12 { 1.0 / length } else { 0.0 };
    let reach = from.radius.max(to.radius) + 0.5 * SOFTNESS;
    let (left, right) = pixels(from.x.min(to.x) - reach, from.x.max(to.x) + reach);
    let (top, bottom) = pixels(from.y.min(to.y) - reach, from.y.max(to.y) + reach);
    for row in top..bottom {
        let py = row as f32 + 0.5 - from.y;
        for (col, ink) in (left..right).zip(&mut image[row * SIDE + left..row * SIDE + right]) {
            let px = col as f32 + 0.5 - from.x;
            let along = ((px * dx + py * dy) * inverse).clamp(0.0, 1.0);
            let (ex, ey) = (px - along * dx, py - along * dy);
            let distance = (ex * ex + ey * ey).sqrt();
            let cover = (from.radius + along * dr - distance) * (1.0 / SOFTNESS) + 0.5;
            *ink = ink.max(cover.min(1.0));
        }
    }
}

/// The pixels whose centres may lie between two coordinates, as a half-open range inside the image.
fn pixels(low: f32, high: f32) -> (usize, usize) {
    // Casts saturate: below 0 becomes 0.
    let (first, last) = ((low as usize).min(SIDE), (high as usize + 1).min(SIDE));
    (first, last.max(first))
}
