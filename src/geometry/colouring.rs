//! Colours for the cells of a partition such that neighbours differ.

use super::partition::{NO_CELL, Partition};

/// Colours that a planar map needs at most when coloured in this order.
const PALETTE: u8 = 6;

impl Partition {
    /// A colour 0, 1, … for each cell, neighbours differing. Six colours are enough, for the cells form a planar
    /// map; a cell keeps the colour that its owners suggest where its neighbours allow, so that colours stay the same
    /// while sites move.
    ///
    /// Smallest-last colouring (Matula and Beck 1983): cells with the fewest neighbours are taken away one by one and
    /// coloured in the reverse order. A planar map always has a cell with at most five neighbours, hence six colours.
    pub fn colours(&self) -> Vec<u8> {
        let cells = self.cells();
        let (offsets, around) = adjacency(self);
        let of = |cell: usize| &around[offsets[cell] as usize..offsets[cell + 1] as usize];

        let mut degree: Vec<u32> = (0..cells).map(|cell| of(cell).len() as u32).collect();
        let mut buckets: Vec<Vec<u32>> = vec![Vec::new(); degree.iter().max().map_or(0, |&d| d as usize + 1)];
        for cell in 0..cells {
            buckets[degree[cell] as usize].push(cell as u32);
        }
        let mut taken = vec![false; cells];
        let mut order = Vec::with_capacity(cells);
        let mut lowest = 0;
        while order.len() < cells {
            let Some(cell) = buckets[lowest].pop() else {
                lowest += 1;
                continue;
            };
            // A cell whose degree fell since is in a lower bucket too; that entry was or will be the one that counts.
            if taken[cell as usize] || degree[cell as usize] as usize != lowest {
                continue;
            }
            taken[cell as usize] = true;
            order.push(cell);
            for &other in of(cell as usize) {
                let left = &mut degree[other as usize];
                if !taken[other as usize] {
                    *left -= 1;
                    buckets[*left as usize].push(other);
                    lowest = lowest.min(*left as usize);
                }
            }
        }

        let mut colours = vec![u8::MAX; cells];
        for &cell in order.iter().rev() {
            let cell = cell as usize;
            let mut used = [false; u8::MAX as usize + 1];
            for &other in of(cell) {
                used[colours[other as usize] as usize] = true;
            }
            let preferred_colour = preferred(self.owners(cell).unwrap_or_default());
            let free = (0..PALETTE).map(|k| (preferred_colour + k) % PALETTE).chain(PALETTE..u8::MAX);
            colours[cell] = free.into_iter().find(|&colour| !used[colour as usize]).unwrap_or(0);
        }
        colours
    }
}

/// Neighbours of each cell in both directions, each pair once: rounding may hide an edge from one of its two cells.
fn adjacency(partition: &Partition) -> (Vec<u32>, Vec<u32>) {
    let offsets = partition.offsets();
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(2 * partition.all_neighbours().len());
    for cell in 0..partition.cells() {
        for &other in &partition.all_neighbours()[offsets[cell] as usize..offsets[cell + 1] as usize] {
            if other != NO_CELL && other as usize != cell {
                pairs.extend([(cell as u32, other), (other, cell as u32)]);
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut starts = vec![0u32; partition.cells() + 1];
    for &(cell, _) in &pairs {
        starts[cell as usize + 1] += 1;
    }
    for cell in 0..partition.cells() {
        starts[cell + 1] += starts[cell];
    }
    (starts, pairs.into_iter().map(|(_, other)| other).collect())
}

/// The preferred colour of a set of owners: a hash, so that it does not depend on other cells.
fn preferred(owners: &[u32]) -> u8 {
    let mixed = owners.iter().fold(0u32, |hash, &owner| {
        // Knuth's multiplicative hash: 2^32 over the golden ratio.
        (hash.rotate_left(5) ^ owner).wrapping_mul(2_654_435_769)
    });
    ((mixed >> 16) % u32::from(PALETTE)) as u8
}
