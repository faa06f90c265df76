//! The crate's side of tests/interop/interop.py: writes SAEs with their outputs, and reads those of other programs.
//!
//!     cargo run --example interop -- write FOLDER [ACTIVATIONS]
//!     cargo run --example interop -- read FOLDER
//!
//! `write` makes FOLDER/CASE/FORMAT with a format's files, and FOLDER/CASE/rows.safetensors with rows `x` and their
//! reconstructions `xhat`. The models are trained on generated digits, and one on a file of activations if it is
//! named. `read` reads each folder in FOLDER, with `x` from its rows.safetensors, and writes `xhat` and codes `z` to
//! ours.safetensors.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use splinterp::data::{Dataset, NormalisationKind, Storage, read_tensors};
use splinterp::engine::{Operation, apply};
use splinterp::interop::{Format, NamedFile, read, write};
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};
use splinterp::train::{Method, TrainOptions, Trainer};

const ROWS: &str = "rows.safetensors";
const OURS: &str = "ours.safetensors";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", folder] => write_digits(Path::new(folder)),
        ["write", folder, activations] => {
            write_digits(Path::new(folder))?;
            write_activations(Path::new(folder), Path::new(activations))
        }
        ["read", folder] => read_cases(Path::new(folder)),
        _ => Err("expected: write FOLDER [ACTIVATIONS], or read FOLDER".into()),
    }
}

fn write_digits(folder: &Path) -> Result<(), Box<dyn Error>> {
    let topk = |by| Activation::TopK { k: 15, by };
    let thresholds = (0..256).map(|i| i as f32 / 512.0).collect();
    let activations = [
        ("relu", Activation::Relu),
        ("jumprelu", Activation::JumpRelu { threshold: Threshold::PerLatent(thresholds) }),
        ("batchtopk", Activation::BatchTopK { k: 15, threshold: None }),
        ("topk-magnitude", topk(TopKBy::Magnitude)),
        ("topk-positive", topk(TopKBy::Positive)),
    ];
    let digits = Dataset::digits(2000, 1)?;
    for (method, suffix) in [(Method::Sgd, ""), (Method::Pam, "-pam")] {
        for (name, activation) in &activations {
            let options = TrainOptions::new(method, 256, activation.clone(), 1);
            train_and_write(&folder.join(format!("digits-{name}{suffix}")), &digits, options, 3)?;
        }
    }
    Ok(())
}

fn write_activations(folder: &Path, file: &Path) -> Result<(), Box<dyn Error>> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let data = read_tensors(fs::read(file)?, &name)?.dataset(None)?;
    let activation = Activation::TopK { k: 32, by: TopKBy::Magnitude };
    let options =
        TrainOptions { tied: Some(false), ..TrainOptions::new(Method::Sgd, 4 * data.cols(), activation, 1) };
    train_and_write(&folder.join(name.replace('.', "-")), &data, options, 2)
}

/// Standardisation is fitted on the training rows and folded into the weights: what is written takes rows as stored.
fn train_and_write(
    case: &Path,
    data: &Dataset,
    options: TrainOptions,
    epochs: usize,
) -> Result<(), Box<dyn Error>> {
    let (train, test) = data.split(0.9, 1)?;
    let train = train.normalised(NormalisationKind::Standardise);
    let test = test.normalised_like(&train)?;
    let mut trainer = Trainer::create(train.clone(), test.clone(), options)?;
    for _ in 0..epochs {
        pollster::block_on(trainer.epoch(&mut NoObserver))?;
    }
    let sae = trainer.sae().for_stored(train.normalisation())?;
    write_case(case, &sae, &test.normalised(NormalisationKind::None))
}

fn write_case(case: &Path, sae: &Sae, rows: &Dataset) -> Result<(), Box<dyn Error>> {
    for (format, name) in [
        (Format::SaeLens, "saelens"),
        (Format::Sparsify, "sparsify"),
        (Format::DictionaryLearning, "dictionary_learning"),
    ] {
        let topk = matches!(sae.activation, Activation::TopK { .. });
        if format == Format::Sparsify && !topk {
            continue;
        }
        fs::create_dir_all(case.join(name))?;
        for file in write(sae, format)? {
            fs::write(case.join(name).join(file.name), file.bytes)?;
        }
    }
    let x = rows.values();
    let xhat = apply(Operation::Forward, sae, &x)?;
    save(&case.join(ROWS), &[("x", sae.d_in, &x), ("xhat", sae.d_in, &xhat)])
}

fn read_cases(folder: &Path) -> Result<(), Box<dyn Error>> {
    for case in fs::read_dir(folder)? {
        let case = case?.path();
        let mut files = Vec::new();
        for file in fs::read_dir(&case)? {
            let path = file?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if name != ROWS && name != OURS {
                files.push(NamedFile { name, bytes: fs::read(&path)? });
            }
        }
        let sae = read(&files).map_err(|error| format!("{}: {error}", case.display()))?;
        let bytes = fs::read(case.join(ROWS))?;
        let x = SafeTensors::deserialize(&bytes)?.tensor("x")?.data().as_chunks().0.to_vec();
        let x =
            Dataset::new(Storage::F32(x.into_iter().map(f32::from_le_bytes).collect()), sae.d_in)?.values();
        let (z, xhat) = (apply(Operation::Encode, &sae, &x)?, apply(Operation::Forward, &sae, &x)?);
        save(&case.join(OURS), &[("z", sae.d_sae, &z), ("xhat", sae.d_in, &xhat)])?;
    }
    Ok(())
}

/// Matrices by name, number of columns and values.
fn save(path: &Path, matrices: &[(&str, usize, &[f32])]) -> Result<(), Box<dyn Error>> {
    let mut views = HashMap::new();
    for &(name, cols, values) in matrices {
        let shape = vec![values.len() / cols, cols];
        views.insert(name, TensorView::new(Dtype::F32, shape, bytemuck::cast_slice(values))?);
    }
    Ok(safetensors::serialize_to_file(views, None, path)?)
}
