//! Diagrams of random and of awkward input: areas, membership by brute force, and the symmetries that must hold.
//!
//! Each property runs over seeded random cases, spread over the layouts of [`Layout`]; 10 000 or more in all.

use splinterp::geometry::{Bounds, Bounds3, Partition, lift, power_diagram, voronoi_cells};
use splinterp::random::{Random, Stream};
use splinterp::sae::{Activation, Threshold, TopKBy};
use splinterp::spline::{Encoder, Plane, slice};

use crate::support::{check_cells, check_partition, square};

/// How sites lie.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    Random,
    Grid,
    Collinear,
    Cocircular,
    Duplicates,
    NearDuplicates,
    Clusters,
}

const LAYOUTS: [Layout; 7] = [
    Layout::Random,
    Layout::Grid,
    Layout::Collinear,
    Layout::Cocircular,
    Layout::Duplicates,
    Layout::NearDuplicates,
    Layout::Clusters,
];

/// Sites in the unit square, or a little beyond it.
fn sites(layout: Layout, count: usize, random: &mut Random) -> Vec<f64> {
    let mut sites = Vec::with_capacity(2 * count);
    let (ax, ay) = (random.uniform(), random.uniform());
    let (bx, by) = (random.between(-1.0, 1.0), random.between(-1.0, 1.0));
    // The grid of the least side that holds them all; eighths and the like are exact.
    let side = (1..).find(|s| s * s >= count).unwrap();
    for i in 0..count {
        let again = if i == 0 { 0 } else { random.below(i as u32) as usize };
        let [x, y] = match layout {
            Layout::Random => [random.uniform(), random.uniform()],
            Layout::Grid => [(i % side) as f64 / 8.0, (i / side) as f64 / 8.0],
            Layout::Collinear => {
                let t = f64::from(random.below(64)) / 64.0;
                [ax + bx * t, ay + by * t]
            }
            Layout::Cocircular => {
                // Rational points of the circle around (1/2, 1/2): as cocircular as float64 allows.
                let t = random.between(-2.0, 2.0);
                let d = 1.0 + t * t;
                [0.5 + 0.375 * (1.0 - t * t) / d, 0.5 + 0.75 * t / d]
            }
            Layout::Duplicates if i > 2 && random.below(2) == 0 => [sites[2 * again], sites[2 * again + 1]],
            Layout::NearDuplicates if i > 2 && random.below(2) == 0 => [
                sites[2 * again] + random.between(-1e-14, 1e-14),
                sites[2 * again + 1] + random.between(-1e-9, 1e-9),
            ],
            Layout::Duplicates | Layout::NearDuplicates => [random.uniform(), random.uniform()],
            Layout::Clusters => {
                let cluster = f64::from(random.below(3));
                [0.2 + 0.3 * cluster + 1e-4 * random.normal(), 0.5 + 1e-4 * random.normal()]
            }
        };
        sites.extend([x, y]);
    }
    sites
}

/// Equal weights, weights of the size of the squared distances, or weights that hide most sites.
fn weights(count: usize, random: &mut Random) -> Vec<f64> {
    let spread = [0.0, 0.25 / count as f64, 0.5][random.below(3) as usize];
    (0..count).map(|_| spread * random.uniform()).collect()
}

/// Runs a property over `cases` cases, layouts in turn; the sizes are below `most`.
fn for_cases(cases: u32, most: u32, property: impl Fn(Layout, usize, &mut Random)) {
    for case in 0..cases {
        let layout = LAYOUTS[case as usize % LAYOUTS.len()];
        let mut random = Random::epoch(2026, case);
        let count = 1 + random.below(most) as usize;
        // Shown when the case fails.
        println!("case {case}: {count} sites, {layout:?}");
        property(layout, count, &mut random);
    }
}

fn power(site: &[f64], weight: f64, x: f64, y: f64) -> f64 {
    (x - site[0]) * (x - site[0]) + (y - site[1]) * (y - site[1]) - weight
}

/// The K nearest sites by sorting all, and by how much the K-th is nearer than the next.
fn nearest(sites: &[f64], weights: &[f64], order: usize, x: f64, y: f64) -> (Vec<u32>, f64) {
    let mut ranked: Vec<(f64, u32)> =
        (0..).zip(sites.chunks(2).zip(weights)).map(|(i, (s, w))| (power(s, *w, x, y), i)).collect();
    ranked.sort_by(|p, q| p.0.total_cmp(&q.0).then(p.1.cmp(&q.1)));
    let gap = ranked.get(order).map_or(f64::INFINITY, |next| next.0 - ranked[order - 1].0);
    let mut owners: Vec<u32> = ranked[..order].iter().map(|r| r.1).collect();
    owners.sort_unstable();
    (owners, gap)
}

/// Random points of the box lie in the cells of their nearest sites, but where a tie leaves it open.
fn check_membership(diagram: &Partition, sites: &[f64], weights: &[f64], order: usize, random: &mut Random) {
    let [x0, y0, x1, y1] = diagram.bounds().to_array();
    for _ in 0..8 {
        let (x, y) = (random.between(x0, x1), random.between(y0, y1));
        let (owners, gap) = nearest(sites, weights, order, x, y);
        // The rounding of a power distance here and there, relative to the squares that it is made of.
        let size = 2.0 + x * x + y * y;
        if gap > 1e-14 * size {
            let cell = diagram.locate(x, y).unwrap();
            assert_eq!(diagram.owners(cell).unwrap(), owners, "({x}, {y})");
            assert!(holds(diagram.polygon(cell).unwrap(), x, y), "({x}, {y}) in {:?}", diagram.polygon(cell));
        }
    }
}

fn holds(polygon: &[f64], x: f64, y: f64) -> bool {
    let corners: Vec<&[f64]> = polygon.chunks(2).collect();
    (0..corners.len()).all(|k| {
        let (p, q) = (corners[k], corners[(k + 1) % corners.len()]);
        let (ex, ey) = (q[0] - p[0], q[1] - p[1]);
        ex * (y - p[1]) - ey * (x - p[0]) >= -1e-9 * (ex.abs() + ey.abs())
    })
}

/// Cells of the same owners have the same areas, times `factor`, up to `tolerance` of the box.
fn check_same_areas(a: &Partition, b: &Partition, factor: f64, tolerance: f64) {
    let limit = tolerance * b.bounds().area();
    for (from, to, factor) in [(a, b, factor), (b, a, 1.0 / factor)] {
        for cell in 0..from.cells() {
            let owners = from.owners(cell);
            let other =
                (0..to.cells()).find(|&c| to.owners(c) == owners).and_then(|c| to.area(c)).unwrap_or(0.0);
            let area = from.area(cell).unwrap() * factor;
            assert!((area - other).abs() <= limit * factor.max(1.0), "{owners:?}: {area} became {other}");
        }
    }
}

#[test]
fn first_order_cells_fill_the_box_and_hold_their_points() {
    for_cases(4_000, 60, |layout, count, random| {
        let (sites, weights) = (sites(layout, count, random), weights(count, random));
        let diagram = power_diagram(&sites, &weights, 1, square(1.0)).unwrap();
        check_cells(&diagram, layout == Layout::NearDuplicates);
        check_membership(&diagram, &sites, &weights, 1, random);
    });
}

#[test]
fn cells_of_order_k_fill_the_box_and_hold_their_points() {
    for_cases(2_100, 24, |layout, count, random| {
        let (sites, weights) = (sites(layout, count, random), weights(count, random));
        let order = 1 + random.below(count.min(6) as u32) as usize;
        let diagram = power_diagram(&sites, &weights, order, square(1.0)).unwrap();
        check_cells(&diagram, layout == Layout::NearDuplicates);
        check_membership(&diagram, &sites, &weights, order, random);
    });
}

#[test]
fn an_order_k_cell_is_the_cell_of_its_centroid() {
    // The sum of |x − s_i|² − ω_i over S is K (|x − c|² − ω) with c the centroid and ω = |c|² − mean(|s_i|² − ω_i).
    for_cases(1_050, 16, |layout, count, random| {
        let (sites, weights) = (sites(layout, count, random), weights(count, random));
        let order = 1 + random.below(count.min(5) as u32) as usize;
        let diagram = power_diagram(&sites, &weights, order, square(1.0)).unwrap();
        let (mut centroids, mut lifted) = (Vec::new(), Vec::new());
        for cell in 0..diagram.cells() {
            let (mut x, mut y, mut lift) = (0.0, 0.0, 0.0);
            for &owner in diagram.owners(cell).unwrap() {
                let (sx, sy) = (sites[2 * owner as usize], sites[2 * owner as usize + 1]);
                (x, y, lift) = (x + sx, y + sy, lift + sx * sx + sy * sy - weights[owner as usize]);
            }
            let k = order as f64;
            (x, y, lift) = (x / k, y / k, lift / k);
            centroids.extend([x, y]);
            lifted.push(x * x + y * y - lift);
        }
        let first = power_diagram(&centroids, &lifted, 1, square(1.0)).unwrap();
        for cell in 0..first.cells() {
            let owner = first.owners(cell).unwrap()[0] as usize;
            let (area, expected) = (first.area(cell).unwrap(), diagram.area(owner).unwrap());
            // Near duplicates 1e-14 apart move a bisector of theirs by the rounding of the centroids.
            let limit = if layout == Layout::NearDuplicates { 0.2 } else { 1e-9 };
            assert!((area - expected).abs() <= limit, "{layout:?} {owner}: {area} for {expected}");
        }
    });
}

#[test]
fn shift_scale_and_translation_change_nothing() {
    for_cases(2_100, 40, |layout, count, random| {
        let (sites, weights) = (sites(layout, count, random), weights(count, random));
        let order = 1 + random.below(count.min(3) as u32) as usize;
        let diagram = power_diagram(&sites, &weights, order, square(1.0)).unwrap();
        // Coordinates that change by rounding move the bisector of two sites 1e-9 or 1e-4 apart by much more.
        let rounded = match layout {
            Layout::NearDuplicates => return,
            Layout::Clusters => 1e-4,
            // Random points of a circle may come close.
            Layout::Cocircular => 1e-5,
            _ => 1e-7,
        };
        // All weights −5 changes nothing: the shift is exact but for the rounding of the weights.
        let shifted: Vec<f64> = weights.iter().map(|w| w - 5.0).collect();
        check_same_areas(
            &diagram,
            &power_diagram(&sites, &shifted, order, square(1.0)).unwrap(),
            1.0,
            rounded,
        );
        // By a power of two every number scales exactly.
        for scale in [1024.0, 1.0 / 4096.0] {
            let scaled: Vec<f64> = sites.iter().map(|v| v * scale).collect();
            let heavier: Vec<f64> = weights.iter().map(|w| w * scale * scale).collect();
            let other = power_diagram(&scaled, &heavier, order, square(scale)).unwrap();
            check_same_areas(&diagram, &other, scale * scale, 1e-12);
        }
        let far: Vec<f64> = sites.iter().map(|v| v + 1e6).collect();
        let there = Bounds::new([1e6, 1e6, 1e6 + 1.0, 1e6 + 1.0]).unwrap();
        let other = power_diagram(&far, &weights, order, there).unwrap();
        check_partition(&other);
        check_same_areas(&diagram, &other, 1.0, rounded);
    });
}

#[test]
fn boxes_small_and_large_are_filled() {
    for_cases(1_050, 40, |layout, count, random| {
        let (sites, weights) = (sites(layout, count, random), weights(count, random));
        let order = 1 + random.below(count.min(3) as u32) as usize;
        let (x, y) = (random.uniform(), random.uniform());
        for half in [0.5e-6, 0.5e6] {
            let bounds = Bounds::new([x - half, y - half, x + half, y + half]).unwrap();
            let diagram = power_diagram(&sites, &weights, order, bounds).unwrap();
            check_cells(&diagram, layout == Layout::NearDuplicates);
            check_membership(&diagram, &sites, &weights, order, random);
        }
        // A cell well within the unit square is the same in a box of side 1e6.
        let near = power_diagram(&sites, &weights, order, square(1.0)).unwrap();
        let far =
            power_diagram(&sites, &weights, order, Bounds::new([-5e5, -5e5, 5e5, 5e5]).unwrap()).unwrap();
        for cell in 0..near.cells() {
            let inner = near.polygon(cell).unwrap().iter().all(|v| *v > 0.0 && *v < 1.0);
            if inner && layout != Layout::NearDuplicates {
                let other =
                    (0..far.cells()).find(|&c| far.owners(c) == near.owners(cell)).and_then(|c| far.area(c));
                assert!(
                    (other.unwrap_or(0.0) - near.area(cell).unwrap()).abs() < 1e-9,
                    "{:?}",
                    near.owners(cell)
                );
            }
        }
    });
}

#[test]
fn slices_agree_with_the_encoder_at_random_points() {
    for_cases(1_400, 12, |_, d_sae, random| {
        let d_in = 1 + random.below(6) as usize;
        let draw =
            |n: usize, random: &mut Random| -> Vec<f32> { (0..n).map(|_| random.normal() as f32).collect() };
        let (weights, bias) = (draw(d_in * d_sae, random), draw(d_sae, random));
        let (origin, u, v) = (draw(d_in, random), draw(d_in, random), draw(d_in, random));
        let thresholds = draw(d_sae, random);
        let k = 1 + random.below(d_sae as u32) as usize;
        let rules = [
            Activation::Relu,
            Activation::JumpRelu { threshold: Threshold::PerLatent(thresholds) },
            Activation::TopK { k, by: TopKBy::Value },
            Activation::TopK { k, by: TopKBy::Magnitude },
            Activation::TopK { k, by: TopKBy::Positive },
        ];
        let encoder = Encoder { weights: &weights, bias: &bias, d_in };
        let plane = Plane { origin: &origin, u: &u, v: &v };
        let bounds = Bounds::new([-2.0, -1.0, 1.0, 3.0]).unwrap();
        for rule in rules {
            let diagram = slice(encoder, &rule, plane, bounds).unwrap();
            check_partition(&diagram);
            for _ in 0..8 {
                let (p, q) = (random.between(-2.0, 1.0), random.between(-1.0, 3.0));
                let pre: Vec<f64> = (0..d_sae)
                    .map(|i| {
                        let at = |j: usize| f64::from(origin[j]) + p * f64::from(u[j]) + q * f64::from(v[j]);
                        (0..d_in).map(|j| f64::from(weights[i * d_in + j]) * at(j)).sum::<f64>()
                            + f64::from(bias[i])
                    })
                    .collect();
                let (active, gap) = active(&rule, &pre);
                if gap > 1e-12 {
                    let cell = diagram.locate(p, q).unwrap();
                    assert_eq!(diagram.owners(cell).unwrap(), active, "{rule:?} at ({p}, {q})");
                }
            }
        }
    });
}

/// The active latents by the definition of the rule, and how far the nearest decision is from a tie.
fn active(rule: &Activation, pre: &[f64]) -> (Vec<u32>, f64) {
    let above = |thresholds: &[f32]| {
        let over = |(i, p): (usize, &f64)| p - f64::from(thresholds[i % thresholds.len()]);
        let gaps: Vec<f64> = pre.iter().enumerate().map(over).collect();
        let on = (0..).zip(&gaps).filter(|(_, g)| **g > 0.0).map(|(i, _)| i).collect();
        (on, gaps.iter().fold(f64::INFINITY, |m: f64, g| m.min(g.abs())))
    };
    match rule {
        Activation::Relu => above(&[0.0]),
        Activation::JumpRelu { threshold: Threshold::PerLatent(thresholds) } => above(thresholds),
        Activation::JumpRelu { threshold: Threshold::Shared(threshold) } => above(&[*threshold]),
        Activation::BatchTopK { threshold, .. } => above(&[threshold.unwrap_or(0.0)]),
        Activation::TopK { k, by } => {
            let (k, by) = (*k, *by);
            let key = |p: f64| if by == TopKBy::Magnitude { p.abs() } else { p };
            let mut order: Vec<u32> = (0..pre.len() as u32).collect();
            order.sort_by(|&i, &j| key(pre[j as usize]).total_cmp(&key(pre[i as usize])));
            let at = |rank: usize| order.get(rank).map_or(f64::NEG_INFINITY, |&i| key(pre[i as usize]));
            let mut gap = at(k - 1) - at(k);
            if by != TopKBy::Value {
                gap = pre.iter().fold(gap, |m, p| m.min(p.abs()));
            }
            order.truncate(k);
            order.retain(|&i| by != TopKBy::Positive || pre[i as usize] > 0.0);
            order.sort_unstable();
            (order, gap)
        }
    }
}

#[test]
fn cells_in_space_fill_the_box_and_their_cut_is_the_power_diagram() {
    for_cases(1_050, 20, |layout, count, random| {
        let (sites, weights) = (sites(layout, count, random), weights(count, random));
        let heights = lift(&weights);
        let points: Vec<f64> = sites.chunks(2).zip(&heights).flat_map(|(s, h)| [s[0], s[1], *h]).collect();
        let cells = voronoi_cells(&points, Bounds3::new([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]).unwrap()).unwrap();
        let volume: f64 = cells.volumes.iter().sum();
        assert!((volume - 1.0).abs() < 1e-9, "{layout:?}: {volume}");
        assert!(cells.volumes.iter().all(|v| *v >= -1e-12));
        let flat = power_diagram(&sites, &weights, 1, square(1.0)).unwrap();
        for cell in 0..flat.cells() {
            // A cell of some width on the floor has a solid above it.
            let owner = flat.owners(cell).unwrap()[0] as usize;
            if flat.area(cell).unwrap() > 1e-4 && layout != Layout::NearDuplicates {
                assert!(
                    cells.cell_offsets[owner + 1] > cells.cell_offsets[owner],
                    "{layout:?}: no solid of {owner}"
                );
            }
        }
    });
}

#[test]
fn a_hundred_thousand_sites_fill_the_box() {
    let mut random = Random::new(5, Stream::Generator);
    let sites: Vec<f64> = (0..200_000).map(|_| random.uniform()).collect();
    let weights: Vec<f64> = (0..100_000).map(|_| 1e-5 * random.uniform()).collect();
    let diagram = power_diagram(&sites, &weights, 1, square(1.0)).unwrap();
    assert!(diagram.cells() > 80_000);
    check_partition(&diagram);
    check_membership(&diagram, &sites, &weights, 1, &mut random);
}
