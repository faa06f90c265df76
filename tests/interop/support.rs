//! Small models, and what other programs compute from their files, in float64.

use safetensors::SafeTensors;
use serde_json::{Value, json};
use splinterp::interop::NamedFile;
use splinterp::sae::{Activation, Sae};

/// float32 against float64, in units of the largest output.
const CLOSE: f64 = 1e-5;
/// Rows on which an activation is this near to being chosen otherwise are passed over.
pub const MARGIN: f64 = 1e-5;

/// A folder as the other program's loader sees it.
pub struct Folder {
    config: Value,
    weights: Vec<u8>,
}

impl Folder {
    /// From the files that were written.
    pub fn new(files: &[NamedFile], weights: &str) -> Self {
        let bytes = |name| &files.iter().find(|file| file.name == name).expect("the folder has it").bytes;
        let config = serde_json::from_slice(bytes("cfg.json")).expect("JSON");
        Self { config, weights: bytes(weights).clone() }
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Vec<f64> {
        let file = SafeTensors::deserialize(&self.weights).expect("safetensors");
        let view = file.tensor(name).expect("the tensor is there");
        assert_eq!(view.shape(), shape, "{name}");
        view.data().as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect()
    }
}

/// `x [d_in]` times `w [d_in, d_sae]` plus a bias.
fn times(x: &[f64], w: &[f64], bias: &[f64]) -> Vec<f64> {
    let mut out = bias.to_vec();
    for (x, row) in x.iter().zip(w.chunks_exact(bias.len())) {
        out.iter_mut().zip(row).for_each(|(out, w)| *out += x * w);
    }
    out
}

/// ReLU of the k largest, and by how much they were chosen.
fn top_k(pre: &[f64], k: usize) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..pre.len()).collect();
    order.sort_by(|&a, &b| pre[b].total_cmp(&pre[a]));
    let mut z = vec![0.0; pre.len()];
    order[..k].iter().for_each(|&latent| z[latent] = pre[latent].max(0.0));
    let margin = order.get(k).map_or(f64::INFINITY, |&next| pre[order[k - 1]].max(0.0) - pre[next].max(0.0));
    // Which of several that become 0 is chosen does not matter.
    (z, if order.get(k).is_some_and(|&next| pre[next] <= 0.0) { f64::INFINITY } else { margin })
}

/// `SAE.forward` of SAELens 6 for one row, and its margin.
pub fn saelens_forward(folder: &Folder, x: &[f64], d_in: usize) -> (Vec<f64>, f64) {
    let d_sae = folder.config["d_sae"].as_u64().expect("said") as usize;
    assert_eq!(folder.config["d_in"], json!(d_in));
    assert_eq!(folder.config["apply_b_dec_to_input"], json!(false));
    assert_eq!(folder.config["normalize_activations"], json!("none"));
    let pre = times(x, &folder.tensor("W_enc", &[d_in, d_sae]), &folder.tensor("b_enc", &[d_sae]));
    let (z, margin) = match folder.config["architecture"].as_str().expect("said") {
        "standard" => (pre.iter().map(|pre| pre.max(0.0)).collect(), f64::INFINITY),
        "topk" => top_k(&pre, folder.config["k"].as_u64().expect("said") as usize),
        "jumprelu" => {
            let thresholds = folder.tensor("threshold", &[d_sae]);
            let pairs = pre.iter().zip(&thresholds);
            let margin =
                pairs.clone().map(|(pre, threshold)| (pre - threshold).abs()).fold(f64::INFINITY, f64::min);
            (pairs.map(|(pre, threshold)| if pre > threshold { pre.max(0.0) } else { 0.0 }).collect(), margin)
        }
        other => panic!("{other}"),
    };
    (times(&z, &folder.tensor("W_dec", &[d_sae, d_in]), &folder.tensor("b_dec", &[d_in])), margin)
}

/// `SparseCoder.forward` of sparsify for one row, and its margin.
pub fn sparsify_forward(folder: &Folder, x: &[f64], d_in: usize) -> (Vec<f64>, f64) {
    let d_sae = folder.config["num_latents"].as_u64().expect("said") as usize;
    assert_eq!((&folder.config["d_in"], &folder.config["activation"]), (&json!(d_in), &json!("topk")));
    let b_dec = folder.tensor("b_dec", &[d_in]);
    let centred: Vec<f64> = x.iter().zip(&b_dec).map(|(x, b)| x - b).collect();
    let (weight, bias) =
        (folder.tensor("encoder.weight", &[d_sae, d_in]), folder.tensor("encoder.bias", &[d_sae]));
    let rows = weight.chunks_exact(d_in).zip(&bias);
    let pre: Vec<f64> = rows
        .map(|(row, bias)| (row.iter().zip(&centred).map(|(w, x)| w * x).sum::<f64>() + bias).max(0.0))
        .collect();
    let (z, margin) = top_k(&pre, folder.config["k"].as_u64().expect("said") as usize);
    (times(&z, &folder.tensor("W_dec", &[d_sae, d_in]), &b_dec), margin)
}

/// Random parameters, biases too.
pub fn model(d_in: usize, d_sae: usize, activation: Activation, tied: bool, seed: u64) -> Sae {
    let mut sae = Sae::random(d_in, d_sae, activation, tied, seed);
    let noise = Sae::random(d_in + d_sae, 1, Activation::Relu, true, seed ^ 7).w_enc;
    sae.b_enc.copy_from_slice(&noise[..d_sae]);
    sae.b_dec.copy_from_slice(&noise[d_sae..]);
    sae
}

/// Random rows.
pub fn rows(n: usize, d_in: usize, seed: u64) -> Vec<f32> {
    Sae::random(d_in, n, Activation::Relu, true, seed ^ 3).w_enc.iter().map(|v| 10.0 * v).collect()
}

/// The values are equal but for rounding, relative to the largest of them.
pub fn assert_same(found: &[f32], expected: &[f64], what: &str) {
    assert_within(found, expected, largest(expected.iter().copied()), what);
}

/// The largest magnitude, and 0.001 at least.
pub fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(1e-3, |largest, v| largest.max(v.abs()))
}

/// The same relative to a scale: of one row the terms may cancel, and leave the rounding of larger numbers.
pub fn assert_within(found: &[f32], expected: &[f64], scale: f64, what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < CLOSE * scale, "{what}: {found}, expected {expected}");
    }
}

/// float32 → float64.
pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}
