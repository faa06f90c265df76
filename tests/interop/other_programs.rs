//! SAEs that SAELens, sparsify, dictionary_learning and NumPy wrote (tests/interop/interop.py --fixtures), with the
//! codes and outputs that those programs compute.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use splinterp::engine::{Operation, apply};
use splinterp::interop::{NamedFile, read};
use splinterp::sae::{Activation, Sae, TopKBy};

/// Largest difference over largest value, float32 both.
const CLOSE: f32 = 1e-5;

fn folders() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/fixtures");
    let entries = fs::read_dir(fixtures).expect("the fixtures are in the repository");
    let folders: Vec<_> = entries.map(|entry| entry.expect("a folder").path()).collect();
    assert_eq!(folders.len(), 16);
    folders
}

/// A folder's files, the rows left out.
fn files(folder: &Path) -> Vec<NamedFile> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file"));
    let named = entries.map(|entry| NamedFile {
        name: entry.file_name().to_string_lossy().into_owned(),
        bytes: fs::read(entry.path()).expect("can be read"),
    });
    let mut files: Vec<_> = named.filter(|file| file.name != "rows.safetensors").collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn folder(name: &str) -> Vec<NamedFile> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/fixtures").join(name))
}

fn rows(folder: &Path, name: &str) -> Vec<f32> {
    let bytes = fs::read(folder.join("rows.safetensors")).expect("can be read");
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    let view = file.tensor(name).expect("it is there");
    view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0f32, |largest, v| largest.max(v.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < CLOSE * scale, "{what}: {found}, expected {expected}");
    }
}

#[test]
fn models_of_other_programs_give_their_outputs() {
    for folder in folders() {
        let what = folder.display().to_string();
        let sae = read(&files(&folder)).unwrap_or_else(|error| panic!("{what}: {error}"));
        let x = rows(&folder, "x");
        assert_close(&apply(Operation::Encode, &sae, &x).expect("whole rows"), &rows(&folder, "z"), &what);
        assert_close(
            &apply(Operation::Forward, &sae, &x).expect("whole rows"),
            &rows(&folder, "xhat"),
            &what,
        );
    }
}

#[test]
fn each_is_read_as_its_activation() {
    let activation = |name: &str| read(&folder(name)).expect("can be read").activation;
    let topk = |by| Activation::TopK { k: 3, by };
    assert_eq!(activation("saelens-standard"), Activation::Relu);
    assert_eq!(activation("saelens-abstopk"), topk(TopKBy::Magnitude));
    for name in ["saelens-topk", "sparsify-topk", "dictionary_learning-topk"] {
        assert_eq!(activation(name), topk(TopKBy::Positive), "{name}");
    }
    for name in [
        "saelens-jumprelu",
        "saelens-batchtopk",
        "saelens-matryoshka",
        "dictionary_learning-batch-topk",
        "dictionary_learning-matryoshka",
        "gemma-scope",
    ] {
        assert!(matches!(activation(name), Activation::JumpRelu { .. }), "{name}");
    }
}

#[test]
fn a_fixture_cut_or_changed_anywhere_is_an_error_or_a_finite_model() {
    let finite = |sae: &Sae| {
        let all = [&sae.w_enc, &sae.b_enc, sae.decoder(), &sae.b_dec];
        assert!(all.into_iter().flatten().all(|v| v.is_finite()));
    };
    for folder in folders() {
        let files = files(&folder);
        for file in 0..files.len() {
            for at in 0..files[file].bytes.len() {
                let mut changed = files.clone();
                changed[file].bytes[at] ^= 0x81;
                if let Ok(sae) = read(&changed) {
                    finite(&sae);
                }
                let mut cut = files.clone();
                cut[file].bytes.truncate(at);
                assert!(read(&cut).is_err(), "{} cut at {at}", folder.display());
            }
        }
    }
}

/// The folder with a word of its configuration replaced.
fn edited(name: &str, from: &str, to: &str) -> String {
    let mut files = folder(name);
    let config = files.iter_mut().find(|file| file.name.ends_with(".json")).expect("it has one");
    let text = String::from_utf8(config.bytes.clone()).expect("text");
    assert!(text.contains(from), "{text}");
    config.bytes = text.replacen(from, to, 1).into_bytes();
    read(&files).expect_err("it is refused").to_string()
}

#[test]
fn what_would_give_other_outputs_here_is_refused_by_name() {
    for (name, from, to, expected) in [
        (
            "sparsify-topk",
            "\"transcode\": false",
            "\"transcode\": true",
            "cfg.json: entry 'transcode' is true, which is not supported",
        ),
        (
            "sparsify-topk",
            "\"skip_connection\": false",
            "\"skip_connection\": true",
            "cfg.json: entry 'skip_connection' is true, which is not supported",
        ),
        (
            "sparsify-topk",
            "\"topk\"",
            "\"groupmax\"",
            "cfg.json: entry 'activation' is \"groupmax\", which is not supported",
        ),
        (
            "sparsify-topk",
            "\"num_latents\": 10",
            "\"num_latents\": 12",
            "cfg.json: entry 'num_latents' is 12, but the weights have 10",
        ),
        ("sparsify-topk", "\"k\": 3, ", "", "cfg.json: entry 'k' is missing, expected a whole number"),
        (
            "dictionary_learning-relu",
            "AutoEncoder",
            "GatedAutoEncoder",
            "config.json: dictionary class 'GatedAutoEncoder' cannot be read: expected AutoEncoder, AutoEncoderNew, \
             AutoEncoderTopK, BatchTopKSAE, MatryoshkaBatchTopKSAE or JumpReluAutoEncoder",
        ),
        (
            "dictionary_learning-topk",
            "AutoEncoderTopK",
            "AutoEncoder",
            "ae.pt: has no tensor bias, only b_dec, decoder.weight, encoder.bias, encoder.weight, k, threshold",
        ),
        (
            "dictionary_learning-topk",
            "\"k\": 3",
            "\"k\": 4",
            "config.json: entry 'k' is 4, but the weights have 3",
        ),
        (
            "dictionary_learning-topk",
            "\"trainer\"",
            "\"other\"",
            "config.json: entry 'trainer' is missing, expected an object",
        ),
        (
            "saelens-topk",
            "\"topk\"",
            "\"jumprelu\"",
            "sae_weights.safetensors: has no tensor threshold, only W_dec, W_enc, b_dec, b_enc",
        ),
        (
            "saelens-jumprelu",
            "\"jumprelu\"",
            "\"standard\"",
            "sae_weights.safetensors: has unexpected tensors: threshold",
        ),
        (
            "saelens-standard",
            "\"normalize_activations\": \"none\"",
            "\"normalize_activations\": \"expected_average_only_in\"",
            "cfg.json: entry 'normalize_activations' is \"expected_average_only_in\", which is not supported",
        ),
    ] {
        assert_eq!(edited(name, from, to), expected);
    }
    // Threshold −1: never set in training. The other program would compute a plain ReLU of it.
    let mut files = folder("dictionary_learning-batch-topk");
    replace(&mut files[0].bytes, 0.25f32.to_le_bytes(), (-1f32).to_le_bytes());
    // In the archive it is a file of its own, with a checksum in its header and in the directory.
    for _ in 0..2 {
        replace(&mut files[0].bytes, checksum(0.25), checksum(-1.0));
    }
    let error = read(&files).expect_err("it is refused").to_string();
    assert!(
        error.starts_with("ae.pt: tensor threshold is -1: this dictionary never set one in training"),
        "{error}"
    );
}

/// Replaces the first place that holds four bytes.
fn replace(file: &mut [u8], from: [u8; 4], to: [u8; 4]) {
    let at = file.windows(4).position(|bytes| bytes == from).expect("it is stored plainly");
    file[at..at + 4].copy_from_slice(&to);
}

/// CRC-32 of a file that holds one number.
fn checksum(number: f32) -> [u8; 4] {
    let mut sum = flate2::Crc::new();
    sum.update(&number.to_le_bytes());
    sum.sum().to_le_bytes()
}
