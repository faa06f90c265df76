//! `Sae.quality`, `agreement`, `recovery`, and `KnownFeatures`: how good a model is.

use js_sys::{Number, Promise};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::{Argument, Content, content_of};
use super::convert::{count, whole};
use super::dataset::Dataset;
use super::error::Thrown;
use super::options::from_js;
use super::promise::promise;
use super::results::{float32, float64, latents, object, uint32};
use super::sae::Sae;
use super::spline_data::{CANCELLED, observer_alone};
use crate::measures::{self, KnownOptions, Reconstruction};
use crate::{data, sae};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Reconstructions x̂ of rows x, in some units. */
export interface Reconstruction {
  /** Mean of (x − x̂)² over all elements. */
  mse: number;
  /** Σ‖x − x̂‖² / Σ‖x − x̄‖². */
  fvu: number;
  /** Mean over rows of the cosine of x and x̂. */
  cosine: number;
  /** Mean over rows of ‖x̂‖ / ‖x‖. */
  l2Ratio: number;
  /** mean ‖x̂‖² / mean x·x̂: below 1 where reconstructions are too short. */
  relativeBias: number;
}

/** What a model does to the rows of a data set: SAEBench's core measures and the statistics of a report. */
export interface Quality {
  rows: number;
  /** Mean number of codes of a row that are not 0. */
  l0: number;
  /** Mean of Σ|z| of a row. */
  l1: number;
  /** Share of latents that no row activates. */
  deadShare: number;
  /** Shares of latents that more than 1 % and more than 10 % of the rows activate. */
  denseShare1: number;
  denseShare10: number;
  /** In the units that the model sees. */
  normalised: Reconstruction;
  /** In the units of the stored data. */
  stored: Reconstruction;
}

/** What two models of the same data agree on. */
export interface Agreement {
  /** Mean cosine of decoder rows, matched one to one so that it is largest. */
  cosine: number;
  /** Adjusted Rand index of the rows' partitions by the latent of the largest |z|. */
  adjustedRand: number;
}

/** Latents of two models, matched one to one so that the sum of the cosines of their decoder rows is largest; the best first. */
export interface LatentPairs {
  /** Latents of the model. */
  left: Uint32Array;
  /** Those of the other that they are matched with. */
  right: Uint32Array;
  /** Below 0 where one is the other turned round, as latents of TopK by magnitude may be. */
  cosines: Float64Array;
  /** Latents of the larger model that are left without one. */
  unmatched: Uint32Array;
}

/** What a model has recovered of known features, each matched with a latent of its own. */
export interface Recovery {
  /** Mean cosine of a feature with its latent's decoder row. */
  mcc: number;
  /** Mean F1 of z ≠ 0 as a sign that the feature is in a row. */
  f1: number;
  /** The latent of each feature, −1 where none is left. */
  latents: Int32Array;
}

/** Rows that are sparse sums of known directions. */
export interface KnownFeaturesOptions {
  /** Number of features. */
  count: number;
  dIn: number;
  /** Features of a row, on average. */
  active: number;
  /** Length of the noise of a row. */
  noise: number;
}
"#;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KnownFields {
    count: usize,
    d_in: usize,
    active: f64,
    noise: f64,
}

/// Rows that are sparse sums of known directions of length 1, with noise, to measure what a model recovers of them.
#[wasm_bindgen]
pub struct KnownFeatures(Content<measures::KnownFeatures>);

impl Argument for measures::KnownFeatures {
    const CLASS: &'static str = "KnownFeatures";
}

#[wasm_bindgen]
impl KnownFeatures {
    /// `rows` rows of a seed.
    pub fn draw(
        rows: &Number,
        seed: &Number,
        #[wasm_bindgen(unchecked_param_type = "KnownFeaturesOptions")] options: &JsValue,
    ) -> Result<KnownFeatures, Thrown> {
        let (rows, seed) = (count("rows", rows)?, whole("seed", seed)?);
        let KnownFields { count: features, d_in, active, noise } = from_js("options", options)?;
        let options = KnownOptions { count: features, d_in, active, noise };
        let drawn = measures::KnownFeatures::draw(rows, options, seed)?;
        Ok(Self(Content::new(drawn)))
    }

    /// Hands its content to a function that takes it as an argument.
    #[wasm_bindgen(js_name = __content, skip_typescript)]
    pub fn hand_over(&self) {
        self.0.hand_over();
    }

    /// The rows.
    pub fn data(&self) -> Result<Dataset, Thrown> {
        Ok(Dataset::new(self.0.get()?.data.clone()))
    }

    /// The directions, `[count, dIn]`.
    #[wasm_bindgen(unchecked_return_type = "Float32Array")]
    pub fn features(&self) -> Result<JsValue, Thrown> {
        Ok(float32(&self.0.get()?.features))
    }
}

fn reconstruction(found: &Reconstruction) -> JsValue {
    object([
        ("mse", found.mse.into()),
        ("fvu", found.fvu.into()),
        ("cosine", found.cosine.into()),
        ("l2Ratio", found.l2_ratio.into()),
        ("relativeBias", found.relative_bias.into()),
    ])
}

#[wasm_bindgen]
impl Sae {
    /// Measures the model on all rows of a data set, in the units that it sees and in those of the stored data.
    #[wasm_bindgen(unchecked_return_type = "Promise<Quality>")]
    pub fn quality(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "PassOptions")] options: &JsValue,
    ) -> Promise {
        self.pass(data, options, async |sae, data, page| {
            let found = sae.quality(data, page).await?;
            Ok(object([
                ("rows", (found.rows as f64).into()),
                ("l0", found.l0.into()),
                ("l1", found.l1.into()),
                ("deadShare", found.dead_share.into()),
                ("denseShare1", found.dense_share_1.into()),
                ("denseShare10", found.dense_share_10.into()),
                ("normalised", reconstruction(&found.normalised)),
                ("stored", reconstruction(&found.stored)),
            ]))
        })
    }

    /// Compares the model with another of the same data, such as one of another seed.
    #[wasm_bindgen(unchecked_return_type = "Promise<Agreement>")]
    pub fn agreement(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Sae")] other: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "PassOptions")] options: &JsValue,
    ) -> Promise {
        promise(|| {
            let (sae, other) = (self.content.share()?, content_of::<sae::Sae>("other", other)?);
            let data = content_of::<data::Dataset>("data", data)?;
            let mut page = observer_alone(options)?;
            Ok(async move {
                let found = sae.agreement(&other, &data, &mut page).await;
                let found = page.outcome_or(CANCELLED, found)?;
                Ok(object([("cosine", found.cosine.into()), ("adjustedRand", found.adjusted_rand.into())]))
            })
        })
    }

    /// `agreement`'s adjusted Rand index alone, which needs no match of the latents.
    #[wasm_bindgen(js_name = adjustedRand, unchecked_return_type = "Promise<number>")]
    pub fn adjusted_rand(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Sae")] other: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "PassOptions")] options: &JsValue,
    ) -> Promise {
        promise(|| {
            let (sae, other) = (self.content.share()?, content_of::<sae::Sae>("other", other)?);
            let data = content_of::<data::Dataset>("data", data)?;
            let mut page = observer_alone(options)?;
            Ok(async move {
                let found = sae.adjusted_rand(&other, &data, &mut page).await;
                page.outcome_or(CANCELLED, found)
            })
        })
    }

    /// Matches the latents with those of another model that writes in the same units, of any number of latents.
    #[wasm_bindgen(unchecked_return_type = "LatentPairs")]
    pub fn pairs(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Sae")] other: &JsValue,
    ) -> Result<JsValue, Thrown> {
        let found = self.content.get()?.pairs(&*content_of::<sae::Sae>("other", other)?)?;
        Ok(object([
            ("left", uint32(&found.left)),
            ("right", uint32(&found.right)),
            ("cosines", float64(&found.cosines)),
            ("unmatched", uint32(&found.unmatched)),
        ]))
    }

    /// Compares the model with the features that generated rows are made of.
    #[wasm_bindgen(unchecked_return_type = "Recovery")]
    pub fn recovery(
        &self,
        #[wasm_bindgen(unchecked_param_type = "KnownFeatures")] known: &JsValue,
    ) -> Result<JsValue, Thrown> {
        let known = content_of::<measures::KnownFeatures>("known", known)?;
        let found = self.content.get()?.recovery(&known)?;
        Ok(object([
            ("mcc", found.mcc.into()),
            ("f1", found.f1.into()),
            ("latents", latents(found.latents.iter().copied())),
        ]))
    }
}
