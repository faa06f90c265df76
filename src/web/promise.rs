//! Work as promises that yield to the event loop, so that `cancel` and messages are handled while it runs.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::broken::attempt;
use super::convert::{field, found};
use super::error::Thrown;
use crate::error::Error;
use crate::progress::Observer;

/// A promise of work. `start` runs at once: it reads the arguments, and returns the work that continues after the call.
/// The promise rejects whatever fails, panics and traps included, where `wasm_bindgen_futures` would leave it pending.
pub fn promise<T, F>(start: impl FnOnce() -> Result<F, Thrown>) -> Promise
where
    T: Into<JsValue>,
    F: Future<Output = Result<T, Thrown>> + 'static,
{
    let mut start = Some(start);
    let mut started = None;
    let outcome = attempt(&mut || started = start.take().map(|start| start()));
    match outcome.and(started.transpose()) {
        Ok(Some(work)) => future_to_promise(Guarded(Some(Box::pin(async {
            work.await.map(Into::into).map_err(JsValue::from)
        })))),
        // It was there to be taken: this closure is called once.
        Ok(None) => Promise::resolve(&JsValue::UNDEFINED),
        Err(thrown) => Promise::reject(&thrown.into()),
    }
}

type PendingWork = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

/// Work that ends with an error where it panics or traps.
struct Guarded(Option<PendingWork>);

impl Future for Guarded {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(mut work) = self.0.take() else { return Poll::Pending };
        let mut polled = Poll::Pending;
        if let Err(thrown) = attempt(&mut || polled = work.as_mut().poll(context)) {
            // Half written as it is, it cannot be dropped.
            std::mem::forget(work);
            return Poll::Ready(Err(thrown.into()));
        }
        if polled.is_pending() {
            self.0 = Some(work);
        }
        polled
    }
}

/// Cancels calls that have started. A flag that each call clears would lose a `cancel` when the next call starts before
/// the cancelled one has looked at it.
#[derive(Default)]
pub struct Cancellation(RefCell<Rc<Cell<bool>>>);

impl Cancellation {
    /// The flag that a call which starts now has to watch.
    pub fn flag(&self) -> Rc<Cell<bool>> {
        self.0.borrow().clone()
    }

    /// Cancels all calls that have started, and none that starts later.
    pub fn cancel(&self) {
        self.0.take().set(true);
    }
}

/// Holds work back at the places where it looks.
#[derive(Clone, Default)]
pub struct Gate(Rc<RefCell<GateState>>);

#[derive(Default)]
struct GateState {
    closed: bool,
    /// Lets go on who waits.
    waiting: Option<Function>,
}

impl Gate {
    /// Who comes from now on waits.
    pub fn close(&self) {
        self.0.borrow_mut().closed = true;
    }

    /// Lets go on who waits, and all who come.
    pub fn open(&self) {
        let waiting = {
            let mut state = self.0.borrow_mut();
            state.closed = false;
            state.waiting.take()
        };
        if let Some(resolve) = waiting {
            let _ = resolve.call0(&JsValue::NULL);
        }
    }

    /// Waits until it is open.
    pub async fn pass(&self) {
        while self.0.borrow().closed {
            let opened = Promise::new(&mut |resolve, _| self.0.borrow_mut().waiting = Some(resolve));
            let _ = JsFuture::from(opened).await;
        }
    }
}

/// Reports progress to the page, lets the event loop run, and says whether the page has cancelled.
pub struct Page {
    on_progress: Option<Function>,
    cancelled: Rc<Cell<bool>>,
    /// What a callback threw.
    thrown: Option<JsValue>,
}

impl Page {
    /// Calls `on_progress`, if there is one, and watches the flag.
    pub fn new(on_progress: Option<Function>, cancelled: Rc<Cell<bool>>) -> Self {
        Self { on_progress, cancelled, thrown: None }
    }

    /// For work that nobody hears of and that cannot be cancelled, but lets others run in between.
    pub fn silent() -> Self {
        Self::new(None, Rc::default())
    }

    /// Calls `onProgress(done, total)`.
    pub fn report(&mut self, done: f64, total: f64) -> ControlFlow<()> {
        if let Some(on_progress) = self.on_progress.clone() {
            self.call(|this| on_progress.call2(this, &done.into(), &total.into()));
        }
        self.decision()
    }

    /// Calls a callback. What it throws ends the work, and [`Page::outcome`] returns it.
    pub fn call(&mut self, call: impl FnOnce(&JsValue) -> Result<JsValue, JsValue>) {
        if self.thrown.is_none() {
            self.thrown = call(&JsValue::UNDEFINED).err();
        }
    }

    /// The result for the promise: what a callback threw, else the outcome of the work.
    pub fn outcome<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Thrown> {
        match self.thrown.take() {
            Some(value) => Err(Thrown::passed_on(value)),
            None => Ok(outcome?),
        }
    }

    /// The same, with a message of its own for cancelled work.
    pub fn outcome_or<T>(&mut self, cancelled: &str, outcome: Result<T, Error>) -> Result<T, Thrown> {
        match outcome {
            Err(Error::Cancelled) if self.thrown.is_none() => {
                Err(Thrown::new(cancelled, Error::Cancelled.code()))
            }
            outcome => self.outcome(outcome),
        }
    }

    fn decision(&self) -> ControlFlow<()> {
        if self.cancelled.get() || self.thrown.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Observer for Page {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        if self.report(done as f64, total as f64).is_continue() {
            next_task().await;
        }
        self.decision()
    }
}

/// `options.signal`, which is no plain value.
pub fn signal(options: &JsValue) -> Result<Option<JsValue>, Thrown> {
    let signal = if options.is_object() { field(options, "signal") } else { JsValue::UNDEFINED };
    match field(&signal, "aborted").as_bool() {
        Some(_) => Ok(Some(signal)),
        None if signal.is_null_or_undefined() => Ok(None),
        None => Err(Error::option("options.signal", found(&signal), "an AbortSignal").into()),
    }
}

/// Reports progress to the page, and stops when a signal is aborted.
pub struct Signalled {
    page: Page,
    signal: Option<JsValue>,
}

impl Signalled {
    /// Watches the signal, if there is one.
    pub fn new(page: Page, signal: Option<JsValue>) -> Self {
        Self { page, signal }
    }

    /// As [`Page::outcome_or`].
    pub fn outcome_or<T>(&mut self, cancelled: &str, outcome: Result<T, Error>) -> Result<T, Thrown> {
        self.page.outcome_or(cancelled, outcome)
    }
}

impl Observer for Signalled {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        let decision = self.page.progress(done, total).await;
        let aborted = |signal: &JsValue| field(signal, "aborted").is_truthy();
        if self.signal.as_ref().is_some_and(aborted) { ControlFlow::Break(()) } else { decision }
    }
}

/// Waits for a task of the event loop, so that messages are handled. A message channel is not throttled as
/// `setTimeout` is, neither to 4 ms nor in a hidden tab.
async fn next_task() {
    let task = Promise::new(&mut |resolve, _| {
        if let Ok(channel) = web_sys::MessageChannel::new() {
            let port = channel.port1();
            let close = port.clone();
            let handler = Closure::once_into_js(move || {
                close.close();
                let _ = resolve.call0(&JsValue::NULL);
            });
            port.set_onmessage(Some(handler.unchecked_ref()));
            let _ = channel.port2().post_message(&JsValue::NULL);
        } else {
            let _ = resolve.call0(&JsValue::NULL);
        }
    });
    let _ = JsFuture::from(task).await;
}
