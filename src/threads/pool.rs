//! The pool: threads that wait for a job, and one caller at a time who works with them.
//!
//! Written here and not taken from a library since in a browser a thread is a worker, which can end in the middle of its
//! work: then the caller must be told, where the pools that we know of wait for ever.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use super::bounded::{MOST_PAUSES, PAUSE};
use super::{Lost, MOST_THREADS};

/// How often a thread looks for what it waits for before it sleeps: some 200 µs, longer than what the caller does alone
/// between two jobs of a training step. With a tenth of that an epoch of PAM-SGD on MNIST takes 4 to 16 % longer in Node on
/// two free cores, since a thread must be woken for each job; but where two runs share the cores, each takes an eighth less.
const LOOKS: u32 = if cfg!(target_arch = "wasm32") { 200_000 } else { 5_000 };

/// A worker has ended without a word.
pub const NO_ANSWER: &str = "a thread has not answered for ten seconds";

/// What is to be done: `work` with each number below `pieces`, with so many helpers at most.
#[derive(Clone, Copy)]
struct Job {
    work: &'static (dyn Fn(usize) + Sync),
    pieces: usize,
    places: usize,
}

#[derive(Default)]
struct State {
    job: Option<Job>,
    /// Threads that have been started or announced.
    helpers: usize,
}

pub struct Pool {
    state: Mutex<State>,
    /// Held by the caller whose job it is.
    turn: Mutex<()>,
    /// Counts jobs, so that a waiting thread sees a new one.
    jobs: AtomicU32,
    /// The next piece of the job.
    next: AtomicUsize,
    /// Finished pieces of all jobs.
    finished: AtomicUsize,
    /// Helpers that have taken the job up and not left it.
    inside: AtomicUsize,
    /// Helpers that ended inside a job.
    dead: AtomicUsize,
    /// After that every job is the caller's alone.
    lost: AtomicBool,
    wake: Condvar,
    left: Condvar,
    /// For `left`. Only the caller holds it, so that no helper can end with it.
    leaving: Mutex<()>,
}

static POOL: Pool = Pool {
    state: Mutex::new(State { job: None, helpers: 0 }),
    turn: Mutex::new(()),
    jobs: AtomicU32::new(0),
    next: AtomicUsize::new(0),
    finished: AtomicUsize::new(0),
    inside: AtomicUsize::new(0),
    dead: AtomicUsize::new(0),
    lost: AtomicBool::new(false),
    wake: Condvar::new(),
    left: Condvar::new(),
    leaving: Mutex::new(()),
};

/// The one pool of the process, or of the module's memory.
pub fn pool() -> &'static Pool {
    &POOL
}

impl Pool {
    /// Threads where nobody says how many.
    pub fn natural_size(&'static self) -> usize {
        // Asked once: Linux answers from files of cgroups, which takes longer than to encode a small row.
        #[cfg(not(target_arch = "wasm32"))]
        {
            static CORES: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
            *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, Into::into))
        }
        // Workers may come at any time.
        #[cfg(target_arch = "wasm32")]
        MOST_THREADS
    }

    /// Threads there are, the caller's included, where so many are wanted. Natively they are started now.
    pub fn size(&'static self, wanted: usize) -> usize {
        if self.lost.load(Ordering::Relaxed) {
            return 1;
        }
        #[cfg(not(target_arch = "wasm32"))]
        return 1 + self.start(wanted.min(MOST_THREADS) - 1);
        #[cfg(target_arch = "wasm32")]
        return wanted.min(1 + self.state().helpers);
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn start(&'static self, helpers: usize) -> usize {
        let mut state = self.state();
        while state.helpers < helpers {
            let named = std::thread::Builder::new().name("splinterp".into());
            if named.spawn(|| self.help()).is_err() {
                break;
            }
            state.helpers += 1;
        }
        state.helpers.min(helpers)
    }

    /// Nothing panics while it is held, and what is in it stays whole.
    #[cfg(not(target_arch = "wasm32"))]
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker may have ended while it held it.
    #[cfg(target_arch = "wasm32")]
    #[inline(never)]
    fn state(&self) -> MutexGuard<'_, State> {
        match super::bounded::wait_for(&mut || self.state.try_lock().ok()) {
            Some(state) => state,
            None => panic!("{NO_ANSWER}"),
        }
    }

    /// Calls `work` once with each number below `pieces`, the caller and at most so many helpers at a time.
    pub fn run(&self, helpers: usize, pieces: usize, work: &(dyn Fn(usize) + Sync)) -> Result<(), Lost> {
        if helpers == 0 {
            (0..pieces).for_each(work);
            return Ok(());
        }
        let turn = match self.turn.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
            Ok(turn) => Some(turn),
        };
        if turn.is_none() || self.lost.load(Ordering::Relaxed) {
            // Another caller has the pool, or there is none any more.
            (0..pieces).for_each(work);
            return Ok(());
        }
        // SAFETY: only the lifetime changes. The reference is used by this call and by helpers between `enter` and
        // `leave`; `Open` lets none enter after it is dropped, and this call does not end, nor unwind, before all that
        // have entered have left or ended.
        let work =
            unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work) };
        let job = Job { work, pieces, places: helpers };
        self.next.store(0, Ordering::Relaxed);
        let open = Open(self);
        {
            let mut state = self.state();
            state.job = Some(job);
            self.jobs.fetch_add(1, Ordering::Release);
        }
        self.wake.notify_all();
        self.work_off(job);
        drop(open);
        if self.lost.load(Ordering::Relaxed) { Err(Lost) } else { Ok(()) }
    }

    fn work_off(&self, job: Job) {
        loop {
            let piece = self.next.fetch_add(1, Ordering::Relaxed);
            if piece >= job.pieces {
                return;
            }
            (job.work)(piece);
            self.finished.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a thread that is about to [`Pool::help`].
    #[cfg(target_arch = "wasm32")]
    pub fn announce(&self) {
        self.state().helpers += 1;
    }

    /// Waits for jobs and helps with them, for ever.
    pub fn help(&self) {
        // A job that is under way is none too late.
        let mut seen = self.jobs.load(Ordering::Acquire).wrapping_sub(1);
        loop {
            seen = self.job_after(seen);
            let Some(job) = self.enter() else { continue };
            let inside = Inside(self);
            self.work_off(job);
            inside.leave();
        }
    }

    fn job_after(&self, seen: u32) -> u32 {
        for _ in 0..LOOKS {
            let jobs = self.jobs.load(Ordering::Acquire);
            if jobs != seen {
                return jobs;
            }
            std::hint::spin_loop();
        }
        let mut state = self.state();
        loop {
            let jobs = self.jobs.load(Ordering::Acquire);
            if jobs != seen {
                return jobs;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the job up, if it still has a place.
    fn enter(&self) -> Option<Job> {
        let mut state = self.state();
        let job = state.job.as_mut()?;
        job.places = job.places.checked_sub(1)?;
        self.inside.fetch_add(1, Ordering::Relaxed);
        Some(*job)
    }

    /// A helper has ended inside a job.
    pub fn bury(&self) {
        self.dead.fetch_add(1, Ordering::Release);
        self.left.notify_all();
    }

    /// Lets no helper enter any more, and waits until none is inside.
    fn close(&self) {
        self.state().job = None;
        let all_left = || self.inside.load(Ordering::Acquire) <= self.dead.load(Ordering::Acquire);
        for _ in 0..LOOKS {
            if all_left() {
                break;
            }
            std::hint::spin_loop();
        }
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut finished, mut in_vain) = (self.finished.load(Ordering::Relaxed), 0);
        while !all_left() {
            // One that leaves between the look and the wait is seen after the pause.
            leaving = self.left.wait_timeout(leaving, PAUSE).unwrap_or_else(PoisonError::into_inner).0;
            let now = self.finished.load(Ordering::Relaxed);
            in_vain = if now == finished { in_vain + 1 } else { 0 };
            finished = now;
            // Natively no thread ends unheard. It may be that this one is only held up and writes into its piece later:
            // nothing that the job borrows may be used again, so that the whole module ends here, without unwinding.
            assert!(!cfg!(target_arch = "wasm32") || in_vain <= MOST_PAUSES, "{NO_ANSWER}");
        }
        if self.dead.load(Ordering::Relaxed) > 0 {
            self.lost.store(true, Ordering::Relaxed);
        }
    }
}

/// A job that helpers may enter; dropped, also by a panic, when it has ended.
struct Open<'a>(&'a Pool);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A helper inside a job. One that panics never leaves: it counts as dead.
struct Inside<'a>(&'a Pool);

impl Inside<'_> {
    fn leave(self) {
        let pool = self.0;
        std::mem::forget(self);
        pool.inside.fetch_sub(1, Ordering::Release);
        pool.left.notify_one();
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.bury();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_that_dies_in_mid_work_is_told_and_the_caller_goes_on_alone() {
        // A pool of its own: that of the process would be lost to the other tests.
        let pool: &'static Pool = Box::leak(Box::new(Pool {
            state: Mutex::default(),
            turn: Mutex::default(),
            jobs: AtomicU32::default(),
            next: AtomicUsize::default(),
            finished: AtomicUsize::default(),
            inside: AtomicUsize::default(),
            dead: AtomicUsize::default(),
            lost: AtomicBool::default(),
            wake: Condvar::new(),
            left: Condvar::new(),
            leaving: Mutex::default(),
        }));
        assert_eq!(pool.size(2), 2);
        let caller = std::thread::current().id();
        let begun = AtomicBool::new(false);
        let outcome = pool.run(1, 1000, &|_| {
            if std::thread::current().id() != caller {
                begun.store(true, Ordering::Relaxed);
                panic!("this thread ends here");
            }
            // Until the other thread has taken a piece up.
            while !begun.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
        });
        assert!(outcome.is_err());
        assert_eq!(pool.size(2), 1);
    }
}
