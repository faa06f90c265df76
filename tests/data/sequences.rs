//! Splits by whole sequences: no text is on both sides.

use std::collections::BTreeSet;

use proptest::prelude::*;
use splinterp::data::{Dataset, Sequences, Storage, Tokens};

/// Rows that say their number.
fn numbered(rows: usize) -> Dataset {
    Dataset::new(Storage::F32((0..rows).map(|row| row as f32).collect()), 1).expect("finite")
}

fn numbers(part: &Dataset) -> Vec<u32> {
    assert_eq!(part.values(), part.row_numbers().iter().map(|&row| row as f32).collect::<Vec<_>>());
    part.row_numbers()
}

/// No sequence is on both sides, and each row on one.
fn check(data: &Dataset, share: f64, seed: u64, sequences: &Sequences, of: impl Fn(u32) -> u32) {
    let (train, test) = data.split_by_sequence(share, seed, sequences).expect("two sequences");
    let names = |part: &Dataset| numbers(part).into_iter().map(&of).collect::<BTreeSet<_>>();
    assert!(names(&train).is_disjoint(&names(&test)), "a sequence is on both sides");
    assert!(numbers(&train).is_sorted() && numbers(&test).is_sorted());
    let both: BTreeSet<u32> = numbers(&train).into_iter().chain(numbers(&test)).collect();
    assert!(both.into_iter().eq(data.row_numbers()));
    // Without the last of its sequences the second part has too few rows, unless there is only one other.
    let wanted = data.rows() - (data.rows() as f64 * share).round() as usize;
    let largest =
        names(&test).into_iter().map(|name| numbers(&test).iter().filter(|&&row| of(row) == name).count());
    assert!(test.rows() < wanted + largest.max().expect("a sequence"), "{} of {wanted}", test.rows());
    assert!(test.rows() >= wanted || names(&train).len() == 1);
}

proptest! {
    #[test]
    fn no_sequence_is_on_both_sides(
        length in 1u32..20,
        rows in 20usize..200,
        share in 0.1f64..0.9,
        seed in any::<u64>(),
        names in prop::collection::vec(0u32..12, 200),
    ) {
        let data = numbered(rows);
        if rows as u32 > length {
            check(&data, share, seed, &Sequences::Every(length), |row| row / length);
        }
        // Rows of a sequence need not be neighbours, nor names count through.
        let of: Vec<u32> = names[..rows].iter().map(|name| name * 1000).collect();
        if of.iter().collect::<BTreeSet<_>>().len() > 1 {
            check(&data, share, seed, &Sequences::Of(of.clone()), |row| of[row as usize]);
        }
    }
}

#[test]
fn the_seed_decides_and_half_of_equal_sequences_is_half_of_the_rows() {
    let data = numbered(1000);
    let split = |seed| data.split_by_sequence(0.5, seed, &Sequences::Every(10)).expect("sequences");
    assert_eq!(numbers(&split(3).1), numbers(&split(3).1));
    assert_ne!(numbers(&split(3).1), numbers(&split(4).1));
    assert_eq!((split(3).0.rows(), split(3).1.rows()), (500, 500));
}

#[test]
fn sequences_are_those_of_the_file_where_rows_were_left_out() {
    let mut values: Vec<f32> = (0..40).map(|row| row as f32).collect();
    (values[1], values[13], values[14]) = (f32::NAN, f32::INFINITY, f32::NAN);
    let data = Dataset::finite_rows(Storage::F32(values), 1).expect("some are finite");
    check(&data, 0.7, 5, &Sequences::Every(8), |row| row / 8);
    // A part of a part too.
    let (train, _) = data.split_by_sequence(0.7, 5, &Sequences::Every(8)).expect("five sequences");
    check(&train, 0.5, 1, &Sequences::Every(8), |row| row / 8);
}

#[test]
fn what_cannot_be_split_is_said() {
    let data = numbered(10);
    let error = |sequences: Sequences| data.split_by_sequence(0.9, 1, &sequences).unwrap_err().to_string();
    assert_eq!(
        error(Sequences::Every(10)),
        "sequences of the rows: found 1, expected at least 2, one for either part"
    );
    assert_eq!(error(Sequences::Every(0)), "sequences is 0, expected at least 1 row in a sequence");
    assert_eq!(
        error(Sequences::Of(vec![1; 9])),
        "number of sequences: found 9, expected 10, one for each row of the file"
    );
    assert!(data.split_by_sequence(0.0, 1, &Sequences::Every(2)).is_err());
}

#[test]
fn shapes_tell_sequences() {
    assert_eq!(Sequences::of_shape(&[4, 128, 384]), Some(Sequences::Every(128)));
    assert_eq!(Sequences::of_shape(&[2, 4, 128, 384]), Some(Sequences::Every(128)));
    for shape in [&[512, 384][..], &[512], &[], &[512, 1, 384], &[4, 0, 384]] {
        assert_eq!(Sequences::of_shape(shape), None, "{shape:?}");
    }
}

#[test]
fn tokens_say_their_sequences() {
    let read = |text: &str| Tokens::read(text.as_bytes(), "t.json", 3);
    let of =
        |names: [&str; 3]| names.map(|name| format!("{{\"sequence\":{name},\"token\":\"a\"}}")).join(",");
    let sequences =
        |names| read(&format!("[{}]", of(names))).expect("tokens").sequences().map(<[u32]>::to_vec);
    assert_eq!(sequences(["7", "-2", "7"]), Some(vec![0, 1, 0]));
    assert_eq!(sequences(["\"b\"", "\"\\u00fc\"", "\"b\""]), Some(vec![0, 1, 0]));
    assert_eq!(read("[\"a\",\"b\",\"c\"]").expect("tokens").sequences(), None);
    assert_eq!(
        read("[{\"token\":\"a\",\"sequence\":1},\"b\",\"c\"]").unwrap_err().to_string(),
        "t.json: says the sequence of 1 of 3 rows, expected of all or of none"
    );
    for wrong in ["1.5", "null", "[1]"] {
        let error = read(&format!("[{}]", of([wrong, "1", "1"]))).unwrap_err().to_string();
        assert!(error.contains("a whole number or a text as the sequence"), "{error}");
    }
}
