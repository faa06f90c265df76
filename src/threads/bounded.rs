//! Waiting for a lock whose holder may have ended. A browser can end a worker at any instruction, and a lock that it holds
//! then is never released; the standard library's locks would wait for ever.

use std::time::Duration;

/// How often a thread looks for a lock before it sleeps: some 20 µs, far longer than a lock is held.
#[cfg(any(target_arch = "wasm32", test))]
const LOOKS: u32 = 20_000;
/// How long it sleeps before it looks again.
pub const PAUSE: Duration = Duration::from_millis(1);
/// So many pauses, ten seconds, and what it waits for never comes. A lock is held for microseconds, a piece of work takes
/// some milliseconds, and a machine that sleeps does not count.
pub const MOST_PAUSES: u32 = 10_000;

/// What `attempt` returns once it returns something; none after [`MOST_PAUSES`].
#[cfg(target_arch = "wasm32")]
#[inline(never)]
pub fn wait_for<T>(attempt: &mut dyn FnMut() -> Option<T>) -> Option<T> {
    wait(MOST_PAUSES, attempt)
}

#[cfg(any(target_arch = "wasm32", test))]
fn wait<T>(pauses: u32, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    use std::sync::{Condvar, Mutex, PoisonError};
    for _ in 0..LOOKS {
        let found = attempt();
        if found.is_some() {
            return found;
        }
        std::hint::spin_loop();
    }
    // No `thread::sleep`: what the first compiler of Node 20's V8 makes of its loop does not end, since it overwrites a
    // local variable where the wait of 1 ms returns.
    let (never, mutex) = (Condvar::new(), Mutex::new(()));
    let mut guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..pauses {
        let found = attempt();
        if found.is_some() {
            return found;
        }
        guard = never.wait_timeout(guard, PAUSE).unwrap_or_else(PoisonError::into_inner).0;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_returned_and_what_never_comes_is_given_up() {
        for last in [1, 10, LOOKS + 1, LOOKS + 3] {
            let mut attempts = 0;
            let found = wait(3, || {
                attempts += 1;
                (attempts == last).then_some(attempts)
            });
            assert_eq!(found, Some(last));
        }
        let mut attempts = 0;
        assert_eq!(
            wait(3, || {
                attempts += 1;
                None::<()>
            }),
            None
        );
        assert_eq!(attempts, LOOKS + 3);
    }
}
