//! Weights by name, checked against the shape that the model needs.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

use super::NamedFile;
use crate::error::{Error, Result};

/// The tensors of a file that have not been taken yet.
#[derive(Debug)]
pub struct Tensors {
    file: String,
    /// Names of all tensors of the file, for messages.
    names: String,
    left: Vec<Tensor>,
}

#[derive(Debug)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Tensors {
    /// Reads all tensors of a file.
    ///
    /// # Errors
    /// If the file is damaged or of no known format.
    pub fn read(file: &NamedFile) -> Result<Self> {
        let broken = |e: safetensors::SafeTensorError| Error::format(&file.name, format!("is damaged: {e}"));
        let read = SafeTensors::deserialize(&file.bytes).map_err(broken)?;
        let mut left = Vec::new();
        for (name, view) in read.iter() {
            let values = match view.dtype() {
                Dtype::F32 => view.data().as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
                other => return Err(Error::format(&file.name, format!("tensor {name} is {other:?}"))),
            };
            left.push(Tensor { name: name.to_owned(), shape: view.shape().to_vec(), values });
        }
        let names = listed(left.iter());
        Ok(Self { file: file.name.clone(), names, left })
    }

    /// Whether a tensor of this name is left.
    pub fn has(&self, name: &str) -> bool {
        self.left.iter().any(|tensor| tensor.name == name)
    }

    /// The names of all tensors of the file, for messages.
    pub fn names(&self) -> &str {
        &self.names
    }

    /// Gives a tensor another name.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(tensor) = self.left.iter_mut().find(|tensor| tensor.name == from) {
            to.clone_into(&mut tensor.name);
        }
    }

    fn find(&self, name: &str) -> Result<&Tensor> {
        self.left
            .iter()
            .find(|tensor| tensor.name == name)
            .ok_or_else(|| self.error(format!("has no tensor {name}, only {}", self.names)))
    }

    /// Sizes of a matrix, both at least 1.
    pub fn matrix(&self, name: &str) -> Result<(usize, usize)> {
        match *self.find(name)?.shape.as_slice() {
            [rows, cols] if rows > 0 && cols > 0 => Ok((rows, cols)),
            _ => Err(self.wrong_shape(name, "a matrix")),
        }
    }

    /// Takes a tensor of this shape, of finite numbers.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let tensor = self.find(name)?;
        if tensor.shape != shape {
            return Err(self.wrong_shape(name, &format!("{shape:?}")));
        }
        if let Some(at) = tensor.values.iter().position(|value| !value.is_finite()) {
            let what =
                format!("tensor {name}: value {at} is {}, expected a finite number", tensor.values[at]);
            return Err(self.error(what));
        }
        let at = self.left.iter().position(|tensor| tensor.name == name);
        Ok(at.map(|at| self.left.swap_remove(at).values).unwrap_or_default())
    }

    /// Takes a tensor of one number.
    pub fn number(&mut self, name: &str) -> Result<f32> {
        let shape = self.find(name)?.shape.clone();
        match self.take(name, &shape)?.as_slice() {
            &[number] => Ok(number),
            others => Err(self.error(format!("tensor {name} has {} values, expected one", others.len()))),
        }
    }

    /// Takes a tensor of one whole number.
    pub fn count(&mut self, name: &str) -> Result<usize> {
        let number = self.number(name)?;
        // Beyond it float32 skips whole numbers.
        const LARGEST: f32 = 16_777_216.0;
        if number.fract() != 0.0 || !(0.0..=LARGEST).contains(&number) {
            return Err(self.error(format!("tensor {name} is {number}, expected a whole number")));
        }
        Ok(number as usize)
    }

    /// # Errors
    /// If a tensor is left: it would have a meaning that is not known here.
    pub fn finish(&self) -> Result<()> {
        if self.left.is_empty() {
            return Ok(());
        }
        Err(self.error(format!("has tensors {} besides those of its kind of SAE", listed(self.left.iter()))))
    }

    /// An error about this file.
    pub fn error(&self, what: impl Into<String>) -> Error {
        Error::format(&self.file, what)
    }

    fn wrong_shape(&self, name: &str, expected: &str) -> Error {
        let found = self.find(name).map(|tensor| tensor.shape.clone()).unwrap_or_default();
        self.error(format!("tensor {name} is of shape {found:?}, expected {expected}"))
    }
}

/// Names as a list, cut where it is long.
fn listed<'a>(tensors: impl ExactSizeIterator<Item = &'a Tensor>) -> String {
    const SHOWN: usize = 12;
    let more = if tensors.len() > SHOWN { ", …" } else { "" };
    tensors.take(SHOWN).map(|tensor| tensor.name.as_str()).collect::<Vec<_>>().join(", ") + more
}

/// Writes float32 tensors as safetensors, marked as PyTorch's own writer marks them.
pub fn write(name: &str, tensors: Vec<(&str, Vec<usize>, &[f32])>) -> Result<NamedFile> {
    let views: Result<Vec<_>, _> = tensors
        .into_iter()
        .map(|(name, shape, values)| {
            TensorView::new(Dtype::F32, shape, bytemuck::cast_slice(values)).map(|view| (name, view))
        })
        .collect();
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    views
        .and_then(|views| serialize(views, Some(metadata)))
        .map(|bytes| NamedFile { name: name.to_owned(), bytes })
        .map_err(|error| Error::format(name, format!("cannot be written: {error}")))
}
