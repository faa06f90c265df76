//! `kmeans` and `localPca`.

use js_sys::Number;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{count, numbers, whole_numbers};
use super::error::Thrown;
use super::results::{float64, object, uint32};
use crate::cluster;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** centers [clusters, dims]; labels: the nearest centre of each point; mse: mean over all elements; rounds in which a
 *  centre moved. */
export interface KMeans {
  centers: Float64Array;
  labels: Uint32Array;
  mse: number;
  rounds: number;
}

/** mse: mean over all elements after projection; directions [clusters, rank, dims], unit vectors, strongest first;
 *  variances [clusters, rank] along them. */
export interface LocalPca {
  mse: number;
  directions: Float64Array;
  variances: Float64Array;
}
"#;

/// Lloyd's k-means of row-major points from given centres, until no centre moves or for `maxIter` rounds. Ties go to
/// the lower centre; a centre without points stays.
#[wasm_bindgen(unchecked_return_type = "KMeans")]
pub fn kmeans(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
    dims: &Number,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] centers0: &JsValue,
    #[wasm_bindgen(js_name = maxIter)] max_iter: &Number,
) -> Result<JsValue, Thrown> {
    let (points, dims) = (numbers("points", points)?, count("dims", dims)?);
    let centers = numbers("centers0", centers0)?;
    let found = cluster::kmeans(&points, dims, &centers, count("maxIter", max_iter)?)?;
    Ok(object([
        ("centers", float64(&found.centers)),
        ("labels", uint32(&found.labels)),
        ("mse", found.mse.into()),
        ("rounds", found.rounds.into()),
    ]))
}

/// The best affine map of rank `rank` for each cluster, through its centre: a lower bound for any autoencoder on these
/// cells.
#[wasm_bindgen(js_name = localPca, unchecked_return_type = "LocalPca")]
pub fn local_pca(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
    dims: &Number,
    #[wasm_bindgen(unchecked_param_type = "Uint32Array | number[]")] labels: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] centers: &JsValue,
    rank: &Number,
) -> Result<JsValue, Thrown> {
    let (points, dims) = (numbers("points", points)?, count("dims", dims)?);
    let (labels, centers) = (whole_numbers("labels", labels)?, numbers("centers", centers)?);
    let found = cluster::local_pca(&points, dims, &labels, &centers, count("rank", rank)?)?;
    Ok(object([
        ("mse", found.mse.into()),
        ("directions", float64(&found.directions)),
        ("variances", float64(&found.variances)),
    ]))
}
