//! The SAE with its points: steps of Adam, and what its cells could do at best.

use std::collections::HashMap;

use super::options::{Start, ToyOptions};
use super::pass::{Pass, gradient, square};
use crate::cluster::{kmeans, local_pca};
use crate::engine::adam::{BETA1, BETA2, EPS};
use crate::error::{Error, Result};
use crate::random::{Random, Stream};

/// Standard deviation of random sites: about that of the points, so that their cells meet the data.
const SITE_STD: f64 = 0.7;
/// Standard deviation of the decoder's start: as small as that of the other models of this crate.
const DECODER_STD: f64 = 0.01;
/// Rounds of Lloyd's algorithm for sites that start from k-means; 100 points settle in some ten.
const ROUNDS: u32 = 100;
/// More atoms than this cannot be distinguished in a figure.
const MAX_ATOMS: usize = 4096;
/// Largest magnitude of a coordinate: squares of products of parameters must stay far from overflow.
const LARGEST: f64 = 1e6;

/// Mean squared errors of the best constant and affine maps on the cells of an SAE; see [`ToySae::bounds`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellErrors {
    /// The mean of its points on each cell.
    pub constant: f64,
    /// Local PCA of rank k on each cell: a lower bound for any code on these cells.
    pub affine: f64,
    /// Cells that hold points.
    pub cells: u32,
}

/// The SAE with its points and the state of Adam.
#[derive(Debug, Clone)]
pub struct ToySae {
    options: ToyOptions,
    /// x y of each point.
    points: Vec<f64>,
    /// W_enc by latent, b_enc, W_dec by latent, b_dec, one after another.
    theta: Vec<f64>,
    m: Vec<f64>,
    v: Vec<f64>,
    steps: u32,
}

impl ToySae {
    /// An untrained SAE on points `x0 y0 x1 y1 …`.
    ///
    /// # Errors
    /// If there is no point, a coordinate is NaN, infinite or above 1e6 in magnitude, or an option lies outside its
    /// range.
    pub fn new(points: Vec<f64>, options: ToyOptions) -> Result<Self> {
        let ToyOptions { atoms, k, lr, .. } = options;
        if points.is_empty() || !points.len().is_multiple_of(2) {
            return Err(Error::shape(
                "number of coordinates in points",
                points.len(),
                "two for each of at least one point",
            ));
        }
        if let Some(at) = points.iter().position(|v| v.is_nan() || v.abs() > LARGEST) {
            return Err(Error::option(
                "points",
                format!("{} at point {}", points[at], at / 2),
                "coordinates of at most 1e6 in magnitude",
            ));
        }
        if !(1..=MAX_ATOMS).contains(&atoms) {
            return Err(Error::option("atoms", atoms, format!("1 to {MAX_ATOMS}")));
        }
        if !(1..=atoms).contains(&k) {
            return Err(Error::option("k", k, format!("1 to {atoms}, the atoms")));
        }
        if !(lr > 0.0 && lr <= 1.0) {
            return Err(Error::option("lr", lr, "above 0 and at most 1"));
        }
        let theta = start(&points, &options)?;
        let zeros = vec![0.0; theta.len()];
        Ok(Self { options, points, theta, m: zeros.clone(), v: zeros, steps: 0 })
    }

    /// One step of Adam on all points; the mean squared error before it.
    ///
    /// # Errors
    /// If the error is no longer finite.
    pub fn step(&mut self) -> Result<f64> {
        let (mse, gradient) = gradient(&self.options, &self.theta, &self.points);
        if !mse.is_finite() {
            return Err(Error::Diverged(format!(
                "the error is {mse} after {} steps: try a smaller lr than {}",
                self.steps, self.options.lr
            )));
        }
        self.steps += 1;
        let t = f64::from(self.steps);
        let (correct1, correct2) = (1.0 - libm::pow(BETA1, t), 1.0 - libm::pow(BETA2, t));
        for (((theta, m), v), g) in self.theta.iter_mut().zip(&mut self.m).zip(&mut self.v).zip(&gradient) {
            *m = BETA1 * *m + (1.0 - BETA1) * g;
            *v = BETA2 * *v + (1.0 - BETA2) * g * g;
            *theta -= self.options.lr * (*m / correct1) / ((*v / correct2).sqrt() + EPS);
        }
        Ok(mse)
    }

    /// Steps taken.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Mean over all coordinates of the squared error.
    pub fn mse(&self) -> f64 {
        let mut pass = Pass::default();
        let mut error = 0.0;
        for x in self.points.chunks_exact(2) {
            self.pass([x[0], x[1]], &mut pass);
            error += square(pass.out[0] - x[0]) + square(pass.out[1] - x[1]);
        }
        error / self.points.len() as f64
    }

    /// The sites s_i, x y of each.
    pub fn sites(&self) -> &[f64] {
        &self.theta[..2 * self.options.atoms]
    }

    /// The weights `|s_i|² + 2 b_i` for which the active latents are the k nearest sites.
    pub fn weights(&self) -> Vec<f64> {
        let biases = &self.theta[2 * self.options.atoms..];
        let sites = self.sites().chunks_exact(2);
        sites.zip(biases).map(|(s, b)| s[0] * s[0] + s[1] * s[1] + 2.0 * b).collect()
    }

    /// Reconstructions of points `x0 y0 x1 y1 …`.
    pub fn forward(&self, points: &[f64]) -> Vec<f64> {
        let mut pass = Pass::default();
        let mut out = Vec::with_capacity(points.len());
        for x in points.chunks_exact(2) {
            self.pass([x[0], x[1]], &mut pass);
            out.extend(pass.out);
        }
        out
    }

    /// The active latents of a point, ascending.
    pub fn active(&self, x: f64, y: f64) -> Vec<u32> {
        let mut pass = Pass::default();
        self.pass([x, y], &mut pass);
        pass.active
    }

    fn pass(&self, x: [f64; 2], pass: &mut Pass) {
        super::pass::pass(&self.options, &self.theta, x, pass);
    }

    /// What the best constant and the best affine map of rank k on each of this SAE's cells would achieve.
    ///
    /// # Errors
    /// None in practice: points and cells have been checked.
    pub fn bounds(&self) -> Result<CellErrors> {
        let mut pass = Pass::default();
        let mut cells: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut labels = Vec::with_capacity(self.points.len() / 2);
        for x in self.points.chunks_exact(2) {
            self.pass([x[0], x[1]], &mut pass);
            let next = cells.len() as u32;
            labels.push(*cells.entry(pass.active.clone()).or_insert(next));
        }
        let mut sums = vec![[0.0; 3]; cells.len()];
        for (x, &label) in self.points.chunks_exact(2).zip(&labels) {
            let sum = &mut sums[label as usize];
            *sum = [sum[0] + x[0], sum[1] + x[1], sum[2] + 1.0];
        }
        let means: Vec<f64> = sums.iter().flat_map(|[x, y, count]| [x / count, y / count]).collect();
        let error = |rank| Ok::<_, Error>(local_pca(&self.points, 2, &labels, &means, rank)?.mse);
        Ok(CellErrors {
            constant: error(0)?,
            affine: error(self.options.k.min(2))?,
            cells: cells.len() as u32,
        })
    }
}

/// The parameters at the start.
fn start(points: &[f64], options: &ToyOptions) -> Result<Vec<f64>> {
    let ToyOptions { atoms, seed, .. } = *options;
    let mut random = Random::new(seed, Stream::Parameters);
    let mut theta: Vec<f64> = match options.start {
        Start::Random => (0..2 * atoms).map(|_| SITE_STD * random.normal()).collect(),
        Start::KMeans => {
            let count = (points.len() / 2) as u32;
            let order = Random::new(seed, Stream::Centers).permutation(count);
            let chosen = order.iter().cycle().take(atoms);
            let centers: Vec<f64> =
                chosen.flat_map(|&i| [points[2 * i as usize], points[2 * i as usize + 1]]).collect();
            kmeans(points, 2, &centers, ROUNDS)?.centers
        }
    };
    let biases: Vec<f64> = match options.start {
        Start::Random => vec![0.0; atoms],
        // Weights 0: pre_i = s_i·x − |s_i|²/2 is largest for the nearest centre.
        Start::KMeans => theta.chunks_exact(2).map(|s| -(s[0] * s[0] + s[1] * s[1]) / 2.0).collect(),
    };
    theta.extend(biases);
    theta.extend((0..2 * atoms).map(|_| DECODER_STD * random.normal()));
    theta.extend([0.0; 2]);
    Ok(theta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;
    use crate::geometry::{Bounds, power_diagram};
    use crate::toy::Code;

    /// The four variants of the experiment.
    const VARIANTS: [(usize, Code, Start); 4] = [
        (1, Code::Soft, Start::Random),
        (3, Code::Soft, Start::Random),
        (3, Code::Hard, Start::Random),
        (3, Code::Hard, Start::KMeans),
    ];

    fn points() -> Vec<f64> {
        Dataset::clusters(100, 1).unwrap().values().into_iter().map(f64::from).collect()
    }

    fn toy((k, code, start): (usize, Code, Start), seed: u64) -> ToySae {
        ToySae::new(points(), ToyOptions { atoms: 40, k, code, start, lr: 0.01, seed }).unwrap()
    }

    fn trained(variant: (usize, Code, Start), seed: u64, steps: u32) -> ToySae {
        let mut toy = toy(variant, seed);
        for _ in 0..steps {
            toy.step().unwrap();
        }
        toy
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        const STEP: f64 = 1e-6;
        for variant in VARIANTS {
            // Trained a little, so that no part of the gradient is negligible.
            let toy = trained(variant, 3, 20);
            let (mse, gradient) = gradient(&toy.options, &toy.theta, &toy.points);
            assert_eq!(mse, toy.mse());
            for (at, expected) in gradient.iter().enumerate() {
                let shifted = |by: f64| {
                    let mut other = toy.clone();
                    other.theta[at] += by;
                    other.mse()
                };
                let slope = (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP);
                let off = (slope - expected).abs();
                assert!(off < 1e-7, "{variant:?}, parameter {at}: {slope} for {expected}");
            }
            let encoder = &gradient[..3 * toy.options.atoms];
            assert!(encoder.iter().any(|g| g.abs() > 1e-4), "{variant:?}: the encoder has a gradient");
        }
    }

    #[test]
    fn active_latents_own_the_cell_of_the_power_diagram() {
        for variant in VARIANTS {
            let toy = trained(variant, 5, 50);
            let bounds = Bounds::new([-2.5, -2.5, 2.5, 2.5]).unwrap();
            let diagram = power_diagram(toy.sites(), &toy.weights(), variant.0, bounds).unwrap();
            let mut random = Random::new(8, Stream::Rows);
            for _ in 0..2000 {
                let (x, y) = (random.between(-2.5, 2.5), random.between(-2.5, 2.5));
                let cell = diagram.locate(x, y).unwrap();
                assert_eq!(diagram.owners(cell), Some(&toy.active(x, y)[..]), "{variant:?} at {x} {y}");
            }
        }
    }

    #[test]
    fn no_code_passes_local_pca_on_the_same_cells() {
        for variant in VARIANTS.into_iter().chain([(1, Code::Hard, Start::Random)]) {
            let mut toy = toy(variant, 2);
            for _ in 0..40 {
                let bounds = toy.bounds().unwrap();
                // Rounding of a sum of 200 squares of about 1.
                assert!(toy.mse() >= bounds.affine - 1e-14, "{variant:?}: {} {bounds:?}", toy.mse());
                assert!(bounds.constant >= bounds.affine - 1e-14, "{bounds:?}");
                for _ in 0..25 {
                    toy.step().unwrap();
                }
            }
        }
    }

    #[test]
    fn training_ends_below_k_means_and_a_start_from_k_means_helps() {
        let points = points();
        let found = kmeans(&points, 2, &points[..6], 100).unwrap();
        for variant in VARIANTS {
            let mse = trained(variant, 1, 1000).mse();
            assert!(mse < found.mse, "{variant:?}: {mse}, k-means {}", found.mse);
        }
        let early = |start| trained((3, Code::Hard, start), 1, 100).mse();
        assert!(early(Start::KMeans) < early(Start::Random));
    }

    #[test]
    fn a_cold_top_1_softmax_is_k_means() {
        let points = points();
        let mut toy = toy((1, Code::Soft, Start::KMeans), 4);
        let centers = toy.sites().to_vec();
        let found = kmeans(&points, 2, &centers, 1).unwrap();
        assert_eq!(found.rounds, 0, "the sites are centres that have settled");
        let atoms = toy.options.atoms;
        // A large encoder is a low temperature: the share of the nearest centre goes to 1, its decoder row is the centre.
        toy.theta[..3 * atoms].iter_mut().for_each(|v| *v *= 1e6);
        toy.theta[3 * atoms..5 * atoms].copy_from_slice(&centers);
        assert!((toy.mse() - found.mse).abs() < 1e-9, "{} for {}", toy.mse(), found.mse);
    }

    #[test]
    fn the_same_seed_gives_the_same_bits() {
        let theta = |seed| trained(VARIANTS[1], seed, 30).theta;
        assert_eq!(theta(1), theta(1));
        assert_ne!(theta(1), theta(2));
    }

    #[test]
    fn bad_input_is_named() {
        let good = ToyOptions { atoms: 4, k: 2, code: Code::Hard, start: Start::KMeans, lr: 0.01, seed: 1 };
        let message =
            |points: &[f64], options| ToySae::new(points.to_vec(), options).unwrap_err().to_string();
        assert!(message(&[], good).contains("coordinates in points"));
        assert!(message(&[1.0, f64::NAN], good).contains("NaN at point 0"));
        assert!(message(&[1.0, 2.0], ToyOptions { atoms: 0, ..good }).starts_with("atoms is 0"));
        assert!(message(&[1.0, 2.0], ToyOptions { k: 5, ..good }).starts_with("k is 5"));
        assert!(message(&[1.0, 2.0], ToyOptions { lr: f64::NAN, ..good }).starts_with("lr is NaN"));
        // One point, and more atoms than points, are no mistake.
        let mut one = ToySae::new(vec![1.0, 2.0], good).unwrap();
        for _ in 0..500 {
            one.step().unwrap();
        }
        assert!(one.mse() < 0.1, "{}", one.mse());
    }
}
