//! The generated data sets: the same bits everywhere, MNIST's statistics, and variety that templates cannot hold.

use splinterp::data::{Dataset, MAX_DIGITS, MAX_POINTS};

const SIDE: usize = 28;
const PIXELS: usize = SIDE * SIDE;

/// FNV-1a, 64 bits: of the pixels of `Dataset::digits(64, 7)` row by row, then its 64 labels. The test in Node
/// asserts the same number on wasm.
const DIGITS: u64 = 0x3621_f27b_2c51_3839;
/// Of the values of `Dataset::clusters(1000, 7)` row by row, as little-endian 32-bit floats.
const CLUSTERS: u64 = 0xf311_1fc4_2192_23d6;

fn fnv(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn digits(n: u32, seed: u64) -> (Vec<Vec<u8>>, Vec<u8>) {
    let digits = Dataset::digits(n, seed).expect("a valid number");
    let images = (0..n as usize).map(|row| digits.bytes(row).expect("bytes").to_vec()).collect();
    (images, (0..n as usize).map(|row| digits.label(row).expect("a label")).collect())
}

#[test]
fn the_bits_are_those_of_every_other_machine() {
    let (images, labels) = digits(64, 7);
    assert_eq!(fnv(images.concat().into_iter().chain(labels)), DIGITS);
    let points = Dataset::clusters(1000, 7).expect("a valid number").values();
    assert_eq!(fnv(points.into_iter().flat_map(f32::to_le_bytes)), CLUSTERS);
}

#[test]
fn a_digit_depends_on_its_seed_and_number_only() {
    let (few, few_labels) = digits(10, 3);
    let (many, many_labels) = digits(50, 3);
    assert_eq!((few, few_labels), (many[..10].to_vec(), many_labels[..10].to_vec()));
    let (other, _) = digits(50, 4);
    assert!(many.iter().zip(&other).all(|(a, b)| a != b));
}

#[test]
fn the_statistics_are_near_those_of_mnist() {
    let (images, labels) = digits(4000, 1);
    let values: Vec<f64> = images.concat().iter().map(|&v| f64::from(v) / 255.0).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let std = (values.iter().map(|v| v * v).sum::<f64>() / n - mean * mean).sqrt();
    let zeros = values.iter().filter(|&&v| v == 0.0).count() as f64 / n;
    // MNIST: 0.1307, 0.3081, 0.809.
    assert!((mean - 0.1307).abs() < 0.01, "mean {mean}");
    assert!((std - 0.3081).abs() < 0.015, "standard deviation {std}");
    assert!((zeros - 0.809).abs() < 0.02, "share of zeros {zeros}");
    let mut counts = [0; 10];
    labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
    // Binomial, 400 ± 19: five standard deviations.
    assert!(counts.iter().all(|count| (305..495).contains(count)), "{counts:?}");
    // MNIST has 97 % of its ink within the middle 20 × 20.
    let middle = |at: usize| (4..24).contains(&(at % SIDE)) && (4..24).contains(&(at / SIDE));
    let ink = |keep: &dyn Fn(usize) -> bool| -> f64 {
        images
            .iter()
            .flat_map(|image| image.iter().enumerate())
            .filter(|(at, _)| keep(*at))
            .map(|(_, &v)| f64::from(v))
            .sum()
    };
    assert!(ink(&middle) > 0.97 * ink(&|_| true));
    assert!(images.iter().all(|image| image.iter().any(|&v| v > 200)), "an image without ink");
}

/// Templates fail where a basis succeeds: of the variance of unseen digits 256 centres of k-means leave 0.54 as
/// templates, and 0.03 as a basis.
#[test]
fn templates_leave_far_more_than_a_basis_of_the_same_size() {
    const TEMPLATES: usize = 256;
    let centred = |image: &Vec<u8>, mean: &[f64]| -> Vec<f64> {
        image.iter().zip(mean).map(|(&v, m)| f64::from(v) - m).collect()
    };
    let (images, _) = digits(2300, 5);
    let (train, test) = images.split_at(2000);
    let mut mean = vec![0.0; PIXELS];
    train.iter().for_each(|image| mean.iter_mut().zip(image).for_each(|(m, &v)| *m += f64::from(v) / 2000.0));
    let train: Vec<_> = train.iter().map(|image| centred(image, &mean)).collect();
    let test: Vec<_> = test.iter().map(|image| centred(image, &mean)).collect();
    let total: f64 = test.iter().map(|x| dot(x, x)).sum();

    let mut centers = train[..TEMPLATES].to_vec();
    for _ in 0..4 {
        let mut sums = vec![(vec![0.0; PIXELS], 0.0); TEMPLATES];
        for x in &train {
            let (sum, count) = &mut sums[nearest(x, &centers).0];
            sum.iter_mut().zip(x).for_each(|(s, v)| *s += v);
            *count += 1.0;
        }
        for (center, (sum, count)) in centers.iter_mut().zip(sums).filter(|(_, (_, count))| *count > 0.0) {
            *center = sum.iter().map(|s| s / count).collect();
        }
    }
    let by_template = test.iter().map(|x| nearest(x, &centers).1).sum::<f64>() / total;

    // Gram–Schmidt, twice for stability; then what the span leaves.
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for mut x in centers {
        (0..2).for_each(|_| basis.iter().for_each(|b| subtract(&mut x, b)));
        let norm = dot(&x, &x).sqrt();
        if norm > 1.0 {
            basis.push(x.iter().map(|v| v / norm).collect());
        }
    }
    let left = |x: &Vec<f64>| {
        let mut x = x.clone();
        basis.iter().for_each(|b| subtract(&mut x, b));
        dot(&x, &x)
    };
    let by_span = test.iter().map(left).sum::<f64>() / total;
    assert!(by_template > 0.4, "templates leave {by_template}");
    assert!(by_span < 0.06, "their span leaves {by_span}");
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Takes the part along the unit vector `b` out of `x`.
fn subtract(x: &mut [f64], b: &[f64]) {
    let along = dot(x, b);
    x.iter_mut().zip(b).for_each(|(x, b)| *x -= along * b);
}

/// The nearest centre and its squared distance.
fn nearest(x: &[f64], centers: &[Vec<f64>]) -> (usize, f64) {
    let distance = |center: &Vec<f64>| x.iter().zip(center).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    centers.iter().map(distance).enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).expect("centres")
}

#[test]
fn clusters_are_three_shapes_in_the_plane() {
    let points = Dataset::clusters(300, 1).expect("a valid number");
    assert_eq!((points.rows(), points.cols()), (300, 2));
    let values = points.values();
    for (row, point) in values.chunks_exact(2).enumerate() {
        let (x, y) = (f64::from(point[0]), f64::from(point[1]));
        let inside = match points.label(row) {
            Some(0) => (-1.9..0.1).contains(&x) && (y - 1.2).abs() < 0.4,
            Some(1) => (0.7..=1.7).contains(&x) && (0.3..=1.3).contains(&y),
            Some(2) => (y + 0.7 - x).abs() < 0.3 && (-1.5..0.8).contains(&x),
            _ => false,
        };
        assert!(inside, "row {row}: {x}, {y}");
    }
    let fewer = Dataset::clusters(100, 1).expect("a valid number");
    assert_eq!(fewer.values(), values[..200]);
    assert_ne!(Dataset::clusters(100, 2).expect("a valid number").values(), values[..200]);
}

#[test]
fn numbers_out_of_range_are_named() {
    for n in [0, MAX_DIGITS + 1, u32::MAX] {
        let error = Dataset::digits(n, 1).expect_err("out of range");
        assert_eq!((error.code(), error.to_string().contains(&n.to_string())), ("option", true));
    }
    for n in [0, MAX_POINTS + 1] {
        assert_eq!(Dataset::clusters(n, 1).expect_err("out of range").code(), "option");
    }
    assert_eq!(Dataset::digits(1, 1).expect("one is enough").rows(), 1);
    assert_eq!(Dataset::clusters(1, 1).expect("one is enough").rows(), 1);
}
