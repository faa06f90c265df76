//! `kmeans` and `localPca`.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{count, float64, object, uint32};
use super::error::Thrown;
use crate::cluster;
use crate::error::Error;

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
    points: &[f64],
    dims: f64,
    centers0: &[f64],
    #[wasm_bindgen(js_name = maxIter)] max_iter: f64,
) -> Result<JsValue, Thrown> {
    let rounds = u32::try_from(count("maxIter", max_iter)?)
        .map_err(|_| Error::option("maxIter", max_iter, "below 2^32"))?;
    let found = cluster::kmeans(points, count("dims", dims)?, centers0, rounds)?;
    Ok(object([
        ("centers", float64(&found.centers)),
        ("labels", uint32(&found.labels)),
        ("mse", found.mse.into()),
        ("rounds", found.rounds.into()),
    ]))
}

/// The best affine map of rank `rank` for each cluster, through its centre: the other end of what an autoencoder can
/// be.
#[wasm_bindgen(js_name = localPca, unchecked_return_type = "LocalPca")]
pub fn local_pca(
    points: &[f64],
    dims: f64,
    labels: &[u32],
    centers: &[f64],
    rank: f64,
) -> Result<JsValue, Thrown> {
    let found = cluster::local_pca(points, count("dims", dims)?, labels, centers, count("rank", rank)?)?;
    Ok(object([
        ("mse", found.mse.into()),
        ("directions", float64(&found.directions)),
        ("variances", float64(&found.variances)),
    ]))
}
