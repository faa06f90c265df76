//! Handwritten-looking digits, drawn by the program: data for a page that has none.
//!
//! A digit begins as one of several skeletons of strokes. Its points shake, the plane they lie in is slanted,
//! turned, stretched and bent, a pen of varying width follows the curves through them, and the drawing is fitted
//! as MNIST's digits are: the longer side into 20 pixels, the centre of mass to the middle of 28 × 28.

mod pen;
mod skeletons;

use crate::data::dataset::Dataset;
use crate::data::storage::Storage;
use crate::error::{Error, Result};
use crate::memory;
use crate::random::Random;
use pen::{Nib, SIDE};
use skeletons::{SKELETONS, Stroke};

/// Largest number of digits in a data set: 784 MB as bytes, still within what wasm can address.
pub const MAX_DIGITS: u32 = 1_000_000;
/// The longer side of a digit with its ink, in pixels.
const BOX: f32 = 20.0;
/// Largest displacement of the end of a straight piece, in digit heights: about 0.3 pixels.
const TREMOR: f64 = 0.016;
/// Largest relative change of the pen's radius from piece to piece.
const ROUGHNESS: f64 = 0.15;
/// Straight pieces between two points of a skeleton; they come out at about 1.5 pixels.
const PIECES: usize = 5;

impl Dataset {
    /// `n` labelled images of 28 × 28 bytes, normalised as nothing yet. Digit `i` of a seed is the same for every
    /// `n`, and the same bits natively and in wasm.
    ///
    /// # Errors
    /// If `n` is 0 or above [`MAX_DIGITS`].
    ///
    /// ```
    /// use splinterp::data::Dataset;
    ///
    /// let digits = Dataset::digits(100, 1)?;
    /// assert_eq!((digits.rows(), digits.cols()), (100, 28 * 28));
    /// assert!(digits.label(99).is_some_and(|label| label < 10));
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub fn digits(n: u32, seed: u64) -> Result<Self> {
        if !(1..=MAX_DIGITS).contains(&n) {
            return Err(Error::option("n", n, format!("1 to {MAX_DIGITS} digits")));
        }
        let mut pixels = memory::zeros("digits", &[n as usize, SIDE, SIDE])?;
        let mut path = Vec::new();
        let labels = (0..n)
            .zip(pixels.chunks_exact_mut(SIDE * SIDE))
            .map(|(i, image)| write_digit(&mut Random::sample(seed, i), &mut path, image))
            .collect();
        Self::new(Storage::U8(pixels), SIDE * SIDE)?.with_labels(labels)
    }
}

/// How one hand, at one moment, writes.
struct Hand {
    /// Standard deviation of a point's displacement, in digit heights.
    shake: f32,
    /// Row-major 2 × 2: slant, turn and proportions.
    linear: [f32; 4],
    /// How strongly the plane bends: x by y², x by xy, y by x², y by xy.
    bend: [f32; 4],
    /// Pen radius in pixels.
    radius: f32,
    /// Relative change of the radius from the top to the bottom of the digit.
    pressure: f32,
    /// Radius at the ends of a stroke, relative to its middle: start, end.
    taper: [f32; 2],
}

impl Hand {
    fn new(random: &mut Random) -> Self {
        let mut normal = |std: f32| random.normal() as f32 * std;
        let (slant, half_turn, proportion) = (0.14 + normal(0.22), normal(0.05), 1.05 + normal(0.16));
        let bend = [normal(0.22), normal(0.22), normal(0.2), normal(0.25)];
        let (shake, radius) = (0.034 + normal(0.018).abs(), 1.32 + normal(0.34));
        let (pressure, taper) = (normal(0.25), [1.0 - normal(0.2).abs(), 1.0 - normal(0.3).abs()]);
        // Sine and cosine from the tangent of half the angle: no transcendental function.
        let scale = 1.0 / (1.0 + half_turn * half_turn);
        let (sin, cos) = (2.0 * half_turn * scale, (1.0 - half_turn * half_turn) * scale);
        let (slant, proportion) = (slant.clamp(-0.5, 0.7), proportion.clamp(0.6, 1.5));
        // Upwards is −y, so a slant to the right moves points with small y to the right.
        let linear = [cos * proportion, -slant * cos - sin, sin * proportion, cos - slant * sin];
        Self {
            shake,
            linear,
            bend,
            radius: radius.clamp(0.7, 2.1),
            pressure: pressure.clamp(-0.5, 0.5),
            taper: taper.map(|end| end.max(0.35)),
        }
    }

    /// Where this hand puts a point of a skeleton, in digit heights from the centre.
    fn place(&self, random: &mut Random, (x, y): (i8, i8)) -> (f32, f32) {
        let x = f32::from(x) * 0.01 - 0.34 + random.normal() as f32 * self.shake;
        let y = f32::from(y) * 0.01 - 0.5 + random.normal() as f32 * self.shake;
        let bx = x + self.bend[0] * y * y + self.bend[1] * x * y;
        let by = y + self.bend[2] * x * x + self.bend[3] * x * y;
        (self.linear[0] * bx + self.linear[1] * by, self.linear[2] * bx + self.linear[3] * by)
    }

    /// Pen radius in pixels, `along` a stroke from 0 to 1 and at height `y` from the centre.
    fn radius(&self, along: f32, y: f32) -> f32 {
        // The taper reaches over the first and the last fifth of a stroke.
        let fade = |distance: f32, end: f32| end + (1.0 - end) * (distance * 5.0).min(1.0);
        self.radius
            * (1.0 + self.pressure * y)
            * fade(along, self.taper[0])
            * fade(1.0 - along, self.taper[1])
    }
}

/// A point of the path: the nib, and whether a piece leads to it from the point before.
type PathPoint = (Nib, bool);

/// Draws one digit and returns its label. `path` is scratch space.
fn write_digit(random: &mut Random, path: &mut Vec<PathPoint>, image: &mut [u8]) -> u8 {
    let label = random.below(10);
    let ways = SKELETONS[label as usize];
    let skeleton = ways[random.below(ways.len() as u32) as usize];
    let hand = Hand::new(random);
    path.clear();
    for stroke in skeleton {
        trace(random, &hand, stroke, path);
    }
    fit(random, path);
    let mut ink = [0.0; SIDE * SIDE];
    for pair in path.windows(2) {
        let (from, (to, joined)) = (pair[0].0, pair[1]);
        if joined {
            pen::draw(&mut ink, from, to);
        }
    }
    for (pixel, ink) in image.iter_mut().zip(ink) {
        *pixel = (ink * 255.0 + 0.5) as u8;
    }
    label as u8
}

/// Appends a stroke to the path: a Catmull–Rom spline through the places of its points.
fn trace(random: &mut Random, hand: &Hand, stroke: Stroke, path: &mut Vec<PathPoint>) {
    let mut places = [(0.0, 0.0); 16];
    let places = &mut places[..stroke.len()];
    for at in 0..stroke.len() {
        let corner = at > 0 && stroke[at] == stroke[at - 1];
        places[at] = if corner { places[at - 1] } else { hand.place(random, stroke[at]) };
    }
    let last = places.len() - 1;
    let mut push = |span: usize, t: f32, (x, y): (f32, f32), joined| {
        let along = (span as f32 + t) / last as f32;
        let mut tremor = |size: f64| random.between(-size, size) as f32;
        let (x, y) = (x + tremor(TREMOR), y + tremor(TREMOR));
        path.push((Nib { x, y, radius: hand.radius(along, y) * (1.0 + tremor(ROUGHNESS)) }, joined));
    };
    push(0, 0.0, places[0], false);
    for span in 0..last {
        let (p1, p2) = (places[span], places[span + 1]);
        if p1 == p2 {
            continue;
        }
        let (p0, p3) = (places[span.saturating_sub(1)], places[(span + 2).min(last)]);
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            push(span, t, (spline(p0.0, p1.0, p2.0, p3.0, t), spline(p0.1, p1.1, p2.1, p3.1, t)), true);
        }
    }
}

/// The Catmull–Rom spline between `p1` and `p2`.
fn spline(p0: f32, p1: f32, p2: f32, p3: f32, t: f32) -> f32 {
    let (a, b) = (3.0 * (p1 - p2) + p3 - p0, 2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3);
    p1 + 0.5 * t * (p2 - p0 + t * (b + t * a))
}

/// Scales and moves the path to where MNIST has its digits, with a little play.
fn fit(random: &mut Random, path: &mut [PathPoint]) {
    let (mut low, mut high, mut radius) = ([f32::MAX; 2], [f32::MIN; 2], 0.0f32);
    for (nib, _) in path.iter() {
        low = [low[0].min(nib.x), low[1].min(nib.y)];
        high = [high[0].max(nib.x), high[1].max(nib.y)];
        radius = radius.max(nib.radius);
    }
    let play = 1.0 - 0.06 * random.uniform() as f32;
    let scale = (BOX - 2.0 * radius) / (high[0] - low[0]).max(high[1] - low[1]) * play;
    let (mut mass, mut moment) = (0.0, [0.0; 2]);
    for pair in path.windows(2) {
        let (from, (to, joined)) = (pair[0].0, pair[1]);
        if joined {
            let (dx, dy) = (to.x - from.x, to.y - from.y);
            let weight = (dx * dx + dy * dy).sqrt() * (from.radius + to.radius);
            mass += weight;
            moment = [moment[0] + weight * 0.5 * (from.x + to.x), moment[1] + weight * 0.5 * (from.y + to.y)];
        }
    }
    let centre = [moment[0] / mass, moment[1] / mass];
    let mut middle = || 0.5 * SIDE as f32 + random.between(-0.6, 0.6) as f32;
    let middle = [middle(), middle()];
    for (nib, _) in path.iter_mut() {
        nib.x = (nib.x - centre[0]) * scale + middle[0];
        nib.y = (nib.y - centre[1]) * scale + middle[1];
    }
}
