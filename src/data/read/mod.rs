//! What all formats share: where bytes come from, how they are unpacked, how elements become values.
//!
//! - `source`: the bytes of a file, read by ranges
//! - `content`: a part of a file, unpacked and verified on the way
//! - `shape`, `strided`, `elements`: elements of fixed size in such a part, checked before anything is allocated
//! - `tensor_body`: what is asked of a tensor's values, and where they go
//! - `storage_builder`, `inspect`: where elements go: into memory, or into statistics
//! - `contents`: what a file says of its tensors
//! - `format`: what a format tells about itself
//! - `sniff`: what a file of no known format looks like

#![cfg_attr(
    not(feature = "files"),
    allow(dead_code, unused_imports, reason = "parts that only the formats of the feature `files` need")
)]

mod content;
mod contents;
mod elements;
mod format;
mod inspect;
mod shape;
mod sniff;
mod source;
mod storage_builder;
mod strided;
mod tensor_body;

pub use content::{Checksum, Content, LARGEST_RATIO, Packing, Span};
pub use contents::{Contents, MOST_TENSORS, Tensor, TensorInfo};
pub use elements::Elements;
pub use format::{OPENING, TensorFormat};
pub use inspect::{Inspection, Statistics};
pub use shape::{row_length, times, whole_row_length};
pub use sniff::{describe, foreign, text};
#[cfg(not(target_arch = "wasm32"))]
pub use source::Disk;
pub use source::{InputFile, Progress, Reading, Source, now};
pub use storage_builder::StorageBuilder;
pub use strided::ElementOrder;
pub use tensor_body::{Sink, TensorBody};
