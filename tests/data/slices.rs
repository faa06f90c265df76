//! Files read in slices: the same values as from memory, little memory, and an end when the user wants one.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::task::Poll;

use crate::common::archive::{Part, zip};
use crate::common::fixture;
use pollster::block_on;
use splinterp::Error;
use splinterp::data::{Disk, LoadOptions, Reading, Source, StorageKind, TensorFile, read_tensors};

/// Where and how much was read, in turn.
type Reads = Rc<RefCell<Vec<(u64, usize)>>>;

/// A file that has to be waited for, as a browser's does, and notes what is asked of it.
struct Slow {
    bytes: Vec<u8>,
    reads: Reads,
}

impl Slow {
    fn new(bytes: Vec<u8>) -> (Self, Reads) {
        let reads = Rc::default();
        (Self { bytes, reads: Rc::clone(&reads) }, reads)
    }
}

impl Source for Slow {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
        Box::pin(async move {
            let mut waited = false;
            poll_fn(|context| {
                if std::mem::replace(&mut waited, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            self.reads.borrow_mut().push((at, length));
            let range = at as usize..at as usize + length;
            Ok(Cow::Owned(self.bytes.get(range).expect("within the file").to_vec()))
        })
    }
}

fn go_on(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// An npy file of `rows` rows of 256 whole numbers, 512 bytes a row.
fn large(rows: usize) -> Vec<u8> {
    let elements: Vec<u8> = (0..rows * 256).flat_map(|at| ((at * 7 % 60_000) as u16).to_le_bytes()).collect();
    crate::common::archive::npy("<u2", &format!("({rows}, 256)"), &elements)
}

#[test]
fn a_file_read_in_slices_holds_the_same_as_one_in_memory() {
    for name in [
        "f4.npy",
        "f8_big_fortran.npy",
        "compressed.npz",
        "types.safetensors",
        "views.pt",
        "nested.pt",
        "label_column.csv",
        "bom_crlf_quoted.csv",
    ] {
        let bytes = fixture(name);
        let memory = read_tensors(&bytes, name).expect("a file");
        let slices = block_on(TensorFile::open(Box::new(Slow::new(bytes.clone()).0), name)).expect("a file");
        assert!(memory.tensors().eq(slices.tensors()), "{name}");
        for info in memory.tensors() {
            let tensor = Some(info.name.as_str());
            let rows = block_on(slices.load(tensor, LoadOptions::default(), &mut go_on)).expect("rows");
            assert_eq!(rows.values(), memory.dataset(tensor).expect("rows").values(), "{name} {tensor:?}");
            assert_eq!(rows.label(0), memory.dataset(tensor).expect("rows").label(0));
        }
    }
}

#[test]
fn every_slice_comes_in_its_place() {
    // 20 MB, stored and deflated: several slices of 4 MB.
    let file = large(40_000);
    let memory = read_tensors(&file, "a.npy").and_then(|file| file.dataset(None)).expect("an array").values();
    let zipped = zip(&[Part::deflated("a.npy", &file)]);
    for (bytes, name) in [(file, "a.npy"), (zipped, "a.npz")] {
        let (source, reads) = Slow::new(bytes);
        let file = block_on(TensorFile::open(Box::new(source), name)).expect("a file");
        let opening: usize = reads.borrow().iter().map(|(_, length)| length).sum();
        assert!(opening < 200 << 10, "{name}: {opening} bytes read to open it");
        let mut heard = Vec::new();
        let mut progress = |done, total| {
            heard.push((done, total));
            ControlFlow::Continue(())
        };
        let rows = block_on(file.load(None, LoadOptions::default(), &mut progress)).expect("rows");
        assert!(rows.values() == memory, "{name}");
        assert!(heard.is_sorted() && heard.len() > 4 && heard.iter().all(|&(done, total)| done <= total));
        assert!(reads.borrow().iter().all(|&(_, length)| length <= 4 << 20));
    }
}

#[test]
fn reading_ends_when_the_user_cancels() {
    for (bytes, name) in [(large(40_000), "a.npy"), ("1,2,3\n".repeat(100_000).into_bytes(), "a.csv")] {
        let file = read_tensors(bytes, name).expect("a file");
        let mut slices = 0;
        let mut progress = |_, _| {
            slices += 1;
            if slices == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let error = block_on(file.load(None, LoadOptions::default(), &mut progress)).expect_err("cancelled");
        assert_eq!((error.code(), slices), ("cancelled", 3));
        assert_eq!(error.to_string(), format!("{name}: reading was cancelled"));
        assert!(block_on(file.inspect(None, None, &mut |_, _| ControlFlow::Break(()))).is_err());
    }
}

#[test]
fn what_has_to_be_waited_for_is_told_apart() {
    let file =
        block_on(TensorFile::open(Box::new(Slow::new(fixture("f4.npy")).0), "f4.npy")).expect("a file");
    let error = file.dataset(None).expect_err("it cannot wait").to_string();
    assert_eq!(error, "f4.npy: is read in slices, which takes load(), not dataset()");
}

#[test]
fn a_source_that_fails_or_gives_too_little_is_named() {
    struct Gone;
    impl Source for Gone {
        fn length(&self) -> u64 {
            1000
        }
        fn read(&self, _: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
            let start = b"\x93NUMPY\x01\x00".get(..length.min(8)).expect("a start");
            Box::pin(std::future::ready(Ok(Cow::Borrowed(start))))
        }
    }
    let error = block_on(TensorFile::open(Box::new(Gone), "gone.npy")).expect_err("too little").to_string();
    assert!(error.starts_with("gone.npy: "), "{error}");
}

#[test]
fn a_file_on_disk_is_read_in_slices() {
    let path = std::env::temp_dir().join(format!("splinterp-{}.npy", std::process::id()));
    std::fs::write(&path, large(9_000)).expect("a temporary file");
    let name = path.display().to_string();
    let file = Disk::open(&path).and_then(|disk| read(Box::new(disk), &name));
    let rows = file.expect("a file").dataset(None).expect("rows");
    assert_eq!((rows.rows(), rows.cols(), rows.values()[255]), (9_000, 256, 1785.0));
    std::fs::remove_file(&path).expect("it was there");
    let error = Disk::open(&path).map(drop).expect_err("it is gone");
    assert!(error.to_string().contains("cannot be opened"), "{error}");
}

fn read<'a>(source: Box<dyn Source + 'a>, name: &str) -> Result<TensorFile<'a>, Error> {
    block_on(TensorFile::open(source, name))
}

#[test]
fn what_does_not_fit_is_told_before_anything_is_read() {
    /// A file of 2^61 bytes, of which only the header can be read.
    struct Endless(Vec<u8>);
    impl Source for Endless {
        fn length(&self) -> u64 {
            (1 << 61) + self.0.len() as u64
        }
        fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
            assert_eq!(at, 0, "no element is read");
            let mut bytes = self.0.clone();
            bytes.resize(length.max(bytes.len()), 0);
            bytes.truncate(length);
            Box::pin(std::future::ready(Ok(Cow::Owned(bytes))))
        }
    }
    let header = crate::common::archive::npy("<f4", "(1073741824, 536870912)", &[]);
    let file = read(Box::new(Endless(header)), "a.npy").expect("a header");
    assert_eq!(file.rows_and_cols(None), Ok((1 << 30, 1 << 29)));
    for (keep, expected) in [
        (StorageKind::F32, "a.npy: values as f32 [1073741824, 536870912] takes 2.31 EB"),
        (StorageKind::U8, "a.npy: values as u8 [1073741824, 536870912] takes 576 PB"),
    ] {
        let options = LoadOptions { keep: Some(keep), ..LoadOptions::default() };
        let error = file.dataset_with(None, options).expect_err("it cannot fit").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A file that says little and is followed by zeros.
struct Zeros {
    start: Vec<u8>,
    length: u64,
}

impl Source for Zeros {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
        let rest = self.start.get(at as usize..).unwrap_or_default();
        let mut bytes = rest.get(..length).unwrap_or(rest).to_vec();
        bytes.resize(length, 0);
        Box::pin(std::future::ready(Ok(Cow::Owned(bytes))))
    }
}

#[test]
fn a_row_that_a_32_bit_machine_cannot_count_is_refused() {
    // Each dimension fits in 32 bits and their product wraps to 0 there.
    let start = [&[0, 0, 8, 3][..], &2u32.to_be_bytes(), &[0, 1, 0, 0], &[0, 1, 0, 0]].concat();
    let length = start.len() as u64 + (2 << 32);
    let error = read(Box::new(Zeros { start, length }), "a-ubyte").expect_err("too long a row").to_string();
    assert_eq!(error, "a-ubyte: has rows of 65536 × 65536 values, expected at most 4294967295");
}

#[test]
fn a_table_that_changes_after_it_was_opened_is_an_error() {
    /// Gives other text from the third reading on.
    struct Changing(RefCell<u32>);
    const BEFORE: &[u8] = b"1,2,3\n4,5,6\n7,8,9\n";
    const AFTER: &[u8] = b"1,2,3,4,5,6\n7,8,9\n";
    impl Source for Changing {
        fn length(&self) -> u64 {
            BEFORE.len() as u64
        }
        fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
            *self.0.borrow_mut() += 1;
            let text = if *self.0.borrow() > 4 { AFTER } else { BEFORE };
            let text = text.iter().chain(&[b'\n'; 8]).copied().skip(at as usize).take(length);
            Box::pin(std::future::ready(Ok(Cow::Owned(text.collect()))))
        }
    }
    let file = read(Box::new(Changing(RefCell::default())), "a.csv").expect("a table");
    let error = file.dataset(None).expect_err("other rows").to_string();
    assert_eq!(error, "a.csv: has other rows than 3 of 3 numbers: it has changed since it was opened");
}
