//! Data sets: views, labels, normalisation.

use std::collections::BTreeSet;

use proptest::prelude::*;
use splinterp::data::{Dataset, NormalisationKind, Storage};

/// Rows 0, 1, 2 … of one byte each, labelled with the same number.
fn numbered(rows: u8) -> Dataset {
    let dataset = Dataset::new(Storage::U8((0..rows).collect()), 1).expect("valid");
    dataset.with_labels((0..rows).collect()).expect("as many labels as rows")
}

/// The stored numbers of a view of [`numbered`], whose labels must agree with them.
fn numbers(view: &Dataset) -> Vec<u8> {
    (0..view.rows())
        .map(|row| {
            let number = view.bytes(row).expect("bytes")[0];
            assert_eq!(view.label(row), Some(number), "row {row}");
            number
        })
        .collect()
}

fn floats(values: Vec<f32>, cols: usize) -> Dataset {
    Dataset::new(Storage::F32(values), cols).expect("valid")
}

#[test]
fn mnist_normalisation_is_the_formula_of_the_paper() {
    let all = Dataset::new(Storage::U8((0..=255).collect()), 1).expect("valid");
    let values = all.normalised(NormalisationKind::Mnist).values();
    for (v, x) in values.iter().enumerate() {
        let expected = (v as f64 / 255.0 - 0.1307) / 0.3081;
        assert!((f64::from(*x) - expected).abs() < 1e-6, "{v}: {x}, expected {expected}");
    }
    assert_eq!(all.values(), (0..=255u8).map(f32::from).collect::<Vec<_>>());
}

#[test]
fn a_constant_column_is_centred_and_not_scaled() {
    let tiny = f32::MIN_POSITIVE / 64.0;
    let rows = [[5.0, 1e6, 1.0, 0.0, tiny], [5.0, 1e6, 2.0, 0.0, -tiny], [5.0, 1e6, 3.0, 0.0, tiny]];
    let values = floats(rows.concat(), 5).normalised(NormalisationKind::Standardise).values();
    for row in values.chunks_exact(5) {
        assert_eq!([row[0], row[1], row[3]], [0.0; 3]);
        assert!(row[4].abs() < 1e-30, "a column of subnormal numbers becomes {}", row[4]);
    }
    assert!((values[2] + 1.5f32.sqrt()).abs() < 1e-6 && values[7].abs() < 1e-6);
}

#[test]
fn the_test_part_takes_the_standardisation_of_the_training_part() {
    let train = floats(vec![0.0, 2.0], 1).normalised(NormalisationKind::Standardise);
    let test = floats(vec![4.0], 1).normalised_like(&train).expect("one column each");
    assert_eq!(test.values(), [3.0]);
    let error = floats(vec![4.0, 5.0], 2).normalised_like(&train).expect_err("two columns");
    assert_eq!(error.to_string(), "columns of the two data sets: found 2, expected 1");
}

#[test]
fn values_that_make_no_data_set_are_refused() {
    let refused = |storage, cols| Dataset::new(storage, cols).expect_err("refused").to_string();
    assert_eq!(refused(Storage::U8(vec![1]), 0), "cols is 0, expected at least 1 column");
    assert_eq!(refused(Storage::F32(vec![]), 3), "rows of the data set: found 0, expected at least 1");
    assert_eq!(
        refused(Storage::U8(vec![1; 7]), 3),
        "number of values: found 7, expected a multiple of the 3 columns"
    );
    assert_eq!(
        refused(Storage::F32(vec![0.0, 1.0, 2.0, f32::NAN]), 2),
        "row 1, column 1 is NaN, expected a finite number"
    );
    assert_eq!(
        refused(Storage::F32(vec![0.0, f32::NEG_INFINITY]), 2),
        "row 0, column 1 is -inf, expected a finite number"
    );
}

#[test]
fn shares_outside_their_range_are_refused() {
    let ten = numbered(10);
    for fraction in [0.0, -0.5, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(ten.share(fraction, 1).expect_err("refused").code(), "option", "{fraction}");
    }
    for share in [0.0, 0.04, 0.96, 1.0, -1.0, 2.0, f64::NAN] {
        assert_eq!(ten.split(share, 1).expect_err("refused").code(), "option", "{share}");
    }
    assert_eq!(numbered(1).split(0.5, 1).expect_err("one row has no two parts").code(), "option");
    assert_eq!(ten.share(1e-9, 1).expect("at least one row").rows(), 1);
}

#[test]
fn labels_come_from_a_data_set_of_one_byte_column() {
    let bytes = |values: Vec<u8>, cols| Dataset::new(Storage::U8(values), cols).expect("valid");
    let images = || bytes((0..6).collect(), 2);
    let labelled = images().labelled_by(&bytes(vec![7, 8, 9], 1)).expect("three labels");
    assert_eq!([0, 1, 2, 3].map(|row| labelled.label(row)), [Some(7), Some(8), Some(9), None]);

    let refused = |labels: &Dataset| images().labelled_by(labels).expect_err("refused").to_string();
    assert_eq!(refused(&bytes(vec![1, 2], 1)), "number of labels: found 2, expected 3, one for each row");
    assert_eq!(refused(&images()), "columns of the labels: found 2, expected 1: one label for each row");
    assert_eq!(
        refused(&floats(vec![0.0, 1.0, 2.0], 1)),
        "type of the labels: found other numbers, expected bytes (u8)"
    );
}

#[test]
fn labels_given_to_a_part_belong_to_the_rows_of_that_part() {
    let (first, _) = numbered(100).split(0.4, 3).expect("valid");
    let labels: Vec<u8> = (0..40).collect();
    let first = first.with_labels(labels.clone()).expect("forty labels");
    assert_eq!((0..40).filter_map(|row| first.label(row)).collect::<Vec<_>>(), labels);
}

proptest! {
    #[test]
    fn a_split_parts_the_rows(rows in 2..=255u8, share in 0.0..1.0f64, seed: u64) {
        let all = numbered(rows);
        let Ok((train, test)) = all.split(share, seed) else {
            let first = (f64::from(rows) * share).round();
            prop_assert!(first < 1.0 || first >= f64::from(rows));
            return Ok(());
        };
        prop_assert_eq!(train.rows(), (f64::from(rows) * share).round() as usize);
        let parts: Vec<u8> = numbers(&train).into_iter().chain(numbers(&test)).collect();
        prop_assert_eq!(parts.len(), usize::from(rows));
        prop_assert_eq!(parts.into_iter().collect::<BTreeSet<_>>(), (0..rows).collect());
        prop_assert_eq!(numbers(&all.split(share, seed).expect("as before").0), numbers(&train));
    }

    #[test]
    fn smaller_shares_are_parts_of_larger_ones(rows in 1..=255u8, a in 0.001..1.0f64, b in 0.001..1.0f64, seed: u64) {
        let all = numbered(rows);
        let share = |fraction| numbers(&all.share(fraction, seed).expect("in range"));
        let (small, large) = (share(a.min(b)), share(a.max(b)));
        prop_assert_eq!(small.len(), ((f64::from(rows) * a.min(b)).round() as usize).max(1));
        prop_assert!(large.starts_with(&small));
        prop_assert_eq!(share(1.0).into_iter().collect::<BTreeSet<_>>(), (0..rows).collect());
    }

    #[test]
    fn a_view_of_a_view_reads_the_right_rows(rows in 8..=255u8, seed: u64) {
        let (train, _) = numbered(rows).split(0.75, seed).expect("valid");
        let part = train.share(0.5, seed).expect("valid");
        let kept = numbers(&train);
        prop_assert!(numbers(&part).iter().all(|number| kept.contains(number)));
        let values: Vec<u8> = part.values().iter().map(|&v| v as u8).collect();
        prop_assert_eq!(values, numbers(&part));
    }

    #[test]
    fn standardised_columns_have_mean_0_and_deviation_1_and_undo_gives_the_values_back(
        cols in 1..6usize,
        centre in -20.0..20.0f32,
        spread in 0.01..1e3f32,
        unit in prop::collection::vec(-1.0..1.0f32, 60..240),
    ) {
        let rows = unit.len() / cols;
        // Every column gets its own place and width.
        let values: Vec<f32> = (0..rows * cols)
            .map(|at| (unit[at] + centre) * spread * (1 + at % cols) as f32)
            .collect();
        let dataset = floats(values.clone(), cols).normalised(NormalisationKind::Standardise);
        let standardised = dataset.values();
        for col in 0..cols {
            let column: Vec<f64> = standardised.iter().skip(col).step_by(cols).map(|&x| f64::from(x)).collect();
            let mean = column.iter().sum::<f64>() / rows as f64;
            let std = (column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64).sqrt();
            // float32 factors at a mean of up to 20 / 0.5 deviations.
            prop_assert!(mean.abs() < 2e-5, "mean {}", mean);
            prop_assert!((std - 1.0).abs() < 1e-5, "deviation {}", std);
        }
        let largest = values.iter().fold(0.0f32, |largest, v| largest.max(v.abs()));
        for (row, value) in standardised.chunks_exact(cols).zip(values.chunks_exact(cols)) {
            let mut row = row.to_vec();
            dataset.normalisation().undo(&mut row);
            for (undone, value) in row.iter().zip(value) {
                prop_assert!((undone - value).abs() <= 1e-6 * largest, "{} for {}", undone, value);
            }
        }
    }

    #[test]
    fn undoing_mnist_gives_the_bytes_back(bytes in prop::collection::vec(any::<u8>(), 1..100)) {
        let dataset = Dataset::new(Storage::U8(bytes.clone()), 1).expect("valid").normalised(NormalisationKind::Mnist);
        let mut values = dataset.values();
        dataset.normalisation().undo(&mut values);
        for (undone, byte) in values.iter().zip(bytes) {
            prop_assert!((undone - f32::from(byte)).abs() < 1e-3);
        }
    }
}
