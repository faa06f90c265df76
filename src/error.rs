//! The one error type of the crate: every failure is a sentence that says what, where and what was expected,
//! with a stable code for programs.
//!
//! ```
//! use splinterp::data::read_tensors;
//!
//! let error = read_tensors(&b"GIF89a"[..], "cat.gif").err().unwrap();
//! assert_eq!(error.code(), "unknown-format");
//! assert!(error.to_string().starts_with("cat.gif: "));
//! ```

use thiserror::Error;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong. The text is for people, [`Error::code`] for programs.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// A file is damaged, or not of the format that it claims.
    #[error("{file}: {what}")]
    Format {
        /// Name of the file, as the user knows it.
        file: String,
        /// What was found, where, and what was expected.
        what: String,
    },
    /// The bytes are of no format that can be read.
    #[error("{file}: {what}")]
    UnknownFormat {
        /// Name of the file.
        file: String,
        /// What the file looks like and which formats can be read.
        what: String,
    },
    /// An option or argument lies outside its range.
    #[error("{name} is {found}, expected {expected}")]
    Option {
        /// The parameter, by its public name.
        name: &'static str,
        /// The value given.
        found: String,
        /// The values allowed.
        expected: String,
    },
    /// Two sizes that must agree do not.
    #[error("{what}: found {found}, expected {expected}")]
    Shape {
        /// What was compared.
        what: String,
        /// The size found.
        found: String,
        /// The size expected.
        expected: String,
    },
    /// A value in the data is NaN or infinite.
    #[error("row {row}, column {col} is {value}, expected a finite number")]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        col: usize,
        /// The value found.
        value: f64,
    },
    /// The same in a file.
    #[error("{place}: row {row}, column {col} is {value}, expected a finite number")]
    NotFiniteInFile {
        /// The file, and the tensor where it has several.
        place: String,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        col: usize,
        /// The value found.
        value: f64,
    },
    /// A value in a file cannot be kept in the type that was asked for.
    #[error("{place}: row {row}, column {col} is {value}, which {kept}")]
    Unkeepable {
        /// The file, and the tensor where it has several.
        place: String,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        col: usize,
        /// The value found.
        value: f32,
        /// What the type holds, and which types hold the value.
        kept: &'static str,
    },
    /// A size is beyond what this target can address.
    #[error("{what} takes {}, expected at most {}", human(*.bytes, f64::round), human(*.limit, f64::floor))]
    Memory {
        /// The buffer, with its dimensions.
        what: String,
        /// The bytes it would take.
        bytes: u64,
        /// The most that there can be.
        limit: u64,
    },
    /// There is no memory left.
    #[error("{what} takes {}, and no memory is left for it", human(*.bytes, f64::round))]
    OutOfMemory {
        /// The buffer, with its dimensions.
        what: String,
        /// The bytes it would take.
        bytes: u64,
    },
    /// The user cancelled the reading of the file named.
    #[error("{0}: reading was cancelled")]
    ReadCancelled(String),
    /// Training diverged: the loss is no longer finite, or the decoder half raised the objective.
    #[error("{0}")]
    Diverged(String),
    /// The GPU cannot do what was asked: there is none, it is too small, or it reports an error.
    #[error("{0}")]
    Gpu(String),
    /// The GPU went away in the middle of its work.
    #[error("{0}")]
    GpuLost(String),
    /// A thread of the pool ended in the middle of its work.
    #[error("a thread ended in the middle of its work")]
    ThreadLost,
    /// The user cancelled; the state is that of the last finished epoch.
    #[error("cancelled: the run stands where its last finished epoch left it")]
    Cancelled,
}

impl Error {
    /// Stable, lower-case identifier of the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format { .. } => "format",
            Self::UnknownFormat { .. } => "unknown-format",
            Self::Option { .. } | Self::Unkeepable { .. } => "option",
            Self::Shape { .. } => "shape",
            Self::NotFinite { .. } | Self::NotFiniteInFile { .. } => "not-finite",
            Self::Memory { .. } | Self::OutOfMemory { .. } => "memory",
            Self::Diverged(_) => "diverged",
            Self::Gpu(_) => "gpu",
            Self::GpuLost(_) => "gpu-lost",
            Self::ThreadLost => "thread-lost",
            Self::Cancelled | Self::ReadCancelled(_) => "cancelled",
        }
    }

    /// An option outside its range.
    pub fn option(name: &'static str, found: impl ToString, expected: impl Into<String>) -> Self {
        Self::Option { name, found: found.to_string(), expected: expected.into() }
    }

    /// Sizes that do not agree.
    pub fn shape(what: impl Into<String>, found: impl ToString, expected: impl ToString) -> Self {
        Self::Shape { what: what.into(), found: found.to_string(), expected: expected.to_string() }
    }

    /// The same error with the place in a file that its values came from, where it is about values or their number.
    pub(crate) fn in_file(self, place: &str) -> Self {
        match self {
            Self::NotFinite { row, col, value } => {
                Self::NotFiniteInFile { place: place.to_owned(), row, col, value }
            }
            Self::Shape { what, found, expected } => {
                Self::Shape { what: format!("{place}: {what}"), found, expected }
            }
            other => other,
        }
    }

    /// A damaged file.
    pub fn format(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Format { file: file.into(), what: what.into() }
    }
}

/// Bytes for people: three significant digits, in units of 1 000. A limit is rounded down, so that what is just above it
/// never reads the same.
fn human(bytes: u64, round: fn(f64) -> f64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
    let place = [1.0, 10.0, 100.0][digits];
    format!("{:.digits$} {}", round(value * place) / place, units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_for_people() {
        assert_eq!(
            [999, 1000, 12_345_678, 2_147_483_648].map(|bytes| human(bytes, f64::round)),
            ["999 bytes", "1.00 kB", "12.3 MB", "2.15 GB"]
        );
        assert_eq!(human(2_147_483_647, f64::floor), "2.14 GB");
    }
}
