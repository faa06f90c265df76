//! What cannot be written or read as a model of another program, and how it is said.

use crate::common::archive::{Part, zip};
use crate::support::{assert_same, model, rows, wide};
use serde_json::{Value, json};
use splinterp::engine::{Operation, apply};
use splinterp::interop::{Format, NamedFile, read, write, zip_files};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};

#[test]
fn what_a_format_cannot_say_is_refused_with_a_sentence() {
    let refused =
        |activation, format| write(&model(3, 4, activation, false, 1), format).unwrap_err().to_string();
    let value = Activation::TopK { k: 2, by: TopKBy::Value };
    for format in [Format::SaeLens, Format::Sparsify, Format::DictionaryLearning] {
        assert!(
            refused(value.clone(), format)
                .starts_with("activation is TopK by 'value', expected TopK by 'positive'")
        );
    }
    assert_eq!(
        refused(Activation::Relu, Format::Sparsify),
        "activation is ReLU, expected TopK for the format 'sparsify', which knows TopK only"
    );
    let negative = Activation::JumpRelu { threshold: Threshold::PerLatent(vec![0.0, 0.1, -0.5, 0.0]) };
    assert!(refused(negative.clone(), Format::Sparsify).starts_with("activation is JumpReLU"));
    for (format, program) in
        [(Format::SaeLens, "SAELens"), (Format::DictionaryLearning, "dictionary_learning")]
    {
        assert_eq!(
            refused(negative.clone(), format),
            format!(
                "threshold is -0.5 at latent 2, expected 0 or above: {program} sets negative activations to 0"
            )
        );
        let unset = Activation::BatchTopK { k: 2, threshold: None };
        assert!(refused(unset, format).starts_with("activation is BatchTopK without a threshold"));
    }
    assert_eq!(
        Format::parse("onnx").unwrap_err().to_string(),
        "format is 'onnx', expected 'saelens' or 'sparsify' or 'dictionary_learning'"
    );
}

/// The SAELens folder of a small model with changed entries of its configuration.
fn changed(sae: &Sae, changes: &[(&str, Value)]) -> Vec<NamedFile> {
    let mut files = write(sae, Format::SaeLens).expect("can be written");
    let mut config: Value = serde_json::from_slice(&files[0].bytes).expect("JSON");
    for (name, value) in changes {
        config[*name] = value.clone();
    }
    files[0].bytes = config.to_string().into_bytes();
    files
}

#[test]
fn a_gated_sae_is_refused_by_its_architecture_whatever_lies_beside_it() {
    // As SAELens writes one: gate and magnitude have biases of their own, and there is no b_enc.
    let tensors = [
        ("W_enc", vec![3, 4]),
        ("W_dec", vec![4, 3]),
        ("b_dec", vec![3]),
        ("b_gate", vec![4]),
        ("b_mag", vec![4]),
        ("r_mag", vec![4]),
    ];
    let mut header = serde_json::Map::new();
    let mut end = 0;
    for (name, shape) in &tensors {
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        header
            .insert((*name).into(), json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] }));
    }
    let header = Value::Object(header).to_string();
    let mut weights = (header.len() as u64).to_le_bytes().to_vec();
    weights.extend(header.bytes());
    weights.resize(weights.len() + end, 0);
    let config = json!({ "architecture": "gated", "d_in": 3, "d_sae": 4, "dtype": "float32" });
    let file = |name: &str, bytes: Vec<u8>| NamedFile { name: name.into(), bytes };
    let folder =
        [file("cfg.json", config.to_string().into_bytes()), file("sae_weights.safetensors", weights.clone())];
    let sentence =
        "cfg.json: architecture 'gated' cannot be read: expected 'standard', 'topk', 'abstopk' or 'jumprelu'";
    assert_eq!(read(&folder).unwrap_err().to_string(), sentence);
    let packed = file("gated.zip", zip_files(&folder).expect("packs"));
    assert!(read(&[packed]).unwrap_err().to_string().contains("architecture 'gated' cannot be read"));
}

#[test]
fn configurations_that_mean_other_outputs_are_refused_and_those_that_do_not_are_read() {
    let sae = model(3, 4, Activation::Relu, false, 1);
    let error = |changes: &[(&str, Value)]| read(&changed(&sae, changes)).unwrap_err().to_string();
    for (changes, expected) in [
        (
            ("normalize_activations", json!("layer_norm")),
            "cfg.json: entry 'normalize_activations' is \"layer_norm\", which is not supported",
        ),
        (
            ("architecture", json!("gated")),
            "cfg.json: architecture 'gated' cannot be read: expected 'standard', 'topk', 'abstopk' or 'jumprelu'",
        ),
        (("d_in", json!(4)), "cfg.json: entry 'd_in' is 4, but the weights have 3"),
        (("d_sae", json!(1e300)), "cfg.json: entry 'd_sae' is 1e+300, expected a whole number"),
        (
            ("architecture", json!("topk")),
            "cfg.json: entry 'activation_fn_kwargs' is missing, expected an object",
        ),
        (("architecture", json!(7)), "cfg.json: entry 'architecture' is 7, expected a string"),
        (
            ("activation_fn_str", json!("tanh")),
            "cfg.json: activation function 'tanh' is neither 'relu' nor 'topk'",
        ),
        (
            ("apply_b_dec_to_input", json!("no")),
            "cfg.json: entry 'apply_b_dec_to_input' is \"no\", expected true or false",
        ),
    ] {
        assert_eq!(error(&[changes]), expected);
    }
    assert_eq!(
        error(&[("architecture", json!("jumprelu"))]),
        "sae_weights.safetensors: has no tensor threshold, only W_dec, W_enc, b_dec, b_enc"
    );
    assert_eq!(
        error(&[("architecture", json!("topk")), ("k", json!(5))]),
        "k is 5, expected from 1 to d_sae, here 4"
    );

    let shifted = read(&changed(&sae, &[("apply_b_dec_to_input", Value::Null)])).expect("true by default");
    let x = rows(5, 3, 1);
    let centred: Vec<f32> = x.iter().enumerate().map(|(i, x)| x - sae.b_dec[i % 3]).collect();
    assert_same(
        &apply(Operation::Encode, &shifted, &x).unwrap(),
        &wide(&apply(Operation::Encode, &sae, &centred).unwrap()),
        "z",
    );
    let old = [
        ("architecture", Value::Null),
        ("activation_fn_str", json!("topk")),
        ("activation_fn_kwargs", json!({"k": 2})),
    ];
    assert_eq!(
        read(&changed(&sae, &old)).unwrap().activation,
        Activation::TopK { k: 2, by: TopKBy::Positive }
    );
    let signed = [("architecture", json!("abstopk")), ("k", json!(3))];
    assert_eq!(
        read(&changed(&sae, &signed)).unwrap().activation,
        Activation::TopK { k: 3, by: TopKBy::Magnitude }
    );
}

#[test]
fn missing_doubled_and_unknown_files_are_named() {
    let files = write(&model(3, 4, Activation::Relu, false, 1), Format::SaeLens).expect("can be written");
    let error = |files: &[NamedFile]| read(files).unwrap_err().to_string();
    let named = |name: &str, at: usize| NamedFile { name: name.to_owned(), ..files[at].clone() };
    assert!(error(&[]).starts_with("no files: expected weights: sae_weights.safetensors,"));
    assert!(error(&files[..1]).starts_with("cfg.json: expected weights: "));
    assert_eq!(
        error(&files[1..]),
        "sae_weights.safetensors: came without its configuration: cfg.json is needed too"
    );
    assert_eq!(
        error(&[files[0].clone(), named("a.safetensors", 1), named("b.safetensors", 1)]),
        "b.safetensors: holds weights, as a.safetensors does: expected the files of one SAE"
    );
    assert_eq!(
        error(&[files[0].clone(), files[1].clone(), named("config.json", 0)]),
        "config.json: is a second configuration: expected the files of one SAE"
    );
    let crowd =
        [named("run/notes.txt", 0), named("run/cfg.json", 0), named("run/sae_weights.safetensors", 1)];
    assert_eq!(read(&crowd).unwrap(), read(&files).unwrap());
}

#[test]
fn a_file_cut_or_changed_anywhere_is_an_error_or_a_finite_model() {
    let activation = Activation::JumpRelu { threshold: Threshold::Shared(0.1) };
    let sae = model(2, 3, activation, false, 1);
    let files = write(&sae, Format::SaeLens).expect("can be written");
    for file in 0..2 {
        for at in 0..files[file].bytes.len() {
            let mut cut = files.clone();
            cut[file].bytes.truncate(at);
            // All but the line's end of the configuration are needed.
            assert!(
                read(&cut).is_err() || (file == 0 && at + 1 == files[0].bytes.len()),
                "{file} cut at {at}"
            );
            for flip in [0x01, 0x80] {
                let mut changed = files.clone();
                changed[file].bytes[at] ^= flip;
                if let Ok(sae) = read(&changed) {
                    assert!(sae.w_enc.iter().chain(sae.decoder()).all(|w| w.is_finite()));
                    let _ = apply(Operation::Forward, &sae, &vec![1.0; sae.d_in]).expect("one row");
                }
            }
        }
    }
}

#[test]
fn parameters_that_leave_float32_when_they_are_folded_are_an_error() {
    let mut sae = model(3, 4, Activation::TopK { k: 2, by: TopKBy::Positive }, false, 1);
    sae.w_enc.fill(1e30);
    sae.b_dec.fill(1e30);
    let expected =
        "folding its biases into its weights gives inf, expected numbers within the range of float32";
    let refused = write(&sae, Format::Sparsify).unwrap_err().to_string();
    assert_eq!(refused, format!("sae.safetensors: {expected}"));
    let shifted = changed(&sae, &[("apply_b_dec_to_input", json!(true))]);
    let refused = read(&shifted).unwrap_err().to_string();
    assert_eq!(refused, format!("sae_weights.safetensors: {}", expected.replace("inf", "-inf")));
}

#[test]
fn one_flipped_bit_in_the_archive_of_a_model_is_an_error() {
    let sae = model(3, 4, Activation::Relu, false, 1);
    let files = write(&sae, Format::SaeLens).expect("can be written");
    let bytes: Vec<_> = files.iter().map(|file| file.bytes.as_slice()).collect();
    let deflated =
        zip(&[Part::deflated("cfg.json", bytes[0]), Part::deflated("sae_weights.safetensors", bytes[1])]);
    let exported = zip_files(&files).expect("fits");
    for (what, archive) in [("exported", exported), ("deflated", deflated)] {
        let named = |bytes: &[u8]| [NamedFile { name: "sae.zip".into(), bytes: bytes.to_vec() }];
        assert_eq!(read(&named(&archive)), Ok(sae.clone()), "{what}");
        let directory = archive.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a directory");
        for at in 0..directory {
            let mut flipped = archive.clone();
            flipped[at] ^= 0x04;
            // The headers before the files say again what the directory says; nothing is read of most of them.
            if let Ok(found) = read(&named(&flipped)) {
                assert_eq!(found, sae, "{what}, byte {at}");
            }
        }
        // In the middle of the weights.
        let mut flipped = archive.clone();
        flipped[directory - 40] ^= 0x04;
        let error = read(&named(&flipped)).expect_err("a flipped bit").to_string();
        assert!(error.starts_with("sae.zip: sae_weights.safetensors: "), "{what}: {error}");
    }
}
