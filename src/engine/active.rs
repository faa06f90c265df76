//! The engine that a run trains on: chosen at the start, and changed if the GPU is lost.

use std::ops::Range;

#[cfg(feature = "gpu")]
use super::gpu::{self, GpuEngine};
use super::{
    Backend, CpuEngine, Decoder, Engine, EvaluationSums, Split, State, StepOptions, StepSums,
    SufficientStats, Variants,
};
use crate::data::{DataMoments, Dataset};
use crate::error::{Error, Result};
use crate::sae::Penalties;
use crate::threads::Threads;

/// Why a run trains on the CPU whose options say so.
const ASKED_FOR_CPU: &str = "The options ask for the CPU.";

/// After so many losses in one run a GPU is not opened again.
#[cfg(feature = "gpu")]
const LOSSES: u32 = 2;

/// Where a run is to train.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// On which of the engines.
    pub backend: Backend,
    /// On the CPU, on how many threads at most.
    pub threads: Threads,
}

/// Either engine, with what is needed to move from one to the other.
#[derive(Debug)]
pub struct ActiveEngine {
    inner: Inner,
    reason: String,
    threads: Threads,
    #[cfg(feature = "gpu")]
    recovery: Recovery,
}

/// What another engine is opened with after a GPU was lost.
#[cfg(feature = "gpu")]
#[derive(Debug)]
struct Recovery {
    /// What the user asked for: a run on `Auto` never moves to a software adapter, one on `Gpu` never to the CPU.
    place: Place,
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
    pub fn cpu(threads: Threads, train: Dataset, test: Dataset, state: State) -> Self {
        let place = Place { backend: Backend::Cpu, threads };
        Self {
            inner: cpu(place, &train, &test, state),
            reason: ASKED_FOR_CPU.into(),
            threads,
            #[cfg(feature = "gpu")]
            recovery: Recovery { place, train, test, losses: 0 },
        }
    }

    /// Opens the engine that is asked for. `Auto` takes the GPU if there is one that passes its self-test and wins
    /// a short race on steps of the real size, else the CPU.
    ///
    /// # Errors
    /// Only if the GPU is asked for: [`Error::Gpu`] that says why there is none.
    pub async fn open(
        place: Place,
        train: Dataset,
        test: Dataset,
        state: State,
        options: &StepOptions<'_>,
    ) -> Result<Self> {
        let (inner, reason) = choose(place, &train, &test, state, options).await?;
        Ok(Self {
            inner,
            reason,
            threads: place.threads,
            #[cfg(feature = "gpu")]
            recovery: Recovery { place, train, test, losses: 0 },
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

    /// Threads for what the engine leaves to its caller.
    pub fn threads(&self) -> Threads {
        self.threads
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

fn cpu(place: Place, train: &Dataset, test: &Dataset, state: State) -> Inner {
    let engine = CpuEngine::new(train.clone(), test.clone(), state);
    Inner::Cpu(Box::new(engine.on(place.threads)))
}

#[cfg(not(feature = "gpu"))]
async fn choose(
    place: Place,
    train: &Dataset,
    test: &Dataset,
    state: State,
    _options: &StepOptions<'_>,
) -> Result<(Inner, String)> {
    let reason = match place.backend {
        Backend::Cpu => ASKED_FOR_CPU,
        Backend::Auto => "This build has no GPU engine.",
        Backend::Gpu => {
            return Err(Error::Gpu("this build has no GPU engine: choose 'auto' or 'cpu'".into()));
        }
    };
    Ok((cpu(place, train, test, state), reason.into()))
}

#[cfg(feature = "gpu")]
async fn choose(
    place: Place,
    train: &Dataset,
    test: &Dataset,
    state: State,
    options: &StepOptions<'_>,
) -> Result<(Inner, String)> {
    let chosen = match place.backend {
        Backend::Cpu => Err(ASKED_FOR_CPU.into()),
        Backend::Gpu => {
            let tested = gpu::shared_device(true).await?;
            tested.verdict()?;
            let engine = GpuEngine::new(tested.device, train, test, &state).await?;
            Ok((engine, "The options ask for the GPU.".into()))
        }
        Backend::Auto => match faster(place, train, test, &state, options).await {
            Ok(Ok(won)) => Ok(won),
            Ok(Err(lost)) => Err(lost),
            Err(error) => Err(format!("The CPU trains, since {error}.")),
        },
    };
    Ok(match chosen {
        Ok((engine, reason)) => (Inner::Gpu(Box::new(engine)), reason),
        Err(reason) => (cpu(place, train, test, state), reason),
    })
}

/// The GPU engine if it is correct and wins the race; both outcomes come with their reason.
#[cfg(feature = "gpu")]
async fn faster(
    place: Place,
    train: &Dataset,
    test: &Dataset,
    state: &State,
    options: &StepOptions<'_>,
) -> Result<Result<(GpuEngine, String), String>> {
    let tested = gpu::shared_device(false).await?;
    tested.verdict()?;
    let gpu::Race { gpu, cpu } = gpu::race(&tested.device, place.threads, train, state, options).await?;
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

    /// A GPU that was lost is opened again, the first time; otherwise a run on `Auto` moves to the CPU. Where a thread
    /// ended, one thread goes on.
    async fn recover(&mut self, error: &Error, state: &State) -> bool {
        let place = match (&mut self.inner, error) {
            (Inner::Cpu(engine), Error::ThreadLost) => {
                engine.go_on_alone(state);
                "one thread"
            }
            // The decoder half is the CPU's with every engine.
            #[cfg(feature = "gpu")]
            (Inner::Gpu(engine), Error::ThreadLost) => match engine.load(state) {
                Ok(()) => "the GPU and one thread",
                Err(_) => return false,
            },
            #[cfg(feature = "gpu")]
            (Inner::Gpu(_), Error::Gpu(_) | Error::GpuLost(_)) => match self.after_gpu(error, state).await {
                Some(place) => place,
                None => return false,
            },
            _ => return false,
        };
        if *error == Error::ThreadLost {
            self.threads = Threads::ONE;
        }
        self.reason = format!("In mid-epoch {error}. The epoch was repeated on {place}; nothing is lost.");
        true
    }

    async fn hold(&mut self, train: Dataset) -> Result<()> {
        #[cfg(feature = "gpu")]
        train.clone_into(&mut self.recovery.train);
        inner!(&mut self.inner, engine => engine.hold(train).await)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        inner!(&mut self.inner, engine => engine.load(state))
    }

    async fn state(&mut self) -> Result<State> {
        inner!(&mut self.inner, engine => engine.state().await)
    }

    async fn keep(&mut self, last: &mut State, penalties: &Penalties) -> Result<f64> {
        inner!(&mut self.inner, engine => engine.keep(last, penalties).await)
    }

    fn begin_epoch(&mut self) {
        inner!(&mut self.inner, engine => engine.begin_epoch());
    }

    fn prepare(&mut self, rows: &[u32], step: Option<&Variants>) -> Result<bool> {
        inner!(&mut self.inner, engine => engine.prepare(rows, step))
    }

    async fn steps(&mut self, rows: &[u32], options: &StepOptions<'_>) -> Result<StepSums> {
        inner!(&mut self.inner, engine => engine.steps(rows, options).await)
    }

    async fn activity(&mut self) -> Result<Vec<u64>> {
        inner!(&mut self.inner, engine => engine.activity().await)
    }

    fn make_room(&mut self) -> Result<bool> {
        inner!(&mut self.inner, engine => engine.make_room())
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
impl ActiveEngine {
    /// Moves to where a run can go on whose GPU was lost, if there is such a place, and names it.
    async fn after_gpu(&mut self, error: &Error, state: &State) -> Option<&'static str> {
        let Recovery { place, train, test, losses } = &mut self.recovery;
        *losses += 1;
        let again = match error {
            Error::GpuLost(_) if *losses < LOSSES => reopen(place.backend, train, test, state).await.ok(),
            _ => None,
        };
        let (inner, name) = match again {
            Some(engine) => (Inner::Gpu(Box::new(engine)), "the GPU, opened again"),
            None if place.backend == Backend::Gpu => return None,
            None => (cpu(*place, train, test, state.clone()), "the CPU"),
        };
        self.inner = inner;
        Some(name)
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
        let place = Place { backend, threads: Threads::ONE };
        let recovery = Recovery { place, train: data.clone(), test: data, losses: 0 };
        let inner = Inner::Gpu(Box::new(engine));
        Some((ActiveEngine { inner, reason: String::new(), threads: Threads::ONE, recovery }, state))
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
