//! Progress through long work, and the wish to end it.
//!
//! ```
//! use std::ops::ControlFlow;
//! use splinterp::progress::{Observer, Work};
//!
//! struct Half;
//! impl Observer for Half {
//!     async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
//!         if 2 * done < total { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
//!     }
//! }
//! let ended = pollster::block_on(Work::new(100.0, &mut Half).finish());
//! assert_eq!(ended.unwrap_err().code(), "cancelled");
//! ```

use std::future::Future;
use std::ops::{ControlFlow, Range};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use crate::error::{Error, Result};

/// Hears of progress between pieces of work, some ten to a hundred times a second, and may end the work.
pub trait Observer {
    /// `done` of `total` rows, or of work worth as many rows, are finished. Breaking cancels the rest.
    fn progress(&mut self, done: u64, total: u64) -> impl Future<Output = ControlFlow<()>>;
}

/// Hears of nothing and lets everything run to its end.
#[derive(Debug, Clone, Copy)]
pub struct NoObserver;

impl Observer for NoObserver {
    async fn progress(&mut self, _done: u64, _total: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A future behind a pointer, so that long work is compiled once and not once for each of its observers.
pub type BoxedFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// An [`Observer`] of any type.
trait AnyObserver {
    fn tell(&mut self, done: u64, total: u64) -> BoxedFuture<'_, ControlFlow<()>>;
}

impl<O: Observer> AnyObserver for O {
    fn tell(&mut self, done: u64, total: u64) -> BoxedFuture<'_, ControlFlow<()>> {
        Box::pin(self.progress(done, total))
    }
}

/// Counts finished work and tells an observer.
pub struct Work<'a> {
    done: f64,
    total: f64,
    observer: &'a mut dyn AnyObserver,
}

impl<'a> Work<'a> {
    /// Nothing is done yet of work worth `total` rows.
    pub fn new(total: f64, observer: &'a mut impl Observer) -> Self {
        Self { done: 0.0, total: total.round(), observer }
    }

    /// Counts what is left, where the total was an estimate.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the observer breaks.
    pub async fn finish(mut self) -> Result<()> {
        self.advance(self.total - self.done).await
    }

    /// Counts rows as done and tells the observer.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if the observer breaks.
    pub async fn advance(&mut self, rows: f64) -> Result<()> {
        self.done += rows;
        // Parts of rows add up to the total but for rounding.
        let done = self.done.round().min(self.total);
        match self.observer.tell(done as u64, self.total as u64).await {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    }
}

/// `0..rows` in pieces of at most `size`.
pub fn pieces(rows: u32, size: usize) -> impl Iterator<Item = Range<u32>> {
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    (0..rows).step_by(size as usize).map(move |start| start..start.saturating_add(size).min(rows))
}

/// Runs a future that waits for nothing outside itself to its end.
pub(crate) fn run_now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
