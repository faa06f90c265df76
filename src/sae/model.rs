//! Parameters of a sparse autoencoder.

use super::{Activation, Parameter};
use crate::error::{Error, Result};
use crate::memory::overwrite;
use crate::random::{Random, Stream};
use crate::simd::dot;

/// Standard deviation of the initial encoder, from the paper's MNIST script.
pub const ENCODER_STD: f64 = 0.1;
/// Standard deviation of an untied decoder's start. Small: from `W_encᵀ` untied SGD ends far worse.
pub const DECODER_STD: f64 = 0.01;

/// A sparse autoencoder.
///
/// Both matrices are kept by latent, `[d_sae, d_in]` row-major: decoder rows, gradients and optimiser state of a
/// latent are then contiguous. The public orientation of `W_enc` is `[d_in, d_sae]`; see [`Sae::to_parts`].
#[derive(Debug, Clone, PartialEq)]
pub struct Sae {
    /// Columns of the data.
    pub d_in: usize,
    /// Number of latents.
    pub d_sae: usize,
    /// ρ.
    pub activation: Activation,
    /// Encoder by latent, `[d_sae, d_in]`.
    pub w_enc: Vec<f32>,
    /// Encoder bias, `[d_sae]`.
    pub b_enc: Vec<f32>,
    /// Decoder, `[d_sae, d_in]`; `None` if tied to the encoder.
    pub w_dec: Option<Vec<f32>>,
    /// Decoder bias, `[d_in]`.
    pub b_dec: Vec<f32>,
}

/// Parameters in the public orientation of the paper: `pre = x W_enc + b_enc`, `x̂ = z W_dec + b_dec`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// `[d_in, d_sae]`, row-major.
    pub w_enc: Vec<f32>,
    /// `[d_sae]`.
    pub b_enc: Vec<f32>,
    /// `[d_sae, d_in]`, row-major.
    pub w_dec: Vec<f32>,
    /// `[d_in]`.
    pub b_dec: Vec<f32>,
}

/// [`Sae::random`] piece by piece.
pub struct Drawing {
    random: Random,
    /// Its matrices are as long as they are drawn.
    pub sae: Sae,
}

impl Drawing {
    /// Nothing is drawn yet.
    pub fn new(d_in: usize, d_sae: usize, activation: Activation, tied: bool, seed: u64) -> Self {
        let empty = || Vec::with_capacity(d_in * d_sae);
        let (b_enc, b_dec) = (vec![0.0; d_sae], vec![0.0; d_in]);
        let w_dec = (!tied).then(empty);
        let sae = Sae { d_in, d_sae, activation, w_enc: empty(), b_enc, w_dec, b_dec };
        Self { random: Random::new(seed, Stream::Parameters), sae }
    }

    /// Draws so many parameters at most, of one matrix. Returns whether nothing is left to draw.
    pub fn draw(&mut self, most: usize) -> bool {
        let Self { random, sae } = self;
        let len = sae.d_in * sae.d_sae;
        let (matrix, std) = match &mut sae.w_dec {
            Some(w_dec) if sae.w_enc.len() == len => (w_dec, DECODER_STD),
            _ => (&mut sae.w_enc, ENCODER_STD),
        };
        let count = most.min(len - matrix.len());
        matrix.extend((0..count).map(|_| (std * random.normal()) as f32));
        sae.w_enc.len() == len && sae.w_dec.as_ref().is_none_or(|w_dec| w_dec.len() == len)
    }
}

impl Sae {
    /// Random parameters: encoder `0.1·N(0, 1)`, untied decoder `0.01·N(0, 1)`, biases 0.
    pub fn random(d_in: usize, d_sae: usize, activation: Activation, tied: bool, seed: u64) -> Self {
        let mut drawing = Drawing::new(d_in, d_sae, activation, tied, seed);
        while !drawing.draw(usize::MAX) {}
        drawing.sae
    }

    /// Becomes a copy of another model of the same shape, in the memory that it has.
    pub fn copy_from(&mut self, other: &Self) {
        self.activation.clone_from(&other.activation);
        overwrite(&mut self.w_enc, &other.w_enc);
        overwrite(&mut self.b_enc, &other.b_enc);
        overwrite(&mut self.b_dec, &other.b_dec);
        if let (Some(own), Some(others)) = (&mut self.w_dec, &other.w_dec) {
            overwrite(own, others);
        }
    }

    /// An untied model from its parameters.
    ///
    /// # Errors
    /// If a size does not fit, a value is not finite, or the activation's options do not fit `d_sae`.
    pub fn from_parts(parts: Parts, activation: Activation, d_in: usize, d_sae: usize) -> Result<Self> {
        if d_in == 0 {
            return Err(Error::option("dIn", d_in, "at least 1"));
        }
        if d_sae == 0 {
            return Err(Error::option("dSae", d_sae, "at least 1"));
        }
        activation.validate(d_sae)?;
        let elements = d_in.checked_mul(d_sae).ok_or_else(|| {
            Error::option("dSae", d_sae, format!("dIn · dSae within memory, dIn is {d_in}"))
        })?;
        for (name, values, expected) in [
            ("W_enc", &parts.w_enc, elements),
            ("b_enc", &parts.b_enc, d_sae),
            ("W_dec", &parts.w_dec, elements),
            ("b_dec", &parts.b_dec, d_in),
        ] {
            if values.len() != expected {
                return Err(Error::shape(format!("number of values in {name}"), values.len(), expected));
            }
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                return Err(Error::shape(format!("value {at} of {name}"), values[at], "a finite number"));
            }
        }
        let w_enc = transpose(&parts.w_enc, d_in, d_sae);
        Ok(Self {
            d_in,
            d_sae,
            activation,
            w_enc,
            b_enc: parts.b_enc,
            w_dec: Some(parts.w_dec),
            b_dec: parts.b_dec,
        })
    }

    /// The parameters in the public orientation; a tied decoder is written out.
    pub fn to_parts(&self) -> Parts {
        Parts {
            w_enc: transpose(&self.w_enc, self.d_sae, self.d_in),
            b_enc: self.b_enc.clone(),
            w_dec: self.decoder().to_vec(),
            b_dec: self.b_dec.clone(),
        }
    }

    /// The thresholds of JumpReLU and BatchTopK, `[d_sae]`.
    pub fn thresholds(&self) -> Option<Vec<f32>> {
        match &self.activation {
            Activation::JumpRelu { threshold } => Some(threshold.per_latent(self.d_sae)),
            Activation::BatchTopK { threshold, .. } => threshold.map(|threshold| vec![threshold; self.d_sae]),
            Activation::Relu | Activation::TopK { .. } => None,
        }
    }

    /// The first parameter that is NaN or infinite.
    #[cfg(feature = "files")]
    pub(crate) fn not_finite(&self) -> Option<f32> {
        let all = [&self.w_enc, &self.b_enc, self.decoder(), &self.b_dec];
        all.into_iter().flatten().copied().find(|value| !value.is_finite())
    }

    /// The values of a parameter, matrices by latent. A tied model has no decoder matrix of its own.
    pub fn parameter(&self, parameter: Parameter) -> &[f32] {
        match parameter {
            Parameter::EncoderWeights => &self.w_enc,
            Parameter::EncoderBias => &self.b_enc,
            Parameter::DecoderWeights => self.w_dec.as_deref().unwrap_or_default(),
            Parameter::DecoderBias => &self.b_dec,
        }
    }

    /// # Errors
    /// If the data has not the model's columns.
    pub(crate) fn check_columns(&self, cols: usize) -> Result<()> {
        if cols == self.d_in {
            return Ok(());
        }
        Err(Error::shape("columns of the data", cols, format!("{} as the model", self.d_in)))
    }

    /// Changes `b_enc` by `sign · b_dec W_enc`: between models whose encoder sees `x` and those where it sees
    /// `x − b_dec`.
    #[cfg(any(feature = "files", feature = "variants"))]
    pub(crate) fn shift_input_by_b_dec(&mut self, sign: f64) {
        for (bias, weights) in self.b_enc.iter_mut().zip(self.w_enc.chunks_exact(self.d_in)) {
            let products = weights.iter().zip(&self.b_dec).map(|(&w, &b)| f64::from(w) * f64::from(b));
            *bias = (f64::from(*bias) + sign * products.sum::<f64>()) as f32;
        }
    }

    /// Scales the rows of an untied decoder to length 1; rows of zeros stay.
    pub(crate) fn normalise_decoder(&mut self) {
        for row in self.w_dec.iter_mut().flat_map(|decoder| decoder.chunks_exact_mut(self.d_in)) {
            let length = dot(row, row).sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|w| *w /= length);
            }
        }
    }

    /// `W_dec`, `[d_sae, d_in]`, tied or not.
    pub fn decoder(&self) -> &[f32] {
        self.w_dec.as_deref().unwrap_or(&self.w_enc)
    }
}

/// Transposes a row-major `[rows, cols]` matrix, in blocks that fit the cache.
pub(crate) fn transpose(matrix: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    const BLOCK: usize = 32;
    let mut out = vec![0.0; matrix.len()];
    for row0 in (0..rows).step_by(BLOCK) {
        for col0 in (0..cols).step_by(BLOCK) {
            for row in row0..(row0 + BLOCK).min(rows) {
                for col in col0..(col0 + BLOCK).min(cols) {
                    out[col * rows + row] = matrix[row * cols + col];
                }
            }
        }
    }
    out
}
