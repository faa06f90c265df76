//! A straight line through the cells: where it crosses from one to the next, and the error on the way.
//!
//! Along `x + t (y − x)` every pre-activation is an affine function of t. With thresholds each latent crosses by itself.
//! With TopK the weakest active latent is a concave function of t while the active set stays, the strongest other one
//! a convex one; their difference is concave, and Newton's method from t = 1 down finds its first zero in a few steps.
//! Each crossing then exchanges one latent: where several lines meet, several crossings have one t.

use super::cell::{Cell, Formula, sign};
use super::encoder::{PreActivations, check_row, direction, slopes};
use super::margin::{crossing, exchange_jump};
use super::products::norm;
use crate::error::Result;
use crate::sae::{Sae, TopKOrder};

/// Where a path leaves a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breakpoint {
    /// Where on the path, above 0 and below 1.
    pub t: f64,
    /// The latent that is no longer active after it.
    pub leaving: Option<u32>,
    /// The latent that is active after it.
    pub entering: Option<u32>,
    /// `‖x̂ after − x̂ before‖` there.
    pub jump: f64,
}

/// A path in order of t.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Where it crosses from cell to cell.
    pub breakpoints: Vec<Breakpoint>,
    /// On each piece, one more than there are breakpoints, `‖x − x̂‖² = a t² + b t + c`.
    pub squared_error: Vec<[f64; 3]>,
}

impl Sae {
    /// The line from one input to another: all points where its active latents change, and the squared error between
    /// them. With `to = from + s·d_i` the breakpoints are the doses at which steering by feature i displaces others.
    ///
    /// # Errors
    /// If `from` or `to` is not one row of the model's, or a value is NaN or infinite.
    ///
    /// ```
    /// use splinterp::sae::{Activation, Sae};
    /// let mut sae = Sae::random(1, 1, Activation::Relu, true, 1);
    /// (sae.w_enc, sae.b_enc) = (vec![1.0], vec![-1.0]);
    /// let path = sae.path(&[0.0], &[4.0])?;
    /// assert_eq!((path.breakpoints[0].t, path.breakpoints[0].entering), (0.25, Some(0)));
    /// // At x = 4 t the reconstruction is 0, then x − 1.
    /// assert_eq!(path.squared_error, [[16.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
    /// # Ok::<(), splinterp::Error>(())
    /// ```
    pub fn path(&self, from: &[f32], to: &[f32]) -> Result<Path> {
        check_row("from", self, from)?;
        check_row("to", self, to)?;
        let along: Vec<f64> = from.iter().zip(to).map(|(x, y)| f64::from(*y) - f64::from(*x)).collect();
        let mut pre = PreActivations::default();
        pre.set(self, from);
        let lines = Lines { start: pre.values, rate: slopes(self, &along) };
        let selection = self.activation.selection(self.d_sae);
        let cell = Cell::towards(&selection, &lines.start, &lines.rate);
        let mut residual = Residual::new(self, from, along, &lines);
        cell.active.iter().for_each(|&latent| residual.add(latent, -1.0));
        let breakpoints = match cell.formula {
            Formula::Thresholds(thresholds) => crossings(self, &lines, thresholds),
            Formula::Signs { free } => {
                Exchanges::new(self, &lines, &cell, TopKOrder::Value, true, free).all()
            }
            Formula::Exchange { order, positive } => {
                Exchanges::new(self, &lines, &cell, order, positive, 0).all()
            }
        };
        let mut squared_error = vec![residual.squares()];
        for Breakpoint { leaving, entering, .. } in &breakpoints {
            leaving.iter().for_each(|&latent| residual.add(latent, 1.0));
            entering.iter().for_each(|&latent| residual.add(latent, -1.0));
            squared_error.push(residual.squares());
        }
        Ok(Path { breakpoints, squared_error })
    }
}

/// Pre-activations along the path, `start + t·rate`.
struct Lines {
    start: Vec<f64>,
    rate: Vec<f64>,
}

impl Lines {
    fn at(&self, latent: u32, t: f64) -> f64 {
        self.start[latent as usize] + t * self.rate[latent as usize]
    }
}

/// Each latent crosses its own threshold.
fn crossings(sae: &Sae, lines: &Lines, thresholds: &[f32]) -> Vec<Breakpoint> {
    let crossing_of = |latent: u32| {
        let at = latent as usize;
        let (rate, threshold) = (lines.rate[at], f64::from(thresholds[at]));
        let t = (threshold - lines.start[at]) / rate;
        // A latent that does not change gives an infinite t or none.
        (t > 0.0 && t < 1.0).then(|| {
            let (leaving, entering) = crossing(latent, rate < 0.0);
            Breakpoint { t, leaving, entering, jump: threshold.abs() * norm(direction(sae, at)) }
        })
    };
    let mut found: Vec<Breakpoint> = (0..sae.d_sae as u32).filter_map(crossing_of).collect();
    found.sort_by(|a, b| a.t.total_cmp(&b.t));
    found
}

/// The active set of TopK on its way. With `positive` a latent at 0, `None`, stands for those that are not above 0: as
/// often among the active as places are free, and always among the others where an active latent can give way to it.
struct Exchanges<'a> {
    sae: &'a Sae,
    lines: &'a Lines,
    order: TopKOrder,
    positive: bool,
    /// Places among the k that no latent takes.
    free: usize,
    active: Vec<u32>,
    /// By latent; of those that are active, which of their two sites is.
    is_active: Vec<bool>,
    signs: Vec<f64>,
}

/// A site on its way: `σ p` at some t, and the line that it lies on.
#[derive(Clone, Copy)]
struct Site {
    latent: Option<u32>,
    sign: f64,
    value: f64,
    start: f64,
    rate: f64,
}

impl Site {
    const ZERO: Self = Self { latent: None, sign: 1.0, value: 0.0, start: 0.0, rate: 0.0 };
}

impl<'a> Exchanges<'a> {
    fn new(
        sae: &'a Sae,
        lines: &'a Lines,
        cell: &Cell<'_>,
        order: TopKOrder,
        positive: bool,
        free: usize,
    ) -> Self {
        let signs = match order {
            TopKOrder::Value => vec![1.0; sae.d_sae],
            TopKOrder::Magnitude => {
                let side = |(&p, &rate): (&f64, &f64)| sign(if p == 0.0 { rate } else { p });
                lines.start.iter().zip(&lines.rate).map(side).collect()
            }
        };
        let (active, is_active) = (cell.active.clone(), cell.is_active.clone());
        Self { sae, lines, order, positive, free, active, is_active, signs }
    }

    /// Every exchange up to t = 1. At one t each of them raises the sum of the active sites' rates, so they end.
    fn all(mut self) -> Vec<Breakpoint> {
        let mut found = Vec::new();
        let mut t = 0.0;
        while let Some((next, leaving, entering)) = self.next(t) {
            t = next;
            found.push(self.exchange(t, leaving, entering));
        }
        found
    }

    /// The first exchange from `from` on.
    fn next(&self, from: f64) -> Option<(f64, Site, Site)> {
        let mut found = None;
        let mut at = 1.0;
        loop {
            let (weakest, strongest) = (self.weakest(at)?, self.strongest(at)?);
            let closing = strongest.rate - weakest.rate;
            // Where rounding alone has put the stronger above the weaker, they need not close.
            if weakest.value >= strongest.value || closing <= 0.0 {
                return found;
            }
            let t = ((weakest.start - strongest.start) / closing).clamp(from, at);
            if t >= at {
                return found;
            }
            found = Some((t, weakest, strongest));
            at = t;
        }
    }

    fn site(&self, latent: u32, sign: f64, t: f64) -> Site {
        let (start, rate) = (self.lines.start[latent as usize], self.lines.rate[latent as usize]);
        let value = sign * self.lines.at(latent, t);
        Site { latent: Some(latent), sign, value, start: sign * start, rate: sign * rate }
    }

    fn weakest(&self, t: f64) -> Option<Site> {
        let sites = self.active.iter().map(|&latent| self.site(latent, self.signs[latent as usize], t));
        let zero = (self.free > 0).then_some(Site::ZERO);
        sites.chain(zero).min_by(|a, b| a.value.total_cmp(&b.value))
    }

    fn strongest(&self, t: f64) -> Option<Site> {
        let others = (0..).zip(&self.is_active).filter(|(_, active)| !**active);
        let sites = others.map(|(latent, _)| {
            let sign = match self.order {
                TopKOrder::Value => 1.0,
                TopKOrder::Magnitude => sign(self.lines.at(latent, t)),
            };
            self.site(latent, sign, t)
        });
        let zero = (self.positive && !self.active.is_empty()).then_some(Site::ZERO);
        sites.chain(zero).max_by(|a, b| a.value.total_cmp(&b.value))
    }

    fn exchange(&mut self, t: f64, leaving: Site, entering: Site) -> Breakpoint {
        match leaving.latent {
            Some(latent) => {
                self.active.retain(|&active| active != latent);
                self.is_active[latent as usize] = false;
            }
            None => self.free -= 1,
        }
        match entering.latent {
            Some(latent) => {
                self.active.push(latent);
                self.is_active[latent as usize] = true;
                self.signs[latent as usize] = entering.sign;
            }
            None => self.free += 1,
        }
        let jump = match (leaving.latent, entering.latent) {
            (Some(a), Some(b)) => exchange_jump(self.sae, (a, self.lines.at(a, t)), (b, self.lines.at(b, t))),
            // One that comes from 0 or goes to it.
            _ => 0.0,
        };
        Breakpoint { t, leaving: leaving.latent, entering: entering.latent, jump }
    }
}

/// `x − x̂` along the path, `start + t·rate`.
struct Residual<'a> {
    sae: &'a Sae,
    lines: &'a Lines,
    start: Vec<f64>,
    rate: Vec<f64>,
}

impl<'a> Residual<'a> {
    /// With no latent active.
    fn new(sae: &'a Sae, from: &[f32], along: Vec<f64>, lines: &'a Lines) -> Self {
        let start = from.iter().zip(&sae.b_dec).map(|(&x, &b)| f64::from(x) - f64::from(b)).collect();
        Self { sae, lines, start, rate: along }
    }

    /// Adds the part of a latent, times a factor.
    fn add(&mut self, latent: u32, factor: f64) {
        let start = factor * self.lines.start[latent as usize];
        let rate = factor * self.lines.rate[latent as usize];
        let sums = self.start.iter_mut().zip(&mut self.rate);
        for ((at_start, per_t), &d) in sums.zip(direction(self.sae, latent as usize)) {
            *at_start += start * f64::from(d);
            *per_t += rate * f64::from(d);
        }
    }

    /// The coefficients of its square.
    fn squares(&self) -> [f64; 3] {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (start, rate) = (&self.start, &self.rate);
        [product(rate, rate), 2.0 * product(start, rate), product(start, start)]
    }
}
