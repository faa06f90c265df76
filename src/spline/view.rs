//! All that a view of a plane shows, in one call: the cells, what they are coloured by, and the jumps between them.
//!
//! All products that concern the plane are linear in its directions, so they are computed once for the four of them: to
//! turn the plane takes no product with weights or rows. On a cell with the active latents S the residual at a point is
//! `x − b_dec − Σ_S z_i d_i`, whose square is written out in products that are kept:
//! `|x − b_dec|² − 2 Σ z_i d_i·(x − b_dec) + Σ z_i z_j d_i·d_j`.

use std::borrow::Borrow;
use std::cell::{OnceCell, RefCell};

use super::encoder::direction;
use super::plane::{Angles, PlaneAxes};
use super::products::{Lanes, dot, pack, products};
use super::slice::partition_of;
use crate::engine::Operation;
use crate::error::Result;
use crate::geometry::{Bounds, NO_CELL, Partition};
use crate::memory;
use crate::sae::Sae;

/// Latents whose decoder rows' products are kept: at most some 40 MB.
const MOST_KEPT: usize = 3072;
const NONE: u32 = u32::MAX;

/// An SAE on a plane that turns, with rows that are projected on it.
pub struct PlaneView<S> {
    sae: S,
    axes: PlaneAxes,
    /// Pre-activations.
    encoder: OnPlane,
    rows: OnPlane,
    /// Squared distances of the rows from the origin.
    squares: Vec<f64>,
    residual: OnceCell<Residual>,
    decoder_products: RefCell<DecoderProducts>,
}

/// What of a view is wanted beside its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The latent of the largest pre-activation of each cell.
    pub leading: bool,
    /// The error of each cell.
    pub errors: bool,
    /// The jump across each edge.
    pub jumps: bool,
}

/// A view of a plane. What was not wanted is empty.
#[derive(Debug, Clone)]
pub struct View {
    /// The cells; owners are the active latents.
    pub partition: Partition,
    /// For each cell the active latent of the largest pre-activation in magnitude at the middle of its corners.
    pub leading: Vec<Option<u32>>,
    /// For each cell the squared error there, mean over the columns.
    pub errors: Vec<f64>,
    /// For each edge, with the cell of the lower number, `‖x̂ across − x̂ here‖` in its middle; 0 elsewhere.
    pub jumps: Vec<f64>,
}

/// A row near a plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    /// Where it is projected.
    pub at: [f64; 2],
    /// How far it lies from the plane.
    pub distance: f64,
}

impl<S: Borrow<Sae>> PlaneView<S> {
    /// The SAE on a plane; `rows [n, d_in]` will be projected on it.
    ///
    /// # Errors
    /// If the plane or the rows have not the model's columns, a value is NaN or infinite, or memory has no room.
    pub fn new(sae: S, axes: PlaneAxes, rows: &[f32]) -> Result<Self> {
        let model = sae.borrow();
        model.check_columns(axes.origin.len())?;
        Operation::Encode.rows(model, rows)?;
        let mut encoder = OnPlane::new("pre-activations", &model.w_enc, &axes, &axes.origin)?;
        for (lanes, &bias) in encoder.0.iter_mut().zip(&model.b_enc) {
            lanes[0] += f64::from(bias);
        }
        let mut projected = OnPlane::new("projected rows", rows, &axes, &axes.origin)?;
        let from = products(&axes.origin, &axes.tile(&axes.origin));
        for lanes in &mut projected.0 {
            lanes.iter_mut().zip(from).for_each(|(lane, from)| *lane -= from);
        }
        let square =
            |row: &[f32]| row.iter().zip(&axes.origin).map(|(&x, o)| (f64::from(x) - o).powi(2)).sum();
        let squares = rows.chunks_exact(model.d_in).map(square).collect();
        let decoder_products = RefCell::new(DecoderProducts::new(model.d_sae));
        Ok(Self { sae, axes, encoder, rows: projected, squares, residual: OnceCell::new(), decoder_products })
    }

    /// The plane.
    pub fn axes(&self) -> &PlaneAxes {
        &self.axes
    }

    /// The pre-activations as affine functions `[a, b, c]`, for a·x + b·y + c, of the turned plane.
    ///
    /// # Errors
    /// If an angle is not finite.
    pub fn functions(&self, angles: Angles) -> Result<Vec<[f64; 3]>> {
        Ok(self.encoder.at(self.axes.weights(angles)?))
    }

    /// Where the rows are on the turned plane.
    ///
    /// # Errors
    /// If an angle is not finite.
    pub fn project(&self, angles: Angles) -> Result<Vec<Projection>> {
        let places = self.rows.at(self.axes.weights(angles)?).into_iter();
        let projection = |([x, y, _], square): ([f64; 3], &f64)| Projection {
            at: [x, y],
            distance: (square - x * x - y * y).max(0.0).sqrt(),
        };
        Ok(places.zip(&self.squares).map(projection).collect())
    }

    /// The cells in a box of the turned plane, and what is wanted of them.
    ///
    /// # Errors
    /// As [`slice`](fn@super::slice), or if an angle is not finite.
    pub fn cut(&self, angles: Angles, bounds: Bounds, wanted: Wanted) -> Result<View> {
        let sae = self.sae.borrow();
        let functions = self.functions(angles)?;
        let partition = partition_of(&functions, &sae.activation, bounds)?;
        let mut view = View { partition, leading: Vec::new(), errors: Vec::new(), jumps: Vec::new() };
        let on = Cells {
            sae,
            functions: &functions,
            products: &self.decoder_products,
            partition: &view.partition,
        };
        let cells = 0..view.partition.cells();
        if wanted.leading {
            view.leading = cells.clone().map(|cell| on.leading(cell)).collect();
        }
        if wanted.errors {
            let residual = match self.residual.get() {
                Some(residual) => residual,
                None => {
                    let made = Residual::new(sae, &self.axes)?;
                    self.residual.get_or_init(|| made)
                }
            };
            let turned = residual.at(self.axes.weights(angles)?);
            view.errors = cells.map(|cell| on.error(cell, &turned)).collect();
        }
        if wanted.jumps {
            view.jumps = on.jumps();
        }
        Ok(view)
    }
}

/// Products of rows with one vector and with the directions of a plane: u, v, and those beyond.
struct OnPlane(Vec<Lanes>);

impl PlaneAxes {
    fn tile(&self, against: &[f64]) -> Vec<Lanes> {
        let vectors = [against, &self.u, &self.v].into_iter().chain(self.beyond.iter().map(Vec::as_slice));
        let (flat, mut tile) = (vectors.flatten().copied().collect::<Vec<f64>>(), Vec::new());
        pack(&flat, self.origin.len(), &mut tile);
        tile
    }
}

impl OnPlane {
    fn new(what: &str, rows: &[f32], axes: &PlaneAxes, against: &[f64]) -> Result<Self> {
        let tile = axes.tile(against);
        let mut found = memory::reserve(what, &[rows.len() / tile.len()])?;
        found.extend(rows.chunks_exact(tile.len()).map(|row| products(row, &tile)));
        Ok(Self(found))
    }

    /// For each row its products with the turned axes, and with the vector.
    fn at(&self, weights: [[f64; 2]; 2]) -> Vec<[f64; 3]> {
        self.0.iter().map(|lanes| turned(lanes, weights)).collect()
    }
}

fn turned(lanes: &Lanes, [[cos, sin], [cos_tilt, sin_tilt]]: [[f64; 2]; 2]) -> [f64; 3] {
    let [with, u, v, beyond, further, ..] = *lanes;
    [cos * u + sin * beyond, cos_tilt * v + sin_tilt * further, with]
}

/// What a point differs from b_dec by, in products.
struct Residual {
    /// With the decoder rows.
    decoder: OnPlane,
    /// Of `origin − b_dec` with itself and with the plane's directions.
    own: Lanes,
}

struct TurnedResidual {
    decoder: Vec<[f64; 3]>,
    own: [f64; 3],
}

impl Residual {
    fn new(sae: &Sae, axes: &PlaneAxes) -> Result<Self> {
        let from: Vec<f64> = axes.origin.iter().zip(&sae.b_dec).map(|(o, &b)| o - f64::from(b)).collect();
        let decoder = OnPlane::new("products of decoder rows", sae.decoder(), axes, &from)?;
        Ok(Self { decoder, own: products(&from, &axes.tile(&from)) })
    }

    fn at(&self, weights: [[f64; 2]; 2]) -> TurnedResidual {
        TurnedResidual { decoder: self.decoder.at(weights), own: turned(&self.own, weights) }
    }
}

/// The cells of a view.
struct Cells<'a> {
    sae: &'a Sae,
    functions: &'a [[f64; 3]],
    products: &'a RefCell<DecoderProducts>,
    partition: &'a Partition,
}

fn value([a, b, c]: [f64; 3], [x, y]: [f64; 2]) -> f64 {
    a * x + b * y + c
}

impl Cells<'_> {
    fn owners(&self, cell: usize) -> &[u32] {
        self.partition.owners(cell).unwrap_or_default()
    }

    fn pre(&self, latent: u32, at: [f64; 2]) -> f64 {
        value(self.functions[latent as usize], at)
    }

    /// The middle of a cell's corners.
    fn middle(&self, cell: usize) -> [f64; 2] {
        let corners = self.partition.polygon(cell).unwrap_or_default().as_chunks::<2>().0;
        let sum = corners.iter().fold([0.0; 2], |[x, y], corner| [x + corner[0], y + corner[1]]);
        sum.map(|sum| sum / corners.len() as f64)
    }

    fn leading(&self, cell: usize) -> Option<u32> {
        let at = self.middle(cell);
        let sizes = self.owners(cell).iter().map(|&latent| (self.pre(latent, at).abs(), latent));
        // Of equals the lower latent.
        sizes.reduce(|most, next| if next.0 > most.0 { next } else { most }).map(|(_, latent)| latent)
    }

    /// `|x − x̂|²`, mean over the columns, at the middle of a cell.
    fn error(&self, cell: usize, residual: &TurnedResidual) -> f64 {
        let at = self.middle(cell);
        let z: Vec<(u32, f64)> =
            self.owners(cell).iter().map(|&latent| (latent, self.pre(latent, at))).collect();
        let [u, v, square] = residual.own;
        let input = square + at[0] * (at[0] + 2.0 * u) + at[1] * (at[1] + 2.0 * v);
        let along: f64 = z.iter().map(|&(latent, z)| z * value(residual.decoder[latent as usize], at)).sum();
        let square = input - 2.0 * along + self.products.borrow_mut().square(self.sae, &z);
        square.max(0.0) / self.sae.d_in as f64
    }

    fn jumps(&self) -> Vec<f64> {
        let (corners, _) = self.partition.coordinates().as_chunks::<2>();
        let mut jumps = vec![0.0; corners.len()];
        let mut changed = Vec::new();
        for (cell, ends) in self.partition.offsets().windows(2).enumerate() {
            let (from, to) = (ends[0] as usize, ends[1] as usize);
            for edge in from..to {
                let other = self.partition.all_neighbours()[edge];
                if other == NO_CELL || (other as usize) < cell {
                    continue;
                }
                let (p, q) = (corners[edge], corners[if edge + 1 < to { edge + 1 } else { from }]);
                let middle = [(p[0] + q[0]) / 2.0, (p[1] + q[1]) / 2.0];
                self.change(cell, other as usize, middle, &mut changed);
                jumps[edge] = self.products.borrow_mut().square(self.sae, &changed).max(0.0).sqrt();
            }
        }
        jumps
    }

    /// What the codes of two cells differ by at a point: of those that enter, less of those that leave.
    fn change(&self, here: usize, across: usize, at: [f64; 2], changed: &mut Vec<(u32, f64)>) {
        changed.clear();
        let (mut here, mut across) = (self.owners(here), self.owners(across));
        // Both ascend.
        loop {
            match (here.first(), across.first()) {
                (Some(p), Some(q)) if p == q => (here, across) = (&here[1..], &across[1..]),
                (Some(&p), q) if q.is_none_or(|&q| p < q) => {
                    changed.push((p, -self.pre(p, at)));
                    here = &here[1..];
                }
                (_, Some(&q)) => {
                    changed.push((q, self.pre(q, at)));
                    across = &across[1..];
                }
                (_, None) => return,
            }
        }
    }
}

/// Products of decoder rows, kept for the latents that were met first: a plane meets few, and meets them again as it
/// turns.
struct DecoderProducts {
    /// For each latent its place among those kept.
    places: Vec<u32>,
    count: u32,
    /// By pairs of places, the lower triangle; NaN where a product is not known yet.
    triangle: Vec<f64>,
}

impl DecoderProducts {
    fn new(d_sae: usize) -> Self {
        Self { places: vec![NONE; d_sae], count: 0, triangle: Vec::new() }
    }

    /// `|Σ z_i d_i|²`.
    fn square(&mut self, sae: &Sae, z: &[(u32, f64)]) -> f64 {
        let mut sum = 0.0;
        for (at, &(i, z_i)) in z.iter().enumerate() {
            let mut along = z_i * self.product(sae, i, i) / 2.0;
            for &(j, z_j) in &z[..at] {
                along += z_j * self.product(sae, i, j);
            }
            sum += 2.0 * z_i * along;
        }
        sum
    }

    fn product(&mut self, sae: &Sae, i: u32, j: u32) -> f64 {
        let (p, q) = (self.place(i), self.place(j));
        let compute = || dot(direction(sae, i as usize), direction(sae, j as usize));
        if p.max(q) == NONE {
            return compute();
        }
        let (high, low) = (p.max(q) as usize, p.min(q) as usize);
        let known = &mut self.triangle[high * (high + 1) / 2 + low];
        if known.is_nan() {
            *known = compute();
        }
        *known
    }

    fn place(&mut self, latent: u32) -> u32 {
        let place = &mut self.places[latent as usize];
        if *place == NONE && (self.count as usize) < MOST_KEPT {
            *place = self.count;
            self.count += 1;
            self.triangle.resize(self.triangle.len() + self.count as usize, f64::NAN);
        }
        *place
    }
}
