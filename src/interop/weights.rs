//! Weights by name, checked against the shape that the model needs before their values are read.

use super::named_file::NamedFile;
use crate::data::{Dtype, TensorFile, TensorInfo, read_tensors, safetensors};
use crate::error::{Error, Result};
use crate::sae::Sae;

/// The tensors of a file that have not been taken yet.
#[derive(Debug)]
pub struct Weights<'a> {
    file: &'a str,
    content: TensorFile<'a>,
    /// Those left, by the name that the model gives them.
    left: Vec<(String, TensorInfo)>,
}

impl<'a> Weights<'a> {
    /// Reads what a file says of its tensors.
    ///
    /// # Errors
    /// If the file is damaged or of no known format, or one of its tensors cannot be read.
    pub fn read(file: &'a NamedFile) -> Result<Self> {
        let content = read_tensors(file.bytes.as_slice(), &file.name)?;
        if let Some(why) = content.refusal() {
            return Err(why.clone());
        }
        let mut left: Vec<_> =
            content.tensors_and_numbers().map(|info| (info.name.clone(), info.clone())).collect();
        left.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { file: &file.name, content, left })
    }

    /// Name of the file.
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// The whole file.
    pub fn content(&self) -> &TensorFile<'a> {
        &self.content
    }

    /// Whether a tensor of this name is left.
    pub fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(left, _)| left == name)
    }

    /// The names of all tensors of the file, for messages.
    pub fn names(&self) -> String {
        let mut names: Vec<_> = self.content.tensors_and_numbers().map(|info| info.name.as_str()).collect();
        names.sort_unstable();
        listed(names)
    }

    /// Gives a tensor the name that the model has for it.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some((name, _)) = self.left.iter_mut().find(|(name, _)| name == from) {
            to.clone_into(name);
        }
    }

    fn find(&self, name: &str) -> Result<&TensorInfo> {
        let info = self.left.iter().find(|(left, _)| left == name).map(|(_, info)| info);
        info.ok_or_else(|| self.error(format!("has no tensor {name}, only {}", self.names())))
    }

    /// Sizes of a matrix.
    pub fn matrix(&self, name: &str) -> Result<(usize, usize)> {
        match *self.find(name)?.shape.as_slice() {
            [rows, cols] => Ok((rows, cols)),
            ref shape => Err(self.error(format!("tensor {name} is of shape {shape:?}, expected a matrix"))),
        }
    }

    /// Takes a tensor of this shape, of finite numbers.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let info = self.find(name)?;
        if info.shape != shape {
            let what = format!("tensor {name} is of shape {:?}, expected {shape:?}", info.shape);
            return Err(self.error(what));
        }
        if !matches!(info.dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
            let what =
                format!("tensor {name} is of type {}, expected f16, bf16, f32 or f64", info.dtype.name());
            return Err(self.error(what));
        }
        self.values(name)
    }

    /// Takes a tensor of one number.
    pub fn number(&mut self, name: &str) -> Result<f32> {
        match *self.values(name)?.as_slice() {
            [number] => Ok(number),
            ref others => Err(self.error(format!("tensor {name} has {} values, expected one", others.len()))),
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

    /// Takes the values of a tensor as they are, of any type and shape.
    pub fn values(&mut self, name: &str) -> Result<Vec<f32>> {
        let values = self.content.values(&self.find(name)?.name)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let what = format!("tensor {name} is {} at value {at}, expected finite numbers", values[at]);
            return Err(self.error(what));
        }
        self.left.retain(|(left, _)| left != name);
        Ok(values)
    }

    /// # Errors
    /// If a tensor is left: it would have a meaning that is not known here.
    pub fn finish(&self) -> Result<()> {
        if self.left.is_empty() {
            return Ok(());
        }
        let left = listed(self.left.iter().map(|(name, _)| name.as_str()).collect());
        Err(self.error(format!("has unexpected tensors: {left}")))
    }

    /// An error about this file.
    pub fn error(&self, what: impl Into<String>) -> Error {
        Error::format(self.file, what)
    }
}

/// Names as a list, cut where it is long.
fn listed(names: Vec<&str>) -> String {
    const SHOWN: usize = 12;
    let shown = names.get(..SHOWN).unwrap_or(&names).join(", ");
    if names.len() > SHOWN { shown + ", …" } else { shown }
}

/// Writes float32 tensors as safetensors, marked as PyTorch's own writer marks them.
pub fn write(name: &str, tensors: Vec<(&str, Vec<usize>, &[f32])>) -> Result<NamedFile> {
    let parts = safetensors::parts(name, tensors, ("format", "pt".to_owned()))?;
    Ok(NamedFile { name: name.to_owned(), bytes: safetensors::joined(name, &parts)? })
}

/// # Errors
/// If folding a bias or a norm into other parameters has left the range of float32.
pub fn check_range(sae: &Sae, file: &str) -> Result<()> {
    match sae.not_finite() {
        None => Ok(()),
        Some(value) => {
            let what = format!(
                "folding its biases into its weights gives {value}, expected numbers within the range of float32"
            );
            Err(Error::format(file, what))
        }
    }
}
