//! A point's way through the toy SAE, and the gradient of the error.

use super::options::{Code, ToyOptions};

/// Temperature of the softmax, from the paper's script.
const TEMPERATURE: f64 = 0.3;

/// A point on its way through the SAE.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) pre: Vec<f64>,
    /// Active latents, ascending.
    pub(super) active: Vec<u32>,
    /// The softmax over all latents; empty for hard codes.
    pub(super) shares: Vec<f64>,
    /// Codes of the active latents.
    pub(super) z: Vec<f64>,
    pub(super) out: [f64; 2],
}

/// Passes a point through the SAE with the parameters `theta`.
pub(super) fn pass(options: &ToyOptions, theta: &[f64], x: [f64; 2], pass: &mut Pass) {
    let ToyOptions { atoms, k, code, .. } = *options;
    let (sites, rest) = theta.split_at(2 * atoms);
    let (biases, rest) = rest.split_at(atoms);
    let (decoder, bias) = rest.split_at(2 * atoms);
    pass.pre.clear();
    pass.pre.extend(sites.chunks_exact(2).zip(biases).map(|(s, b)| s[0] * x[0] + s[1] * x[1] + b));
    let pre = &pass.pre;
    pass.active.clear();
    pass.active.extend(0..atoms as u32);
    if k < atoms {
        // Ties go to the lower index.
        let order = |&i: &u32, &j: &u32| pre[j as usize].total_cmp(&pre[i as usize]).then(i.cmp(&j));
        pass.active.select_nth_unstable_by(k - 1, order);
        pass.active.truncate(k);
        pass.active.sort_unstable();
    }
    pass.shares.clear();
    if code == Code::Soft {
        let most = pre.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        pass.shares.extend(pre.iter().map(|v| libm::exp((v - most) / TEMPERATURE)));
        let sum: f64 = pass.shares.iter().sum();
        pass.shares.iter_mut().for_each(|share| *share /= sum);
    }
    let values = if code == Code::Soft { &pass.shares } else { pre };
    pass.z.clear();
    pass.z.extend(pass.active.iter().map(|&i| values[i as usize]));
    pass.out = [bias[0], bias[1]];
    for (&i, z) in pass.active.iter().zip(&pass.z) {
        pass.out[0] += z * decoder[2 * i as usize];
        pass.out[1] += z * decoder[2 * i as usize + 1];
    }
}

/// The mean squared error and its gradient by all parameters.
pub(super) fn gradient(options: &ToyOptions, theta: &[f64], points: &[f64]) -> (f64, Vec<f64>) {
    let ToyOptions { atoms, code, .. } = *options;
    let decoder = &theta[3 * atoms..];
    let mut gradient = vec![0.0; theta.len()];
    let (encoder_part, decoder_part) = gradient.split_at_mut(3 * atoms);
    let (site_part, bias_part) = encoder_part.split_at_mut(2 * atoms);
    let scale = 2.0 / points.len() as f64;
    let mut pass = Pass::default();
    let mut by_pre = vec![0.0; atoms];
    let mut error = 0.0;
    for x in points.chunks_exact(2) {
        self::pass(options, theta, [x[0], x[1]], &mut pass);
        let rest = [pass.out[0] - x[0], pass.out[1] - x[1]];
        error += square(rest[0]) + square(rest[1]);
        let by_out = rest.map(|r| scale * r);
        by_pre.fill(0.0);
        for (&i, z) in pass.active.iter().zip(&pass.z) {
            let at = 2 * i as usize;
            decoder_part[at] += z * by_out[0];
            decoder_part[at + 1] += z * by_out[1];
            by_pre[i as usize] = by_out[0] * decoder[at] + by_out[1] * decoder[at + 1];
        }
        decoder_part[2 * atoms] += by_out[0];
        decoder_part[2 * atoms + 1] += by_out[1];
        if code == Code::Soft {
            // d share_i / d pre_j = share_i (δ_ij − share_j) / temperature, and only active shares count.
            let mean: f64 = pass.shares.iter().zip(&by_pre).map(|(share, by)| share * by).sum();
            for (by, share) in by_pre.iter_mut().zip(&pass.shares) {
                *by = share * (*by - mean) / TEMPERATURE;
            }
        }
        for (i, by) in by_pre.iter().enumerate() {
            site_part[2 * i] += by * x[0];
            site_part[2 * i + 1] += by * x[1];
            bias_part[i] += by;
        }
    }
    (error / points.len() as f64, gradient)
}
/// x².
pub(super) fn square(value: f64) -> f64 {
    value * value
}
