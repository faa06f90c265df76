//! Work shared out over threads, with the same bits on any number of them: what a piece of work computes depends on the
//! piece alone, and whoever adds results up does so in the order of the pieces.
//!
//! Natively the pool starts its threads itself. In wasm they are workers that the page starts and that help
//! for life; a build without shared memory has none, and everything runs on the one thread there is.

#[cfg(target_feature = "atomics")]
mod allocator;
#[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
mod bounded;
#[cfg_attr(not(any(not(target_arch = "wasm32"), target_feature = "atomics")), path = "alone.rs")]
mod pool;

use std::cell::UnsafeCell;

use crate::error::{Error, Result};
use pool::pool;

/// A thread of the pool ended in the middle of a job.
#[derive(Debug)]
struct Lost;

/// Whether there can be threads at all.
const SHARED_MEMORY: bool = cfg!(any(not(target_arch = "wasm32"), target_feature = "atomics"));

/// The most threads that can be asked for.
pub const MOST_THREADS: usize = 256;

/// How many threads work may use at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads(usize);

impl Threads {
    /// The caller's thread alone.
    pub const ONE: Self = Self(1);

    /// At most so many, or without a number as many as the machine or the page has ready.
    pub fn up_to(most: Option<usize>) -> Self {
        Self(most.unwrap_or_else(|| pool().natural_size()).clamp(1, MOST_THREADS))
    }

    /// How many there are to work now, the caller's included.
    pub fn count(self) -> usize {
        if SHARED_MEMORY && self.0 > 1 { pool().size(self.0) } else { 1 }
    }

    /// Calls `work` with each of the items, on whichever thread is free.
    ///
    /// # Errors
    /// [`Error::ThreadLost`] if a thread ended in mid-work: some of the work may be undone or half done.
    pub fn for_each<T: Send>(
        self,
        items: impl ExactSizeIterator<Item = T>,
        work: impl Fn(T) + Sync,
    ) -> Result<()> {
        if !SHARED_MEMORY {
            items.for_each(work);
            return Ok(());
        }
        // Also on one thread through the one closure: a second copy of each kernel would be a tenth of a module.
        let items: Vec<Item<T>> = items.map(|item| Item(UnsafeCell::new(Some(item)))).collect();
        let helpers = self.count().min(items.len()).saturating_sub(1);
        let each = |at: usize| {
            // SAFETY: the pool calls with each number once, so that nobody else looks at this item.
            if let Some(item) = unsafe { items[at].take() } {
                work(item);
            }
        };
        pool().run(helpers, items.len(), &each).map_err(|Lost| Error::ThreadLost)
    }
}

/// What one call of the work takes.
struct Item<T>(UnsafeCell<Option<T>>);

// SAFETY: one thread takes the item, by `take`, whose callers see to it that it is one.
unsafe impl<T: Send> Sync for Item<T> {}

impl<T> Item<T> {
    /// # Safety
    /// Nobody else may call it on this item.
    unsafe fn take(&self) -> Option<T> {
        // SAFETY: as the caller promises, this is the only reference.
        unsafe { (*self.0.get()).take() }
    }
}

/// Counts a worker of the page that is about to [`help`].
#[cfg(target_feature = "atomics")]
pub fn announce() {
    pool().announce();
}

/// A worker of the page becomes one of the pool's threads, for life.
#[cfg(target_feature = "atomics")]
pub fn help() {
    pool().help();
}

/// Tells the pool that a worker has ended in the middle of its work.
#[cfg(target_feature = "atomics")]
pub fn leave_dead() {
    pool().bury();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    #[test]
    fn every_item_is_worked_on_once_on_any_number_of_threads() {
        for threads in [1, 2, 4, 7] {
            let threads = Threads::up_to(Some(threads));
            for len in [0, 1, 2, 5, 1000] {
                let mut numbers: Vec<usize> = (0..len).collect();
                threads.for_each(numbers.iter_mut(), |number| *number += 1).expect("no thread ends");
                assert!(
                    numbers.iter().enumerate().all(|(at, &number)| number == at + 1),
                    "{threads:?}, {len}"
                );
            }
        }
    }

    #[test]
    fn a_panic_of_the_caller_waits_for_the_others() {
        let outcome = std::panic::catch_unwind(|| {
            let caller = std::thread::current().id();
            Threads::up_to(Some(2)).for_each(0..100, |_| {
                assert!(std::thread::current().id() != caller, "the caller's piece");
                std::thread::sleep(std::time::Duration::from_millis(1));
            })
        });
        assert!(outcome.is_err());
    }

    #[test]
    fn several_threads_work_at_a_time() {
        let ids = Mutex::new(BTreeSet::new());
        // Where another caller has the pool, this one works alone: then once more.
        while ids.lock().expect("whole").len() < 2 {
            let note = |_| {
                ids.lock().expect("whole").insert(format!("{:?}", std::thread::current().id()));
                std::thread::sleep(std::time::Duration::from_millis(1));
            };
            Threads::up_to(Some(2)).for_each(0..8, note).expect("no thread ends");
        }
    }
}
