//! Calls of the CPU engine that would take long: what is done of them piece by piece beforehand.

use std::ops::ControlFlow;

use pollster::block_on;
use splinterp::data::{Dataset, Storage};
use splinterp::engine::{AuxK, CpuEngine, Engine, Optimiser, State, StepOptions, SufficientStats, Variants};
use splinterp::progress::{NoObserver, Observer};
use splinterp::sae::{Activation, Penalties, Sae, TopKBy};
use splinterp::threads::Threads;
use splinterp::train::{Method, TrainOptions, Trainer};

use crate::support::random_rows;

const D_IN: usize = 400;
const D_SAE: usize = 2048;
/// One block of the statistics, whose encode is 210 million multiply-adds: more than a call does at once.
const ROWS: usize = 256;
const TOPK: Activation = Activation::TopK { k: 5, by: TopKBy::Positive };

/// Rows of bytes, of which most are 0.
fn byte_rows() -> Dataset {
    let bytes = (0..ROWS * D_IN).map(|at| if at % 7 == 0 { (at * 31 % 251) as u8 } else { 0 }).collect();
    Dataset::new(Storage::U8(bytes), D_IN).expect("whole rows")
}

fn none() -> Variants {
    Variants::NONE.clone()
}

/// The state after a step, and the statistics of all rows by what it left. Every call is prepared, or none.
fn run(
    data: &Dataset,
    activation: &Activation,
    variants: &Variants,
    threads: usize,
    prepared: bool,
) -> (State, SufficientStats, usize) {
    let sae = Sae::random(D_IN, D_SAE, activation.clone(), false, 1);
    let mut optimiser = Optimiser::new(&sae, true);
    optimiser.idle = variants.auxk.map(|_| vec![1.0; D_SAE]);
    let state = State { optimiser, sae };
    let threads = Threads::up_to(Some(threads));
    let mut engine = CpuEngine::new(data.clone(), data.clone(), state).on(threads);
    engine.begin_epoch();
    let rows: Vec<u32> = (0..ROWS as u32).rev().collect();
    let options = StepOptions {
        batch_size: ROWS,
        updates_per_batch: 1,
        lr: 0.01,
        lr_slope: 0.0,
        weight_decay: 0.0,
        clip: None,
        penalties: Penalties::default(),
        variants,
        sweep: None,
    };
    let mut pieces = 0;
    let mut prepare = |engine: &mut CpuEngine, step: Option<&Variants>| {
        while prepared && !engine.prepare(&rows, step).expect("no thread ends") {
            pieces += 1;
        }
    };
    prepare(&mut engine, Some(variants));
    block_on(engine.steps(&rows, &options)).expect("steps");
    prepare(&mut engine, None);
    block_on(engine.accumulate(&rows)).expect("adds up");
    let stats = block_on(engine.take_stats()).expect("reads back");
    (block_on(engine.state()).expect("reads back"), stats, pieces)
}

#[test]
fn a_call_in_pieces_changes_no_bit() {
    let dense = random_rows(ROWS, D_IN, 3);
    let batch_topk = Activation::BatchTopK { k: 5, threshold: None };
    let auxk = Variants { auxk: Some(AuxK { k: 16, coefficient: 0.1, dead_after: 1 }), ..none() };
    let prefixes = Variants { prefixes: vec![100, D_SAE], ..none() };
    let cases = [
        (&dense, TOPK, none()),
        (&byte_rows(), TOPK, none()),
        (&dense, Activation::Relu, none()),
        (&dense, batch_topk, Variants { threshold_rate: 0.1, ..none() }),
        (&dense, TOPK, auxk),
        (&dense, TOPK, prefixes),
    ];
    for (at, (data, activation, variants)) in cases.iter().enumerate() {
        for threads in [1, 3] {
            let (state, stats, at_once) = run(data, activation, variants, threads, false);
            let (prepared_state, prepared_stats, pieces) = run(data, activation, variants, threads, true);
            assert!(state == prepared_state, "case {at}, {threads} threads");
            assert!(stats == prepared_stats, "case {at}, {threads} threads");
            assert_eq!(at_once, 0);
            assert!(pieces >= 3, "case {at}, {threads} threads: {pieces}");
        }
    }
}

/// Counts what it hears, and breaks at the call of a number.
struct Witness {
    heard: usize,
    patience: usize,
}

impl Observer for Witness {
    async fn progress(&mut self, _done: u64, _total: u64) -> ControlFlow<()> {
        self.heard += 1;
        if self.heard > self.patience { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn an_epoch_of_one_batch_is_heard_of_and_can_be_cancelled_within_it() {
    let data = random_rows(ROWS, D_IN, 3);
    let options = TrainOptions {
        batch_size: ROWS,
        lr: 0.01,
        threads: Some(1),
        ..TrainOptions::new(Method::Sgd, D_SAE, TOPK, 1)
    };
    let create = || Trainer::create(data.clone(), data.clone(), options.clone()).expect("valid options");
    let mut straight = create();
    let mut witness = Witness { heard: 0, patience: usize::MAX };
    block_on(straight.epoch(&mut witness)).expect("trains");
    // The encoder's packing, the batch's four pieces, the step, and the test rows.
    assert!(witness.heard >= 7, "{}", witness.heard);
    for patience in 0..5 {
        let mut disturbed = create();
        let error = block_on(disturbed.epoch(&mut Witness { heard: 0, patience })).expect_err("is cancelled");
        assert_eq!(error.code(), "cancelled");
        block_on(disturbed.epoch(&mut NoObserver)).expect("trains");
        assert!(straight.checkpoint() == disturbed.checkpoint(), "after {patience} calls");
    }
}

#[test]
fn a_run_that_is_made_in_pieces_is_the_same() {
    let rows = random_rows(64, D_IN, 4);
    for (method, tied) in [(Method::Sgd, true), (Method::Sgd, false), (Method::Pam, false)] {
        let mut options = TrainOptions::new(method, D_SAE, TOPK, 1);
        options.tied = Some(tied);
        let mut whole = Trainer::create(rows.clone(), rows.clone(), options.clone()).expect("fits");
        let open = |observer: &mut Witness| {
            block_on(Trainer::open(rows.clone(), rows.clone(), options.clone(), observer))
        };
        let mut counted = Witness { heard: 0, patience: usize::MAX };
        let mut pieces = open(&mut counted).expect("opens");
        assert_eq!(pieces.checkpoint().expect("writes"), whole.checkpoint().expect("writes"));
        // A matrix has 819 200 parameters, drawn in four pieces. Then the first state is made, and copied in four.
        let drawn = if tied { 4 } else { 8 };
        assert!(counted.heard >= drawn + 4, "{}", counted.heard);
        // The engine has the state that it was given.
        for trainer in [&mut whole, &mut pieces] {
            block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        }
        assert_eq!(pieces.checkpoint().expect("writes"), whole.checkpoint().expect("writes"));
        let ended = open(&mut Witness { heard: 0, patience: 2 }).expect_err("is cancelled");
        assert_eq!(ended.code(), "cancelled");
    }
}

#[test]
fn a_run_that_goes_on_in_pieces_is_the_same() {
    let rows = random_rows(64, D_IN, 4);
    for (method, tied, matrices) in [(Method::Sgd, true, 3), (Method::Sgd, false, 6), (Method::Pam, false, 4)]
    {
        let mut options = TrainOptions::new(method, D_SAE, TOPK, 1);
        options.tied = Some(tied);
        let mut first = Trainer::create(rows.clone(), rows.clone(), options.clone()).expect("fits");
        block_on(first.epoch(&mut NoObserver)).expect("trains");
        let bytes = first.checkpoint().expect("writes");
        let (train, test) = (rows.clone(), rows.clone());
        let whole = Trainer::resume(&bytes, train.clone(), test.clone()).expect("resumes");
        let mut counted = Witness { heard: 0, patience: usize::MAX };
        let pieces = block_on(Trainer::reopen(&bytes, train.clone(), test.clone(), None, &mut counted));
        assert_eq!(pieces.expect("resumes").checkpoint().expect("writes"), bytes);
        assert_eq!(whole.checkpoint().expect("writes"), bytes);
        // Each matrix is read by itself; then the state is copied as in a new run.
        assert!(counted.heard >= matrices + 3, "{}", counted.heard);
        let mut impatient = Witness { heard: 0, patience: 2 };
        let ended = block_on(Trainer::reopen(&bytes, train.clone(), test.clone(), None, &mut impatient));
        assert_eq!(ended.expect_err("is cancelled").code(), "cancelled");

        let sae = first.sae().clone();
        let whole = Trainer::start_from(sae.clone(), train.clone(), test.clone(), options.clone());
        let mut counted = Witness { heard: 0, patience: usize::MAX };
        let pieces = block_on(Trainer::open_from(sae, train, test, options, &mut counted)).expect("fits");
        let whole = whole.expect("fits").checkpoint().expect("writes");
        assert_eq!(pieces.checkpoint().expect("writes"), whole);
        assert!(counted.heard >= 5, "{}", counted.heard);
    }
}

#[test]
fn a_snapshot_stays_as_it_was_while_the_run_goes_on() {
    let rows = random_rows(64, D_IN, 4);
    let options = TrainOptions::new(Method::Sgd, 32, TOPK, 1);
    let mut trainer = Trainer::create(rows.clone(), rows, options).expect("fits");
    block_on(trainer.epoch(&mut NoObserver)).expect("trains");
    let (snapshot, bytes) = (trainer.snapshot(), trainer.checkpoint().expect("writes"));
    block_on(trainer.epoch(&mut NoObserver)).expect("trains");
    assert_eq!(snapshot.bytes().expect("writes"), bytes);
    assert_eq!(snapshot.parts().expect("writes").concat(), bytes);
    assert_ne!(trainer.checkpoint().expect("writes"), bytes);
}
