//! Margins: how far a row is from the border of its cell, and what changes there.
//!
//! A ball lies in a convex cell if and only if it lies in every half-space that bounds it, so the distance to the border
//! is exactly the least of the distances `gap / ‖normal‖` to the faces' planes. TopK has k·(d_sae − k) of them, twice
//! as many by magnitude; since `‖w_a ∓ w_b‖ ≤ ‖w_a‖ + ‖w_b‖`, only the faces whose `gap / (‖w_a‖ + ‖w_b‖)` is below the
//! least distance so far need the norm of their normal.

use super::cell::{Cell, Formula, sign};
use super::encoder::{PreActivations, column, column_norms, direction};
use super::products::{LANES, norm};
use crate::engine::Operation;
use crate::error::Result;
use crate::memory;
use crate::sae::{Sae, Selection, TopKOrder};

/// The nearest border of a row's cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// Euclidean distance; infinite where the cell is the whole space.
    pub distance: f64,
    /// The latent that is no longer active behind it.
    pub leaving: Option<u32>,
    /// The latent that is active behind it.
    pub entering: Option<u32>,
    /// `‖x̂ across − x̂ here‖` at the nearest point of the border.
    pub jump: f64,
}

impl Sae {
    /// The distance of each row to the border of its cell, within which the same latents are active by the same formula,
    /// and what happens there. Decided in float64: a row on a border by that measure may be encoded on its other side.
    ///
    /// # Errors
    /// If the length of `rows` is no multiple of `d_in`, or a value is NaN or infinite.
    ///
    /// ```
    /// use splinterp::sae::{Activation, Sae, TopKBy};
    /// let mut sae = Sae::random(2, 2, Activation::TopK { k: 1, by: TopKBy::Value }, true, 1);
    /// (sae.w_enc, sae.b_enc) = (vec![1.0, 0.0, 0.0, 1.0], vec![0.0, 0.0]);
    /// let margin = sae.margins(&[3.0, 1.0])?[0];
    /// assert!((margin.distance - 2.0f64.sqrt()).abs() < 1e-15);
    /// assert_eq!((margin.leaving, margin.entering), (Some(0), Some(1)));
    /// // Half way, at (2, 2), the reconstruction goes from (2, 0) to (0, 2).
    /// assert!((margin.jump - 8.0f64.sqrt()).abs() < 1e-15);
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub fn margins(&self, rows: &[f32]) -> Result<Vec<Margin>> {
        let count = Operation::Encode.rows(self, rows)?;
        let mut margins = memory::reserve("margins", &[count])?;
        let selection = self.activation.selection(self.d_sae);
        let norms = column_norms(self);
        let mut pre = PreActivations::default();
        for rows in rows.chunks(LANES * self.d_in) {
            pre.set(self, rows);
            margins
                .extend(pre.values.chunks_exact(self.d_sae).map(|pre| margin(self, &selection, &norms, pre)));
        }
        Ok(margins)
    }
}

/// The margin of a row with these pre-activations.
fn margin(sae: &Sae, selection: &Selection<'_>, norms: &[f64], pre: &[f64]) -> Margin {
    let cell = Cell::of(selection, pre);
    let mut search = Search { sae, norms, pre, nearest: Face::NONE };
    let every = 0..sae.d_sae as u32;
    match cell.formula {
        Formula::Thresholds(thresholds) => {
            every.for_each(|latent| search.threshold(latent, f64::from(thresholds[latent as usize])));
        }
        Formula::Signs { .. } => every.for_each(|latent| search.threshold(latent, 0.0)),
        Formula::Exchange { order, positive } => {
            search.exchanges(&cell, order);
            if positive {
                cell.active.iter().for_each(|&latent| search.threshold(latent, 0.0));
            }
        }
    }
    search.margin(&cell)
}

/// A face, or none yet.
#[derive(Debug, Clone, Copy)]
struct Face {
    distance: f64,
    kind: Option<FaceKind>,
}

#[derive(Debug, Clone, Copy)]
enum FaceKind {
    /// `p_i = θ`.
    Threshold { latent: u32, threshold: f64 },
    /// `σ_a p_a = σ_b p_b`.
    Exchange { a: Signed, b: Signed },
}

/// A latent with the sign that makes its site.
#[derive(Debug, Clone, Copy)]
struct Signed {
    latent: u32,
    sign: f64,
}

impl Face {
    const NONE: Self = Self { distance: f64::INFINITY, kind: None };
}

/// What an exchange compares.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    site: Signed,
    /// `σ p`.
    key: f64,
    norm: f64,
}

/// The nearest face so far.
struct Search<'a> {
    sae: &'a Sae,
    norms: &'a [f64],
    pre: &'a [f64],
    nearest: Face,
}

impl Search<'_> {
    fn threshold(&mut self, latent: u32, threshold: f64) {
        let gap = (self.pre[latent as usize] - threshold).abs();
        self.offer(gap, self.norms[latent as usize], FaceKind::Threshold { latent, threshold });
    }

    /// A normal of 0 means that the gap is the same everywhere: no face.
    fn offer(&mut self, gap: f64, norm: f64, kind: FaceKind) {
        let distance = gap / norm;
        if norm > 0.0 && distance < self.nearest.distance {
            self.nearest = Face { distance, kind: Some(kind) };
        }
    }

    fn exchanges(&mut self, cell: &Cell<'_>, order: TopKOrder) {
        let candidate = |latent: u32| {
            let (pre, norm) = (self.pre[latent as usize], self.norms[latent as usize]);
            let sign = match order {
                TopKOrder::Value => 1.0,
                TopKOrder::Magnitude => sign(pre),
            };
            Candidate { site: Signed { latent, sign }, key: sign * pre, norm }
        };
        let active: Vec<Candidate> = cell.active.iter().map(|&latent| candidate(latent)).collect();
        let others: Vec<Candidate> = cell.inactive().map(candidate).collect();
        // One face that is likely to be near bounds the rest.
        if let Some(weakest) = active.iter().min_by(|a, b| a.key.total_cmp(&b.key)) {
            let bound = |b: &Candidate| (weakest.key - b.key) / (weakest.norm + b.norm);
            if let Some(near) = others.iter().min_by(|b, c| bound(b).total_cmp(&bound(c))) {
                self.exchange(weakest, near);
            }
        }
        for a in &active {
            for b in &others {
                let gap = a.key - b.key;
                if gap < self.nearest.distance * (a.norm + b.norm) {
                    self.exchange(a, b);
                }
                if order == TopKOrder::Magnitude && a.key + b.key < self.nearest.distance * (a.norm + b.norm)
                {
                    let site = Signed { sign: -b.site.sign, ..b.site };
                    self.exchange(a, &Candidate { site, key: -b.key, ..*b });
                }
            }
        }
    }

    fn exchange(&mut self, a: &Candidate, b: &Candidate) {
        let normal = self.normal(a.site, b.site).map(|n| n * n).sum::<f64>().sqrt();
        self.offer(a.key - b.key, normal, FaceKind::Exchange { a: a.site, b: b.site });
    }

    /// `σ_a w_a − σ_b w_b`, the direction in which the gap grows.
    fn normal(&self, a: Signed, b: Signed) -> impl Iterator<Item = f64> {
        let columns = column(self.sae, a.latent as usize).iter().zip(column(self.sae, b.latent as usize));
        columns.map(move |(&left, &right)| a.sign * f64::from(left) - b.sign * f64::from(right))
    }

    fn margin(&self, cell: &Cell<'_>) -> Margin {
        let Face { distance, kind } = self.nearest;
        match kind {
            None => Margin { distance, leaving: None, entering: None, jump: 0.0 },
            Some(FaceKind::Threshold { latent, threshold }) => {
                let (leaving, entering) = crossing(latent, cell.is_active[latent as usize]);
                let jump = threshold.abs() * norm(direction(self.sae, latent as usize));
                Margin { distance, leaving, entering, jump }
            }
            Some(FaceKind::Exchange { a, b }) => {
                let jump = self.jump(a, b);
                Margin { distance, leaving: Some(a.latent), entering: Some(b.latent), jump }
            }
        }
    }

    /// `‖p_b d_b − p_a d_a‖` at the nearest point of the face.
    fn jump(&self, a: Signed, b: Signed) -> f64 {
        let (mut square, mut along_a, mut along_b) = (0.0, 0.0, 0.0);
        let columns = column(self.sae, a.latent as usize).iter().zip(column(self.sae, b.latent as usize));
        for (normal, (&left, &right)) in self.normal(a, b).zip(columns) {
            square += normal * normal;
            along_a += normal * f64::from(left);
            along_b += normal * f64::from(right);
        }
        let (p_a, p_b) = (self.pre[a.latent as usize], self.pre[b.latent as usize]);
        let step = (a.sign * p_a - b.sign * p_b) / square;
        exchange_jump(self.sae, (a.latent, p_a - step * along_a), (b.latent, p_b - step * along_b))
    }
}

/// What leaves and what enters where a latent crosses its threshold.
pub(super) fn crossing(latent: u32, is_active: bool) -> (Option<u32>, Option<u32>) {
    if is_active { (Some(latent), None) } else { (None, Some(latent)) }
}

/// `‖p_b d_b − p_a d_a‖` of two latents with their pre-activations.
pub(super) fn exchange_jump(sae: &Sae, (a, p_a): (u32, f64), (b, p_b): (u32, f64)) -> f64 {
    let directions = direction(sae, a as usize).iter().zip(direction(sae, b as usize));
    let squares = directions.map(|(&d_a, &d_b)| {
        let change = p_b * f64::from(d_b) - p_a * f64::from(d_a);
        change * change
    });
    squares.sum::<f64>().sqrt()
}
