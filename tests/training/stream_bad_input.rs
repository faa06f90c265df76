//! Files of a stream that do not fit each other, are damaged, or go away: one sentence that names file and place.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use pollster::block_on;
use splinterp::data::{NormalisationKind, Reading, RowStream, Source, StreamFile, StreamOptions};
use splinterp::progress::NoObserver;
use splinterp::train::{Method, Trainer};
use splinterp::{Error, Result};

use crate::stream::{go_on, options};
use crate::support::{npy, npy_of, random_rows, stream_file};

const COLS: usize = 4;

fn values(rows: usize) -> Vec<f32> {
    random_rows(rows, COLS, 1).values()
}

fn opened(files: Vec<StreamFile>) -> Result<RowStream> {
    block_on(RowStream::open(files, StreamOptions::default()))
}

fn message<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn files_that_disagree_are_named() {
    let first = || stream_file("acts_0.npy", npy(&values(10), COLS));
    let wide = stream_file("acts_1.npy", npy(&[0.5; 15], 5));
    assert_eq!(
        message(opened(vec![first(), wide])),
        "acts_1.npy: values in a row: found 5, expected 4 as in acts_0.npy"
    );
    let doubles = npy_of("<f8", 1, COLS, [0.5f64; COLS].iter().flat_map(|v| v.to_le_bytes()).collect());
    assert_eq!(
        message(opened(vec![first(), stream_file("acts_1.npy", doubles)])),
        "acts_1.npy: type of the values: found f64, expected f32 as in acts_0.npy"
    );
    assert_eq!(message(opened(vec![])), "files of the set: found 0, expected at least 1");
}

#[test]
fn a_file_cut_short_or_packed_is_named() {
    let mut short = npy(&values(10), COLS);
    short.truncate(short.len() - 5);
    let text = message(opened(vec![stream_file("acts_0.npy", short)]));
    assert!(text.starts_with("acts_0.npy: ends at byte "), "{text}");
    let csv = stream_file("acts.csv", b"1,2\n3,4\n".to_vec());
    let text = message(opened(vec![csv]));
    assert!(text.starts_with("acts.csv: is packed or not in C order"), "{text}");
    let text = message(opened(vec![stream_file("a.gif", b"GIF89a".to_vec())]));
    assert!(text.starts_with("a.gif: "), "{text}");
}

#[test]
fn rows_that_are_not_finite_are_named_or_left_out() {
    let mut spoilt = values(50);
    spoilt[7 * COLS + 2] = f32::NAN;
    spoilt[31 * COLS] = f32::INFINITY;
    let files = || {
        vec![stream_file("acts_0.npy", npy(&values(20), COLS)), stream_file("acts_1.npy", npy(&spoilt, COLS))]
    };
    let stream = opened(files()).expect("opens");
    let text = message(block_on(stream.normalised(NormalisationKind::None, &mut go_on)));
    assert_eq!(text, "acts_1.npy: row 7, column 2 is NaN, expected a finite number");

    for reservoir in [1, 300, 1 << 20] {
        let options = StreamOptions { drop_non_finite: true, reservoir, ..StreamOptions::default() };
        let stream = block_on(RowStream::open(files(), options)).expect("opens");
        assert_eq!(stream.rows(), 70);
        let numbers: Vec<u32> = (0..70).filter(|&row| row != 27 && row != 51).collect();
        assert_eq!(block_on(stream.load(&mut go_on)).expect("loads").numbers, numbers);
        let read = block_on(stream.normalised(NormalisationKind::Standardise, &mut go_on)).expect("is read");
        assert_eq!(read.rows(), 68);
        let loaded = block_on(read.load(&mut go_on)).expect("loads");
        assert_eq!(loaded.numbers, numbers);
        assert_eq!(loaded.rows.rows(), 68);
        let test = random_rows(10, COLS, 2);
        let mut run =
            block_on(Trainer::open(read, test, self::options(Method::Pam), &mut NoObserver)).expect("opens");
        assert!(block_on(run.epoch(&mut NoObserver)).expect("trains").train_mse.is_finite());
    }
    let all = vec![f32::NAN; 8];
    let options = StreamOptions { drop_non_finite: true, ..StreamOptions::default() };
    let stream =
        block_on(RowStream::open(vec![stream_file("a.npy", npy(&all, COLS))], options)).expect("opens");
    assert_eq!(
        message(block_on(stream.normalised(NormalisationKind::None, &mut go_on))),
        "a.npy: rows without NaN and infinity: found none of 2, expected at least 1"
    );
}

#[test]
fn a_stream_must_have_been_read_once() {
    let stream = opened(vec![stream_file("a.npy", npy(&values(20), COLS))]).expect("opens");
    let error =
        block_on(Trainer::open(stream, random_rows(5, COLS, 2), options(Method::Sgd), &mut NoObserver))
            .unwrap_err();
    assert_eq!(error.code(), "option");
}

/// A disk that can be unplugged.
struct Removable {
    bytes: Vec<u8>,
    /// Reads that still succeed.
    left: Rc<Cell<u32>>,
}

impl Source for Removable {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, at: u64, length: usize) -> Reading<'_, Cow<'_, [u8]>> {
        let read = match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(Cow::Borrowed(&self.bytes[at as usize..at as usize + length]))
            }
            None => Err(Error::format("acts_0.npy", format!("cannot be read at byte {at}: it is gone"))),
        };
        Box::pin(std::future::ready(read))
    }
}

#[test]
fn a_disk_that_goes_in_mid_epoch_leaves_the_run_as_of_the_last() {
    let bytes = npy(&values(400), COLS);
    for method in [Method::Sgd, Method::Pam] {
        let open = |left: &Rc<Cell<u32>>| {
            let source = Box::new(Removable { bytes: bytes.clone(), left: left.clone() });
            let files = vec![StreamFile { name: "acts_0.npy".into(), source }];
            let options = StreamOptions { reservoir: 1000, ..StreamOptions::default() };
            let stream = block_on(RowStream::open(files, options)).expect("opens");
            let stream =
                block_on(stream.normalised(NormalisationKind::Standardise, &mut go_on)).expect("is read");
            block_on(Trainer::open(stream, random_rows(20, COLS, 2), self::options(method), &mut NoObserver))
                .expect("opens")
        };
        let plugged = Rc::new(Cell::new(u32::MAX));
        let mut whole = open(&plugged);
        let epoch = |run: &mut Trainer| block_on(run.epoch(&mut NoObserver));
        epoch(&mut whole).expect("trains");
        epoch(&mut whole).expect("trains");

        let left = Rc::new(Cell::new(u32::MAX));
        let mut run = open(&left);
        epoch(&mut run).expect("trains");
        let kept = run.checkpoint();
        left.set(30);
        let error = epoch(&mut run).unwrap_err();
        assert!(error.to_string().starts_with("acts_0.npy: cannot be read at byte "), "{error}");
        assert_eq!((run.epochs(), run.checkpoint()), (1, kept), "{method:?}");
        // Plugged in again, it goes on as if nothing had been.
        left.set(u32::MAX);
        epoch(&mut run).expect("trains");
        assert_eq!(run.checkpoint(), whole.checkpoint(), "{method:?}");
    }
}
