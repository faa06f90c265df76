//! Where there is no memory to share there is no pool.

use super::{Lost, Threads};

/// Has no threads.
pub struct Pool;

/// The pool that is none.
pub fn pool() -> Pool {
    Pool
}

impl Pool {
    pub fn natural_size(&self) -> usize {
        Threads::ONE.0
    }

    pub fn size(&self, _wanted: usize) -> usize {
        Threads::ONE.0
    }

    pub fn run(&self, _helpers: usize, pieces: usize, work: &dyn Fn(usize)) -> Result<(), Lost> {
        (0..pieces).for_each(work);
        Ok(())
    }
}
