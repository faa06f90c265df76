//! Sizes that come from outside, checked before anything is allocated.
//!
//! wasm32 counts bytes in 32 bits, allocates at most 2 GiB in one piece, and traps where an allocation fails. So every
//! product of sizes goes through [`elements`], and buffers that grow with such a product are made by [`zeros`].

use crate::error::{Error, Result};

/// Most bytes in one piece: what the allocator of this target accepts.
pub const LARGEST_PIECE: u64 = isize::MAX as u64;
/// Most bytes in all: a wasm32 module addresses 4 GiB, of which code, stack and other data take a part.
pub const MOST_BYTES: u64 = if cfg!(target_arch = "wasm32") { 0xe000_0000 } else { LARGEST_PIECE };

/// The number of elements of type `T` in a buffer with these dimensions. `what` names the buffer in the message.
///
/// # Errors
/// [`Error::Memory`] if they do not fit in one piece.
///
/// ```
/// use splinterp::memory::elements;
/// assert_eq!(elements::<f64>("W", &[3, 4]), Ok(12));
/// assert_eq!(elements::<f64>("W", &[usize::MAX, 3]).unwrap_err().code(), "memory");
/// ```
pub fn elements<T>(what: &str, dimensions: &[usize]) -> Result<usize> {
    let count = dimensions.iter().fold(1u64, |count, &size| count.saturating_mul(size as u64));
    let bytes = count.saturating_mul(size_of::<T>() as u64);
    if bytes > LARGEST_PIECE {
        return Err(Error::Memory { what: describe(what, dimensions), bytes, limit: LARGEST_PIECE });
    }
    Ok(count as usize)
}

/// Makes a buffer equal to others' numbers, in the memory that it has if they fit in.
#[inline(never)]
pub fn overwrite(to: &mut Vec<f32>, from: &[f32]) {
    to.clear();
    to.extend_from_slice(from);
}

/// A buffer of zeros with these dimensions.
///
/// # Errors
/// [`Error::Memory`] if it does not fit in one piece, or there is no memory left for it.
pub fn zeros<T: bytemuck::Zeroable + Clone>(what: &str, dimensions: &[usize]) -> Result<Vec<T>> {
    let mut values = reserve(what, dimensions)?;
    values.resize(elements::<T>(what, dimensions)?, T::zeroed());
    Ok(values)
}

/// An empty buffer with room for values of these dimensions.
///
/// # Errors
/// As [`zeros`].
pub fn reserve<T>(what: &str, dimensions: &[usize]) -> Result<Vec<T>> {
    reserved(what, dimensions, elements::<T>(what, dimensions)?)
}

/// A count of 64 bits as a dimension: one beyond this target counts as the largest, for which there is no memory.
pub fn dimension(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A copy of values.
///
/// # Errors
/// [`Error::Memory`] if there is no memory left for it.
pub fn copy<T: Clone>(what: &str, values: &[T]) -> Result<Vec<T>> {
    let mut copied = reserved(what, &[values.len()], values.len())?;
    copied.extend_from_slice(values);
    Ok(copied)
}

/// Checks that buffers of so many bytes in all can be had on this target.
///
/// # Errors
/// [`Error::Memory`] that names `what`.
pub fn check_total(what: impl Into<String>, bytes: u64) -> Result<()> {
    if bytes > MOST_BYTES {
        return Err(Error::Memory { what: what.into(), bytes, limit: MOST_BYTES });
    }
    Ok(())
}

fn reserved<T>(what: &str, dimensions: &[usize], count: usize) -> Result<Vec<T>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| Error::OutOfMemory {
        what: describe(what, dimensions),
        bytes: count as u64 * size_of::<T>() as u64,
    })?;
    Ok(values)
}

fn describe(what: &str, dimensions: &[usize]) -> String {
    let sizes: Vec<String> = dimensions.iter().map(usize::to_string).collect();
    format!("{what} [{}]", sizes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_beyond_the_target_are_refused_with_name_and_size() {
        assert_eq!(elements::<f32>("W_enc", &[1 << 20, 1 << 10]), Ok(1 << 30));
        let message = zeros::<f64>("ZᵀZ", &[1 << 30, 1 << 30]).unwrap_err().to_string();
        assert!(
            message.starts_with("ZᵀZ [1073741824, 1073741824] takes 9.22 EB, expected at most"),
            "{message}"
        );
        assert!(check_total("statistics", u64::MAX).is_err());
    }

    #[test]
    fn memory_that_is_not_there_is_an_error() {
        // One byte below the largest piece: countable, and beyond any machine.
        let error = zeros::<u8>("rows", &[isize::MAX as usize]).unwrap_err();
        assert_eq!(error.code(), "memory");
    }
}
