//! Every way in which a file can be wrong: one clear error each, never a panic.

use std::io::Write;

use crate::common::archive::{Part, npy, pytorch, safetensors, zip};
use crate::common::fixture;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use splinterp::data::{LoadOptions, Tokens, read_tensors};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

/// Opens the file and reads all that it holds; the first error.
fn all(bytes: &[u8], name: &str) -> Result<(), String> {
    let file = read_tensors(bytes, name).map_err(|error| error.to_string())?;
    for info in file.tensors() {
        let options = LoadOptions { drop_non_finite: true, ..LoadOptions::default() };
        let dataset = file.dataset_with(Some(&info.name), options).map_err(|error| error.to_string())?;
        assert_eq!(
            (dataset.rows() + dataset.dropped()) * dataset.cols(),
            info.shape.iter().product::<usize>(),
            "{name}, {}",
            info.name
        );
    }
    Ok(())
}

fn damage(bytes: &[u8], name: &str) -> String {
    let error = all(bytes, name).expect_err("a damaged file");
    assert!(error.starts_with(name), "{error}");
    error
}

fn binary_fixtures() -> Vec<(String, Vec<u8>)> {
    let names = [
        "f4.npy",
        "f8_fortran.npy",
        "version_3.npy",
        "stored.npz",
        "compressed.npz",
        "one.npz",
        "two.safetensors",
        "types.safetensors",
        "bare.pt",
        "nested.pt",
        "views.pt",
        "state_dict.pt",
        "big_deflated.pt",
    ];
    names.map(|name| (name.to_owned(), fixture(name))).to_vec()
}

#[test]
fn a_file_cut_at_any_byte_is_an_error() {
    for (name, bytes) in binary_fixtures() {
        for end in 0..bytes.len() {
            damage(&bytes[..end], &name);
        }
    }
}

#[test]
fn a_table_cut_at_any_byte_is_a_smaller_table_or_an_error() {
    for name in
        ["plain.csv", "bom_crlf_quoted.csv", "label_column.csv", "pandas.csv", "tabs.tsv", "savetxt.txt"]
    {
        let bytes = fixture(name);
        for end in 0..bytes.len() {
            if let Err(error) = all(&bytes[..end], name) {
                assert!(error.starts_with(name) || error.starts_with("row"), "{name}, {end}: {error}");
            }
        }
    }
}

#[test]
fn any_wrong_byte_is_an_error_or_other_values() {
    for (name, bytes) in binary_fixtures() {
        for at in 0..bytes.len() {
            for value in [0, 0xff, bytes[at] ^ 1, bytes[at] ^ 0x80] {
                let mut wrong = bytes.clone();
                wrong[at] = value;
                let _ = all(&wrong, &name);
            }
        }
    }
}

#[test]
fn a_damaged_npz_is_told_by_its_checksum() {
    let array = npy("<f4", "(64, 4)", &[7; 1024]);
    let mut bytes = zip(&[Part::stored("a.npy", &array)]);
    assert_eq!(all(&bytes, "a.npz"), Ok(()));
    bytes[300] ^= 1;
    assert!(damage(&bytes, "a.npz").contains("a.npy: has the checksum"));
    // A deflate stream that ends early, and one of a reserved kind of block.
    let mut part = Part::deflated("a.npy", &array);
    part.stored.truncate(part.stored.len() / 2);
    assert!(damage(&zip(&[part]), "a.npz").contains("the deflate stream is cut off"));
    let mut part = Part::deflated("a.npy", &array);
    part.stored[0] |= 6;
    assert!(damage(&zip(&[part]), "a.npz").contains("the deflate stream is damaged"));
}

/// Where the contents of an archive's files lie, by its local headers.
fn contents_of(archive: &[u8]) -> Vec<std::ops::Range<usize>> {
    let number = |at: usize, bytes: usize| {
        archive[at..at + bytes].iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
    };
    let directory = archive.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").expect("an archive");
    let (mut at, mut found) = (number(directory + 16, 4), Vec::new());
    while archive[at..].starts_with(b"PK\x01\x02") {
        let header = number(at + 42, 4);
        let start = header + 30 + number(header + 26, 2) + number(header + 28, 2);
        found.push(start..start + number(at + 20, 4));
        at += 46 + number(at + 28, 2) + number(at + 30, 2) + number(at + 32, 2);
    }
    found
}

/// Names and values of all tensors that a file has, or the first error.
fn everything(bytes: &[u8], name: &str) -> Result<Vec<(String, Vec<f32>)>, String> {
    let file = read_tensors(bytes, name).map_err(|error| error.to_string())?;
    let read = |name: &str| file.values(name).map_err(|error| error.to_string());
    file.tensors().map(|info| Ok((info.name.clone(), read(&info.name)?))).collect()
}

#[test]
fn one_flipped_bit_in_an_archive_never_passes_for_other_values() {
    for name in
        ["stored.npz", "compressed.npz", "bare.pt", "nested.pt", "views.pt", "unsigned.pt", "big_deflated.pt"]
    {
        let good = fixture(name);
        let expected = everything(&good, name).expect("a good file");
        let mut refused = 0;
        for at in contents_of(&good).into_iter().flatten() {
            for bit in [0x01, 0x10, 0x80] {
                let mut flipped = good.clone();
                flipped[at] ^= bit;
                match everything(&flipped, name) {
                    Ok(found) if found == expected => {}
                    // An array of an npz whose header is damaged leaves the others.
                    Ok(found) => {
                        assert!(found.iter().all(|tensor| expected.contains(tensor)), "{name}, byte {at}");
                        refused += 1;
                    }
                    Err(error) => {
                        assert!(error.starts_with(name), "{error}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > 100, "{name}: {refused}");
    }
}

#[test]
fn a_storage_that_tensors_share_is_verified_whichever_is_read() {
    let good = pytorch(2, [2, 2], [4, 1], 16, &[7; 64]);
    assert_eq!(everything(&good, "a.pt").map(|all| all[0].1.len()), Ok(4));
    let storage = contents_of(&good).pop().expect("two files");
    // Before, within and behind the elements.
    for at in [storage.start, storage.start + 9, storage.start + 14, storage.end - 1] {
        let mut flipped = good.clone();
        flipped[at] ^= 4;
        assert!(damage(&flipped, "a.pt").contains("has the checksum"), "{at}");
    }
}

#[test]
fn an_archive_opens_whatever_its_comment_holds() {
    let array = npy("<f4", "(2, 2)", &[0; 16]);
    let archive = zip(&[Part::stored("a.npy", &array)]);
    let empty = zip(&[]);
    for comment in [&b"PK\x05\x06"[..], b"see PK\x05\x06 in the APPNOTE, 4.3.16", &empty, &archive] {
        let mut commented = archive.clone();
        let end = commented.len();
        commented[end - 2..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
        commented.extend(comment);
        assert_eq!(all(&commented, "a.npz"), Ok(()), "{comment:?}");
    }
}

#[test]
fn a_value_that_is_not_finite_is_named_by_file_and_tensor() {
    let header = r#"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}}"#;
    let mut values = [0; 24];
    values[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
    let bytes = safetensors(header, &values);
    let file = read_tensors(&bytes, "two.safetensors").expect("two tensors");
    let error = file.dataset(Some("a")).expect_err("NaN");
    assert_eq!(error.code(), "not-finite");
    assert_eq!(
        error.to_string(),
        "two.safetensors: tensor 'a': row 1, column 0 is NaN, expected a finite number"
    );
    assert!(file.dataset(Some("b")).is_ok());
}

#[test]
fn headers_of_safetensors_that_lie_are_errors() {
    let one = |shape: &str, offsets: &str, dtype: &str| {
        let header = format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#);
        damage(&safetensors(&header, &[0; 16]), "a.safetensors")
    };
    assert!(one("[2,2]", "[0,20]", "F32").contains("ends at byte"));
    assert!(one("[2,2]", "[0,12]", "F32").contains("goes on past byte"));
    assert!(
        one("[2,1]", "[0,16]", "F32").contains("takes 16 bytes, expected 8 for 2 × 1 elements of type f32")
    );
    assert!(one("[2,2]", "[4,16]", "F32").contains("lies from byte 4 to 16 of the data, expected from 0"));
    assert!(one("[2,2]", "[16,0]", "F32").contains("lies from byte 16"));
    assert!(one("[2,2]", "[0,18446744073709551615]", "F32").contains("ends at byte"));
    assert!(one("[25000000000,1]", "[0,100000000000]", "F32").contains("ends at byte"));
    assert!(one("[4294967295,4294967295,4294967295]", "[0,16]", "F32").contains("multiply past"));
    assert!(one("[0,4]", "[0,16]", "F32").contains("dimension 0 of size 0"));
    assert!(one("[]", "[0,16]", "F32").contains("a single number"));
    assert!(one("[4]", "[0,16]", "F4").contains("is of type F4"));
    assert!(one("[-4]", "[0,16]", "F32").contains("its header cannot be read"));
    let overlapping = r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#;
    let overlapping = damage(&safetensors(overlapping, &[0; 16]), "a.safetensors");
    assert!(overlapping.contains("tensor 'b' lies from byte 8 to 16 of the data, expected from 16"));
    let twice = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#;
    assert!(damage(&safetensors(twice, &[0; 16]), "a.safetensors").contains("two tensors named 'a'"));
    let long = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    assert!(damage(&long, "a.safetensors").contains("its header claims 18446744073709551615 bytes"));
    assert!(damage(&safetensors("{}", &[]), "a.safetensors").contains("holds no tensor"));
    assert!(damage(&safetensors("{\"a\":1}", &[]), "a.safetensors").contains("its header cannot be read"));
    assert!(
        damage(&safetensors(&"[".repeat(1 << 20), &[]), "a.safetensors")
            .contains("its header cannot be read")
    );
}

#[test]
fn archives_that_lie_are_errors() {
    let array = npy("<f4", "(2, 2)", &[0; 16]);
    let with = |change: &dyn Fn(&mut Part)| {
        let mut part = Part::deflated("a.npy", &array);
        change(&mut part);
        damage(&zip(&[part]), "a.npz")
    };
    assert!(with(&|part| part.unpacked -= 1).contains("can unpack to"));
    assert!(with(&|part| part.unpacked += 1).contains("goes on past byte"));
    assert!(
        with(&|part| part.method = 12)
            .contains("compressed by method 12, expected 0 (stored) or 8 (deflate)")
    );
    assert!(with(&|part| part.method = 0).contains("is stored in"));
    let claims = npy("<f4", "(25000000000, 1)", &[0; 16]);
    assert!(damage(&zip(&[Part::stored("a.npy", &claims)]), "a.npz").contains("ends at byte"));
    assert!(damage(&zip(&[]), "a.npz").contains("an empty zip archive"));
    let picture = zip(&[Part::stored("cat.png", b"...")]);
    assert!(
        damage(&picture, "a.npz").contains("is a zip archive of 1 files ('cat.png'), expected npy files")
    );

    // The end record claims more files, a longer directory, or one that starts past the end.
    let good = zip(&[Part::stored("a.npy", &array)]);
    let end = good.len() - 22;
    for (at, value) in [(end + 10, 0x40), (end + 15, 0x7f), (end + 19, 0x7f)] {
        let mut wrong = good.clone();
        wrong[at] = value;
        assert!(damage(&wrong, "a.npz").contains("directory"), "byte {at}");
    }
}

#[test]
fn zip_bombs_are_refused_before_they_unpack() {
    let zeros = vec![0; 100 << 20];
    let array = npy("<f4", "(26214400, 1)", &zeros);
    let bomb = zip(&[Part::deflated("a.npy", &array)]);
    assert!(bomb.len() < 200_000);
    let file = read_tensors(&bomb, "a.npz").map(drop).expect_err("a bomb").to_string();
    assert!(file.contains("times as many: expected at most 250 times"), "{file}");
    // The same behind a small claim: no more is unpacked than the array needs.
    let hidden = [npy("<f4", "(2, 2)", &[0; 16]), zeros].concat();
    assert!(damage(&zip(&[Part::deflated("a.npy", &hidden)]), "a.npz").contains("goes on past byte"));
}

#[test]
fn views_that_lie_are_errors() {
    let storage = [0; 64];
    let pt =
        |offset, shape, strides, claimed| damage(&pytorch(offset, shape, strides, claimed, &storage), "a.pt");
    assert_eq!(all(&pytorch(2, [3, 2], [4, 1], 16, &storage), "a.pt"), Ok(()));
    assert!(pt(7, [3, 2], [4, 1], 16).contains("reaches to byte 68 of a storage of 16 elements"));
    assert!(pt(0, [5, 4], [4, 1], 20).contains("ends at byte 64, expected 80"));
    assert!(pt(0, [3, 2], [1, 1], 16).contains("overlap"));
    assert!(pt(0, [3, 2], [0, 1], 16).contains("overlap"));
    assert!(pt(u32::MAX, [3, 2], [4, 1], 16).contains("negative"));
    assert!(pt(0, [3, 2], [u32::MAX, 1], 16).contains("negative"));
    assert!(pt(0, [i32::MAX as u32; 2], [i32::MAX as u32, 1], i32::MAX as u32).contains("multiply past"));
    assert!(pt(0, [2, 2], [i32::MAX as u32, 1], 16).contains("reaches to byte"));
}

#[test]
fn pickles_that_lie_are_errors() {
    let pt = |pickle: &[u8]| damage(&zip(&[Part::stored("a/data.pkl", pickle)]), "a.pt");
    assert!(
        pt(b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.").contains("names os.system, which is never executed")
    );
    assert!(
        pt(b"\x80\x04\x8c\x02os\x8c\x06system\x93.").contains("names os.system, which is never executed")
    );
    assert!(pt(b"\x80\x02cbuiltins\neval\n.").contains("names builtins.eval"));
    assert!(pt(b"\x80\x02ios\nsystem\n.").contains("pickle opcode 69"));
    assert!(pt(b"").contains("ends at byte 0 of its pickle"));
    assert!(pt(b"\x80\x02}.").contains("holds no tensor"));
    assert!(pt(b"t.").contains("empty stack"));
    assert!(pt(b"h\x05.").contains("recalls value 5, which it never made"));
    assert!(pt(b"X\xff\xff\xff\xff.").contains("ends at byte"));
    assert!(
        pt(b"\x80\x02ctorch._utils\n_rebuild_parameter\n)R.")
            .contains("calls RebuildParameter with 0 arguments")
    );
    assert!(pt(&[&b"("[..], &b"}".repeat(600_000), b"t."].concat()).contains("more than 500000 values"));
    // A list that holds itself, and lists nested deeper than any stack.
    assert!(pt(b"]q\x00h\x00a.").contains("33 deep"));
    assert!(pt(&[&b")".to_vec()[..], &b"\x85".repeat(400_000), b"."].concat()).contains("33 deep"));
    // Sixty dictionaries, each of which holds the next twice.
    let doubled: Vec<u8> = (0..60u8).flat_map(|at| [b'q', at, b'0' - 8, b'h', at, b'h', at, 0x86]).collect();
    pt(&[&b")"[..], &doubled, b"."].concat());
}

#[test]
fn tables_that_are_none_are_errors() {
    let csv = |text: &str| damage(text.as_bytes(), "a.csv");
    assert!(csv("").contains("is empty"));
    assert!(csv("\u{feff}").contains("is empty"));
    assert!(csv("\n\n\n").contains("is empty"));
    assert!(csv("a,b\n").contains("a single line without a number"));
    assert_eq!(csv("a,b\n1,2\n3\n"), "a.csv: line 3 has 1 cells, expected 2 as line 1 has");
    assert_eq!(csv("a,b\r\n1,2\r\n\r\n3,4,5\r\n"), "a.csv: line 4 has 3 cells, expected 2 as line 1 has");
    assert_eq!(csv("a,b\n1,2\n3,x\n"), "a.csv: line 3, column 1 is 'x', expected a number");
    assert!(csv("1,2\n3,\"4\n5,6\n").contains("column 1 is '4\\n5,6\\n', expected a number"));
    assert!(csv(&format!("1,2\n3,\"{}\n", "4\n".repeat(5000))).contains("is longer than 4096 characters"));
    assert!(csv("label\n1\n").contains("has no column of numbers"));
    assert!(damage(b"\xff\xfe1\0,\0", "a.csv").contains("UTF-16"));
    // 66 MB in 70 kB.
    let bomb = gzip(&b"0\n".repeat(33 << 20));
    assert!(damage(&bomb, "a.csv.gz").contains("unpacks to more than 250 times"));
}

#[test]
fn tokens_match_the_rows() {
    for name in ["plain.tokens.json", "full.tokens.json"] {
        let tokens = Tokens::read(&fixture(name), name, 5).expect("five tokens");
        let words: Vec<_> = (0..5).filter_map(|row| tokens.token(row)).map(|token| token.token).collect();
        assert_eq!(words, ["the", "cat", "sat", "über", ""]);
        assert_eq!((tokens.rows(), tokens.token(5)), (5, None));
    }
    let tokens = Tokens::read(&fixture("full.tokens.json"), "t", 5).expect("five tokens");
    assert_eq!(tokens.token(3).map(|token| (token.before, token.after)), Some(("before 3", "")));

    let error = |text: &str| Tokens::read(text.as_bytes(), "t.json", 3).expect_err("no tokens").to_string();
    assert!(error("[\"a\"]").contains("has tokens for 1 rows, expected 3"));
    assert!(error("[\"a\",\"b\",\"c\",\"d\"]").contains("has tokens for more than 3 rows"));
    assert!(error("[\"a\",1,\"c\"]").contains("expected a string or an object with token"));
    assert!(error("[{\"word\":\"a\"}]").contains("missing field `token`"));
    for broken in ["", "{}", "[", "[\"a\",", "[\"a\"]x", "\u{feff}[", "\"a\"", &"[".repeat(100_000)] {
        assert!(error(broken).starts_with("t.json: "), "{broken:.20}");
    }
    let bytes = fixture("full.tokens.json");
    for end in 0..bytes.len() {
        assert!(Tokens::read(&bytes[..end], "t", 5).is_err(), "{end}");
    }
}

#[test]
fn the_shared_tokens_are_one_a_row() {
    let Some(folder) = crate::common::shared("data/activations") else { return };
    let read = |name: &str| std::fs::read(folder.join(name)).expect("the file is there");
    let rows = read_tensors(read("minilm_l3.npy"), "minilm_l3.npy")
        .and_then(|file| file.rows_and_cols(None))
        .expect("an array")
        .0 as usize;
    let tokens = Tokens::read(&read("minilm_l3.tokens.json"), "minilm_l3.tokens.json", rows).expect("tokens");
    let first = tokens.token(0).expect("the first");
    assert_eq!((first.token, first.before, first.after), ("org", "< https : / / fsf .", "/ > everyone is"));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        start in prop::sample::select(vec![&b""[..], b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x20\0\0\0\0\0\0\0{", b"1,2\n"]),
        name in prop::sample::select(vec!["a.npy", "a.npz", "a.pt", "a.safetensors", "a.csv", "a.tsv.gz", ""]),
    ) {
        if let Err(error) = read_tensors([start, &bytes].concat(), name) {
            prop_assert!(error.to_string().starts_with(name), "{}", error);
        }
    }

    #[test]
    fn random_pickles_never_panic(
        pickle in prop::collection::vec(prop::sample::select(b".(]})tNq\x00h\x00K\x01J\x85\x86\x87aesuRbQcX".to_vec()), 0..80),
    ) {
        let _ = all(&zip(&[Part::stored("a/data.pkl", &pickle)]), "a.pt");
    }

    #[test]
    fn random_tables_never_panic(text in "[0-9a,;\"\n\r\t .e-]{0,80}") {
        let _ = all(text.as_bytes(), "a.csv");
    }
}
