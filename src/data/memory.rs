//! Memory of a size that comes from outside. Sizes are counted in 64 bits and the memory is asked for, not assumed: on
//! wasm32 a `usize` has 32 bits and a vector at most 2 GB, and a size beyond that would wrap or trap.

use crate::error::{Error, Result};

/// An empty vector with room for `count` values; `what` names them in the message.
///
/// # Errors
/// If memory has no such room.
pub fn reserve<T>(what: &str, count: u64) -> Result<Vec<T>> {
    try_reserve(count).ok_or_else(|| {
        let largest = isize::MAX as u64;
        Error::shape(
            format!("memory for {what}"),
            megabytes(count.saturating_mul(size_of::<T>() as u64)),
            format!("what is free, at most {} in one piece", megabytes(largest)),
        )
    })
}

/// `count` zeros.
///
/// # Errors
/// As [`reserve`].
pub fn zeros<T: Clone + Default>(what: &str, count: u64) -> Result<Vec<T>> {
    let mut values = reserve(what, count)?;
    // The room is there, so the count is one of this machine.
    values.resize(count as usize, T::default());
    Ok(values)
}

/// The product of two counts, saturating: what no memory holds.
pub fn product(a: usize, b: usize) -> u64 {
    (a as u64).saturating_mul(b as u64)
}

/// A number of bytes for messages.
pub fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1 << 20))
}

fn try_reserve<T>(count: u64) -> Option<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(usize::try_from(count).ok()?).ok()?;
    Some(values)
}
