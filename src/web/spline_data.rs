//! `Sae.census`, `bounds`, `deadLatents`, `audit`, `refitted`: the spline over the rows of a data set, as promises.

use std::rc::Rc;

use js_sys::Promise;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::content::content_of;
use super::convert::{callback, field};
use super::error::Thrown;
use super::options::optional_from_js_without;
use super::promise::{Cancellation, Page, Signalled, promise, signal};
use super::results::{float64, object, uint32};
use super::sae::Sae;
use crate::error::Error;
use crate::spline::BoundsOptions;
use crate::{data, sae};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Options of work over the rows of a data set. */
export interface PassOptions {
  /** Called with what is done and what there is to do, in rows or work worth as many. */
  onProgress?: (done: number, total: number) => void;
  /** Ends the work when it is aborted: the promise rejects with code `cancelled`. */
  signal?: AbortSignal;
}

/** Options of Sae.bounds. */
export interface BoundsOptions extends PassOptions {
  /** Parts the rows by so many of their strongest latents instead of by all active ones; for TopK, from 1 to k. */
  depth?: number;
  /** Measures k-means and global PCA on the same rows, too; false by default. */
  peers?: boolean;
}

/** The active sets of a data set's rows. */
export interface Census {
  /** Number of different sets. */
  cells: number;
  /** For TopK the number of different sets of the j strongest latents, j = 1 … k; empty for other activations. */
  prefixCells: Uint32Array;
  /** Of the sets, in nats. */
  entropy: number;
  /** The share of the rows of `against` whose set no row of the data has; null without them. */
  unseenShare: number | null;
}

/** Errors over the rows of the cells that hold at least two rows more than their active latents; NaN where no cell
 *  does. pcaMse ≤ refitMse ≤ meanMse, and without `depth` refitMse ≤ saeMse. */
export interface CellBounds {
  /** Rows in these cells. */
  coveredRows: number;
  /** Number of these cells. */
  cells: number;
  /** Of the model. */
  saeMse: number;
  /** Of the mean of each cell. */
  meanMse: number;
  /** Of the best affine function of the codes for each cell; with `depth` of the codes of the latents that make it. */
  refitMse: number;
  /** Of local PCA, the best affine map of as many dimensions as latents are active. */
  pcaMse: number;
  /** Of Lloyd's k-means from the means of the cells, so with as many centres, after at most 20 rounds; null unless
   *  `peers` was asked for. */
  kmeansMse: number | null;
  /** Of PCA of all rows of these cells together, of the same rank; null unless `peers` was asked for. */
  globalPcaMse: number | null;
}

/** Latents that are active on no row. */
export interface DeadLatents {
  /** Ascending. */
  dead: Uint32Array;
  /** Those of them that are active nowhere in the ball about the mean of the rows that holds all rows. */
  certified: Uint32Array;
  /** Of the ball. */
  radius: number;
  /** For each dead latent how far the row nearest to making it active has to move, for TopK at least; Infinity where no
   *  input does. */
  distance: Float64Array;
}

/** Mean squared errors over a data set. */
export interface Audit {
  /** Of the model. */
  mse: number;
  /** With the best decoder for its codes. */
  decoderRefitMse: number;
  /** With the best amplitudes, of either sign, on each row's active latents. */
  supportMse: number;
  /** With as many atoms as the row has active latents, picked by orthogonal matching pursuit: a heuristic, whose error
   *  can be above the model's. */
  pursuitMse: number;
}
"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoOptions {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoundsFields {
    depth: Option<usize>,
    #[serde(default)]
    peers: bool,
}

/// Fields of the options that are no data.
const FUNCTIONS: [&str; 2] = ["onProgress", "signal"];
pub(super) const CANCELLED: &str = "cancelled: the data was not measured";

/// What hears of the progress, by the options.
fn observer(options: &JsValue) -> Result<Signalled, Thrown> {
    let given = if options.is_object() { field(options, "onProgress") } else { JsValue::UNDEFINED };
    let on_progress = callback("options.onProgress", &given)?;
    Ok(Signalled::new(Page::new(on_progress, Cancellation::default().flag()), signal(options)?))
}

fn number_or_null(number: Option<f64>) -> JsValue {
    number.map_or(JsValue::NULL, JsValue::from)
}

pub(super) fn observer_alone(options: &JsValue) -> Result<Signalled, Thrown> {
    let NoOptions {} = optional_from_js_without("options", options, &FUNCTIONS)?;
    observer(options)
}

impl Sae {
    /// Work of the model on a data set.
    pub(super) fn pass<T: Into<JsValue>>(
        &self,
        data: &JsValue,
        options: &JsValue,
        work: impl AsyncFnOnce(&sae::Sae, &data::Dataset, &mut Signalled) -> Result<T, Error> + 'static,
    ) -> Promise {
        promise(|| {
            let sae: Rc<sae::Sae> = self.content.share()?;
            let data = content_of::<data::Dataset>("data", data)?;
            let mut page = observer_alone(options)?;
            Ok(async move {
                let outcome = work(&sae, &data, &mut page).await;
                page.outcome_or(CANCELLED, outcome)
            })
        })
    }
}

#[wasm_bindgen]
impl Sae {
    /// Counts the different active sets of a data set's rows, and the rows of `against` whose set is none of them: with
    /// training rows and test rows, the share of cells that training has not seen.
    #[wasm_bindgen(unchecked_return_type = "Promise<Census>")]
    pub fn census(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "Dataset")] against: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "PassOptions")] options: &JsValue,
    ) -> Promise {
        promise(|| {
            let sae = self.content.share()?;
            let data = content_of::<data::Dataset>("data", data)?;
            let given = !against.is_null_or_undefined();
            let against = given.then(|| content_of::<data::Dataset>("against", against)).transpose()?;
            let mut page = observer_alone(options)?;
            Ok(async move {
                let census = sae.census(&data, against.as_deref(), &mut page).await;
                let census = page.outcome_or(CANCELLED, census)?;
                Ok(object([
                    ("cells", (census.cells as f64).into()),
                    ("prefixCells", uint32(&census.prefix_cells)),
                    ("entropy", census.entropy.into()),
                    ("unseenShare", number_or_null(census.unseen_share)),
                ]))
            })
        })
    }

    /// Places the model between the means of its own cells and local PCA in them, on a data set.
    #[wasm_bindgen(unchecked_return_type = "Promise<CellBounds>")]
    pub fn bounds(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "BoundsOptions")] options: &JsValue,
    ) -> Promise {
        promise(|| {
            let sae = self.content.share()?;
            let data = content_of::<data::Dataset>("data", data)?;
            let BoundsFields { depth, peers } = optional_from_js_without("options", options, &FUNCTIONS)?;
            let mut page = observer(options)?;
            Ok(async move {
                let bounds = sae.bounds(&data, BoundsOptions { depth, peers }, &mut page).await;
                let bounds = page.outcome_or(CANCELLED, bounds)?;
                Ok(object([
                    ("coveredRows", (bounds.covered_rows as f64).into()),
                    ("cells", (bounds.cells as f64).into()),
                    ("saeMse", bounds.sae_mse.into()),
                    ("meanMse", bounds.mean_mse.into()),
                    ("refitMse", bounds.refit_mse.into()),
                    ("pcaMse", bounds.pca_mse.into()),
                    ("kmeansMse", number_or_null(bounds.peers.map(|peers| peers.kmeans_mse))),
                    ("globalPcaMse", number_or_null(bounds.peers.map(|peers| peers.global_pca_mse))),
                ]))
            })
        })
    }

    /// Finds the latents that no row of a data set makes active, and certifies those that no input near the rows does.
    #[wasm_bindgen(js_name = deadLatents, unchecked_return_type = "Promise<DeadLatents>")]
    pub fn dead_latents(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "PassOptions")] options: &JsValue,
    ) -> Promise {
        self.pass(data, options, async |sae, data, page| {
            let found = sae.dead_latents(data, page).await?;
            Ok(object([
                ("dead", uint32(&found.dead)),
                ("certified", uint32(&found.certified)),
                ("radius", found.radius.into()),
                ("distance", float64(&found.distance)),
            ]))
        })
    }

    /// Measures on a data set what a better decoder, better amplitudes and a better selection would gain.
    #[wasm_bindgen(unchecked_return_type = "Promise<Audit>")]
    pub fn audit(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "PassOptions")] options: &JsValue,
    ) -> Promise {
        self.pass(data, options, async |sae, data, page| {
            let audit = sae.audit(data, page).await?;
            Ok(object([
                ("mse", audit.mse.into()),
                ("decoderRefitMse", audit.decoder_refit_mse.into()),
                ("supportMse", audit.support_mse.into()),
                ("pursuitMse", audit.pursuit_mse.into()),
            ]))
        })
    }

    /// The same encoder with the decoder of the least squared error on a data set. Latents that are never active keep
    /// their decoder rows.
    #[wasm_bindgen(unchecked_return_type = "Promise<Sae>")]
    pub fn refitted(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Dataset")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "PassOptions")] options: &JsValue,
    ) -> Promise {
        self.pass(data, options, async |sae, data, page| Ok(Sae::new(sae.refitted(data, page).await?)))
    }
}
