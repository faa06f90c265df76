//! Training on rows that stay in their files: the same results as in memory, for any reservoir.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use pollster::block_on;
use splinterp::data::{Dataset, NormalisationKind, RowStream, Sequences, StorageKind, StreamOptions};
use splinterp::engine::Backend;
use splinterp::progress::{NoObserver, Observer};
use splinterp::sae::{Activation, TopKBy};
use splinterp::train::{Method, Order, Preset, TrainOptions, Trainer};

use crate::support::{npy, npy_shaped, random_rows, stream_file};

const COLS: usize = 6;
const ROWS: usize = 900;
/// The reservoir holds all rows, or a small part of them.
const LARGE: u64 = 1 << 20;
const SMALL: u64 = 5000;

pub fn go_on(_done: u64, _total: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

pub fn options(method: Method) -> TrainOptions {
    let activation = Activation::TopK { k: 3, by: TopKBy::Positive };
    let options = TrainOptions::new(method, 24, activation, 1);
    TrainOptions { batch_size: 16, lr: 0.01, backend: Backend::Cpu, ..options }
}

/// Correlated rows, away from 0.
fn rows() -> Dataset {
    let mut values = random_rows(ROWS, COLS, 3).values();
    for row in values.chunks_mut(COLS) {
        row[1] = 3.0 * row[0] + 0.1 * row[1] + 5.0;
    }
    Dataset::new(splinterp::data::Storage::F32(values), COLS).expect("finite rows")
}

/// The same rows in files, standardised.
pub fn streamed(rows: &Dataset, reservoir: u64) -> RowStream {
    let values = rows.normalised(NormalisationKind::None).values();
    let mut rest = &values[..];
    let files = [400, 7, 493].iter().enumerate().map(|(at, &rows)| {
        let (part, after) = rest.split_at(rows * COLS);
        rest = after;
        stream_file(&format!("rows_{at}.npy"), npy(part, COLS))
    });
    let options = StreamOptions { reservoir, ..StreamOptions::default() };
    let opened = block_on(RowStream::open(files.collect(), options)).expect("opens");
    block_on(opened.normalised(NormalisationKind::Standardise, &mut go_on)).expect("is read")
}

fn test_rows() -> Dataset {
    random_rows(100, COLS, 4)
}

fn trained(trainer: &mut Trainer, epochs: usize) -> Vec<f64> {
    (0..epochs).map(|_| block_on(trainer.epoch(&mut NoObserver)).expect("trains").test_mse).collect()
}

#[test]
fn a_stream_that_fits_trains_as_rows_in_memory_do() {
    let data = rows().normalised(NormalisationKind::Standardise);
    let recommended = Preset::Recommended.apply(options(Method::Pam), ROWS, 3);
    let many =
        TrainOptions { solves_per_epoch: 4, initial_solve: true, resample: true, ..options(Method::Pam) };
    let decoder_first = TrainOptions { order: Order::DecoderFirst, resample: true, ..options(Method::Pam) };
    for options in [options(Method::Sgd), options(Method::Pam), recommended, many, decoder_first] {
        let mut held = block_on(Trainer::open(data.clone(), test_rows(), options.clone(), &mut NoObserver))
            .expect("opens");
        let stream = streamed(&data, LARGE);
        assert_eq!(stream.rows(), ROWS as u64);
        let mut fed =
            block_on(Trainer::open(stream, test_rows(), options.clone(), &mut NoObserver)).expect("opens");
        let (held_mse, fed_mse) = (trained(&mut held, 3), trained(&mut fed, 3));
        for (held, fed) in held_mse.iter().zip(&fed_mse) {
            assert!((held - fed).abs() <= 1e-6 * held, "{options:?}: {held} in memory, {fed} streamed");
        }
        // The moments of SGD's data are used by nothing but the report: there the bits are the same.
        if options.method == Method::Sgd {
            assert_eq!(held.sae(), fed.sae());
        }
    }
}

#[test]
fn the_decoder_from_streamed_statistics_is_that_of_rows_in_memory() {
    let data = rows().normalised(NormalisationKind::Standardise);
    // The decoder of the first epoch belongs to the random encoder that both begin with.
    let options = TrainOptions { order: Order::DecoderFirst, ..options(Method::Pam) };
    let mut held =
        block_on(Trainer::open(data.clone(), test_rows(), options.clone(), &mut NoObserver)).expect("opens");
    trained(&mut held, 1);
    let expected = held.sae();
    let largest = expected.decoder().iter().fold(0.0f32, |most, w| most.max(w.abs()));
    for reservoir in [1, 700, SMALL, LARGE] {
        let mut fed = block_on(Trainer::open(
            streamed(&data, reservoir),
            test_rows(),
            options.clone(),
            &mut NoObserver,
        ))
        .expect("opens");
        trained(&mut fed, 1);
        let found = fed.sae();
        let parameters = found.decoder().iter().chain(&found.b_dec);
        for (found, expected) in parameters.zip(expected.decoder().iter().chain(&expected.b_dec)) {
            assert!(
                (found - expected).abs() <= 1e-6 * largest,
                "reservoir {reservoir}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn a_small_reservoir_learns_as_well_and_its_seed_decides() {
    let data = rows().normalised(NormalisationKind::Standardise);
    for method in [Method::Sgd, Method::Pam] {
        let options = options(method);
        let mut held = block_on(Trainer::open(data.clone(), test_rows(), options.clone(), &mut NoObserver))
            .expect("opens");
        let in_memory = trained(&mut held, 8)[7];
        let run = |options: &TrainOptions| {
            let stream = streamed(&data, SMALL);
            let mut fed = block_on(Trainer::open(stream, test_rows(), options.clone(), &mut NoObserver))
                .expect("opens");
            (trained(&mut fed, 8)[7], fed.checkpoint().expect("is written"))
        };
        let (mse, checkpoint) = run(&options);
        assert!((mse - in_memory).abs() < 0.15 * in_memory, "{method:?}: {mse}, in memory {in_memory}");
        assert_eq!(run(&options).1, checkpoint, "{method:?}");
        assert_ne!(run(&TrainOptions { seed: 2, ..options }).1, checkpoint, "{method:?}");
    }
}

#[test]
fn a_checkpoint_goes_on_as_the_run_would_have() {
    let data = rows();
    for method in [Method::Sgd, Method::Pam] {
        let stream = streamed(&data, SMALL);
        let mut whole =
            block_on(Trainer::open(stream.clone(), test_rows(), options(method), &mut NoObserver))
                .expect("opens");
        trained(&mut whole, 2);
        let kept = whole.checkpoint().expect("is written");
        trained(&mut whole, 2);
        let mut resumed =
            block_on(Trainer::reopen(&kept, stream, test_rows(), None, &mut NoObserver)).expect("opens");
        trained(&mut resumed, 2);
        assert_eq!(resumed.checkpoint(), whole.checkpoint(), "{method:?}");
    }
}

#[test]
fn one_pass_finds_the_standardisation_of_rows_in_memory() {
    let data = rows();
    let expected = data.normalised(NormalisationKind::Standardise);
    for reservoir in [1, SMALL, LARGE] {
        let stream = streamed(&data, reservoir);
        let loaded = block_on(stream.load(&mut go_on)).expect("loads");
        assert!(loaded.numbers.iter().copied().eq(0..ROWS as u32));
        let found = stream.normalise(loaded.rows).expect("the same columns");
        assert_eq!(found.normalisation(), expected.normalisation());
        assert_eq!(found.values(), expected.values());
        // The files are not read again for another normalisation.
        let cancel = &mut |_, _| ControlFlow::Break(());
        let as_stored = block_on(stream.normalised(NormalisationKind::None, cancel)).expect("has been read");
        let mean = &as_stored.moments().expect("was read").mean;
        assert!((mean[1] - data.moments().mean[1]).abs() < 1e-6 && mean[1] > 4.0, "{mean:?}");
        let (found, expected) = (stream.moments().expect("was read"), expected.moments());
        assert!((found.total_sum_of_squares / expected.total_sum_of_squares - 1.0).abs() < 1e-6);
        for (found, expected) in found.mean.iter().zip(&expected.mean) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}

#[test]
fn held_out_rows_are_none_that_are_trained_on() {
    let data = rows();
    let all = streamed(&data, SMALL);
    let (train, held) = all.hold_out(90, 7).expect("two parts");
    assert_eq!(train.rows() + held.rows(), ROWS as u64);
    assert!((90..120).contains(&held.rows()), "{}", held.rows());
    let numbers = |part: &RowStream| block_on(part.load(&mut go_on)).expect("loads").numbers;
    let mut both = [numbers(&train), numbers(&held)].concat();
    both.sort_unstable();
    assert!(both.into_iter().eq(0..ROWS as u32));
    assert_ne!(numbers(&all.hold_out(90, 8).expect("two parts").1), numbers(&held));
    let half = train.share(0.5, 1).expect("a share");
    assert!((half.rows() as f64 / train.rows() as f64 - 0.5).abs() < 0.1);
    assert!(train.share(0.0, 1).is_err() && train.share(1.5, 1).is_err());
    assert!(all.hold_out(0, 1).is_err() && all.hold_out(ROWS, 1).is_err());
}

/// Rows of one number each, its place in the set, in files of these shapes `[batch, sequence]`.
fn sequences_in_files(shapes: &[[usize; 2]], options: StreamOptions) -> RowStream {
    let mut next = 0;
    let files = shapes.iter().enumerate().map(|(at, &[batch, length])| {
        let elements = (0..batch * length).flat_map(|row| ((next + row) as f32).to_le_bytes()).collect();
        next += batch * length;
        stream_file(&format!("acts_{at}.npy"), npy_shaped("<f4", &[batch, length, 1], elements))
    });
    block_on(RowStream::open(files.collect(), options)).expect("opens")
}

#[test]
fn no_sequence_is_held_out_in_part() {
    // Blocks are 15 rows, which no number of sequences fills.
    for shapes in [&[[40, 16], [20, 16]][..], &[[30, 16], [25, 20], [3, 7]], &[[4, 240]]] {
        let all = sequences_in_files(shapes, StreamOptions::default());
        let of: Vec<u32> = shapes
            .iter()
            .flat_map(|&[batch, length]| std::iter::repeat_n(length, batch))
            .enumerate()
            .flat_map(|(name, length)| vec![name as u32; length])
            .collect();
        let known = all.sequences().expect("shapes of three dimensions");
        for sequences in [known, Sequences::Of(of.clone())] {
            let (train, held) = all.hold_out_sequences(90, 7, &sequences).expect("two parts");
            let numbers = |part: &RowStream| {
                let loaded = block_on(part.load(&mut go_on)).expect("loads");
                assert!(loaded.rows.values().iter().map(|&v| v as u32).eq(loaded.numbers.iter().copied()));
                loaded.numbers
            };
            let (train_rows, held_rows) = (numbers(&train), numbers(&held));
            let names = |rows: &[u32]| rows.iter().map(|&row| of[row as usize]).collect::<BTreeSet<_>>();
            assert!(names(&train_rows).is_disjoint(&names(&held_rows)), "{shapes:?}");
            assert!((90..90 + 240).contains(&held_rows.len()), "{shapes:?}: {}", held_rows.len());
            let mut both = [train_rows, held_rows.clone()].concat();
            both.sort_unstable();
            assert!(both.into_iter().eq(0..of.len() as u32));
            let again = all.hold_out_sequences(90, 7, &sequences).expect("two parts").1;
            assert_eq!(numbers(&again), held_rows);
        }
    }
    let all = sequences_in_files(&[[40, 16]], StreamOptions::default());
    let held = |seed| all.hold_out_sequences(90, seed, &Sequences::Every(16)).expect("two parts").1;
    let numbers = |part: &RowStream| block_on(part.load(&mut go_on)).expect("loads").numbers;
    assert_ne!(numbers(&held(1)), numbers(&held(2)));
}

#[test]
fn sequences_that_are_not_known_or_not_enough_are_said() {
    let all = sequences_in_files(&[[2, 8]], StreamOptions::default());
    let error = |rows, sequences| all.hold_out_sequences(rows, 1, &sequences).unwrap_err().to_string();
    assert!(error(0, Sequences::Every(8)).starts_with("rows is 0, expected a part of the 16 rows"));
    assert!(error(16, Sequences::Every(8)).starts_with("rows is 16, expected a part of the 16 rows"));
    assert!(
        error(4, Sequences::Every(16)).starts_with("sequences of the rows: found 1, expected at least 2")
    );
    assert!(error(4, Sequences::Of(vec![0; 3])).starts_with("number of sequences: found 3, expected 16"));
    assert_eq!(streamed(&rows(), LARGE).sequences(), None);
}

#[test]
fn rows_that_are_left_out_stay_left_out_on_either_side() {
    let mut values: Vec<f32> = (0..640).map(|row| row as f32).collect();
    for row in [3, 40, 41, 300, 639] {
        values[row] = f32::NAN;
    }
    let elements = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let file = stream_file("acts.npy", npy_shaped("<f4", &[40, 16, 1], elements));
    let options = StreamOptions { drop_non_finite: true, ..StreamOptions::default() };
    let opened = block_on(RowStream::open(vec![file], options)).expect("opens");
    let read = block_on(opened.normalised(NormalisationKind::None, &mut go_on)).expect("is read");
    let mut both = Vec::new();
    let (train, held) = read.hold_out_sequences(320, 2, &Sequences::Every(16)).expect("two parts");
    for part in [train, held] {
        let loaded = block_on(part.load(&mut go_on)).expect("loads");
        assert_eq!(part.rows(), loaded.numbers.len() as u64);
        both.extend(loaded.numbers);
    }
    both.sort_unstable();
    assert!(both.into_iter().eq((0..640).filter(|row| ![3, 40, 41, 300, 639].contains(row))));
}

#[test]
fn values_are_kept_as_asked() {
    let bytes = npy(&[1.0, 2.0, 300.0, 4.0], 2);
    let open = |keep| {
        let options = StreamOptions { keep: Some(keep), ..StreamOptions::default() };
        let stream =
            block_on(RowStream::open(vec![stream_file("a.npy", bytes.clone())], options)).expect("opens");
        assert_eq!(stream.kind(), keep);
        block_on(stream.load(&mut go_on)).map(|loaded| loaded.rows.values())
    };
    assert_eq!(open(StorageKind::F16), Ok(vec![1.0, 2.0, 300.0, 4.0]));
    let error = open(StorageKind::U8).unwrap_err().to_string();
    assert!(error.starts_with("a.npy: row 1, column 0 is 300"), "{error}");
}

/// Counts what it hears, and breaks after so many reports.
struct Patience(u32);

impl Observer for Patience {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        assert!(done <= total);
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_cancelled_epoch_leaves_the_run_as_of_the_last() {
    let data = rows();
    let open = || {
        block_on(Trainer::open(streamed(&data, SMALL), test_rows(), options(Method::Pam), &mut NoObserver))
            .expect("opens")
    };
    let mut whole = open();
    trained(&mut whole, 2);
    let mut broken = open();
    trained(&mut broken, 1);
    let kept = broken.checkpoint();
    assert_eq!(block_on(broken.epoch(&mut Patience(4))).unwrap_err().code(), "cancelled");
    assert_eq!(broken.checkpoint(), kept);
    trained(&mut broken, 1);
    assert_eq!(broken.checkpoint(), whole.checkpoint());
}

#[test]
fn a_folder_is_read_by_a_thread_of_its_own() {
    let data = rows();
    let folder = std::env::temp_dir().join(format!("splinterp-stream-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let values = data.values();
    for (at, part) in values.chunks(300 * COLS).enumerate() {
        std::fs::write(folder.join(format!("acts_{at}.npy")), npy(part, COLS)).expect("writes");
    }
    std::fs::write(folder.join("readme.md"), "no rows").expect("writes");
    let options = StreamOptions { reservoir: SMALL, ..StreamOptions::default() };
    let opened = block_on(RowStream::open_path(&folder, options.clone())).expect("opens");
    let stream = block_on(opened.normalised(NormalisationKind::None, &mut go_on)).expect("is read");
    assert_eq!(block_on(stream.load(&mut go_on)).expect("loads").rows.values(), values);
    let mut run = block_on(Trainer::open(stream, test_rows(), self::options(Method::Pam), &mut NoObserver))
        .expect("opens");
    trained(&mut run, 1);

    // An index names the files and their order.
    std::fs::write(
        folder.join("state.json"),
        r#"{"_data_files": [{"filename": "acts_2.npy"}, {"filename": "acts_0.npy"}]}"#,
    )
    .expect("writes");
    let listed = block_on(RowStream::open_path(&folder, options.clone())).expect("opens");
    let found = block_on(listed.load(&mut go_on)).expect("loads").rows.values();
    assert_eq!(found, [&values[600 * COLS..], &values[..300 * COLS]].concat());

    std::fs::remove_file(folder.join("acts_2.npy")).expect("is removed");
    let error = block_on(RowStream::open_path(&folder, options.clone())).unwrap_err().to_string();
    assert!(error.ends_with("acts_2.npy: is listed in state.json and is not there"), "{error}");
    std::fs::remove_file(folder.join("state.json")).expect("is removed");
    std::fs::remove_file(folder.join("acts_0.npy")).expect("is removed");
    let error = block_on(RowStream::open_path(&folder, options)).expect("one file is left");
    assert_eq!(error.rows(), 300);
    // The files went while the run had them open.
    let error = block_on(run.epoch(&mut NoObserver)).unwrap_err();
    assert_eq!(error.code(), "format");
    let message = error.to_string();
    assert!(message.contains("acts_") && message.contains(".npy: cannot be read at byte "), "{message}");
    assert_eq!(run.epochs(), 1);
    std::fs::remove_dir_all(&folder).expect("is removed");
}
