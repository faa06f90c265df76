//! The regular triangulation of weighted sites: the lower hull of their lifts `(x, y, x² + y² − w)`.
//!
//! Sites are inserted one by one (Bowyer and Watson): find the triangle that holds the site, remove all triangles
//! whose planes it lies below, and join the hole's border to it. All signs are exact, so the triangulation is
//! consistent for grids, cocircular and collinear sites alike. A site on or above the hull is hidden and leaves no
//! trace.
//!
//! Three outer corners, so light that none of them owns a point of the frame's square, enclose all sites: no site
//! lies outside a triangle, and one site or a line of sites needs no case of its own.

use super::predicates::{Site, below, right_of};

/// No half-edge, or no vertex.
pub(super) const NONE: u32 = u32::MAX;

/// The corners around the frame's square |x|, |y| ≤ 1. In the square a corner's function 2t·x − z is at most
/// 14 − 32 = −18, and the nearest site's is at least −8 (see `power.rs`).
const OUTER: [Site; 3] =
    [Site { x: -4.0, y: -3.0, z: 32.0 }, Site { x: 4.0, y: -3.0, z: 32.0 }, Site { x: 0.0, y: 5.0, z: 32.0 }];

/// A triangle; its half-edge `k` goes from corner `k` to corner `k + 1` and has the number `3·triangle + k`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Triangle {
    /// Vertices, turning left; the first is `NONE` in a slot that holds no triangle.
    pub(super) corners: [u32; 3],
    /// The half-edges on the other side; `NONE` on the outermost border.
    pub(super) twins: [u32; 3],
    /// Number of the last site, plus one, in whose hole the triangle lay.
    hole: u32,
}

/// The triangulation; vertices are numbers of sites, then the three outer corners.
#[derive(Debug)]
pub(super) struct Triangulation {
    pub(super) sites: Vec<Site>,
    pub(super) triangles: Vec<Triangle>,
    free: Vec<u32>,
    /// Where the search for the next site starts.
    last: u32,
    stack: Vec<u32>,
    /// Triangles of the present hole.
    removed: Vec<u32>,
    /// The hole's border, turning left: from, to, half-edge outside.
    border: Vec<[u32; 3]>,
}

impl Triangulation {
    /// Triangulates sites with |x|, |y| ≤ 1 in the order given, which should lead from neighbour to neighbour.
    pub(super) fn new(mut sites: Vec<Site>) -> Self {
        let count = sites.len() as u32;
        sites.extend(OUTER);
        let outermost = Triangle { corners: [count, count + 1, count + 2], twins: [NONE; 3], hole: 0 };
        let mut triangles = Vec::with_capacity(2 * sites.len());
        triangles.push(outermost);
        let mut triangulation = Self {
            sites,
            triangles,
            free: Vec::new(),
            last: 0,
            stack: Vec::new(),
            removed: Vec::new(),
            border: Vec::new(),
        };
        for site in 0..count {
            triangulation.insert(site);
        }
        triangulation
    }

    /// Number of sites, the outer corners left out.
    pub(super) fn count(&self) -> u32 {
        self.sites.len() as u32 - OUTER.len() as u32
    }

    fn insert(&mut self, number: u32) {
        let site = self.sites[number as usize];
        let start = self.find(&site);
        self.last = start;
        if self.conflicts(start, &site) {
            self.dig(start, number, &site);
            self.fill(number);
        }
    }

    /// The triangle that holds the site: from the last one, always across an edge that the site lies beyond. Such a
    /// walk cannot go round in a regular triangulation (Edelsbrunner, "An acyclicity theorem for cell complexes in
    /// d dimensions", 1990).
    fn find(&self, site: &Site) -> u32 {
        let beyond = |triangle: &Triangle, k: usize| {
            let from = &self.sites[triangle.corners[k] as usize];
            let to = &self.sites[triangle.corners[(k + 1) % 3] as usize];
            right_of(from, to, site)
        };
        let mut at = self.last;
        let mut triangle = &self.triangles[at as usize];
        let mut next = (0..3).find(|&k| beyond(triangle, k));
        while let Some(k) = next {
            let entry = triangle.twins[k];
            at = entry / 3;
            triangle = &self.triangles[at as usize];
            let entry = entry as usize % 3;
            next = [(entry + 1) % 3, (entry + 2) % 3].into_iter().find(|&k| beyond(triangle, k));
        }
        at
    }

    #[inline]
    fn conflicts(&self, triangle: u32, site: &Site) -> bool {
        let [a, b, c] = self.triangles[triangle as usize].corners.map(|corner| &self.sites[corner as usize]);
        below(a, b, c, site)
    }

    /// Collects the triangles in conflict and their border. Depth first, edges in turn, so that the border comes out
    /// as one ring.
    fn dig(&mut self, start: u32, number: u32, site: &Site) {
        let mark = number + 1;
        self.removed.clear();
        self.border.clear();
        self.removed.push(start);
        self.triangles[start as usize].hole = mark;
        self.stack.extend([3 * start + 2, 3 * start + 1, 3 * start]);
        while let Some(edge) = self.stack.pop() {
            let (inside, k) = ((edge / 3) as usize, (edge % 3) as usize);
            let twin = self.triangles[inside].twins[k];
            let outside = twin / 3;
            if twin != NONE {
                if self.triangles[outside as usize].hole == mark {
                    continue;
                }
                if self.conflicts(outside, site) {
                    self.triangles[outside as usize].hole = mark;
                    self.removed.push(outside);
                    let k = twin % 3;
                    self.stack.extend([3 * outside + (k + 2) % 3, 3 * outside + (k + 1) % 3]);
                    continue;
                }
            }
            let corners = &self.triangles[inside].corners;
            self.border.push([corners[k], corners[(k + 1) % 3], twin]);
        }
    }

    /// Joins each edge of the border to the site, in the slots of the removed triangles first. A hole of m edges has
    /// m − 2 triangles and two more for each vertex within it, which thereby becomes hidden.
    fn fill(&mut self, number: u32) {
        let edges = self.border.len();
        while self.removed.len() > edges {
            let Some(slot) = self.removed.pop() else { break };
            self.triangles[slot as usize].corners[0] = NONE;
            self.free.push(slot);
        }
        while self.removed.len() < edges {
            let slot = self.free.pop().unwrap_or_else(|| {
                let empty = Triangle { corners: [NONE; 3], twins: [NONE; 3], hole: 0 };
                self.triangles.push(empty);
                self.triangles.len() as u32 - 1
            });
            self.removed.push(slot);
        }
        let mut before = self.removed[edges - 1];
        for k in 0..edges {
            let slot = self.removed[k];
            let after = self.removed[if k + 1 == edges { 0 } else { k + 1 }];
            let [from, to, outside] = self.border[k];
            self.triangles[slot as usize] = Triangle {
                corners: [from, to, number],
                twins: [outside, 3 * after + 2, 3 * before + 1],
                hole: 0,
            };
            if outside != NONE {
                self.triangles[(outside / 3) as usize].twins[(outside % 3) as usize] = 3 * slot;
            }
            before = slot;
        }
        self.last = before;
    }
}
