//! A trained model applied to any number of rows: at once on the CPU, or in pieces on the engine that suits the work.

#[cfg(feature = "gpu")]
use std::cell::RefCell;
#[cfg(feature = "gpu")]
use std::rc::Rc;

use super::Backend;
use super::cpu::CpuInference;
#[cfg(feature = "gpu")]
use super::gpu;
use crate::error::{Error, Result};
use crate::memory;
use crate::sae::Sae;

/// Rows between two calls of `progress` on the CPU.
const PIECE: usize = 1024;
/// Multiply-adds from which `Auto` asks for a GPU: about half a second of one CPU thread. Below it the rows would be
/// done before a device is open.
#[cfg(feature = "gpu")]
const WORTH_A_GPU: f64 = 1e10;

/// What to do with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `rows [n, d_in]` to dense codes `z [n, d_sae]`.
    Encode,
    /// Dense codes `z [n, d_sae]` to reconstructions `[n, d_in]`.
    Decode,
    /// `rows [n, d_in]` to their reconstructions.
    Forward,
}

impl Operation {
    /// Columns of what goes in.
    pub fn input_cols(self, sae: &Sae) -> usize {
        match self {
            Self::Encode | Self::Forward => sae.d_in,
            Self::Decode => sae.d_sae,
        }
    }

    /// Columns of what comes out.
    pub fn output_cols(self, sae: &Sae) -> usize {
        match self {
            Self::Encode => sae.d_sae,
            Self::Decode | Self::Forward => sae.d_in,
        }
    }

    /// What goes in and what comes out, as messages name them.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Encode => ("rows", "codes"),
            Self::Decode => ("z", "reconstructions"),
            Self::Forward => ("rows", "reconstructions"),
        }
    }

    /// Whole rows of finite numbers in `input`.
    pub(crate) fn rows(self, sae: &Sae, input: &[f32]) -> Result<usize> {
        let cols = self.input_cols(sae);
        if !input.len().is_multiple_of(cols) {
            let what = format!("number of values in {}", self.names().0);
            return Err(Error::shape(what, input.len(), format!("a multiple of {cols}")));
        }
        match input.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(Error::NotFinite { row: at / cols, col: at % cols, value: f64::from(input[at]) }),
            None => Ok(input.len() / cols),
        }
    }
}

/// Applies an operation to whole rows on the CPU. Empty input gives empty output.
///
/// # Errors
/// If the length of `input` is no multiple of its columns, a value is NaN or infinite, or the result is beyond memory.
///
/// ```
/// use splinterp::engine::{Operation, apply};
/// use splinterp::sae::{Activation, Sae};
/// let mut sae = Sae::random(1, 2, Activation::Relu, true, 1);
/// (sae.w_enc, sae.b_enc) = (vec![1.0, -1.0], vec![0.0, 0.0]);
/// assert_eq!(apply(Operation::Encode, &sae, &[3.0, -2.0])?, [3.0, 0.0, 0.0, 2.0]);
/// # Ok::<(), splinterp::Error>(())
/// ```
pub fn apply(operation: Operation, sae: &Sae, input: &[f32]) -> Result<Vec<f32>> {
    let rows = operation.rows(sae, input)?;
    let mut out = memory::zeros(operation.names().1, &[rows, operation.output_cols(sae)])?;
    CpuInference::new(sae).apply(operation, input, &mut out)?;
    Ok(out)
}

/// A model that stays on a GPU between calls, once a call has put it there.
#[derive(Debug, Clone, Default)]
pub struct Inference {
    #[cfg(feature = "gpu")]
    uploaded: Rc<RefCell<Option<gpu::GpuInference>>>,
}

impl Inference {
    /// Applies an operation of `sae`, the same at every call, to any number of rows, and tells `progress` of the rows
    /// done and of all. Should a GPU fail on the way, the CPU continues from there.
    ///
    /// # Errors
    /// As [`apply`], or if `backend` is a GPU that is not there; what `progress` returns.
    pub async fn run(
        &self,
        operation: Operation,
        sae: &Sae,
        input: &[f32],
        backend: Backend,
        mut progress: impl AsyncFnMut(usize, usize) -> Result<()>,
    ) -> Result<Vec<f32>> {
        let rows = operation.rows(sae, input)?;
        let (cols, out_cols) = (operation.input_cols(sae), operation.output_cols(sae));
        let mut out = memory::zeros(operation.names().1, &[rows, out_cols])?;
        #[cfg(feature = "gpu")]
        let mut done = self.on_gpu(operation, sae, input, backend, &mut out, &mut progress).await?;
        #[cfg(not(feature = "gpu"))]
        let mut done = 0;
        #[cfg(not(feature = "gpu"))]
        if backend == Backend::Gpu {
            return Err(Error::Gpu("this build has no GPU engine: choose 'auto' or 'cpu'".into()));
        }
        let mut model = CpuInference::new(sae);
        while done < rows {
            let end = (done + PIECE).min(rows);
            let (piece, result) =
                (&input[done * cols..end * cols], &mut out[done * out_cols..end * out_cols]);
            model.apply(operation, piece, result)?;
            done = end;
            progress(done, rows).await?;
        }
        Ok(out)
    }

    /// As many rows as the GPU can and should do; returns how many.
    #[cfg(feature = "gpu")]
    async fn on_gpu(
        &self,
        operation: Operation,
        sae: &Sae,
        input: &[f32],
        backend: Backend,
        out: &mut [f32],
        progress: &mut impl AsyncFnMut(usize, usize) -> Result<()>,
    ) -> Result<usize> {
        let (cols, out_cols) = (operation.input_cols(sae), operation.output_cols(sae));
        let rows = input.len() / cols;
        let work = rows as f64 * sae.d_in as f64 * sae.d_sae as f64;
        let mut model = match backend {
            Backend::Cpu => return Ok(0),
            Backend::Auto if work < WORTH_A_GPU => return Ok(0),
            Backend::Auto => match self.upload(sae, false).await {
                Ok(model) => model,
                Err(_) => return Ok(0),
            },
            Backend::Gpu => self.upload(sae, true).await?,
        };
        let size = model.rows();
        let mut done = 0;
        for (piece, result) in input.chunks(size * cols).zip(out.chunks_mut(size * out_cols)) {
            // Where the GPU fails, the CPU continues; the model is not kept.
            let Ok(values) = model.apply(operation, piece).await else { return Ok(done) };
            result.copy_from_slice(&values);
            done += piece.len() / cols;
            progress(done, rows).await?;
        }
        *self.uploaded.borrow_mut() = Some(model);
        Ok(done)
    }

    /// The model on a GPU: the one that an earlier call left, if its device is still there and is as wanted.
    #[cfg(feature = "gpu")]
    async fn upload(&self, sae: &Sae, software: bool) -> Result<gpu::GpuInference> {
        let kept = self.uploaded.borrow_mut().take();
        if let Some(model) = kept.filter(|model| model.is_usable(software)) {
            return Ok(model);
        }
        let tested = gpu::shared_device(software).await?;
        tested.verdict()?;
        gpu::GpuInference::new(tested.device, sae).await
    }
}
