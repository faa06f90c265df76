//! Any bytes as a checkpoint: an error, or a run that goes on.
#![no_main]

use splinterp::data::Dataset;
use splinterp::train::Trainer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let rows = Dataset::clusters(8, 1).expect("a data set");
    let _ = Trainer::resume(bytes, rows.clone(), rows).map(|run| run.epochs());
});
