//! `Features`.

use std::rc::Rc;

use js_sys::{Array, Number, Promise, Uint32Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::{Content, content_of};
use super::convert::{callback, count, uint32s};
use super::error::Thrown;
use super::options::optional_from_js_without;
use super::promise::{Cancellation, Page, Signalled, promise, signal};
use super::results::{float32, object, uint32};
use crate::features::{self, Examples, FeatureOptions, Interval, Ranked};
use crate::{data, sae};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Options of Features.measure; what is left out takes the value given. */
export interface FeatureOptions {
  /** Top activating examples per feature, at most; 20 by default. */
  topRows?: number;
  /** Example rows per interval of strength, at most; 5 by default. */
  perInterval?: number;
  /** Intervals of equal width from 0 to the greatest strength; 10 by default. */
  intervals?: number;
  /** Bins of the histogram of activations; 40 by default. */
  bins?: number;
  /** Activations kept, at most; 8,388,608 by default. Where there are more, histograms, intervals and correlations come from a
   *  random sample of rows; all else stays exact. */
  keep?: number;
  /** Seed of the sample and of the examples; 0 by default. */
  seed?: number;
  /** Ends the measurement when it is aborted: the promise rejects with code `cancelled`. */
  signal?: AbortSignal;
}

/** Statistics of all features, each [count]. Strength is |z|. */
export interface FeatureTable {
  /** Share of rows on which the feature is active. */
  density: Float32Array;
  /** Mean strength over the rows on which it is active; 0 if there are none. */
  mean: Float32Array;
  /** The greatest strength. */
  max: Float32Array;
  encoderNorm: Float32Array;
  decoderNorm: Float32Array;
  /** Cosine of encoder column and decoder row. */
  cosine: Float32Array;
  /** The other feature whose decoder row has the greatest cosine with its own; the lowest of equals. */
  nearest: Uint32Array;
  nearestCosine: Float32Array;
}

/** Row numbers of the data set measured, and z on them with its sign. */
export interface FeatureExamples {
  rows: Uint32Array;
  values: Float32Array;
}

/** An interval of strength: `from` included, `to` only in the last. */
export interface FeatureInterval extends FeatureExamples {
  from: number;
  to: number;
  /** Share of the rows on which the feature is active. */
  share: number;
}

/** Other features, best first. */
export interface RankedFeatures {
  features: Uint32Array;
  values: Float32Array;
}

/** One feature. */
export interface Feature {
  /** Of non-zero activations, over 0 and all of them; no bins for a feature that is never active. */
  histogram: { edges: Float32Array; counts: Uint32Array };
  /** Top activating examples, strongest first. */
  top: FeatureExamples;
  /** Weakest first; none for a feature that is never active. */
  intervals: FeatureInterval[];
  /** Input dimensions by the size of the decoder row's component, with the components of the unit decoder row. */
  inputs: { dims: Uint32Array; values: Float32Array };
  /** By cosine of decoder rows. */
  byCosine: RankedFeatures;
  /** By Pearson's correlation over the rows, zeros included. */
  byCorrelation: RankedFeatures;
}
"#;

/// What a data set shows of a model's latents.
#[wasm_bindgen]
pub struct Features {
    content: Content<features::Features>,
    /// What was measured, where a row may have to be encoded once more.
    measured: Option<(Rc<sae::Sae>, Rc<data::Dataset>)>,
}

#[wasm_bindgen]
impl Features {
    /// Measures a model's latents over all rows of a data set, yielding to the event loop. `onProgress(done, total)`
    /// is called with the rows and latents done.
    #[wasm_bindgen(unchecked_return_type = "Promise<Features>")]
    pub fn measure(
        #[wasm_bindgen(unchecked_param_type = "Sae")] sae: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "FeatureOptions")] options: &JsValue,
        #[wasm_bindgen(
            js_name = onProgress,
            unchecked_optional_param_type = "(done: number, total: number) => void"
        )]
        on_progress: &JsValue,
    ) -> Promise {
        promise(|| {
            let (sae, data) =
                (content_of::<sae::Sae>("sae", sae)?, content_of::<data::Dataset>("data", data)?);
            let signal = signal(options)?;
            let options: FeatureOptions = optional_from_js_without("options", options, &["signal"])?;
            let page = Page::new(callback("onProgress", on_progress)?, Cancellation::default().flag());
            Ok(async move {
                let mut page = Signalled::new(page, signal);
                let measured = features::Features::measure(&sae, &data, options, &mut page).await;
                let measured = page.outcome_or("cancelled: the features were not measured", measured)?;
                let again = !measured.keeps_all();
                Ok(Self { content: Content::new(measured), measured: again.then_some((sae, data)) })
            })
        })
    }

    /// Number of features.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> Result<f64, Thrown> {
        Ok(self.content.get()?.count() as f64)
    }

    /// Rows measured.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> Result<f64, Thrown> {
        Ok(f64::from(self.content.get()?.rows()))
    }

    /// Number of rows that histograms, intervals and correlations are computed from: all, or a random sample.
    #[wasm_bindgen(getter, js_name = sampledRows)]
    pub fn sampled_rows(&self) -> Result<f64, Thrown> {
        Ok(self.content.get()?.sampled_rows() as f64)
    }

    /// Statistics of all features.
    #[wasm_bindgen(unchecked_return_type = "FeatureTable")]
    pub fn table(&self) -> Result<JsValue, Thrown> {
        let table = self.content.get()?.table();
        Ok(object([
            ("density", float32(&table.density)),
            ("mean", float32(&table.mean)),
            ("max", float32(&table.max)),
            ("encoderNorm", float32(&table.encoder_norm)),
            ("decoderNorm", float32(&table.decoder_norm)),
            ("cosine", float32(&table.cosine)),
            ("nearest", uint32(&table.nearest)),
            ("nearestCosine", float32(&table.nearest_cosine)),
        ]))
    }

    /// The top activating examples of one feature, without the rest of `feature`, which takes milliseconds.
    #[wasm_bindgen(unchecked_return_type = "FeatureExamples")]
    pub fn top(&self, feature: &Number) -> Result<JsValue, Thrown> {
        Ok(object(examples(&self.content.get()?.top(count("feature", feature)?)?)))
    }

    /// z of one feature on the rows numbered `rows` of the data set measured.
    pub fn activations(&self, feature: &Number, rows: &Uint32Array) -> Result<Vec<f32>, Thrown> {
        let (features, feature, rows) =
            (self.content.get()?, count("feature", feature)?, uint32s("rows", rows)?);
        Ok(match &self.measured {
            Some((sae, data)) => features.activations_on(sae, data, feature, &rows)?,
            None => features.kept_activations(feature, &rows)?,
        })
    }

    /// One feature in detail.
    #[wasm_bindgen(unchecked_return_type = "Feature")]
    pub fn feature(&self, feature: &Number) -> Result<JsValue, Thrown> {
        let feature = self.content.get()?.feature(count("feature", feature)?)?;
        let histogram = object([
            ("edges", float32(&feature.histogram.edges)),
            ("counts", uint32(&feature.histogram.counts)),
        ]);
        let intervals: Array = feature.intervals.iter().map(interval).collect();
        Ok(object([
            ("histogram", histogram),
            ("top", object(examples(&feature.top))),
            ("intervals", intervals.into()),
            ("inputs", ranked("dims", &feature.inputs)),
            ("byCosine", ranked("features", &feature.by_cosine)),
            ("byCorrelation", ranked("features", &feature.by_correlation)),
        ]))
    }
}

fn examples(examples: &Examples) -> [(&'static str, JsValue); 2] {
    [("rows", uint32(&examples.rows)), ("values", float32(&examples.values))]
}

fn interval(interval: &Interval) -> JsValue {
    let [rows, values] = examples(&interval.examples);
    object([
        ("from", interval.from.into()),
        ("to", interval.to.into()),
        ("share", interval.share.into()),
        rows,
        values,
    ])
}

fn ranked(numbers: &'static str, ranked: &Ranked) -> JsValue {
    object([(numbers, uint32(&ranked.numbers)), ("values", float32(&ranked.values))])
}
