//! The reference values of `tests/recipes/`, and engines against them.

use std::path::PathBuf;

use pollster::block_on;
use safetensors::SafeTensors;
use serde_json::Value;
use splinterp::data::{Dataset, Storage};
use splinterp::engine::{AuxK, Engine, Optimiser, State, StepOptions, ThresholdTraining, Variants};
use splinterp::sae::{Activation, Parts, Penalties, Sae, Threshold, TopKBy};

/// Active latents of a row in the cases that choose.
const K: usize = 4;

/// Some steps from given parameters.
pub struct Recipe {
    about: Value,
    bytes: Vec<u8>,
}

impl Recipe {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recipes");
        let list = std::fs::read_to_string(folder.join("cases.json")).expect("the list is there");
        let list: Vec<Value> = serde_json::from_str(&list).expect("JSON");
        assert!(list.len() > 10);
        let recipe = |about: Value| {
            let file = format!("{}.safetensors", about["name"].as_str().expect("is named"));
            Self { about, bytes: std::fs::read(folder.join(file)).expect("the case is there") }
        };
        list.into_iter().map(recipe).collect()
    }

    pub fn name(&self) -> &str {
        self.about["name"].as_str().unwrap_or_default()
    }

    fn number(&self, name: &str) -> f64 {
        self.about[name].as_f64().unwrap_or_else(|| panic!("{}: {name}", self.name()))
    }

    fn tensor(&self, name: &str) -> Vec<f64> {
        let file = SafeTensors::deserialize(&self.bytes).expect("safetensors");
        let view = file.tensor(name).expect("the tensor is there");
        view.data().as_chunks::<8>().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect()
    }

    fn narrow(&self, name: &str) -> Vec<f32> {
        self.tensor(name).into_iter().map(|value| value as f32).collect()
    }

    /// BatchTopK's threshold at the end.
    pub fn average(&self) -> Option<f64> {
        self.tensor("average").first().copied().filter(|value| !value.is_nan())
    }

    pub fn activation(&self) -> Activation {
        match self.about["activation"].as_str().unwrap_or_default() {
            "relu" => Activation::Relu,
            "topk_magnitude" => Activation::TopK { k: K, by: TopKBy::Magnitude },
            "topk_positive" => Activation::TopK { k: K, by: TopKBy::Positive },
            "batchtopk" => Activation::BatchTopK { k: K, threshold: None },
            "jumprelu" => Activation::JumpRelu { threshold: Threshold::PerLatent(self.narrow("threshold0")) },
            other => panic!("{other}"),
        }
    }

    pub fn variants(&self) -> Variants {
        let auxk = &self.about["auxk"];
        let jumprelu = &self.about["jumprelu"];
        let number = |value: &Value| value.as_f64().expect("a number");
        Variants {
            warmup_steps: self.number("warmup") as u64,
            unit_decoder: self.about["unit"].as_bool().expect("said"),
            auxk: auxk.is_object().then(|| AuxK {
                k: number(&auxk["k"]) as usize,
                coefficient: number(&auxk["coefficient"]),
                dead_after: number(&auxk["deadAfter"]) as u32,
            }),
            thresholds: jumprelu.is_object().then(|| ThresholdTraining {
                bandwidth: number(&jumprelu["bandwidth"]),
                target_l0: number(&jumprelu["targetL0"]),
                coefficient: number(&jumprelu["coefficient"]),
            }),
            threshold_rate: self.number("rate") as f32,
            prefixes: self.about["prefixes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|p| number(p) as usize)
                .collect(),
        }
    }

    pub fn options<'a>(&self, variants: &'a Variants) -> StepOptions<'a> {
        StepOptions {
            batch_size: self.number("rows") as usize,
            updates_per_batch: 1,
            lr: self.number("lr"),
            lr_slope: 0.0,
            weight_decay: 0.0,
            clip: self.about["clip"].as_f64(),
            penalties: Penalties { l1: self.number("l1"), ..Penalties::default() },
            variants,
            sweep: None,
        }
    }

    /// All rows and the state before the first step.
    pub fn start(&self) -> (Dataset, State) {
        let (d_in, d_sae) = (self.tensor("b_dec0").len(), self.tensor("b_enc0").len());
        let parts = Parts {
            w_enc: self.narrow("W_enc0"),
            b_enc: self.narrow("b_enc0"),
            w_dec: self.narrow("W_dec0"),
            b_dec: self.narrow("b_dec0"),
        };
        let mut sae = Sae::from_parts(parts, self.activation(), d_in, d_sae).expect("the case is valid");
        if self.about["tied"].as_bool() == Some(true) {
            sae.w_dec = None;
        }
        let data = Dataset::new(Storage::F32(self.narrow("x")), d_in).expect("finite rows");
        let optimiser = Optimiser::new(&sae, true).with_variants(&self.variants(), d_sae);
        (data, State { optimiser, sae })
    }

    pub fn rows(&self) -> Vec<u32> {
        (0..(self.number("steps") * self.number("rows")) as u32).collect()
    }

    /// Losses before every step, and everything that the last has left.
    pub fn assert_steps_agree(&self, engine: &mut impl Engine, tolerance: f64) {
        let name = self.name();
        let (variants, rows) = (self.variants(), self.rows());
        let options = self.options(&variants);
        engine.begin_epoch();
        let (losses, others) = (self.tensor("losses"), self.tensor("others"));
        for (batch, (loss, other)) in rows.chunks(options.batch_size).zip(losses.iter().zip(&others)) {
            let sums = block_on(engine.steps(batch, &options)).expect("steps");
            assert_close(
                &[sums.mse as f32, 1.0 + sums.others as f32],
                &[*loss, 1.0 + other],
                tolerance,
                name,
            );
        }
        let State { sae, optimiser } = block_on(engine.state()).expect("reads back");
        let parts = sae.to_parts();
        let at = |what: &str| format!("{what} of {name}");
        // Six steps of Adam magnify what rounding leaves of small gradients.
        let steps = 30.0 * tolerance;
        assert_close(&parts.w_enc, &self.tensor("W_enc"), steps, &at("W_enc"));
        assert_close(&parts.b_enc, &self.tensor("b_enc"), steps, &at("b_enc"));
        assert_close(&parts.b_dec, &self.tensor("b_dec"), steps, &at("b_dec"));
        if sae.w_dec.is_some() {
            assert_close(&parts.w_dec, &self.tensor("W_dec"), steps, &at("W_dec"));
        }
        if let Activation::JumpRelu { threshold } = &sae.activation {
            let found: Vec<f32> = threshold.iter().collect();
            assert_close(&found, &self.tensor("threshold"), steps, &at("threshold"));
        }
        if let Some(idle) = &optimiser.idle {
            assert_eq!(*idle, self.narrow("idle"), "{}", at("idle rows"));
        }
    }
}

/// Equal but for an error of this share of the largest.
pub fn assert_close(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / scale;
        assert!(error < tolerance, "{what}, value {at}: {found}, expected {expected}: {error:e}");
    }
}
