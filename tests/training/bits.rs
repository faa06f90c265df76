//! Bits of runs: `tests/node/determinism.test.mjs` expects the same of the wasm module.

use pollster::block_on;
use splinterp::data::{Dataset, NormalisationKind, Storage};
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, TopKBy};
use splinterp::train::{AuxKOptions, Method, TrainOptions, Trainer};

/// Of the checkpoint after an epoch on generated digits, TopK 5 of 32.
const DIGITS: [(Method, u64); 2] =
    [(Method::Sgd, 0x0751_6bff_7849_825a), (Method::Pam, 0x2b6b_a733_a23f_419a)];
/// The same on the digits' values, which are dense rows, TopK 4 of 64.
const VALUES: [(Method, u64); 2] =
    [(Method::Sgd, 0x32c3_fa35_e73d_642f), (Method::Pam, 0x546a_8a70_4621_a124)];
/// After each batch a sweep over the decoder, and two solves in the epoch.
const SWEPT: [u64; 2] = [0x7b54_9be9_c12c_0b1d, 0x99e3_58ec_e323_01e2];

fn digits() -> [Dataset; 2] {
    [(700, 1), (200, 2)]
        .map(|(n, seed)| Dataset::digits(n, seed).expect("draws").normalised(NormalisationKind::Mnist))
}

/// The digits as numbers that nothing is known of.
fn values() -> [Dataset; 2] {
    digits().map(|data| Dataset::new(Storage::F32(data.values()), data.cols()).expect("finite rows"))
}

fn options(method: Method, d_sae: usize, k: usize) -> TrainOptions {
    let activation = Activation::TopK { k, by: TopKBy::Magnitude };
    TrainOptions { threads: Some(1), ..TrainOptions::new(method, d_sae, activation, 7) }
}

fn trained([train, test]: [Dataset; 2], options: TrainOptions) -> Trainer {
    let mut trainer = Trainer::create(train, test, options).expect("valid options");
    block_on(trainer.epoch(&mut NoObserver)).expect("trains");
    trainer
}

/// FNV-1a of a checkpoint.
fn hash_of(trainer: &Trainer) -> u64 {
    let fnv = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    trainer.checkpoint().expect("writes").iter().fold(0xcbf2_9ce4_8422_2325, fnv)
}

#[test]
fn the_bits_are_those_of_the_wasm_module() {
    for (method, expected) in DIGITS {
        let found = hash_of(&trained(digits(), options(method, 32, 5)));
        assert_eq!(found, expected, "{method:?}: {found:#x}");
    }
    for (method, expected) in VALUES {
        let found = hash_of(&trained(values(), options(method, 64, 4)));
        assert_eq!(found, expected, "{method:?}: {found:#x}");
    }
    let swept = |options| TrainOptions { sweep_rows: 300, solves_per_epoch: 2, ..options };
    let runs = [(digits(), options(Method::Pam, 32, 5)), (values(), options(Method::Pam, 64, 4))];
    for ((rows, options), expected) in runs.into_iter().zip(SWEPT) {
        let found = hash_of(&trained(rows, swept(options)));
        assert_eq!(found, expected, "with sweeps: {found:#x}");
    }
}

/// AuxK asks for all pre-activations, and without dead latents for nothing else.
#[test]
fn topk_by_integers_first_trains_the_same_sae_as_all_pre_activations() {
    let auxk = AuxKOptions { k: Some(1), coefficient: 1.0, dead_after: Some(1 << 24) };
    for method in [Method::Sgd, Method::Pam] {
        let plain = options(method, 64, 4);
        let whole = TrainOptions { auxk: Some(auxk), ..plain.clone() };
        let [plain, whole] = [plain, whole].map(|options| trained(values(), options).sae().to_parts());
        assert!(plain == whole, "{method:?}");
    }
}
