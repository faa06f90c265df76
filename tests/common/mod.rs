//! Reading the reference values that lie beside the checkout.

#![allow(dead_code, reason = "each test binary uses a part of this")]

pub mod archive;
pub mod golden;
pub mod recipes;

use std::path::PathBuf;

use safetensors::{Dtype, SafeTensors};

/// Path of a file or folder of the shared reference data. Without it tests fail under `CI=true`; elsewhere `None`
/// tells them to skip, and says so.
pub fn shared(path: &str) -> Option<PathBuf> {
    let full = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if full.exists() {
        return Some(full);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", full.display());
    eprintln!("SKIPPED: {} is missing", full.display());
    None
}

/// One golden case: its parameters from the index and its tensors.
pub struct Case {
    /// Entry of `index.json`.
    pub about: serde_json::Value,
    bytes: Vec<u8>,
}

impl Case {
    /// All cases whose file name starts with the prefix. Empty only where the data may be missing.
    pub fn all(prefix: &str) -> Vec<Self> {
        Self::listed_in("index.json", prefix)
    }

    /// The same of another index.
    pub fn listed_in(index: &str, prefix: &str) -> Vec<Self> {
        let Some(folder) = shared("golden") else { return Vec::new() };
        let index = std::fs::read_to_string(folder.join(index)).expect("the index can be read");
        let index: serde_json::Value = serde_json::from_str(&index).expect("the index is JSON");
        let cases = index["cases"].as_array().expect("the index lists cases").iter();
        let found: Vec<Self> = cases
            .filter(|about| about["file"].as_str().is_some_and(|file| file.starts_with(prefix)))
            .map(|about| Self {
                about: about.clone(),
                bytes: std::fs::read(folder.join(about["file"].as_str().unwrap_or_default()))
                    .expect("the case is there"),
            })
            .collect();
        assert!(!found.is_empty(), "no golden case starts with {prefix}");
        found
    }

    /// Name of the case's file.
    pub fn name(&self) -> &str {
        self.about["file"].as_str().unwrap_or_default()
    }

    /// A number of the index.
    pub fn number(&self, key: &str) -> f64 {
        self.about[key].as_f64().unwrap_or_else(|| panic!("{}: {key} is a number", self.name()))
    }

    /// The numbers of a tensor, if the case has it.
    pub fn get(&self, name: &str) -> Option<Vec<f64>> {
        let file = SafeTensors::deserialize(&self.bytes).expect("the case is safetensors");
        let view = file.tensor(name).ok()?;
        let eights = view.data().as_chunks::<8>().0.iter();
        Some(match view.dtype() {
            Dtype::F64 => eights.map(|&bytes| f64::from_le_bytes(bytes)).collect(),
            Dtype::I64 => eights.map(|&bytes| i64::from_le_bytes(bytes) as f64).collect(),
            Dtype::F32 => {
                let fours = view.data().as_chunks::<4>().0.iter();
                fours.map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect()
            }
            other => panic!("{}: tensor {name} is of type {other:?}", self.name()),
        })
    }

    /// A tensor that the case must have.
    pub fn tensor(&self, name: &str) -> Vec<f64> {
        self.get(name).unwrap_or_else(|| panic!("{}: tensor {name}", self.name()))
    }

    /// The same in float32.
    pub fn float32(&self, name: &str) -> Vec<f32> {
        narrow(&self.tensor(name))
    }
}

/// float64 → float32.
pub fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

/// `‖a − b‖ / ‖b‖`, or `‖a‖` where b is 0.
pub fn relative_error(a: &[f32], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let distance: f64 = a.iter().zip(b).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum();
    let size: f64 = b.iter().map(|b| b * b).sum();
    (if size > 0.0 { distance / size } else { distance }).sqrt()
}

/// Bytes of a file that tests/fixtures/write.py made.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/files").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
