//! Which functions can matter where: a quadtree over the box whose leaves list the functions that can rank among
//! the first K + 1 somewhere in the leaf. With 200 sites and K = 10 a leaf lists some 30.

use super::frame::Bounds;
use super::ranking::Ranking;

/// Deepest level of the tree; 2^6 = 64 leaves along each side.
const DEPTH: u32 = 6;
/// A tile with at most this many times K + 1 functions is a leaf: to divide it would cost more than it saves.
const LEAF: usize = 4;
/// Slack for the rounding of function values, relative to the largest coefficient.
const SLACK: f64 = 1e-12;

#[derive(Debug)]
struct Node {
    middle: [f64; 2],
    half: [f64; 2],
    /// The functions of a leaf.
    list: (u32, u32),
    /// First of four children; 0 in a leaf, for the root is nobody's child.
    children: u32,
}

/// The tree; leaves refer to common lists.
#[derive(Debug)]
pub(super) struct Candidates {
    nodes: Vec<Node>,
    lists: Vec<u32>,
    /// The functions of these numbers once more, so that those of a leaf lie beside one another.
    functions: Vec<[f64; 3]>,
}

impl Candidates {
    /// The tree for the first `order + 1` functions of the ranking in the box.
    pub(super) fn new(ranking: &Ranking, bounds: &Bounds) -> Self {
        let need = ranking.order + 1;
        let slack = SLACK * ranking.largest();
        let root = Node {
            middle: [(bounds.x0 + bounds.x1) / 2.0, (bounds.y0 + bounds.y1) / 2.0],
            half: [(bounds.x1 - bounds.x0) / 2.0, (bounds.y1 - bounds.y0) / 2.0],
            list: (0, 0),
            children: 0,
        };
        let mut tree = Self { nodes: vec![root], lists: Vec::new(), functions: Vec::new() };
        // Lists of tiles still to divide, each behind that of the tile it is a part of.
        let mut pending: Vec<u32> = (0..ranking.functions.len() as u32).collect();
        let mut open = vec![(0usize, 0u32, 0usize, pending.len())];
        let (mut lows, mut highs) = (Vec::new(), Vec::new());
        while let Some((at, level, from, to)) = open.pop() {
            pending.truncate(to);
            let Node { middle, half, .. } = tree.nodes[at];
            lows.clear();
            highs.clear();
            for &i in &pending[from..] {
                let [a, b, _] = ranking.functions[i as usize];
                let value = ranking.value(i, middle[0], middle[1]);
                let spread = a.abs() * half[0] + b.abs() * half[1];
                lows.push(value - spread);
                highs.push(value + spread);
            }
            // A function below the smallest values of `need` others, or below zero, cannot rank.
            let mut bar = f64::NEG_INFINITY;
            if lows.len() > need {
                bar = *lows.select_nth_unstable_by(need - 1, |a, b| b.total_cmp(a)).1;
            }
            if ranking.positive {
                bar = bar.max(0.0);
            }
            for (k, high) in (from..to).zip(&highs) {
                if *high >= bar - slack {
                    pending.push(pending[k]);
                }
            }
            let kept = pending.len() - to;
            if level == DEPTH || kept <= LEAF * need {
                let start = tree.lists.len() as u32;
                tree.lists.extend(&pending[to..]);
                tree.functions.extend(pending[to..].iter().map(|&i| ranking.functions[i as usize]));
                tree.nodes[at].list = (start, tree.lists.len() as u32);
                continue;
            }
            tree.nodes[at].children = tree.nodes.len() as u32;
            let half = half.map(|h| h / 2.0);
            for (right, up) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
                let middle = [middle[0] + right * half[0], middle[1] + up * half[1]];
                open.push((tree.nodes.len(), level + 1, to, to + kept));
                tree.nodes.push(Node { middle, half, list: (0, 0), children: 0 });
            }
        }
        tree
    }

    /// The functions that can rank among the first K + 1 at a point of the box, ascending.
    pub(super) fn at(&self, x: f64, y: f64) -> impl Iterator<Item = (u32, &[f64; 3])> {
        let mut node = &self.nodes[0];
        while node.children != 0 {
            let child = usize::from(x >= node.middle[0]) + 2 * usize::from(y >= node.middle[1]);
            node = &self.nodes[node.children as usize + child];
        }
        let leaf = node.list.0 as usize..node.list.1 as usize;
        self.lists[leaf.clone()].iter().copied().zip(&self.functions[leaf])
    }
}
