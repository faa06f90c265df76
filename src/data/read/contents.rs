//! What a file says of its tensors: names, types and shapes, and where their values lie.

use std::collections::BTreeMap;

use super::elements::Elements;
use super::tensor_body::TensorBody;
use crate::data::dtype::Dtype;
use crate::error::{Error, Result};

/// Tensors that a file may hold.
pub const MOST_TENSORS: usize = 1 << 14;

/// What a file says about one of its tensors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name in the file; where the format has no names, that of the file.
    pub name: String,
    /// Type of the elements in the file.
    pub dtype: Dtype,
    /// Its dimensions, the slowest first.
    pub shape: Vec<usize>,
}

/// A tensor in a file: what it is, and where.
pub struct Tensor {
    pub info: TensorInfo,
    /// Rows of a data set made of it, and their length.
    pub rows: u64,
    pub cols: usize,
    pub body: Box<dyn TensorBody>,
}

impl Tensor {
    /// Elements of fixed size. `cols` divides their number.
    pub fn of_elements(info: TensorInfo, cols: usize, elements: Elements) -> Self {
        let rows = elements.count() / (cols as u64).max(1);
        Self { info, rows, cols, body: Box::new(elements) }
    }
}

/// What a file holds.
#[derive(Default)]
pub struct Contents {
    pub tensors: Vec<Tensor>,
    /// Single numbers: no data sets, but parts of models.
    pub numbers: Vec<Tensor>,
    /// Tensors that cannot be read, by name, and why.
    pub refused: Vec<(String, Error)>,
    /// What the file says about itself, by key.
    pub metadata: BTreeMap<String, String>,
}

impl From<Tensor> for Contents {
    fn from(tensor: Tensor) -> Self {
        Self { tensors: vec![tensor], ..Self::default() }
    }
}

impl Contents {
    /// Adds a tensor, or the reason why it cannot be read.
    pub fn push(&mut self, name: &str, tensor: Result<Tensor>) {
        match tensor {
            Ok(tensor) if tensor.info.shape.is_empty() => self.numbers.push(tensor),
            Ok(tensor) => self.tensors.push(tensor),
            Err(error) => self.refused.push((name.to_owned(), error)),
        }
    }

    /// All tensors that can be read, single numbers last.
    pub fn all(&self) -> impl Iterator<Item = &Tensor> {
        self.tensors.iter().chain(&self.numbers)
    }
}
