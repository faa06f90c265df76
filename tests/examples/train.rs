//! Trains one sparse autoencoder natively and prints a line an epoch.
//!
//! `cargo run --release --example train -- [key=value …]`, for instance
//! `mnist=www/public/mnist method=pam share=0.1 epochs=10 seed=1`. Without `mnist=DIR` it draws digits.
//! `save=FILE` writes the checkpoint of the last epoch. Any field of `TrainOptions` is a key; values are JSON or plain words: `backend=gpu` asks for the GPU.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use pollster::block_on;
use serde_json::{Value, json};
use splinterp::data::{Dataset, NormalisationKind, read_tensors};
use splinterp::progress::NoObserver;
use splinterp::train::{Preset, TrainOptions, Trainer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut keys: BTreeMap<String, Value> = BTreeMap::new();
    for argument in std::env::args().skip(1) {
        let (key, value) =
            argument.split_once('=').ok_or_else(|| format!("'{argument}' is not key=value"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        keys.insert(key.to_owned(), value);
    }
    let mut take = |key: &str, default: Value| keys.remove(key).unwrap_or(default);
    let folder = take("mnist", Value::Null);
    let preset = take("preset", Value::Null);
    let save = take("save", Value::Null);
    let epochs = take("epochs", json!(10)).as_u64().ok_or("epochs is a whole number")?;
    let epochs = u32::try_from(epochs)?;
    let share = take("share", json!(1.0)).as_f64().ok_or("share is a number")?;
    let (train, test) = match folder.as_str() {
        Some(folder) => {
            (idx(folder, "train-images-idx3-ubyte.gz")?, idx(folder, "t10k-images-idx3-ubyte.gz")?)
        }
        None => (Dataset::digits(10_000, 1)?, Dataset::digits(2_000, 2)?),
    };
    let mut options = json!({
        "dSae": 256, "activation": {"kind": "topk", "k": 15, "by": "magnitude"}, "method": "pam", "seed": 1
    });
    for (key, value) in keys {
        options[key] = value;
    }
    let options: TrainOptions = serde_json::from_value(options)?;
    let train = train.normalised(NormalisationKind::Mnist).share(share, options.seed)?;
    let test = test.normalised(NormalisationKind::Mnist);
    let options = match preset {
        Value::Null => options,
        preset => {
            let preset: Preset = serde_json::from_value(preset)?;
            preset.apply(options, train.rows(), epochs)
        }
    };
    let mut trainer = block_on(Trainer::open(train, test, options))?;
    eprintln!("{}. {}", trainer.backend(), trainer.backend_reason());
    println!("{}", serde_json::to_string(trainer.options())?);
    for _ in 0..epochs {
        let report = block_on(trainer.epoch(&mut NoObserver))?;
        println!("{}", serde_json::to_string(&report)?);
    }
    if let Some(file) = save.as_str() {
        std::fs::write(file, trainer.checkpoint()?)?;
    }
    Ok(())
}

fn idx(folder: &str, file: &str) -> Result<Dataset, Box<dyn Error>> {
    let bytes = std::fs::read(Path::new(folder).join(file))?;
    Ok(read_tensors(&bytes, file)?.dataset(None)?)
}
