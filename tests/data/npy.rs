//! Reading NumPy arrays: those that NumPy wrote, every type and order, and every way in which a file can be wrong.

use crate::common::shared;
use proptest::prelude::*;
use splinterp::data::{Dtype, read_tensors};

/// An array of version 1.0 with this header and these bytes.
fn npy(header: &str, elements: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).expect("a short header").to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), elements].concat()
}

fn header(descr: &str, fortran: bool, shape: &str) -> String {
    let order = if fortran { "True" } else { "False" };
    format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n")
}

fn values(bytes: &[u8]) -> (usize, Vec<f32>) {
    let rows = read_tensors(bytes, "a.npy").and_then(|file| file.dataset(None)).expect("a valid array");
    (rows.cols(), rows.values())
}

fn damage(bytes: &[u8]) -> String {
    let error = read_tensors(bytes, "a.npy").expect_err("a damaged array");
    assert_eq!(error.code(), "format", "{error}");
    error.to_string().strip_prefix("a.npy: ").expect("begins with the file's name").to_owned()
}

#[test]
fn arrays_that_numpy_wrote_hold_the_same_values_in_every_type_and_order() {
    let Some(folder) = shared("data/activations") else { return };
    let read = |name: &str| {
        let bytes = std::fs::read(folder.join(name)).expect("the array is there");
        let file = read_tensors(&bytes, name).expect("an array");
        let info = file.tensors().next().expect("one array").clone();
        assert_eq!(info.shape, [256, 384]);
        (info.dtype, file.dataset(None).expect("a data set").values())
    };
    let (dtype, exact) = read("small_f32.npy");
    assert_eq!(dtype, Dtype::F32);
    let (dtype, fortran) = read("small_f64_fortran.npy");
    assert_eq!(dtype, Dtype::F64);
    assert_eq!(exact, fortran);
    let (dtype, half) = read("small_f16.npy");
    assert_eq!(dtype, Dtype::F16);
    // Half precision has 11 significant bits, and steps of 2⁻²⁴ below its smallest normal number.
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= b.abs() / 2048.0 + 6e-8;
    assert!(half.iter().zip(&exact).all(close));

    // The first numbers of the first row, as the same rows' CSV has them.
    let csv = std::fs::read_to_string(folder.join("small.csv")).expect("the table is there");
    let numbers = |line: &str| line.split(',').map(str::parse::<f32>).collect::<Result<Vec<_>, _>>();
    let tabled: Vec<f32> = csv.lines().filter_map(|line| numbers(line).ok()).flatten().collect();
    assert_eq!(tabled.len(), 64 * 384);
    assert!(tabled.iter().zip(&exact).all(|(a, b)| (a - b).abs() <= 1e-5 * (1.0 + b.abs())));
}

#[test]
fn every_type_is_read_in_both_byte_orders() {
    let check = |kind: &str, little: Vec<u8>, expected: &[f32]| {
        let size = little.len() / expected.len();
        let big: Vec<u8> = little.chunks(size).flat_map(|bytes| bytes.iter().rev().copied()).collect();
        for (order, bytes) in [('<', little), ('>', big)] {
            let file =
                npy(&header(&format!("{order}{kind}"), false, &format!("({},)", expected.len())), &bytes);
            assert_eq!(values(&file), (1, expected.to_vec()), "{order}{kind}");
        }
    };
    check("u1", vec![0, 255], &[0.0, 255.0]);
    check("i1", vec![1, 255], &[1.0, -1.0]);
    check("u2", [1u16, 65535].map(u16::to_le_bytes).concat(), &[1.0, 65535.0]);
    check("i2", [-2i16, 300].map(i16::to_le_bytes).concat(), &[-2.0, 300.0]);
    check("u4", [7u32, 1 << 31].map(u32::to_le_bytes).concat(), &[7.0, 2_147_483_648.0]);
    check("i4", [-7i32, 70_000].map(i32::to_le_bytes).concat(), &[-7.0, 70_000.0]);
    check("u8", [7u64, 1 << 40].map(u64::to_le_bytes).concat(), &[7.0, 1_099_511_627_776.0]);
    check("i8", [-7i64, 1 << 40].map(i64::to_le_bytes).concat(), &[-7.0, 1_099_511_627_776.0]);
    check("f2", vec![0x00, 0x3c, 0x00, 0xc1], &[1.0, -2.5]);
    check("f4", [1.5f32, -2e9].map(f32::to_le_bytes).concat(), &[1.5, -2e9]);
    check("f8", [1.5f64, -2e9].map(f64::to_le_bytes).concat(), &[1.5, -2e9]);
}

#[test]
fn leading_dimensions_flatten_in_either_order() {
    let c: Vec<u8> = (0..24).collect();
    let expected: Vec<f32> = (0..24u8).map(f32::from).collect();
    assert_eq!(values(&npy(&header("|u1", false, "(2, 3, 4)"), &c)), (4, expected.clone()));
    // Element (i, j, k) lies at i + 2 j + 6 k.
    let mut fortran = vec![0; 24];
    for (at, &value) in c.iter().enumerate() {
        let (i, j, k) = (at / 12, at / 4 % 3, at % 4);
        fortran[i + 2 * j + 6 * k] = value;
    }
    assert_eq!(values(&npy(&header("|u1", true, "(2, 3, 4)"), &fortran)), (4, expected));
}

#[test]
fn longer_headers_and_the_words_of_python_2_are_read() {
    let text = "{\"shape\": (2L, 1L), 'fortran_order': False, 'descr': '|u1'}";
    assert_eq!(values(&npy(text, &[3, 4])), (1, vec![3.0, 4.0]));
    for version in [2, 3] {
        let text = header("|u1", false, "(1, 2)");
        let length = (text.len() as u32).to_le_bytes();
        let start = [0x93, b'N', b'U', b'M', b'P', b'Y', version, 0];
        assert_eq!(values(&[&start[..], &length, text.as_bytes(), &[5, 6]].concat()), (2, vec![5.0, 6.0]));
    }
}

#[test]
fn damage_is_named() {
    let good = npy(&header("<f4", false, "(2, 3)"), &[0; 24]);
    assert_eq!(
        damage(&good[..good.len() - 1]),
        "ends at byte 93, expected 94 for 2 × 3 elements of type f32"
    );
    assert_eq!(
        damage(&[&good[..], &[0]].concat()),
        "goes on past byte 94, where 2 × 3 elements of type f32 end"
    );
    let claims = |shape: &str| damage(&npy(&header("<f8", false, shape), &[]));
    assert!(claims("(1000000000, 100)").contains("expected 800000000081 for 1000000000 × 100 elements"));
    assert!(claims("(99999999999, 99999999999)").contains("multiply past what memory can hold"));
    assert!(claims("(999999999999999999999999,)").contains("more than memory can hold"));
    assert!(claims("(0, 3)").starts_with("dimension 0 is 0, expected 1 or more"));
    assert!(damage(&npy(&header("|u1", false, "()"), &[1])).starts_with("holds a single number"));
    assert!(damage(&npy(&header("|O", false, "(1,)"), b"cos\nsystem\n.")).contains("Python objects"));
    assert!(
        damage(&npy(&header("<c8", false, "(1,)"), &[0; 8])).contains("the type '<c8', expected numbers")
    );
    let structured = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}";
    assert!(damage(&npy(structured, &[0; 4])).starts_with("a structured type"));
    assert!(damage(&npy("{'descr': '<f4', 'shape': (1,)}", &[0; 4])).starts_with("no key 'fortran_order'"));
    assert!(damage(b"\x93NUMPY\x09\x00").starts_with("version 9.0 at byte 6"));
    assert!(damage(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").contains("claims 4294967295 bytes"));
}

#[test]
fn a_value_that_is_not_finite_is_named_by_row_and_column() {
    let bytes = npy(&header("<f4", false, "(1, 2)"), &[1.0, f32::NAN].map(f32::to_le_bytes).concat());
    let error = read_tensors(&bytes, "a.npy").and_then(|file| file.dataset(None)).expect_err("NaN");
    assert!(error.to_string().starts_with("a.npy: row 0, column 1 is NaN"), "{error}");
}

#[test]
fn an_array_cut_at_any_byte_is_an_error() {
    let good = npy(&header("<f4", true, "(2, 3)"), &[0; 24]);
    for end in 0..good.len() {
        let error = read_tensors(&good[..end], "a.npy").expect_err("cut");
        assert!(error.to_string().starts_with("a.npy: "), "{end}: {error}");
    }
}

proptest! {
    #[test]
    fn one_wrong_byte_never_panics(at: prop::sample::Index, value: u8, fortran: bool) {
        let mut bytes = npy(&header("<i2", fortran, "(3, 4)"), &(0..24).collect::<Vec<u8>>());
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(rows) = read_tensors(&bytes, "a.npy").and_then(|file| file.dataset(None)) {
            prop_assert!(rows.values().len() <= 24);
        }
    }

    #[test]
    fn random_headers_never_panic(text in "[{}()':, a-zA-Z0-9<]{0,60}", elements: [u8; 16]) {
        if let Err(error) = read_tensors(npy(&text, &elements), "a.npy") {
            prop_assert!(error.to_string().starts_with("a.npy: "), "{}", error);
        }
    }
}
