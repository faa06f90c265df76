//! Trained SAEs in other programs' files: what is written gives the same outputs when computed from the bytes as those
//! programs do, in float64, and what is read is what was written.

use crate::support::{
    Folder, MARGIN, assert_same, assert_within, largest, model, rows, saelens_forward, sparsify_forward, wide,
};
use proptest::prelude::*;
use splinterp::data::{Dataset, NormalisationKind, Storage};
use splinterp::engine::{Operation, apply};
use splinterp::interop::{Format, NamedFile, read, write, zip_files};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};
use splinterp::train::{Method, TrainOptions, Trainer};

fn activations() -> impl Strategy<Value = Activation> {
    let by = prop_oneof![Just(TopKBy::Magnitude), Just(TopKBy::Positive)];
    let thresholds = prop_oneof![
        (0f32..0.3).prop_map(Threshold::Shared),
        (0f32..0.3).prop_map(|t| Threshold::PerLatent((0..12).map(|i| t * i as f32 / 6.0).collect())),
    ];
    prop_oneof![
        Just(Activation::Relu),
        thresholds.prop_map(|threshold| Activation::JumpRelu { threshold }),
        (1usize..12, 0f32..0.3).prop_map(|(k, t)| Activation::BatchTopK { k, threshold: Some(t) }),
        (1usize..12, by).prop_map(|(k, by)| Activation::TopK { k, by }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_files_give_the_model_s_outputs(
        activation in activations(), d_in in 1usize..9, tied in any::<bool>(), seed in any::<u64>(),
    ) {
        let sae = model(d_in, 12, activation.clone(), tied, seed);
        let x = rows(20, d_in, seed);
        let own = apply(Operation::Forward, &sae, &x).expect("whole rows");
        let saelens = write(&sae, Format::SaeLens).expect("can be written");
        let saelens = Folder::new(&saelens, "sae_weights.safetensors");
        let mut folders = vec![(saelens, saelens_forward as fn(&_, &_, _) -> _)];
        match write(&sae, Format::Sparsify) {
            Ok(files) => folders.push((Folder::new(&files, "sae.safetensors"), sparsify_forward)),
            Err(_) => assert!(!matches!(activation, Activation::TopK { .. })),
        }
        let scale = largest(own.iter().map(|&v| v.into()));
        let mut compared = 0;
        for (folder, forward) in &folders {
            for (x, own) in x.chunks_exact(d_in).zip(own.chunks_exact(d_in)) {
                let (expected, margin) = forward(folder, &wide(x), d_in);
                if margin > MARGIN {
                    assert_within(own, &expected, scale, &format!("{activation:?}"));
                    compared += 1;
                }
            }
        }
        prop_assert!(compared >= 19 * folders.len());
    }

    #[test]
    fn what_is_read_is_what_was_written(
        activation in activations(), d_in in 1usize..9, tied in any::<bool>(), seed in any::<u64>(),
    ) {
        let sae = model(d_in, 12, activation.clone(), tied, seed);
        let x = rows(20, d_in, seed);
        let same = |other: &Sae| {
            assert_same(&apply(Operation::Forward, other, &x).unwrap(), &wide(&apply(Operation::Forward, &sae, &x).unwrap()), "x̂");
        };
        let back = read(&write(&sae, Format::SaeLens).expect("can be written")).expect("can be read");
        match activation {
            Activation::Relu | Activation::TopK { by: TopKBy::Positive, .. } => {
                prop_assert_eq!(back.to_parts(), sae.to_parts());
                prop_assert_eq!(&back.activation, &sae.activation);
            }
            Activation::JumpRelu { .. } | Activation::BatchTopK { .. } => prop_assert_eq!(apply(Operation::Encode, &back, &x), apply(Operation::Encode, &sae, &x)),
            Activation::TopK { .. } => {
                prop_assert_eq!(back.d_sae, 24);
                same(&back);
            }
        }
        let dictionary = write(&sae, Format::DictionaryLearning).expect("can be written");
        let exact = matches!(activation, Activation::Relu | Activation::JumpRelu { .. });
        if exact {
            let back = read(&dictionary).expect("can be read");
            prop_assert_eq!(apply(Operation::Encode, &back, &x), apply(Operation::Encode, &sae, &x));
            prop_assert_eq!(back.to_parts(), sae.to_parts());
        }
        // Those that see x − b_dec: rounding may move a pre-activation over an edge.
        let about_b_dec = write(&sae, Format::Sparsify).ok().into_iter().chain((!exact).then_some(dictionary));
        for files in about_b_dec {
            let back = read(&files).expect("can be read");
            let strays = |other: &Sae| {
                let z = |sae: &Sae| apply(Operation::Encode, sae, &x).unwrap().iter().filter(|z| **z != 0.0).count();
                z(other).abs_diff(z(&sae))
            };
            prop_assert!(strays(&back) <= 1);
            if strays(&back) == 0 {
                same(&back);
            }
        }
    }

    #[test]
    fn a_folded_model_does_to_stored_rows_what_the_model_does_to_normalised_ones(
        activation in activations(), d_in in 1usize..9, seed in any::<u64>(), mean in -5f32..5.0,
    ) {
        let sae = model(d_in, 12, activation, true, seed);
        let scaled = rows(30, d_in, seed).into_iter().enumerate().map(|(i, v)| v * (1.0 + (i % d_in) as f32) + mean);
        let stored = Dataset::new(Storage::F32(scaled.collect()), d_in).expect("finite");
        let normalised = stored.normalised(NormalisationKind::Standardise);
        let folded = sae.for_stored(normalised.normalisation()).expect("in range");
        let mut expected = apply(Operation::Forward, &sae, &normalised.values()).unwrap();
        expected.chunks_exact_mut(d_in).for_each(|row| normalised.normalisation().undo(row));
        // Cells may differ where float32 rounds a pre-activation over an edge; both are then nearly the same rows.
        let active = |sae: &Sae, x: &[f32]| -> Vec<bool> {
            apply(Operation::Encode, sae, x).unwrap().iter().map(|z| *z != 0.0).collect()
        };
        let (here, there) = (active(&folded, &stored.values()), active(&sae, &normalised.values()));
        let found = apply(Operation::Forward, &folded, &stored.values()).unwrap();
        let mut compared = 0;
        for row in 0..30 {
            if here[row * 12..][..12] == there[row * 12..][..12] {
                let range = row * d_in..(row + 1) * d_in;
                let scale = 1.0 + mean.abs();
                for (found, expected) in found[range.clone()].iter().zip(&expected[range]) {
                    prop_assert!((found - expected).abs() < 1e-4 * scale.max(expected.abs()), "{} {}", found, expected);
                }
                compared += 1;
            }
        }
        prop_assert!(compared >= 28);
        let back = folded.for_normalised(normalised.normalisation()).expect("in range");
        let expected = sae.to_parts();
        assert_same(&back.to_parts().w_enc, &wide(&expected.w_enc), "W_enc");
        assert_same(&back.to_parts().w_dec, &wide(&expected.w_dec), "W_dec");
    }
}

#[test]
fn a_checkpoint_is_read_as_its_model() {
    let data = Dataset::new(Storage::F32(rows(50, 4, 1)), 4).expect("finite");
    let activation = Activation::TopK { k: 2, by: TopKBy::Magnitude };
    let options = TrainOptions::new(Method::Sgd, 8, activation, 1);
    let trainer = Trainer::create(data.clone(), data, options).expect("fits");
    let bytes = trainer.checkpoint().expect("can be written");
    assert_eq!(
        &read(&[NamedFile { name: "run.splinterp".into(), bytes }]).expect("can be read"),
        trainer.sae()
    );
}

#[test]
fn checkpoints_of_earlier_versions_are_read_bit_for_bit() {
    for name in ["sgd", "pam"] {
        let path = format!("{}/tests/fuzz/corpus/checkpoint/{name}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(&path).expect("it is in the repository");
        let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
        let tensor = |name: &str| -> Vec<u32> {
            let view = file.tensor(name).expect("it is there");
            view.data().as_chunks().0.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect()
        };
        let sae = read(&[NamedFile { name: name.into(), bytes: bytes.clone() }]).expect("can be read");
        let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|value| value.to_bits()).collect() };
        assert_eq!((sae.d_in, sae.d_sae, sae.w_dec.is_some()), (2, 3, name == "pam"), "{name}");
        assert_eq!(bits(&sae.w_enc), tensor("W_enc"), "{name}");
        assert_eq!(bits(&sae.b_enc), tensor("b_enc"), "{name}");
        assert_eq!(bits(&sae.b_dec), tensor("b_dec"), "{name}");
        let rows = Dataset::clusters(8, 1).expect("rows");
        let run = Trainer::resume(&bytes, rows.clone(), rows).expect("a run goes on");
        assert_eq!(
            run.checkpoint().expect("can be written")[..8],
            bytes[..8],
            "{name}: same header, same length"
        );
        assert_eq!(run.checkpoint().expect("can be written"), bytes, "{name}");
    }
}

#[test]
fn minus_zero_in_weights_stays_minus_zero() {
    let mut sae = model(2, 3, Activation::Relu, false, 1);
    sae.w_enc[1] = -0.0;
    let back = read(&write(&sae, Format::SaeLens).expect("can be written")).expect("can be read");
    assert_eq!(back.w_enc[1].to_bits(), (-0.0f32).to_bits());
}

#[test]
fn an_archive_holds_the_files() {
    let files = write(&model(3, 4, Activation::Relu, false, 1), Format::SaeLens).expect("can be written");
    let bytes = zip_files(&files).expect("two names");
    assert_eq!(bytes, zip_files(&files).expect("two names"));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip");
    assert_eq!(archive.len(), 2);
    for file in &files {
        let mut read = Vec::new();
        std::io::Read::read_to_end(&mut archive.by_name(&file.name).expect("it is there"), &mut read)
            .expect("whole");
        assert_eq!(read, file.bytes);
    }
    let zipped = NamedFile { name: "sae.zip".into(), bytes: zip_files(&files).expect("two names") };
    assert_eq!(read(std::slice::from_ref(&zipped)), read(&files));
    for at in 0..zipped.bytes.len() {
        let mut cut = zipped.clone();
        cut.bytes.truncate(at);
        assert!(read(&[cut]).is_err(), "cut at {at}");
        let mut changed = zipped.clone();
        changed.bytes[at] ^= 0x81;
        let _ = read(&[changed]);
    }
    let twice = [files[0].clone(), files[0].clone()];
    assert!(
        zip_files(&twice).unwrap_err().to_string().starts_with("cfg.json: cannot be added to the archive: ")
    );
}

#[test]
fn a_model_that_was_read_can_be_trained_on() {
    let data = Dataset::new(Storage::F32(rows(200, 4, 1)), 4).expect("finite");
    let activation = Activation::TopK { k: 2, by: TopKBy::Positive };
    for (method, tied) in [(Method::Sgd, false), (Method::Pam, false), (Method::Sgd, true)] {
        let options =
            || TrainOptions { tied: Some(tied), ..TrainOptions::new(method, 8, activation.clone(), 1) };
        let mut first = Trainer::create(data.clone(), data.clone(), options()).expect("fits");
        let mut report =
            pollster::block_on(first.epoch(&mut splinterp::progress::NoObserver)).expect("trains");
        for _ in 0..4 {
            report = pollster::block_on(first.epoch(&mut splinterp::progress::NoObserver)).expect("trains");
        }
        let back = read(&write(first.sae(), Format::SaeLens).expect("can be written")).expect("can be read");
        let mut second =
            Trainer::start_from(back.clone(), data.clone(), data.clone(), options()).expect("fits");
        assert_eq!(second.sae().to_parts(), back.to_parts());
        assert_eq!(second.sae().w_dec.is_none(), tied);
        let next = pollster::block_on(second.epoch(&mut splinterp::progress::NoObserver)).expect("trains");
        assert!(next.test_mse < 1.02 * report.test_mse, "{} after {}", next.test_mse, report.test_mse);
    }
    let start = |sae: Sae, options| {
        Trainer::start_from(sae, data.clone(), data.clone(), options).unwrap_err().to_string()
    };
    let options = |d_sae| TrainOptions::new(Method::Sgd, d_sae, activation.clone(), 1);
    assert_eq!(
        start(model(4, 8, Activation::Relu, false, 1), options(9)),
        "dSae is 9, expected 8 as the model"
    );
    assert_eq!(
        start(model(5, 8, Activation::Relu, false, 1), options(8)),
        "columns of the data: found 4, expected 5 as the model"
    );
    let tied = TrainOptions { tied: Some(true), ..options(8) };
    assert_eq!(
        start(model(4, 8, Activation::Relu, false, 1), tied),
        "tied is true, expected false: the model's decoder is not its encoder"
    );
}
