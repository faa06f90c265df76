//! Trains one sparse autoencoder natively and prints a line an epoch.
//!
//! `cargo run --release --example train -- [key=value …]`, for instance
//! `mnist=www/public/mnist method=pam share=0.1 epochs=10 seed=1`. Without `mnist=DIR` and `data=PATH` it draws digits.
//!
//! `data=PATH` streams activations that memory need not hold: one .npy or .safetensors file, or a folder of them. Of them
//! `test=8192` rows are held out: whole sequences where the arrays are `[batch, sequence, width]`, else blocks of neighbouring
//! rows. `testBy=row` asks for blocks, and `testBy=sequence` for sequences, which `sequence=128` rows each or
//! `tokens=NAME.tokens.json` may say too. `standardise=true`; `reservoir=256` MiB of rows are in memory at a time;
//! `tensor=NAME` names the array in files of several, `keep=f16` the type in memory, and with `dropNonFinite=true` rows with
//! NaN or infinity are left out.
//!
//! `save=FILE` writes a checkpoint after each epoch, and `resume=FILE` goes on from one. Any field of `TrainOptions` is a key;
//! values are JSON or plain words: `backend=gpu` asks for the GPU.

#[path = "support/stream.rs"]
mod stream;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use pollster::block_on;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use splinterp::data::{
    Dataset, NormalisationKind, Sequences, StorageKind, StreamOptions, Tokens, read_tensors,
};
use splinterp::progress::NoObserver;
use splinterp::train::{Preset, TrainOptions, TrainRows, Trainer};
use stream::{HoldOut, Terminal, TestBy, peak_memory};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut keys: BTreeMap<String, Value> = BTreeMap::new();
    for argument in std::env::args().skip(1) {
        let (key, value) =
            argument.split_once('=').ok_or_else(|| format!("'{argument}' is not key=value"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        keys.insert(key.to_owned(), value);
    }
    let mut take = |key: &str, default: Value| keys.remove(key).unwrap_or(default);
    let mnist = take("mnist", Value::Null);
    let data = take("data", Value::Null);
    let stream_options = stream_options(&mut take)?;
    let test_rows = usize::try_from(take("test", json!(8192)).as_u64().ok_or("test is a whole number")?)?;
    let test_by = test_by(&mut take)?;
    let standardise = take("standardise", json!(true)).as_bool().ok_or("standardise is true or false")?;
    let preset = take("preset", Value::Null);
    let (save, resume) = (take("save", Value::Null), take("resume", Value::Null));
    let epochs = take("epochs", json!(10)).as_u64().ok_or("epochs is a whole number")?;
    let epochs = u32::try_from(epochs)?;
    let share = take("share", json!(1.0)).as_f64().ok_or("share is a number")?;
    let mut options = json!({
        "dSae": 256, "activation": {"kind": "topk", "k": 15, "by": "magnitude"}, "method": "pam", "seed": 1
    });
    for (key, value) in keys {
        options[key] = value;
    }
    let options: TrainOptions = serde_json::from_value(options)?;
    let (train, test, rows) = match (data.as_str(), mnist.as_str()) {
        (Some(path), _) => {
            let kind = if standardise { NormalisationKind::Standardise } else { NormalisationKind::None };
            let hold_out = HoldOut { rows: test_rows, seed: options.seed, by: test_by };
            let (train, test) = block_on(stream::rows(Path::new(path), stream_options, hold_out, kind))?;
            let rows = train.rows();
            (TrainRows::from(train), test, usize::try_from(rows)?)
        }
        (None, folder) => {
            let (train, test) = match folder {
                Some(folder) => {
                    (idx(folder, "train-images-idx3-ubyte.gz")?, idx(folder, "t10k-images-idx3-ubyte.gz")?)
                }
                None => (Dataset::digits(10_000, 1)?, Dataset::digits(2_000, 2)?),
            };
            let train = train.normalised(NormalisationKind::Mnist).share(share, options.seed)?;
            let rows = train.rows();
            (TrainRows::from(train), test.normalised(NormalisationKind::Mnist), rows)
        }
    };
    let options = match preset {
        Value::Null => options,
        preset => {
            let preset: Preset = serde_json::from_value(preset)?;
            preset.apply(options, rows, epochs)
        }
    };
    let mut trainer = block_on(async {
        match resume.as_str() {
            Some(file) => {
                let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
                let backend = Some(options.backend);
                Ok::<_, Box<dyn Error>>(Trainer::reopen(&bytes, train, test, backend, &mut NoObserver).await?)
            }
            None => Ok(Trainer::open(train, test, options, &mut NoObserver).await?),
        }
    })?;
    eprintln!("{}. {}", trainer.backend(), trainer.backend_reason());
    println!("{}", serde_json::to_string(trainer.options())?);
    while trainer.epochs() < epochs {
        let mut progress = Terminal::new(format!("epoch {}", trainer.epochs() + 1));
        let report = block_on(trainer.epoch(&mut progress))?;
        progress.end(rows as u64);
        println!("{}", serde_json::to_string(&report)?);
        if let Some(file) = save.as_str() {
            // The last checkpoint stays until the next one is complete.
            let part = format!("{file}.part");
            std::fs::write(&part, trainer.checkpoint()?)?;
            std::fs::rename(part, file)?;
        }
    }
    if let Some(bytes) = peak_memory() {
        eprintln!("peak memory {} MB", bytes / 1_000_000);
    }
    Ok(())
}

/// How test rows are drawn.
fn test_by(take: &mut impl FnMut(&str, Value) -> Value) -> Result<TestBy, Box<dyn Error>> {
    let (by, length) = (take("testBy", Value::Null), take("sequence", Value::Null));
    let tokens = take("tokens", Value::Null);
    let given = match (&length, tokens.as_str()) {
        (Value::Null, None) => None,
        (Value::Null, Some(file)) => {
            let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
            let entries: Vec<IgnoredAny> =
                serde_json::from_slice(&bytes).map_err(|error| format!("{file}: {error}"))?;
            let tokens = Tokens::read(&bytes, file, entries.len())?;
            let of = tokens.sequences().ok_or_else(|| format!("{file}: says no “sequence” of its tokens"))?;
            Some(Sequences::Of(of.to_vec()))
        }
        (length, None) => {
            let rows = length.as_u64().and_then(|rows| u32::try_from(rows).ok());
            Some(Sequences::Every(rows.ok_or("sequence is a number of rows")?))
        }
        (_, Some(_)) => return Err("either sequence=ROWS or tokens=FILE says the sequences, not both".into()),
    };
    match (by.as_str(), given) {
        (None, None) if by.is_null() => Ok(TestBy::Known),
        (None | Some("sequence"), given) if by.is_null() || by.is_string() => Ok(TestBy::Sequence(given)),
        (Some("row"), None) => Ok(TestBy::Row),
        (Some("row"), Some(_)) => Err("testBy=row needs no sequences: leave sequence and tokens out".into()),
        _ => Err(format!("testBy is {by}, expected row or sequence").into()),
    }
}

/// The keys of a stream.
fn stream_options(take: &mut impl FnMut(&str, Value) -> Value) -> Result<StreamOptions, Box<dyn Error>> {
    let reservoir = take("reservoir", json!(256)).as_u64().ok_or("reservoir is a number of MiB")?;
    let keep = take("keep", Value::Null).as_str().map(StorageKind::parse).transpose()?;
    Ok(StreamOptions {
        tensor: take("tensor", Value::Null).as_str().map(str::to_owned),
        keep,
        drop_non_finite: take("dropNonFinite", json!(false))
            .as_bool()
            .ok_or("dropNonFinite is true or false")?,
        reservoir: reservoir.saturating_mul(1 << 20),
    })
}

fn idx(folder: &str, file: &str) -> Result<Dataset, Box<dyn Error>> {
    let bytes = std::fs::read(Path::new(folder).join(file))?;
    Ok(read_tensors(&bytes, file)?.dataset(None)?)
}
