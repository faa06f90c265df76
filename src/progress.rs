//! Progress through an epoch, and the wish to end it.

use std::future::Future;
use std::ops::{ControlFlow, Range};

use crate::error::{Error, Result};

/// Hears of progress between pieces of work, some ten to a hundred times a second, and may end the epoch.
pub trait Observer {
    /// `done` of `total` rows have been worked on in this epoch. Breaking cancels it.
    fn progress(&mut self, done: u64, total: u64) -> impl Future<Output = ControlFlow<()>>;
}

/// Lets every epoch run to its end.
#[derive(Debug, Clone, Copy)]
pub struct NoObserver;

impl Observer for NoObserver {
    async fn progress(&mut self, _done: u64, _total: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Rows done, and who wants to know.
pub struct Work<'a, O> {
    done: u64,
    total: u64,
    observer: &'a mut O,
}

impl<'a, O: Observer> Work<'a, O> {
    /// No rows done yet.
    pub fn new(total: u64, observer: &'a mut O) -> Self {
        Self { done: 0, total, observer }
    }

    /// Counts rows as done, tells the observer, and ends the epoch if it wants so.
    pub async fn advance(&mut self, rows: usize) -> Result<()> {
        self.done += rows as u64;
        match self.observer.progress(self.done, self.total).await {
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
