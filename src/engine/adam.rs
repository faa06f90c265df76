//! Adam (Kingma and Ba 2015, algorithm 1), in the form and with the constants of `torch.optim.Adam`. The constants stand
//! here alone: the CPU engine uses them directly, the kernels of the GPU engine get them as overrides.

/// β₁, by which the mean of the gradient decays.
pub const BETA1: f64 = 0.9;
/// β₂, by which the mean of its square decays.
pub const BETA2: f64 = 0.999;
/// ε, which keeps the step finite.
pub const EPS: f64 = 1e-8;
/// Added to the norm of the gradient before dividing by it, as `torch.nn.utils.clip_grad_norm_` does.
pub const CLIP_EPS: f64 = 1e-6;

/// One step's constants: `θ −= lr/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)`.
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// `lr/(1 − β₁ᵗ)`.
    pub step_size: f32,
    /// `1/√(1 − β₂ᵗ)`.
    pub inverse_root: f32,
}

impl AdamStep {
    /// Constants of step `t`, counted from 1.
    pub fn new(lr: f64, t: u64) -> Self {
        Self {
            step_size: (lr / (1.0 - power(BETA1, t))) as f32,
            inverse_root: (1.0 / (1.0 - power(BETA2, t)).sqrt()) as f32,
        }
    }

    /// Updates `theta` and its moments from the gradient `g`; all of one length.
    #[inline]
    pub fn update(&self, theta: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32]) {
        let (b1, b2, eps) = (BETA1 as f32, BETA2 as f32, EPS as f32);
        let (c1, c2) = ((1.0 - BETA1) as f32, (1.0 - BETA2) as f32);
        for (((theta, m), v), &g) in theta.iter_mut().zip(m).zip(v).zip(g) {
            *m = b1 * *m + c1 * g;
            *v = b2 * *v + c2 * (g * g);
            *theta -= self.step_size * *m / (v.sqrt() * self.inverse_root + eps);
        }
    }
}

/// `base^exponent` by squaring: `f64::powi` may round differently from machine to machine.
fn power(mut base: f64, mut exponent: u64) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= base;
        }
        base *= base;
        exponent >>= 1;
    }
    result
}
