//! Statistics of each latent that are exact over all rows, gathered in one pass.

/// One latent's statistics so far.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Rows on which it is active.
    pub active: u32,
    /// `Σ|z|`.
    pub strength: f64,
    /// The least z, or 0.
    pub low: f32,
    /// The greatest z, or 0.
    pub high: f32,
    /// Row and z of the strongest activations, strongest first; among equals the earlier row.
    pub top: Vec<(u32, f32)>,
}

impl Tally {
    /// Never active yet.
    pub fn new() -> Self {
        Self { active: 0, strength: 0.0, low: 0.0, high: 0.0, top: Vec::new() }
    }

    /// Counts an activation. Rows come in order of their numbers; `most` is the length of [`Tally::top`].
    pub fn add(&mut self, row: u32, z: f32, most: usize) {
        self.active += 1;
        self.strength += f64::from(z.abs());
        self.low = self.low.min(z);
        self.high = self.high.max(z);
        if self.top.len() == most {
            match self.top.last() {
                Some((_, weakest)) if z.abs() > weakest.abs() => self.top.pop(),
                _ => return,
            };
        }
        let at = self.top.partition_point(|(_, other)| other.abs() >= z.abs());
        self.top.insert(at, (row, z));
    }

    /// The greatest `|z|`.
    pub fn strongest(&self) -> f32 {
        self.high.max(-self.low)
    }

    /// Mean `|z|` over the rows on which the latent is active; 0 if there are none.
    pub fn mean(&self) -> f64 {
        if self.active == 0 { 0.0 } else { self.strength / f64::from(self.active) }
    }
}
