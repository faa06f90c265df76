//! The room that a run trains in: chosen at the start, and changed if the GPU is lost.

use std::ops::Range;

#[cfg(feature = "gpu")]
use super::gpu::{self, GpuEngine};
use super::{
    Backend, CpuEngine, Engine, EvaluationSums, Split, State, StepOptions, StepSums, SufficientStats,
};
use crate::data::Dataset;
use crate::error::{Error, Result};

/// A GPU that is lost this often in one run is given up.
#[cfg(feature = "gpu")]
const LOSSES: u32 = 2;

/// Either room, with what is needed to move from one to the other.
#[derive(Debug)]
pub struct ActiveEngine {
    inner: Inner,
    reason: String,
    /// What a move takes along.
    #[cfg(feature = "gpu")]
    luggage: Luggage,
}

#[cfg(feature = "gpu")]
#[derive(Debug)]
struct Luggage {
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

/// Calls a method of whichever room it is.
macro_rules! inner {
    ($room:expr, $inner:ident => $call:expr) => {
        match &mut $room.inner {
            Inner::Cpu($inner) => $call,
            #[cfg(feature = "gpu")]
            Inner::Gpu($inner) => $call,
        }
    };
}

impl ActiveEngine {
    /// Opens the room that `backend` asks for. `Auto` takes the GPU if there is one that passes its self-test and wins
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
            luggage: Luggage { train, test, losses: 0 },
        })
    }

    /// Why the run trains where it does: a sentence for the user.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The device that the run trains on, if it is one.
    #[cfg(feature = "gpu")]
    pub fn context(&self) -> Option<&std::rc::Rc<gpu::Context>> {
        match &self.inner {
            Inner::Gpu(room) => Some(room.context()),
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
    if backend == Backend::Gpu {
        return Err(Error::Gpu("this build has no GPU engine: choose 'auto' or 'cpu'".into()));
    }
    Ok((cpu(train, test, state), "This build has no GPU engine.".into()))
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
        Backend::Cpu => Err("The options ask for the CPU.".into()),
        Backend::Gpu => {
            let tested = gpu::device(true).await?;
            tested.verdict()?;
            let room = GpuEngine::new(tested.context, train, test, state).await?;
            Ok((room, "The options ask for the GPU.".into()))
        }
        Backend::Auto => match faster(train, test, state, options).await {
            Ok(Ok(won)) => Ok(won),
            Ok(Err(lost)) => Err(lost),
            Err(error) => Err(format!("The CPU trains, since {error}.")),
        },
    };
    Ok(match chosen {
        Ok((room, reason)) => (Inner::Gpu(Box::new(room)), reason),
        Err(reason) => (cpu(train, test, state), reason),
    })
}

/// The GPU's room if it is right and wins the race; both outcomes come with their reason.
#[cfg(feature = "gpu")]
async fn faster(
    train: &Dataset,
    test: &Dataset,
    state: &State,
    options: &StepOptions,
) -> Result<Result<(GpuEngine, String), String>> {
    let tested = gpu::device(false).await?;
    tested.verdict()?;
    let gpu::Race { gpu, cpu } = gpu::race(&tested.context, train, state, options).await?;
    let name = &tested.context.adapter().name;
    let times = format!("a step takes {:.2} ms on {name} and {:.2} ms on the CPU", 1e3 * gpu, 1e3 * cpu);
    if gpu >= cpu {
        return Ok(Err(format!("The CPU is faster here: {times}.")));
    }
    let room = GpuEngine::new(tested.context, train, test, state).await?;
    Ok(Ok((room, format!("The GPU is faster here: {times}."))))
}

impl Engine for ActiveEngine {
    fn name(&self) -> String {
        match &self.inner {
            Inner::Cpu(room) => room.name(),
            #[cfg(feature = "gpu")]
            Inner::Gpu(room) => room.name(),
        }
    }

    fn work_per_call(&self) -> usize {
        match &self.inner {
            Inner::Cpu(room) => room.work_per_call(),
            #[cfg(feature = "gpu")]
            Inner::Gpu(room) => room.work_per_call(),
        }
    }

    /// A GPU that was lost is opened again, the first time; otherwise the CPU takes over.
    #[cfg(feature = "gpu")]
    async fn recover(&mut self, error: &Error, state: &State) -> bool {
        if !matches!((&self.inner, error), (Inner::Gpu(_), Error::Gpu(_) | Error::GpuLost(_))) {
            return false;
        }
        let Luggage { train, test, losses } = &mut self.luggage;
        *losses += 1;
        let again = match error {
            Error::GpuLost(_) if *losses < LOSSES => reopen(train, test, state).await.ok(),
            _ => None,
        };
        let where_now = if again.is_some() { "the GPU, opened anew" } else { "the CPU" };
        self.reason =
            format!("In mid-epoch {error}. The epoch was repeated on {where_now}; nothing is lost.");
        self.inner = match again {
            Some(room) => Inner::Gpu(Box::new(room)),
            None => cpu(train, test, state),
        };
        true
    }

    fn load(&mut self, state: &State) -> Result<()> {
        inner!(self, room => room.load(state))
    }

    async fn state(&mut self) -> Result<State> {
        inner!(self, room => room.state().await)
    }

    fn begin_epoch(&mut self) {
        inner!(self, room => room.begin_epoch());
    }

    async fn steps(&mut self, rows: &[u32], options: &StepOptions) -> Result<StepSums> {
        inner!(self, room => room.steps(rows, options).await)
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        inner!(self, room => room.activity().await)
    }

    async fn accumulate(&mut self, rows: &[u32]) -> Result<()> {
        inner!(self, room => room.accumulate(rows).await)
    }

    async fn take_stats(&mut self) -> Result<SufficientStats> {
        inner!(self, room => room.take_stats().await)
    }

    fn set_decoder(&mut self, w_dec: &[f32], b_dec: &[f32]) -> Result<()> {
        inner!(self, room => room.set_decoder(w_dec, b_dec))
    }

    async fn evaluate(&mut self, split: Split, rows: Range<u32>) -> Result<EvaluationSums> {
        inner!(self, room => room.evaluate(split, rows).await)
    }
}

#[cfg(feature = "gpu")]
async fn reopen(train: &Dataset, test: &Dataset, state: &State) -> Result<GpuEngine> {
    let tested = gpu::device(true).await?;
    tested.verdict()?;
    GpuEngine::new(tested.context, train, test, state).await
}
