//! Tensors whose elements are not row-major in the file: which axes they have there, and the walk that puts each
//! element in its place.

use super::tensor_body::Sink;
use crate::error::Result;

/// In which order the elements of a tensor are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementOrder {
    /// The last dimension runs fastest.
    C,
    /// The first dimension runs fastest.
    Fortran,
    /// How many elements lie between neighbours, along each dimension.
    Strides(Vec<u64>),
}

/// A dimension of a tensor that is not row-major.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    pub size: u64,
    /// Elements between neighbours, in the file and in the result.
    pub stride: u64,
    step: u64,
}

/// Two elements would share a place in the file.
pub struct Overlap;

/// The dimensions by their stride in the file; `None` if elements lie in row-major order. The sizes have been found to
/// multiply within 63 bits.
pub fn axes(shape: &[usize], order: &ElementOrder) -> Result<Option<Vec<Axis>>, Overlap> {
    let mut axes = Vec::with_capacity(shape.len());
    let (mut step, mut fortran) = (1, 1u64);
    for &size in shape.iter().rev() {
        axes.push(Axis { size: size as u64, stride: step, step });
        step *= size as u64;
    }
    axes.reverse();
    match order {
        ElementOrder::C => {}
        ElementOrder::Fortran => {
            for axis in &mut axes {
                axis.stride = fortran;
                fortran *= axis.size;
            }
        }
        ElementOrder::Strides(strides) => {
            axes.iter_mut().zip(strides).for_each(|(axis, &stride)| axis.stride = stride);
        }
    }
    axes.retain(|axis| axis.size > 1);
    if axes.iter().all(|axis| axis.stride == axis.step) {
        return Ok(None);
    }
    axes.sort_unstable_by_key(|axis| axis.stride);
    let mut reach = 1;
    for axis in &axes {
        if axis.stride < reach {
            return Err(Overlap);
        }
        reach = axis.stride.checked_mul(axis.size).ok_or(Overlap)?;
    }
    Ok(Some(axes))
}

/// A walk through the elements in the order of the file.
pub struct StridedWalk<'a> {
    axes: &'a [Axis],
    index: Vec<u64>,
    /// Where the next element lies in the file and goes in the result.
    pub source: u64,
    place: u64,
}

impl<'a> StridedWalk<'a> {
    pub fn new(axes: &'a [Axis]) -> Self {
        Self { axes, index: vec![0; axes.len()], source: 0, place: 0 }
    }

    /// Hands on those elements that lie in `bytes`, the first of which is element `at` of the file.
    pub fn put(&mut self, at: u64, bytes: &[u8], size: usize, sink: &mut dyn Sink) -> Result<()> {
        let nth = |source: u64| usize::try_from(source - at).unwrap_or(usize::MAX);
        while let Some(element) = bytes.chunks_exact(size).nth(nth(self.source)) {
            sink.put(self.place, element)?;
            self.advance();
        }
        Ok(())
    }

    /// Past the last element the walk stands beyond all of them.
    fn advance(&mut self) {
        for (index, axis) in self.index.iter_mut().zip(self.axes) {
            *index += 1;
            self.source += axis.stride;
            self.place += axis.step;
            if *index < axis.size {
                return;
            }
            self.source -= axis.stride * axis.size;
            self.place -= axis.step * axis.size;
            *index = 0;
        }
        self.source = u64::MAX;
    }
}
