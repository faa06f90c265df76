//! Rows for the tests of training.

use splinterp::data::{Dataset, Storage, StreamFile};
use splinterp::random::{Random, Stream};

/// Rows of standard normal numbers.
pub fn random_rows(n: usize, cols: usize, seed: u64) -> Dataset {
    let mut random = Random::new(seed, Stream::Generator);
    let values = (0..n * cols).map(|_| random.normal() as f32).collect();
    Dataset::new(Storage::F32(values), cols).expect("finite rows")
}

/// An array of NumPy's.
pub fn npy_of(descr: &str, rows: usize, cols: usize, elements: Vec<u8>) -> Vec<u8> {
    npy_shaped(descr, &[rows, cols], elements)
}

/// The same of any shape.
pub fn npy_shaped(descr: &str, shape: &[usize], elements: Vec<u8>) -> Vec<u8> {
    let shape = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape})}}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(elements);
    bytes
}

/// The same of float32.
pub fn npy(values: &[f32], cols: usize) -> Vec<u8> {
    let elements = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    npy_of("<f4", values.len() / cols, cols, elements)
}

/// A file of a stream, in memory.
pub fn stream_file(name: &str, bytes: Vec<u8>) -> StreamFile {
    StreamFile { name: name.into(), source: Box::new(std::borrow::Cow::<[u8]>::Owned(bytes)) }
}
