//! Lloyd's algorithm point by point, for callers that bring their points in pieces.

/// Centres side by side.
const LANES: usize = 8;

/// A round: points go to their nearest centres, and then the centres to the means of their points.
///
/// Ties go to the lower centre; a centre without points stays where it is.
#[derive(Debug)]
pub(crate) struct Lloyd {
    dims: usize,
    /// `[clusters, dims]` row-major.
    centers: Vec<f64>,
    /// The same, [`LANES`] centres beside one another: `[tiles, dims]`.
    tiles: Vec<[f64; LANES]>,
    sums: Vec<f64>,
    counts: Vec<u32>,
    squares: f64,
}

impl Lloyd {
    /// Centres `[clusters, dims]` to begin with.
    pub fn new(centers: Vec<f64>, dims: usize) -> Self {
        let clusters = centers.len() / dims;
        let sums = vec![0.0; centers.len()];
        let tiles = vec![[0.0; LANES]; clusters.div_ceil(LANES) * dims];
        let mut lloyd = Self { dims, centers, tiles, sums, counts: vec![0; clusters], squares: 0.0 };
        lloyd.pack();
        lloyd
    }

    /// Takes the next point of the round; its centre.
    pub fn add(&mut self, point: &[f64]) -> u32 {
        let clusters = self.counts.len();
        let (mut nearest, mut least) = (0, f64::INFINITY);
        for (tile, first) in self.tiles.chunks_exact(self.dims).zip((0..clusters).step_by(LANES)) {
            let distances = squared_distances(point, tile);
            for (center, distance) in (first..clusters).zip(distances) {
                if distance < least {
                    (nearest, least) = (center, distance);
                }
            }
        }
        self.counts[nearest] += 1;
        self.squares += least;
        let sums = &mut self.sums[nearest * self.dims..(nearest + 1) * self.dims];
        sums.iter_mut().zip(point).for_each(|(sum, value)| *sum += value);
        nearest as u32
    }

    /// Sum of the squared distances of the round's points from their centres.
    pub fn squares(&self) -> f64 {
        self.squares
    }

    /// Moves the centres and begins the next round. False if none has moved.
    pub fn step(&mut self) -> bool {
        let mut moved = false;
        let means = self.centers.chunks_exact_mut(self.dims).zip(self.sums.chunks_exact(self.dims));
        for ((center, sums), &count) in means.zip(&self.counts).filter(|(_, count)| **count > 0) {
            for (value, sum) in center.iter_mut().zip(sums) {
                let mean = sum / f64::from(count);
                moved |= mean != *value;
                *value = mean;
            }
        }
        self.sums.fill(0.0);
        self.counts.fill(0);
        self.squares = 0.0;
        self.pack();
        moved
    }

    /// `[clusters, dims]` row-major.
    pub fn into_centers(self) -> Vec<f64> {
        self.centers
    }

    fn pack(&mut self) {
        for (number, center) in self.centers.chunks_exact(self.dims).enumerate() {
            let tile = &mut self.tiles[number / LANES * self.dims..][..self.dims];
            tile.iter_mut().zip(center).for_each(|(lanes, value)| lanes[number % LANES] = *value);
        }
    }
}

/// From a point to each centre of a tile; every sum in the order of the columns.
fn squared_distances(point: &[f64], tile: &[[f64; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (value, lanes) in point.iter().zip(tile) {
        for (sum, lane) in sums.iter_mut().zip(lanes) {
            let offset = value - lane;
            *sum += offset * offset;
        }
    }
    sums
}
