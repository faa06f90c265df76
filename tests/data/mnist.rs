//! MNIST itself, read from its four gzipped files.

use crate::mnist_folder::read;
use splinterp::data::{Dataset, NormalisationKind};

/// Images and labels of one part.
fn part(name: &str) -> Dataset {
    read(&format!("{name}-images-idx3-ubyte.gz"))
        .labelled_by(&read(&format!("{name}-labels-idx1-ubyte.gz")))
        .expect("as many labels as images")
}

/// Rows of each label.
fn histogram(dataset: &Dataset) -> [u32; 10] {
    let mut counts = [0; 10];
    for row in 0..dataset.rows() {
        counts[usize::from(dataset.label(row).expect("a label"))] += 1;
    }
    counts
}

/// Expected numbers computed with NumPy from the same files.
#[test]
fn the_training_part_has_its_known_sums() {
    let train = part("train");
    assert_eq!((train.rows(), train.cols()), (60_000, 784));
    let bytes = (0..train.rows()).filter_map(|row| train.bytes(row)).flatten();
    assert_eq!(bytes.map(|&v| u64::from(v)).sum::<u64>(), 1_567_298_545);
    assert_eq!(histogram(&train), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);

    let values = train.normalised(NormalisationKind::Mnist).values();
    let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
    let square = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / values.len() as f64;
    // The script's mean and deviation are rounded to four digits.
    assert!(mean.abs() < 2e-4 && (square - 1.0).abs() < 2e-4, "{mean}, {square}");
}

#[test]
fn the_test_part_has_its_known_labels_and_those_of_the_other_part_do_not_fit() {
    let test = part("t10k");
    assert_eq!((test.rows(), test.cols()), (10_000, 784));
    assert_eq!(histogram(&test), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);

    let labels = Dataset::new(splinterp::data::Storage::U8(vec![0; 60_000]), 1).expect("valid");
    let error = test.labelled_by(&labels).expect_err("too many labels");
    assert_eq!(error.to_string(), "number of labels: found 60000, expected 10000, one for each row");
}
