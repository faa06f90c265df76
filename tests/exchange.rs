//! Trained SAEs in other programs' files: what is written gives the same outputs when computed from the bytes as those
//! programs do, in float64, and what is read is what was written.

#![cfg(feature = "files")]

use proptest::prelude::*;
use safetensors::SafeTensors;
use serde_json::{Value, json};
use splinterp::data::{Dataset, NormalisationKind, Storage};
use splinterp::engine::bulk;
use splinterp::exchange::{Format, NamedFile, read, write, zip_files};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};
use splinterp::train::{Method, TrainOptions, Trainer};

/// float32 against float64, in units of the largest output.
const CLOSE: f64 = 1e-5;
/// Rows on which an activation is this near to being chosen otherwise are passed over.
const MARGIN: f64 = 1e-5;

/// A folder as the other program's loader sees it.
struct Folder {
    config: Value,
    weights: Vec<u8>,
}

impl Folder {
    fn new(files: &[NamedFile], weights: &str) -> Self {
        let bytes = |name| &files.iter().find(|file| file.name == name).expect("the folder has it").bytes;
        let config = serde_json::from_slice(bytes("cfg.json")).expect("JSON");
        Self { config, weights: bytes(weights).clone() }
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Vec<f64> {
        let file = SafeTensors::deserialize(&self.weights).expect("safetensors");
        let view = file.tensor(name).expect("the tensor is there");
        assert_eq!(view.shape(), shape, "{name}");
        view.data().as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect()
    }
}

/// `x [d_in]` times `w [d_in, d_sae]` plus a bias.
fn times(x: &[f64], w: &[f64], bias: &[f64]) -> Vec<f64> {
    let mut out = bias.to_vec();
    for (x, row) in x.iter().zip(w.chunks_exact(bias.len())) {
        out.iter_mut().zip(row).for_each(|(out, w)| *out += x * w);
    }
    out
}

/// ReLU of the k largest, and by how much they were chosen.
fn top_k(pre: &[f64], k: usize) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..pre.len()).collect();
    order.sort_by(|&a, &b| pre[b].total_cmp(&pre[a]));
    let mut z = vec![0.0; pre.len()];
    order[..k].iter().for_each(|&latent| z[latent] = pre[latent].max(0.0));
    let margin = order.get(k).map_or(f64::INFINITY, |&next| pre[order[k - 1]].max(0.0) - pre[next].max(0.0));
    // Which of several that become 0 is chosen does not matter.
    (z, if order.get(k).is_some_and(|&next| pre[next] <= 0.0) { f64::INFINITY } else { margin })
}

/// `SAE.forward` of SAELens 6 for one row, and its margin.
fn saelens_forward(folder: &Folder, x: &[f64], d_in: usize) -> (Vec<f64>, f64) {
    let d_sae = folder.config["d_sae"].as_u64().expect("said") as usize;
    assert_eq!(folder.config["d_in"], json!(d_in));
    assert_eq!(folder.config["apply_b_dec_to_input"], json!(false));
    assert_eq!(folder.config["normalize_activations"], json!("none"));
    let pre = times(x, &folder.tensor("W_enc", &[d_in, d_sae]), &folder.tensor("b_enc", &[d_sae]));
    let (z, margin) = match folder.config["architecture"].as_str().expect("said") {
        "standard" => (pre.iter().map(|pre| pre.max(0.0)).collect(), f64::INFINITY),
        "topk" => top_k(&pre, folder.config["k"].as_u64().expect("said") as usize),
        "jumprelu" => {
            let thresholds = folder.tensor("threshold", &[d_sae]);
            let pairs = pre.iter().zip(&thresholds);
            let margin =
                pairs.clone().map(|(pre, threshold)| (pre - threshold).abs()).fold(f64::INFINITY, f64::min);
            (pairs.map(|(pre, threshold)| if pre > threshold { pre.max(0.0) } else { 0.0 }).collect(), margin)
        }
        other => panic!("{other}"),
    };
    (times(&z, &folder.tensor("W_dec", &[d_sae, d_in]), &folder.tensor("b_dec", &[d_in])), margin)
}

/// `SparseCoder.forward` of sparsify for one row, and its margin.
fn sparsify_forward(folder: &Folder, x: &[f64], d_in: usize) -> (Vec<f64>, f64) {
    let d_sae = folder.config["num_latents"].as_u64().expect("said") as usize;
    assert_eq!((&folder.config["d_in"], &folder.config["activation"]), (&json!(d_in), &json!("topk")));
    let b_dec = folder.tensor("b_dec", &[d_in]);
    let centred: Vec<f64> = x.iter().zip(&b_dec).map(|(x, b)| x - b).collect();
    let (weight, bias) =
        (folder.tensor("encoder.weight", &[d_sae, d_in]), folder.tensor("encoder.bias", &[d_sae]));
    let rows = weight.chunks_exact(d_in).zip(&bias);
    let pre: Vec<f64> = rows
        .map(|(row, bias)| (row.iter().zip(&centred).map(|(w, x)| w * x).sum::<f64>() + bias).max(0.0))
        .collect();
    let (z, margin) = top_k(&pre, folder.config["k"].as_u64().expect("said") as usize);
    (times(&z, &folder.tensor("W_dec", &[d_sae, d_in]), &b_dec), margin)
}

/// Random parameters, biases too.
fn model(d_in: usize, d_sae: usize, activation: Activation, tied: bool, seed: u64) -> Sae {
    let mut sae = Sae::random(d_in, d_sae, activation, tied, seed);
    let noise = Sae::random(d_in + d_sae, 1, Activation::Relu, true, seed ^ 7).w_enc;
    sae.b_enc.copy_from_slice(&noise[..d_sae]);
    sae.b_dec.copy_from_slice(&noise[d_sae..]);
    sae
}

fn rows(n: usize, d_in: usize, seed: u64) -> Vec<f32> {
    Sae::random(d_in, n, Activation::Relu, true, seed ^ 3).w_enc.iter().map(|v| 10.0 * v).collect()
}

fn activations() -> impl Strategy<Value = Activation> {
    let by = prop_oneof![Just(TopKBy::Magnitude), Just(TopKBy::Positive)];
    let thresholds = prop_oneof![
        (0f32..0.3).prop_map(Threshold::Shared),
        (0f32..0.3).prop_map(|t| Threshold::PerLatent((0..12).map(|i| t * i as f32 / 6.0).collect())),
    ];
    prop_oneof![
        Just(Activation::Relu),
        thresholds.prop_map(|threshold| Activation::JumpRelu { threshold }),
        (1usize..12, by).prop_map(|(k, by)| Activation::TopK { k, by }),
    ]
}

fn assert_same(found: &[f32], expected: &[f64], what: &str) {
    let scale = expected.iter().fold(1e-3f64, |largest, v| largest.max(v.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < CLOSE * scale, "{what}: {found}, expected {expected}");
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_files_give_the_model_s_outputs(
        activation in activations(), d_in in 1usize..9, tied in any::<bool>(), seed in any::<u64>(),
    ) {
        let sae = model(d_in, 12, activation.clone(), tied, seed);
        let x = rows(20, d_in, seed);
        let own = bulk::forward(&sae, &x).expect("whole rows");
        let saelens = write(&sae, Format::SaeLens).expect("can be written");
        let mut folders = vec![(Folder::new(&saelens, "sae_weights.safetensors"), saelens_forward as fn(&_, &_, _) -> _)];
        match write(&sae, Format::Sparsify) {
            Ok(files) => folders.push((Folder::new(&files, "sae.safetensors"), sparsify_forward)),
            Err(_) => assert!(!matches!(activation, Activation::TopK { .. })),
        }
        let mut compared = 0;
        for (folder, forward) in &folders {
            for (x, own) in x.chunks_exact(d_in).zip(own.chunks_exact(d_in)) {
                let (expected, margin) = forward(folder, &wide(x), d_in);
                if margin > MARGIN {
                    assert_same(own, &expected, &format!("{activation:?}"));
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
            assert_same(&bulk::forward(other, &x).unwrap(), &wide(&bulk::forward(&sae, &x).unwrap()), "x̂");
        };
        let back = read(&write(&sae, Format::SaeLens).expect("can be written")).expect("can be read");
        match activation {
            Activation::Relu | Activation::TopK { by: TopKBy::Positive, .. } => {
                prop_assert_eq!(back.to_parts(), sae.to_parts());
                prop_assert_eq!(&back.activation, &sae.activation);
            }
            Activation::JumpRelu { .. } => prop_assert_eq!(bulk::encode(&back, &x), bulk::encode(&sae, &x)),
            Activation::TopK { .. } => {
                prop_assert_eq!(back.d_sae, 24);
                same(&back);
            }
        }
        if let Ok(files) = write(&sae, Format::Sparsify) {
            let back = read(&files).expect("can be read");
            let strays = |other: &Sae| {
                let z = |sae: &Sae| bulk::encode(sae, &x).unwrap().iter().filter(|z| **z != 0.0).count();
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
        let values = rows(30, d_in, seed).iter().enumerate().map(|(i, v)| v * (1.0 + (i % d_in) as f32) + mean).collect();
        let stored = Dataset::new(Storage::F32(values), d_in).expect("finite");
        let normalised = stored.normalised(NormalisationKind::Standardise);
        let folded = sae.for_stored(normalised.normalisation()).expect("in range");
        let mut expected = bulk::forward(&sae, &normalised.values()).unwrap();
        expected.chunks_exact_mut(d_in).for_each(|row| normalised.normalisation().undo(row));
        // Cells may differ where float32 rounds a pre-activation over an edge; both are then nearly the same rows.
        let count = |sae: &Sae, x: &[f32]| -> Vec<bool> { bulk::encode(sae, x).unwrap().iter().map(|z| *z != 0.0).collect() };
        let (here, there) = (count(&folded, &stored.values()), count(&sae, &normalised.values()));
        let found = bulk::forward(&folded, &stored.values()).unwrap();
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
fn what_a_format_cannot_say_is_refused_with_a_sentence() {
    let refused =
        |activation, format| write(&model(3, 4, activation, false, 1), format).unwrap_err().to_string();
    let value = Activation::TopK { k: 2, by: TopKBy::Value };
    for format in [Format::SaeLens, Format::Sparsify] {
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
    assert_eq!(
        refused(negative, Format::SaeLens),
        "threshold is -0.5 at latent 2, expected 0 or above: SAELens sets negative activations to 0"
    );
    assert_eq!(
        Format::parse("onnx").unwrap_err().to_string(),
        "format is 'onnx', expected 'saelens' or 'sparsify'"
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
fn configurations_that_mean_other_outputs_are_refused_and_those_that_do_not_are_read() {
    let sae = model(3, 4, Activation::Relu, false, 1);
    let error = |changes: &[(&str, Value)]| read(&changed(&sae, changes)).unwrap_err().to_string();
    for (changes, expected) in [
        (
            ("normalize_activations", json!("layer_norm")),
            "cfg.json: entry 'normalize_activations' is \"layer_norm\", which models here cannot do",
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
        (("architecture", json!(7)), "cfg.json: entry 'architecture' is 7, expected a word"),
        (
            ("activation_fn_str", json!("tanh")),
            "cfg.json: activation function 'tanh' is none of 'relu' and 'topk'",
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
    assert_same(&bulk::encode(&shifted, &x).unwrap(), &wide(&bulk::encode(&sae, &centred).unwrap()), "z");
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
        "sae_weights.safetensors: came alone: its configuration (cfg.json or config.json) is needed too"
    );
    assert_eq!(
        error(&[files[0].clone(), named("a.safetensors", 1), named("b.safetensors", 1)]),
        "b.safetensors: are weights beside a.safetensors: expected the files of one SAE"
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
                    let _ = bulk::forward(&sae, &vec![1.0; sae.d_in]).expect("one row");
                }
            }
        }
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
        zip_files(&twice).unwrap_err().to_string().starts_with("cfg.json: cannot be put into the archive: ")
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
        let mut report = pollster::block_on(first.epoch(&mut splinterp::train::Quiet)).expect("trains");
        for _ in 0..4 {
            report = pollster::block_on(first.epoch(&mut splinterp::train::Quiet)).expect("trains");
        }
        let back = read(&write(first.sae(), Format::SaeLens).expect("can be written")).expect("can be read");
        let mut second =
            Trainer::start_from(back.clone(), data.clone(), data.clone(), options()).expect("fits");
        assert_eq!(second.sae().to_parts(), back.to_parts());
        assert_eq!(second.sae().w_dec.is_none(), tied);
        let next = pollster::block_on(second.epoch(&mut splinterp::train::Quiet)).expect("trains");
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
