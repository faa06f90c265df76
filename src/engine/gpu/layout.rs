//! Where parameters lie on the device, and their way there and back.
//!
//! All parameters share one buffer, `W_enc | b_enc | W_dec | b_dec`, in the order of [`Parameter::ALL`], padded as the
//! kernels need it. Gradients, moments and previous values have buffers of the same layout that end with the last
//! parameter that Adam trains: a decoder that is solved for in closed form takes no memory there.

use super::device::GpuBuffer;
use super::kernels::VECTORS_PER_THREAD;
use crate::engine::{Moments, Optimiser, State};
use crate::error::{Error, Result};
use crate::sae::{Parameter, Sae};

/// A section begins at a multiple of 16 vec4: 256 bytes, at which every device can bind.
const ALIGN: usize = 16;

/// Sizes of a model on the device, and what of it Adam trains.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub d_in: usize,
    pub d_sae: usize,
    /// vec4 in a row of data, a multiple of [`VECTORS_PER_THREAD`].
    pub width: usize,
    /// Latents with padding, a multiple of 32.
    pub stride: usize,
    pub tied: bool,
    trained: [bool; 4],
    starts: [usize; 4],
    /// vec4 of all parameters.
    elements: usize,
    /// vec4 up to the last parameter that Adam trains.
    trained_elements: usize,
}

impl Layout {
    /// The layout of a state.
    ///
    /// # Errors
    /// If the sizes are beyond what kernels can count.
    pub fn new(state: &State) -> Result<Self> {
        let (sae, optimiser) = (&state.sae, &state.optimiser);
        let (d_in, d_sae) = (sae.d_in, sae.d_sae);
        let width = d_in.div_ceil(4).next_multiple_of(VECTORS_PER_THREAD);
        let stride = d_sae.next_multiple_of(32);
        let tied = sae.w_dec.is_none();
        let matrix = (stride as u64 * width as u64).next_multiple_of(ALIGN as u64);
        // Kernels count scalars in 32 bits.
        if matrix * 8 + stride as u64 * 8 > u64::from(u32::MAX) / 4 {
            return Err(Error::Gpu(format!(
                "a model of {d_in} × {d_sae} is too large for the GPU engine: its kernels count values in 32 bits"
            )));
        }
        let sizes = [matrix as usize, stride / 4, if tied { 0 } else { matrix as usize }, width];
        let trained = [true, true, optimiser.w_dec.is_some(), optimiser.b_dec.is_some()];
        let mut starts = [0; 4];
        let (mut elements, mut trained_elements) = (0, 0);
        for ((start, size), trained) in starts.iter_mut().zip(sizes).zip(trained) {
            *start = elements;
            elements += size.next_multiple_of(ALIGN);
            if trained {
                trained_elements = elements;
            }
        }
        Ok(Self { d_in, d_sae, width, stride, tied, trained, starts, elements, trained_elements })
    }

    /// Bytes of all parameters.
    pub fn bytes(&self) -> u64 {
        16 * self.elements as u64
    }

    /// Bytes of the gradients, moments or previous values of the parameters that Adam trains.
    pub fn trained_bytes(&self) -> u64 {
        16 * self.trained_elements as u64
    }

    /// The part of a buffer of this layout that holds a parameter, to bind.
    pub fn part<'a>(&self, buffer: &'a GpuBuffer, parameter: Parameter) -> wgpu::BufferBinding<'a> {
        let (offset, bytes) = self.range(parameter);
        wgpu::BufferBinding { buffer, offset, size: std::num::NonZeroU64::new(bytes) }
    }

    /// First byte of a parameter and its size in bytes, padding included.
    pub fn range(&self, parameter: Parameter) -> (u64, u64) {
        let matrix = self.stride * self.width;
        let size = match parameter {
            Parameter::EncoderWeights | Parameter::DecoderWeights => matrix,
            Parameter::EncoderBias => self.stride / 4,
            Parameter::DecoderBias => self.width,
        };
        (16 * self.starts[parameter as usize] as u64, 16 * size as u64)
    }

    /// The decoder's matrix, tied or not.
    pub fn decoder(&self) -> Parameter {
        if self.tied { Parameter::EncoderWeights } else { Parameter::DecoderWeights }
    }

    /// Whether Adam trains a parameter.
    pub fn trains(&self, parameter: Parameter) -> bool {
        self.trained[parameter as usize]
    }

    /// The parameters in one padded piece.
    pub fn parameters(&self, sae: &Sae) -> Vec<f32> {
        self.pack(Parameter::ALL.map(|parameter| sae.parameter(parameter)), self.elements)
    }

    /// First or second moments in one padded piece, chosen by `of`.
    pub fn moments<'a>(
        &self,
        optimiser: &'a Optimiser,
        of: impl Fn(&'a Moments) -> &'a Vec<f32>,
    ) -> Vec<f32> {
        let optional = |moments: &'a Option<Moments>| moments.as_ref().map_or(&[][..], |m| of(m).as_slice());
        let parts = [
            of(&optimiser.w_enc),
            of(&optimiser.b_enc),
            optional(&optimiser.w_dec),
            optional(&optimiser.b_dec),
        ];
        self.pack(parts, self.trained_elements)
    }

    fn pack(&self, parameters: [&[f32]; 4], elements: usize) -> Vec<f32> {
        let mut packed = vec![0.0; 4 * elements];
        for ((parameter, values), start) in Parameter::ALL.into_iter().zip(parameters).zip(self.starts) {
            let Some(to) = packed.get_mut(4 * start..) else { continue };
            match parameter {
                Parameter::EncoderWeights | Parameter::DecoderWeights => self.pad(values, to),
                Parameter::EncoderBias | Parameter::DecoderBias => to[..values.len()].copy_from_slice(values),
            }
        }
        packed
    }

    /// Writes the rows of a matrix `[_, d_in]` with their padding.
    pub fn pad(&self, matrix: &[f32], to: &mut [f32]) {
        for (row, to) in matrix.chunks_exact(self.d_in).zip(to.chunks_exact_mut(4 * self.width)) {
            to[..self.d_in].copy_from_slice(row);
        }
    }

    /// A matrix `[rows, cols]` without the padding of its rows.
    pub fn unpad(padded: &[f32], padded_cols: usize, rows: usize, cols: usize) -> Vec<f32> {
        let rows = padded.chunks_exact(padded_cols).take(rows);
        rows.flat_map(|row| &row[..cols]).copied().collect()
    }

    /// A parameter out of a piece of this layout.
    pub fn unpack(&self, packed: &[f32], parameter: Parameter) -> Vec<f32> {
        self.unpad_parameter(&packed[4 * self.starts[parameter as usize]..], parameter)
    }

    /// A parameter out of the bytes of its [`Layout::range`], as values.
    pub fn unpad_parameter(&self, padded: &[f32], parameter: Parameter) -> Vec<f32> {
        match parameter {
            Parameter::EncoderBias => padded[..self.d_sae].to_vec(),
            Parameter::DecoderBias => padded[..self.d_in].to_vec(),
            Parameter::EncoderWeights | Parameter::DecoderWeights => {
                Self::unpad(padded, 4 * self.width, self.d_sae, self.d_in)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::Activation;

    fn layout(tied: bool, trains_decoder: bool) -> Layout {
        let sae = Sae::random(20, 40, Activation::Relu, tied, 1);
        Layout::new(&State { optimiser: Optimiser::new(&sae, trains_decoder), sae }).expect("is small")
    }

    #[test]
    fn a_decoder_that_adam_does_not_train_takes_no_memory_for_gradients_and_moments() {
        // W_enc: 64 latents of 8 vec4; b_enc: 16 vec4, which is aligned.
        let encoder = 16 * (64 * 8 + 16);
        assert_eq!(layout(false, false).trained_bytes(), encoder);
        assert_eq!(layout(true, false).trained_bytes(), encoder);
        for tied in [true, false] {
            assert_eq!(layout(tied, true).trained_bytes(), layout(tied, true).bytes());
        }
        let pam = layout(false, false);
        let sae = Sae::random(20, 40, Activation::Relu, false, 1);
        let moments = pam.moments(&Optimiser::new(&sae, false), |moments| &moments.m);
        assert_eq!(4 * moments.len() as u64, pam.trained_bytes());
    }
}
