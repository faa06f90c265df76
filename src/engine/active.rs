//! The engine that a run trains on: chosen at the start, and changed if the GPU is lost.

use std::ops::Range;

#[cfg(feature = "gpu")]
use super::gpu::{self, GpuEngine};
use super::{
    Backend, CpuEngine, Decoder, Engine, EvaluationSums, Split, State, StepOptions, StepSums, SufficientStats,
};
use crate::data::{DataMoments, Dataset};
use crate::error::{Error, Result};

/// Why a run trains on the CPU whose options say so.
const ASKED_FOR_CPU: &str = "The options ask for the CPU.";

/// After so many losses in one run a GPU is not opened again.
#[cfg(feature = "gpu")]
const LOSSES: u32 = 2;

/// Either engine, with what is needed to move from one to the other.
#[derive(Debug)]
pub struct ActiveEngine {
    inner: Inner,
    reason: String,
    #[cfg(feature = "gpu")]
    recovery: Recovery,
}

/// What another engine is opened with after a GPU was lost.
#[cfg(feature = "gpu")]
#[derive(Debug)]
struct Recovery {
    /// What the user asked for: a run on `Auto` never moves to a software adapter, one on `Gpu` never to the CPU.
    backend: Backend,
    train: Dataset,
    test: Dataset,
    /// How often a GPU was lost.
    losses: u32,
}

#[derive(Debug)]
enum Inner {
    Cpu(Box<CpuEngine>),
    #[cfg(feature = "gpu")]
    Gpu(Box<GpuEngine>),
}

/// Calls a method of whichever engine it is.
macro_rules! inner {
    ($active:expr, $engine:ident => $call:expr) => {
        match $active {
            Inner::Cpu($engine) => $call,
            #[cfg(feature = "gpu")]
            Inner::Gpu($engine) => $call,
        }
    };
}

impl ActiveEngine {
    /// The CPU engine; the columns of both data sets are the state's `d_in`.
    pub fn cpu(train: Dataset, test: Dataset, state: State) -> Self {
        Self {
            inner: Inner::Cpu(Box::new(CpuEngine::new(train.clone(), test.clone(), state))),
            reason: ASKED_FOR_CPU.into(),
            #[cfg(feature = "gpu")]
            recovery: Recovery { backend: Backend::Cpu, train, test, losses: 0 },
        }
    }

    /// Opens the engine that `backend` asks for. `Auto` takes the GPU if there is one that passes its self-test and wins
    /// a short race on steps of the real size, else the CPU.
    ///
    /// # Errors
    /// Only if `backend` is `Gpu`: [`Error::Gpu`] that says why there is none.
    pub async fn open(
        backend: Backend,
        train: Dataset,
        test: Dataset,
        state: &State,
        options: &StepOptions,
    ) -> Result<Self> {
        let (inner, reason) = choose(backend, &train, &test, state, options).await?;
        Ok(Self {
            inner,
            reason,
            #[cfg(feature = "gpu")]
            recovery: Recovery { backend, train, test, losses: 0 },
        })
    }

    /// Why the run trains where it does: a sentence for the user.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Which of the two it is.
    pub fn backend(&self) -> Backend {
        match &self.inner {
            Inner::Cpu(_) => Backend::Cpu,
            #[cfg(feature = "gpu")]
            Inner::Gpu(_) => Backend::Gpu,
        }
    }

    /// The device that the run trains on, if it is one.
    #[cfg(feature = "gpu")]
    pub fn device(&self) -> Option<&std::rc::Rc<gpu::GpuDevice>> {
        match &self.inner {
            Inner::Gpu(engine) => Some(engine.device()),
            Inner::Cpu(_) => None,
        }
    }
}

fn cpu(train: &Dataset, test: &Dataset, state: &State) -> Inner {
    Inner::Cpu(Box::new(CpuEngine::new(train.clone(), test.clone(), state.clone())))
}

#[cfg(not(feature = "gpu"))]
async fn choose(
    backend: Backend,
    train: &Dataset,
    test: &Dataset,
    state: &State,
    _options: &StepOptions,
) -> Result<(Inner, String)> {
    let reason = match backend {
        Backend::Cpu => ASKED_FOR_CPU,
        Backend::Auto => "This build has no GPU engine.",
        Backend::Gpu => {
            return Err(Error::Gpu("this build has no GPU engine: choose 'auto' or 'cpu'".into()));
        }
    };
    Ok((cpu(train, test, state), reason.into()))
}

#[cfg(feature = "gpu")]
async fn choose(
    backend: Backend,
    train: &Dataset,
    test: &Dataset,
    state: &State,
    options: &StepOptions,
) -> Result<(Inner, String)> {
    let chosen = match backend {
        Backend::Cpu => Err(ASKED_FOR_CPU.into()),
        Backend::Gpu => {
            let tested = gpu::shared_device(true).await?;
            tested.verdict()?;
            let engine = GpuEngine::new(tested.device, train, test, state).await?;
            Ok((engine, "The options ask for the GPU.".into()))
        }
        Backend::Auto => match faster(train, test, state, options).await {
            Ok(Ok(won)) => Ok(won),
            Ok(Err(lost)) => Err(lost),
            Err(error) => Err(format!("The CPU trains, since {error}.")),
        },
    };
    Ok(match chosen {
        Ok((engine, reason)) => (Inner::Gpu(Box::new(engine)), reason),
        Err(reason) => (cpu(train, test, state), reason),
    })
}

/// The GPU engine if it is correct and wins the race; both outcomes come with their reason.
#[cfg(feature = "gpu")]
async fn faster(
    train: &Dataset,
    test: &Dataset,
    state: &State,
    options: &StepOptions,
) -> Result<Result<(GpuEngine, String), String>> {
    let tested = gpu::shared_device(false).await?;
    tested.verdict()?;
    let gpu::Race { gpu, cpu } = gpu::race(&tested.device, train, state, options).await?;
    let name = &tested.device.adapter().name;
    let times = format!("a step takes {:.2} ms on {name} and {:.2} ms on the CPU", 1e3 * gpu, 1e3 * cpu);
    if gpu >= cpu {
        return Ok(Err(format!("The CPU is faster here: {times}.")));
    }
    let engine = GpuEngine::new(tested.device, train, test, state).await?;
    Ok(Ok((engine, format!("The GPU is faster here: {times}."))))
}

impl Engine for ActiveEngine {
    fn name(&self) -> String {
        inner!(&self.inner, engine => engine.name())
    }

    fn work_per_call(&self) -> usize {
        inner!(&self.inner, engine => engine.work_per_call())
    }

    /// A GPU that was lost is opened again, the first time; otherwise a run on `Auto` moves to the CPU.
    #[cfg(feature = "gpu")]
    async fn recover(&mut self, error: &Error, state: &State) -> bool {
        if !matches!((&self.inner, error), (Inner::Gpu(_), Error::Gpu(_) | Error::GpuLost(_))) {
            return false;
        }
        let Recovery { backend, train, test, losses } = &mut self.recovery;
        *losses += 1;
        let again = match error {
            Error::GpuLost(_) if *losses < LOSSES => reopen(*backend, train, test, state).await.ok(),
            _ => None,
        };
        let (inner, place) = match again {
            Some(engine) => (Inner::Gpu(Box::new(engine)), "the GPU, opened again"),
            None if *backend == Backend::Gpu => return false,
            None => (cpu(train, test, state), "the CPU"),
        };
        self.inner = inner;
        self.reason = format!("In mid-epoch {error}. The epoch was repeated on {place}; nothing is lost.");
        true
    }

    fn load(&mut self, state: &State) -> Result<()> {
        inner!(&mut self.inner, engine => engine.load(state))
    }

    async fn state(&mut self) -> Result<State> {
        inner!(&mut self.inner, engine => engine.state().await)
    }

    fn begin_epoch(&mut self) {
        inner!(&mut self.inner, engine => engine.begin_epoch());
    }

    async fn steps(&mut self, rows: &[u32], options: &StepOptions) -> Result<StepSums> {
        inner!(&mut self.inner, engine => engine.steps(rows, options).await)
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        inner!(&mut self.inner, engine => engine.activity().await)
    }

    async fn accumulate(&mut self, rows: &[u32]) -> Result<()> {
        inner!(&mut self.inner, engine => engine.accumulate(rows).await)
    }

    async fn take_stats(&mut self) -> Result<SufficientStats> {
        inner!(&mut self.inner, engine => engine.take_stats().await)
    }

    async fn moments(&mut self, rows: &[u32]) -> Result<DataMoments> {
        inner!(&mut self.inner, engine => engine.moments(rows).await)
    }

    async fn worst_rows(&mut self, rows: &[u32], count: usize) -> Result<Vec<Vec<f32>>> {
        inner!(&mut self.inner, engine => engine.worst_rows(rows, count).await)
    }

    async fn decoder(&mut self) -> Result<Decoder> {
        inner!(&mut self.inner, engine => engine.decoder().await)
    }

    fn set_decoder(&mut self, decoder: Decoder) -> Result<()> {
        inner!(&mut self.inner, engine => engine.set_decoder(decoder))
    }

    async fn evaluate(&mut self, split: Split, rows: Range<u32>) -> Result<EvaluationSums> {
        inner!(&mut self.inner, engine => engine.evaluate(split, rows).await)
    }
}

#[cfg(feature = "gpu")]
async fn reopen(backend: Backend, train: &Dataset, test: &Dataset, state: &State) -> Result<GpuEngine> {
    let tested = gpu::shared_device(backend == Backend::Gpu).await?;
    tested.verdict()?;
    GpuEngine::new(tested.device, train, test, state).await
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;
    use crate::data::Storage;
    use crate::engine::Optimiser;
    use crate::sae::{Activation, Sae};
    use pollster::block_on;

    /// An engine on whatever adapter there is, as if `backend` had chosen it.
    fn on_gpu(backend: Backend) -> Option<(ActiveEngine, State)> {
        let sae = Sae::random(4, 6, Activation::Relu, true, 1);
        let state = State { optimiser: Optimiser::new(&sae, true), sae };
        let data = Dataset::new(Storage::F32(vec![0.5; 8]), 4).expect("rows");
        let tested = match block_on(gpu::shared_device(true)) {
            Ok(tested) => tested,
            Err(error) => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "{error}");
                return None;
            }
        };
        let engine = block_on(GpuEngine::new(tested.device, &data, &data, &state)).expect("opens");
        let recovery = Recovery { backend, train: data.clone(), test: data, losses: 0 };
        let inner = Inner::Gpu(Box::new(engine));
        Some((ActiveEngine { inner, reason: String::new(), recovery }, state))
    }

    #[test]
    fn a_run_on_auto_never_recovers_on_a_software_adapter() {
        let Some((mut engine, state)) = on_gpu(Backend::Auto) else { return };
        let software = engine.device().is_some_and(|device| device.adapter().software);
        assert!(block_on(engine.recover(&Error::GpuLost("the GPU was lost".into()), &state)));
        assert_eq!(engine.backend() == Backend::Cpu, software, "{}", engine.reason());
        assert!(engine.reason().contains("repeated"), "{}", engine.reason());
    }

    #[test]
    fn a_run_on_the_gpu_never_moves_to_the_cpu() {
        let Some((mut engine, state)) = on_gpu(Backend::Gpu) else { return };
        let lost = Error::GpuLost("the GPU was lost".into());
        assert!(block_on(engine.recover(&lost, &state)));
        assert_eq!(engine.backend(), Backend::Gpu);
        assert!(!block_on(engine.recover(&lost, &state)));
        assert_eq!(engine.backend(), Backend::Gpu);
    }
}
