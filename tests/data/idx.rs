//! Reading IDX files: every type and shape, and every way in which a file can be wrong.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use splinterp::Error;
use splinterp::data::{Dataset, Dtype, TensorInfo, read_tensors};

const NAME: &str = "some-idx3-ubyte";

/// An IDX file: type code, dimensions, and the elements as they lie in the file.
fn idx(code: u8, shape: &[u32], elements: &[u8]) -> Vec<u8> {
    let dimensions = u8::try_from(shape.len()).expect("at most 255 dimensions");
    let mut file = vec![0, 0, code, dimensions];
    file.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(elements);
    file
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn read(bytes: &[u8]) -> Dataset {
    read_tensors(bytes, NAME).and_then(|file| file.dataset(None)).expect("a valid file")
}

/// The message of a damaged file, which must begin with the file's name.
fn damage(bytes: &[u8]) -> String {
    let error = read_tensors(bytes, NAME).and_then(|file| file.dataset(None)).expect_err("a damaged file");
    assert_eq!(error.code(), "format", "{error}");
    let message = error.to_string();
    message
        .strip_prefix("some-idx3-ubyte: ")
        .unwrap_or_else(|| panic!("no file name in {message}"))
        .to_owned()
}

#[test]
fn every_element_type_is_read() {
    let check = |code, dtype, elements: Vec<u8>, expected: &[f32]| {
        let bytes = idx(code, &[expected.len() as u32, 1], &elements);
        for bytes in [gzip(&bytes), bytes] {
            let file = read_tensors(&bytes, NAME).expect("a valid file");
            let shape = vec![expected.len(), 1];
            let info = TensorInfo { name: NAME.to_owned(), dtype, shape };
            assert_eq!(file.tensors().collect::<Vec<_>>(), [&info]);
            assert_eq!(file.dataset(Some(NAME)).expect("a data set").values(), expected);
        }
    };
    check(0x08, Dtype::U8, vec![0, 1, 255], &[0.0, 1.0, 255.0]);
    check(0x09, Dtype::I8, vec![0, 1, 255, 128], &[0.0, 1.0, -1.0, -128.0]);
    let be16 = [-2i16, 300, i16::MIN].map(i16::to_be_bytes).concat();
    check(0x0b, Dtype::I16, be16, &[-2.0, 300.0, -32768.0]);
    let be32 = [-2i32, 70_000, i32::MIN].map(i32::to_be_bytes).concat();
    check(0x0c, Dtype::I32, be32, &[-2.0, 70_000.0, -2_147_483_648.0]);
    check(0x0d, Dtype::F32, [1.5f32, -1e-30].map(f32::to_be_bytes).concat(), &[1.5, -1e-30]);
    check(0x0e, Dtype::F64, [0.1f64, -1e30].map(f64::to_be_bytes).concat(), &[0.1, -1e30]);
}

#[test]
fn rows_are_the_first_dimension() {
    for (shape, rows, cols) in [
        (&[24][..], 24, 1),
        (&[1, 24], 1, 24),
        (&[4, 6], 4, 6),
        (&[2, 3, 4], 2, 12),
        (&[3, 2, 1, 2, 2], 3, 8),
    ] {
        let elements: Vec<u8> = (0..24).collect();
        let dataset = read(&idx(8, shape, &elements));
        assert_eq!((dataset.rows(), dataset.cols()), (rows, cols));
        assert_eq!((0..rows).filter_map(|row| dataset.bytes(row)).collect::<Vec<_>>().concat(), elements);
    }
}

#[test]
fn a_gzip_file_of_several_members_is_one_file() {
    let file = idx(8, &[3], &[7, 8, 9]);
    let members = [gzip(&file[..6]), gzip(&[]), gzip(&file[6..])].concat();
    assert_eq!(read(&members).values(), [7.0, 8.0, 9.0]);
}

#[test]
fn content_counts_before_the_name() {
    let file = idx(8, &[2], &[1, 2]);
    for name in ["photo.png", "x", "labels.gz", ""] {
        assert_eq!(read_tensors(&file, name).and_then(|f| f.dataset(None)).expect("IDX").rows(), 2);
        assert!(read_tensors(gzip(&file), name).is_ok());
    }
}

#[test]
fn every_truncation_says_where_the_file_ends() {
    let file = idx(0x0b, &[2, 2], &[1, 2, 3, 4, 5, 6, 7, 8]);
    for end in 1..file.len() {
        let message = damage(&file[..end]);
        assert!(message.contains(&format!("ends at byte {end}")), "{end}: {message}");
    }
    assert_eq!(damage(&file[..19]), "ends at byte 19, expected 20 for 2 × 2 elements of type i16");
    assert_eq!(damage(&file[..9]), "ends at byte 9, in the header of 12 bytes that its 2 dimensions need");
    assert_eq!(damage(&file[..3]), "ends at byte 3, within the 4 bytes that begin an IDX header");

    let zipped = gzip(&file);
    for end in 2..zipped.len() {
        let message = damage(&zipped[..end]);
        assert!(message.contains("gzip") || message.contains("ends at byte"), "{end}: {message}");
    }
    // A whole gzip stream of a content that is cut.
    assert_eq!(
        damage(&gzip(&file[..19])),
        "ends at byte 19 of its content, expected 20 for 2 × 2 elements of type i16"
    );
}

#[test]
fn wrong_headers_say_what_was_found_and_expected() {
    let lies = |shape: &[u32]| damage(&idx(8, shape, &[0; 100]));
    assert_eq!(
        lies(&[u32::MAX, u32::MAX, u32::MAX]),
        "its dimensions 4294967295 × 4294967295 × 4294967295 multiply past what memory can hold"
    );
    assert_eq!(
        lies(&[u32::MAX, 25]),
        "ends at byte 112, expected 107374182387 for 4294967295 × 25 elements of type u8"
    );
    assert_eq!(lies(&[10, 0, 10]), "dimension 1 is 0 at byte 8, expected 1 or more");
    assert_eq!(lies(&[]), "0 dimensions at byte 3, expected 1 or more");
    assert!(lies(&[u32::MAX; 255]).contains("… (255 dimensions) multiply past"));
    assert_eq!(lies(&[99]), "goes on past byte 107, where 99 elements of type u8 end");
    assert_eq!(lies(&[101]), "ends at byte 108, expected 109 for 101 elements of type u8");

    assert!(damage(&[0, 0, 0x0a, 1, 0, 0, 0, 1, 5]).starts_with("type code 0a at byte 2, expected 08 (u8)"));
    assert_eq!(
        damage(&[0x12, 0x34, 0x08, 0x01, 0, 0, 0, 1, 5]),
        "begins with the bytes [12, 34, 08, 01], expected an IDX header: 00 00, then a type code"
    );
}

#[test]
fn damaged_gzip_streams_are_errors() {
    let file = idx(8, &[200], &[9; 200]);
    let zipped = gzip(&file);
    let mut checksum = zipped.clone();
    let at = checksum.len() - 8;
    checksum[at] ^= 1;
    assert!(damage(&checksum).contains("the gzip stream is damaged"), "{}", damage(&checksum));
    assert_eq!(
        damage(&gzip(&[file.clone(), vec![0]].concat())),
        "goes on past byte 208, where 200 elements of type u8 end"
    );
    assert!(damage(&[zipped.clone(), b"junk".to_vec()].concat()).contains("gzip stream is"));
    assert!(damage(&[zipped, gzip(&[1])].concat()).contains("goes on past byte 208"));
}

#[test]
fn a_gzip_bomb_stops_at_what_its_header_claims() {
    // 256 MB of zeros in 260 kB, behind a header of 8 bytes.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&idx(8, &[8], &[1; 8])).expect("writing to memory");
    (0..256).for_each(|_| encoder.write_all(&[0; 1 << 20]).expect("writing to memory"));
    let bomb = encoder.finish().expect("writing to memory");
    assert!(bomb.len() < 300_000, "{}", bomb.len());
    assert_eq!(damage(&bomb), "goes on past byte 16, where 8 elements of type u8 end");
}

#[test]
fn a_gzip_file_that_claims_more_than_it_holds_is_refused_before_memory_is_taken() {
    // More than 60 bytes can unpack to.
    let message = damage(&gzip(&idx(8, &[1 << 20], &[0; 100])));
    assert!(message.contains("can unpack to"), "{message}");
    // 512 MB are within what 4 MB could unpack to, but it is counted first.
    let mut noise = vec![0u8; 4 << 20];
    let mut state = 1u32;
    noise.iter_mut().for_each(|byte| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    });
    let message = damage(&gzip(&idx(0x08, &[1 << 19, 1 << 10], &noise)));
    assert_eq!(message, "unpacks to 4194316 bytes, expected 536870924 for 524288 × 1024 elements of type u8");
}

#[test]
fn what_is_no_idx_file_is_recognised_for_what_it_is() {
    let looks = |bytes: &[u8], name: &str| {
        let error = read_tensors(bytes, name).expect_err("no tensors");
        assert_eq!(error.code(), "unknown-format", "{error}");
        let Error::UnknownFormat { file, what } = error else { unreachable!("by its code") };
        assert_eq!(file, name);
        let (looks, accepted) = what.split_once("; files that can be read: ").expect("what is accepted");
        assert!(accepted.contains("IDX, the format of MNIST (-ubyte, .idx)"));
        looks.to_owned()
    };
    assert_eq!(looks(b"", NAME), "is empty");
    assert_eq!(looks(b"\x89PNG\r\n\x1a\n....", "digit.png"), "looks like a PNG picture");
    assert_eq!(looks(b"PK\x05\x06....", NAME), "looks like an empty zip archive");
    assert_eq!(looks(b"PAR1....", "rows.parquet"), "looks like a Parquet file");
    assert_eq!(
        looks(b"\x80\x04\x95....", "w.pt"),
        "looks like a bare Python pickle, which only Python can load"
    );
    assert_eq!(looks(b"\n<!DOCTYPE html><title>404", NAME), "looks like a web page (HTML)");
    assert_eq!(looks(&gzip(b"<html>"), NAME), "looks like a web page (HTML), gzipped");
    assert_eq!(looks("one, two\n3, 4,\u{e9}".as_bytes(), "table"), "looks like text");
    assert_eq!(looks("\u{feff}wörter".repeat(200).as_bytes(), "notes.txt"), "looks like text");
    assert_eq!(
        looks(&[1, 2, 3, 200, 201], "x"),
        "looks like binary data beginning with the bytes [01, 02, 03, c8]"
    );
    assert_eq!(looks(&[0x1f, 0x8b, 9], "x"), "is gzipped, but empty or damaged at its start");
    assert_eq!(looks(&gzip(b""), "x"), "is gzipped, but empty or damaged at its start");
}

#[test]
fn values_that_are_not_finite_and_names_that_are_not_there_are_refused() {
    let file = |values: [f32; 4]| {
        read_tensors(idx(0x0d, &[2, 2], &values.map(f32::to_be_bytes).concat()), NAME).expect("a valid file")
    };
    let error = file([0.0, 1.0, f32::INFINITY, 2.0]).dataset(None).expect_err("infinite");
    assert_eq!(
        error,
        Error::NotFiniteInFile { place: NAME.to_owned(), row: 1, col: 0, value: f64::INFINITY }
    );
    let error = file([0.0; 4]).dataset(Some("weights")).expect_err("no such tensor");
    assert_eq!(error.to_string(), "some-idx3-ubyte: has no tensor 'weights', only 'some-idx3-ubyte'");
}

proptest! {
    #[test]
    fn what_was_written_is_read(shape in prop::collection::vec(1..6u32, 1..5), fill: u8, zipped: bool) {
        let count = shape.iter().product::<u32>();
        let elements: Vec<u8> = (0..count).map(|at| (at as u8).wrapping_mul(fill)).collect();
        let file = idx(8, &shape, &elements);
        let dataset = read(&if zipped { gzip(&file) } else { file });
        prop_assert_eq!(dataset.rows(), shape[0] as usize);
        prop_assert_eq!(dataset.cols() * dataset.rows(), count as usize);
        let stored: Vec<_> = (0..dataset.rows()).filter_map(|row| dataset.bytes(row)).collect();
        prop_assert_eq!(stored.concat(), elements);
    }

    #[test]
    fn random_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        start in prop::sample::select(vec![&[][..], &[0, 0, 8, 1], &[0, 0, 0x0e, 2, 0, 0, 0], &[0x1f, 0x8b, 8, 0]]),
        name in prop::sample::select(vec!["a-ubyte", "a-ubyte.gz", "a.npy", ""]),
    ) {
        if let Err(error) = read_tensors([start, &bytes].concat(), name) {
            prop_assert!(error.to_string().starts_with(&format!("{name}: ")), "{}", error);
        }
    }

    #[test]
    fn one_wrong_byte_never_panics(at: prop::sample::Index, value: u8, zipped: bool) {
        let file = idx(0x0c, &[3, 2, 2], &(0..48).collect::<Vec<u8>>());
        let mut bytes = if zipped { gzip(&file) } else { file };
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(dataset) = read_tensors(&bytes, NAME).and_then(|file| file.dataset(None)) {
            prop_assert_eq!(dataset.rows() * dataset.cols(), 12);
        }
    }
}
