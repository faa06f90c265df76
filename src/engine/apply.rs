//! Encode, decode and forward of any number of rows, in pieces, on the GPU where that helps.

#[cfg(feature = "gpu")]
use super::gpu;
use super::{Backend, bulk};
use crate::error::{Error, Result};
use crate::sae::Sae;

/// Rows at a time on the CPU.
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
    /// Name and number of columns of what goes in, and columns of what comes out.
    fn shape(self, sae: &Sae) -> (&'static str, usize, usize) {
        match self {
            Self::Encode => ("rows", sae.d_in, sae.d_sae),
            Self::Decode => ("z", sae.d_sae, sae.d_in),
            Self::Forward => ("rows", sae.d_in, sae.d_in),
        }
    }

    fn on_cpu(self, sae: &Sae, input: &[f32]) -> Result<Vec<f32>> {
        match self {
            Self::Encode => bulk::encode(sae, input),
            Self::Decode => bulk::decode(sae, input),
            Self::Forward => bulk::forward(sae, input),
        }
    }
}

/// Applies an operation to any number of rows and tells `progress` of the rows done and of all. Should a GPU fail on
/// the way, the CPU goes on from there. Empty input gives empty output.
///
/// # Errors
/// If the length of `input` is no multiple of its columns, a value is NaN or infinite, or `backend` is a GPU that is
/// not there.
pub async fn apply(
    operation: Operation,
    sae: &Sae,
    input: &[f32],
    backend: Backend,
    mut progress: impl AsyncFnMut(usize, usize),
) -> Result<Vec<f32>> {
    let (name, cols, out_cols) = operation.shape(sae);
    if !input.len().is_multiple_of(cols) {
        let what = format!("number of values in {name}");
        return Err(Error::shape(what, input.len(), format!("a multiple of {cols}")));
    }
    if let Some(at) = input.iter().position(|value| !value.is_finite()) {
        return Err(Error::NotFinite { row: at / cols, col: at % cols, value: f64::from(input[at]) });
    }
    let rows = input.len() / cols;
    let mut out = Vec::with_capacity(rows * out_cols);
    #[cfg(feature = "gpu")]
    on_gpu(operation, sae, input, backend, &mut out, &mut progress).await?;
    #[cfg(not(feature = "gpu"))]
    if backend == Backend::Gpu {
        return Err(Error::Gpu("this build has no GPU engine: choose 'auto' or 'cpu'".into()));
    }
    let done = out.len() / out_cols;
    for (index, piece) in input[done * cols..].chunks(PIECE * cols).enumerate() {
        out.extend(operation.on_cpu(sae, piece)?);
        progress((done + (index + 1) * PIECE).min(rows), rows).await;
    }
    Ok(out)
}

/// As many rows as the GPU can and should do.
#[cfg(feature = "gpu")]
async fn on_gpu(
    operation: Operation,
    sae: &Sae,
    input: &[f32],
    backend: Backend,
    out: &mut Vec<f32>,
    progress: &mut impl AsyncFnMut(usize, usize),
) -> Result<()> {
    let (_, cols, _) = operation.shape(sae);
    let rows = input.len() / cols;
    let work = rows as f64 * sae.d_in as f64 * sae.d_sae as f64;
    let opened = match backend {
        Backend::Cpu => return Ok(()),
        Backend::Auto if work < WORTH_A_GPU => return Ok(()),
        Backend::Auto => match open(sae, false).await {
            Ok(model) => model,
            Err(_) => return Ok(()),
        },
        Backend::Gpu => open(sae, true).await?,
    };
    let mut model = opened;
    let size = model.rows();
    for (index, piece) in input.chunks(size * cols).enumerate() {
        match model.apply(operation, piece).await {
            Ok(values) => out.extend(values),
            // The CPU goes on from here.
            Err(_) => return Ok(()),
        }
        progress(((index + 1) * size).min(rows), rows).await;
    }
    Ok(())
}

#[cfg(feature = "gpu")]
async fn open(sae: &Sae, software: bool) -> Result<gpu::Bulk> {
    let tested = gpu::device(software).await?;
    tested.verdict()?;
    gpu::Bulk::new(tested.context, sae).await
}
