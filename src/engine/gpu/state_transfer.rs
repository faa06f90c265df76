//! The whole trainable state, on its way to the device and back.

use super::device::{GpuBuffer, incomplete_readback, values};
use super::gpu_engine::GpuEngine;
use super::layout::Layout;
use super::thresholds::trains_thresholds;
use crate::engine::{Moments, Optimiser, State};
use crate::error::{Error, Result};
use crate::sae::{Activation, Parameter, Sae, Threshold};

impl GpuEngine {
    /// Replaces the whole trainable state.
    ///
    /// # Errors
    /// If it has another shape.
    pub(super) fn write_state(&mut self, state: &State) -> Result<()> {
        self.same_shape(state)?;
        self.queue.reset();
        self.pending.clear();
        let layout = &self.forward.chunk.layout;
        self.write(&self.theta, &layout.parameters(&state.sae));
        self.write(&self.update.m, &layout.moments(&state.optimiser, |moments| &moments.m));
        self.write(&self.update.v, &layout.moments(&state.optimiser, |moments| &moments.v));
        self.activation.clone_from(&state.sae.activation);
        self.forward.load_thresholds(&self.device, &self.activation);
        self.load_variants(&state.optimiser);
        self.steps = state.optimiser.steps;
        Ok(())
    }

    /// Reads the whole trainable state back.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) async fn read_state(&self) -> Result<State> {
        let (activation, threshold, idle) = self.variants().await?;
        let layout = self.layout();
        let trained = layout.trained_bytes();
        let parts =
            [(&*self.theta, 0, layout.bytes()), (&*self.update.m, 0, trained), (&*self.update.v, 0, trained)];
        let read = self.device.read(&parts).await?;
        let pieces: Vec<Vec<f32>> = read.iter().map(|bytes| values(bytes)).collect();
        let [theta, m, v] = &pieces[..] else { return Err(incomplete_readback()) };
        let moments = |parameter| Moments { m: layout.unpack(m, parameter), v: layout.unpack(v, parameter) };
        let trained = |parameter| layout.trains(parameter).then(|| moments(parameter));
        let w_dec = (!layout.tied).then(|| layout.unpack(theta, Parameter::DecoderWeights));
        Ok(State {
            sae: Sae {
                w_enc: layout.unpack(theta, Parameter::EncoderWeights),
                b_enc: layout.unpack(theta, Parameter::EncoderBias),
                w_dec,
                b_dec: layout.unpack(theta, Parameter::DecoderBias),
                d_in: layout.d_in,
                d_sae: layout.d_sae,
                activation,
            },
            optimiser: Optimiser {
                threshold,
                idle,
                steps: self.steps,
                w_enc: moments(Parameter::EncoderWeights),
                b_enc: moments(Parameter::EncoderBias),
                w_dec: trained(Parameter::DecoderWeights),
                b_dec: trained(Parameter::DecoderBias),
            },
        })
    }

    fn same_shape(&self, state: &State) -> Result<()> {
        let same = &Layout::new(state)? == self.layout()
            && same_rule(&state.sae.activation, &self.activation)
            && trains_thresholds(state) == self.backward.thresholds.is_some()
            && state.optimiser.idle.is_some() == self.idle.is_some();
        if !same {
            return Err(Error::Gpu("a state of another shape cannot be loaded into this engine".into()));
        }
        Ok(())
    }

    /// Moments of thresholds that are trained, and idle rows.
    fn load_variants(&self, Optimiser { threshold, idle, .. }: &Optimiser) {
        if let (Some(pass), Some(moments)) = (&self.backward.thresholds, threshold) {
            self.write(&pass.m, &moments.m);
            self.write(&pass.v, &moments.v);
        }
        if let (Some(buffers), Some(idle)) = (&self.idle, idle) {
            self.write(&buffers.rows, idle);
        }
    }

    /// The activation with its thresholds, their moments, and idle rows, as they are on the device.
    async fn variants(&self) -> Result<(Activation, Option<Moments>, Option<Vec<f32>>)> {
        let bytes = 4 * self.layout().d_sae as u64;
        let mut parts: Vec<(&wgpu::Buffer, u64, u64)> = Vec::new();
        if let (Some(pass), Some(thresholds)) = (&self.backward.thresholds, self.forward.codes.thresholds()) {
            parts.extend([thresholds, &pass.m, &pass.v].map(|buffer| (&**buffer, 0, bytes)));
        }
        parts.extend(self.idle.as_ref().map(|idle| (&*idle.rows, 0, bytes)));
        let mut activation = self.activation.clone();
        let mut read = self.device.read(&parts).await?.into_iter().map(|bytes| values::<f32>(&bytes));
        let mut next = || read.next().ok_or_else(incomplete_readback);
        let mut moments = None;
        if self.backward.thresholds.is_some() {
            activation = Activation::JumpRelu { threshold: Threshold::PerLatent(next()?) };
            moments = Some(Moments { m: next()?, v: next()? });
        }
        let idle = self.idle.is_some().then(next).transpose()?;
        Ok((activation, moments, idle))
    }

    fn write(&self, buffer: &GpuBuffer, values: &[f32]) {
        self.device.queue.write_buffer(buffer, 0, bytemuck::cast_slice(values));
    }
}

/// Whether two activations differ by their thresholds alone, which may be loaded.
fn same_rule(a: &Activation, b: &Activation) -> bool {
    match (a, b) {
        (Activation::JumpRelu { .. }, Activation::JumpRelu { .. }) => true,
        (Activation::BatchTopK { k, .. }, Activation::BatchTopK { k: other, .. }) => k == other,
        (a, b) => a == b,
    }
}
