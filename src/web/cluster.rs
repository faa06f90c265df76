//! `kmeans`, `localPca`, and what labels say of points.

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

/// The mean of each cluster's points, `[clusters, dims]`; of a cluster without points its row of `centers`.
#[wasm_bindgen(js_name = clusterMeans)]
pub fn cluster_means(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
    dims: &Number,
    #[wasm_bindgen(unchecked_param_type = "Uint32Array | number[]")] labels: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] centers: &JsValue,
) -> Result<Vec<f64>, Thrown> {
    let (points, dims) = (numbers("points", points)?, count("dims", dims)?);
    let (labels, centers) = (whole_numbers("labels", labels)?, numbers("centers", centers)?);
    Ok(cluster::means(&points, dims, &labels, &centers)?)
}

/// The mean squared distance of each cluster's points from its centre; 0 in a cluster without points.
#[wasm_bindgen(js_name = clusterSpreads)]
pub fn cluster_spreads(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
    dims: &Number,
    #[wasm_bindgen(unchecked_param_type = "Uint32Array | number[]")] labels: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] centers: &JsValue,
) -> Result<Vec<f64>, Thrown> {
    let (points, dims) = (numbers("points", points)?, count("dims", dims)?);
    let (labels, centers) = (whole_numbers("labels", labels)?, numbers("centers", centers)?);
    Ok(cluster::spreads(&points, dims, &labels, &centers)?)
}

/// Each point's nearest place on the plane through its cluster's centre along the cluster's `directions`, which are
/// orthonormal, `[clusters, rank, dims]`, as those of `localPca`. Without directions, its centre.
#[wasm_bindgen(js_name = clusterProjections)]
pub fn cluster_projections(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
    dims: &Number,
    #[wasm_bindgen(unchecked_param_type = "Uint32Array | number[]")] labels: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] centers: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] directions: &JsValue,
) -> Result<Vec<f64>, Thrown> {
    let (points, dims) = (numbers("points", points)?, count("dims", dims)?);
    let (labels, centers) = (whole_numbers("labels", labels)?, numbers("centers", centers)?);
    Ok(cluster::projections(&points, dims, &labels, &centers, &numbers("directions", directions)?)?)
}

/// The share of places in which two labellings agree.
#[wasm_bindgen(js_name = labelAgreement)]
pub fn label_agreement(
    #[wasm_bindgen(unchecked_param_type = "Uint32Array | number[]")] labels: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Uint32Array | number[]")] others: &JsValue,
) -> Result<f64, Thrown> {
    Ok(cluster::agreement(&whole_numbers("labels", labels)?, &whole_numbers("others", others)?)?)
}

/// The number of the point nearest to a place, the first of several.
#[wasm_bindgen(js_name = nearestPoint)]
pub fn nearest_point(
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] points: &JsValue,
    dims: &Number,
    #[wasm_bindgen(unchecked_param_type = "Float64Array | number[]")] place: &JsValue,
) -> Result<f64, Thrown> {
    let (points, dims) = (numbers("points", points)?, count("dims", dims)?);
    Ok(cluster::nearest(&points, dims, &numbers("place", place)?)? as f64)
}
