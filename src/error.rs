//! The one error type of the crate: every failure is a sentence that says what, where and what was expected,
//! with a stable code for programs.

use thiserror::Error;

use crate::memory::human;

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
    /// A size is beyond what this target can address.
    #[error("{what} takes {}, expected at most {}", human(*.bytes), human(*.limit))]
    Memory {
        /// The buffer, with its dimensions.
        what: String,
        /// The bytes it would take.
        bytes: u64,
        /// The most that there can be.
        limit: u64,
    },
    /// There is no memory left.
    #[error("{what} takes {}, and no memory is left for it", human(*.bytes))]
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
            Self::Option { .. } => "option",
            Self::Shape { .. } => "shape",
            Self::NotFinite { .. } => "not-finite",
            Self::Memory { .. } | Self::OutOfMemory { .. } => "memory",
            Self::Diverged(_) => "diverged",
            Self::Gpu(_) => "gpu",
            Self::GpuLost(_) => "gpu-lost",
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

    /// A damaged file.
    pub fn format(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Format { file: file.into(), what: what.into() }
    }
}
