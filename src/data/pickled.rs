//! What a pickle of tensors holds: plain values, and where tensors lie.

use super::Dtype;

/// Number of a value.
pub type Id = u32;

/// A value of a pickle; text is a part of its bytes.
#[derive(Debug, Clone)]
pub enum Value<'p> {
    /// None, a bool or a float: nothing that a tensor is found by.
    Other,
    Int(i64),
    Text(&'p str),
    Sequence(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global<'p>),
    Storage(Storage<'p>),
    // Boxed, as there may be many values and few are tensors.
    Tensor(Box<View<'p>>),
    /// A mark on the stack.
    Mark,
}

/// A tensor's place in its storage, in elements.
#[derive(Debug, Clone)]
pub struct View<'p> {
    pub storage: Storage<'p>,
    pub offset: i64,
    pub shape: Vec<i64>,
    pub strides: Vec<i64>,
}

/// Names that a pickle may use.
#[derive(Debug, Clone, Copy)]
pub enum Global<'p> {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    /// `torch.FloatStorage` and its like.
    Storage(&'p str),
}

/// A run of elements that tensors share.
#[derive(Debug, Clone, Copy)]
pub struct Storage<'p> {
    /// Its name in PyTorch, such as `FloatStorage`.
    pub kind: &'p str,
    /// Name of its file in the archive.
    pub key: &'p str,
    /// Number of its elements.
    pub count: i64,
}

impl<'p> Global<'p> {
    /// The name, if it is one of those.
    pub fn parse(module: &str, name: &'p str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", _) if name.ends_with("Storage") => Some(Self::Storage(name)),
            _ => None,
        }
    }
}

impl Storage<'_> {
    /// Type of its elements, if they are numbers of a kind that is read.
    pub fn dtype(&self) -> Option<Dtype> {
        Some(match self.kind {
            "DoubleStorage" => Dtype::F64,
            "FloatStorage" => Dtype::F32,
            "HalfStorage" => Dtype::F16,
            "BFloat16Storage" => Dtype::BF16,
            "LongStorage" => Dtype::I64,
            "IntStorage" => Dtype::I32,
            "ShortStorage" => Dtype::I16,
            "CharStorage" => Dtype::I8,
            "ByteStorage" => Dtype::U8,
            "BoolStorage" => Dtype::Bool,
            _ => return None,
        })
    }
}

/// What a pickle holds.
pub struct Unpickled<'p> {
    pub values: Vec<Value<'p>>,
    /// The value that it is about.
    pub root: Id,
}

impl<'p> Unpickled<'p> {
    /// A value by its number.
    pub fn get(&self, id: Id) -> &Value<'p> {
        self.values.get(id as usize).unwrap_or(&Value::Other)
    }
}
