//! What a pickle of tensors holds: plain values, and where tensors lie.

use std::fmt;

use crate::data::dtype::Dtype;

/// Number of a value.
pub type Id = u32;

/// A value of a pickle; text is a part of its bytes.
#[derive(Debug, Clone)]
pub enum PickleValue<'p> {
    /// None, a bool, a float, bytes or a set: nothing that a tensor is found by.
    Other,
    Int(i64),
    Text(&'p str),
    Sequence(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global<'p>),
    /// What a class or function that is not known here would have made. It is not called, and what its state is stays
    /// unread.
    Object(Name<'p>),
    Storage(StorageRef<'p>),
    // Boxed, as there may be many values and few are tensors.
    Tensor(Box<TensorRef<'p>>),
    /// A mark on the stack.
    Mark,
}

/// A module of Python and a name in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'p> {
    pub module: &'p str,
    pub name: &'p str,
}

impl fmt::Display for Name<'_> {
    /// Names of damaged files may be long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 60;
        let short = |text: &str| text.chars().take(SHOWN).collect::<String>();
        write!(f, "{}.{}", short(self.module), short(self.name))
    }
}

impl Name<'_> {
    /// Modules and functions that run commands or code, and that no file of tensors needs.
    pub fn runs_code(&self) -> bool {
        const MODULES: [&str; 11] = [
            "os",
            "posix",
            "nt",
            "subprocess",
            "sys",
            "shutil",
            "socket",
            "importlib",
            "runpy",
            "pty",
            "ctypes",
        ];
        const BUILTINS: [&str; 6] = ["eval", "exec", "compile", "execfile", "open", "__import__"];
        let package = self.module.split('.').next().unwrap_or_default();
        let builtin = matches!(self.module, "builtins" | "__builtin__");
        MODULES.contains(&package) || (builtin && BUILTINS.contains(&self.name))
    }

    /// A tensor that is not dense and of plain numbers: sparse, quantised, or of a class of its own.
    pub fn rebuilds_tensor(&self) -> bool {
        self.module.starts_with("torch") && self.name.starts_with("_rebuild")
    }
}

/// Names that a pickle may use.
#[derive(Debug, Clone, Copy)]
pub enum Global<'p> {
    /// `OrderedDict` or `defaultdict`.
    Dictionary,
    /// A tensor from a storage of its type, or of an untyped one.
    RebuildTensor,
    RebuildTypedTensor,
    /// A tensor from a tensor, with what training needs.
    RebuildParameter,
    /// A tensor from one of the functions above, with attributes.
    RebuildFromType,
    /// `torch.FloatStorage` and its like.
    Storage(&'p str),
    Unknown(Name<'p>),
}

impl<'p> Global<'p> {
    /// What a name stands for.
    pub fn of(name: Name<'p>) -> Self {
        match (name.module, name.name) {
            ("collections", "OrderedDict" | "defaultdict") => Self::Dictionary,
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_tensor_v3") => Self::RebuildTypedTensor,
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                Self::RebuildParameter
            }
            ("torch._tensor", "_rebuild_from_type_v2") => Self::RebuildFromType,
            ("torch" | "torch.storage", storage) if storage.ends_with("Storage") => Self::Storage(storage),
            _ => Self::Unknown(name),
        }
    }
}

/// A run of elements that tensors share.
#[derive(Debug, Clone, Copy)]
pub struct StorageRef<'p> {
    /// Its name in PyTorch, such as `FloatStorage`.
    pub kind: &'p str,
    /// Name of its file in the archive.
    pub key: &'p str,
    /// Number of its elements; of an untyped storage, of its bytes.
    pub count: i64,
}

/// A tensor's place in its storage, in elements.
#[derive(Debug, Clone)]
pub struct TensorRef<'p> {
    pub storage: StorageRef<'p>,
    /// Name of its type in PyTorch, such as `uint16`, where the storage has none.
    pub dtype: Option<&'p str>,
    pub offset: i64,
    pub shape: Vec<i64>,
    pub strides: Vec<i64>,
}

/// Types by the names of their storages and their own.
const DTYPES: [(&str, &str, Dtype); 13] = [
    ("DoubleStorage", "float64", Dtype::F64),
    ("FloatStorage", "float32", Dtype::F32),
    ("HalfStorage", "float16", Dtype::F16),
    ("BFloat16Storage", "bfloat16", Dtype::BF16),
    ("LongStorage", "int64", Dtype::I64),
    ("IntStorage", "int32", Dtype::I32),
    ("ShortStorage", "int16", Dtype::I16),
    ("CharStorage", "int8", Dtype::I8),
    ("ByteStorage", "uint8", Dtype::U8),
    ("BoolStorage", "bool", Dtype::Bool),
    ("UInt16Storage", "uint16", Dtype::U16),
    ("UInt32Storage", "uint32", Dtype::U32),
    ("UInt64Storage", "uint64", Dtype::U64),
];

impl TensorRef<'_> {
    /// Name of its type in PyTorch, for messages.
    pub fn type_name(&self) -> &str {
        self.dtype.unwrap_or(self.storage.kind)
    }

    /// Type of its elements, if they are numbers of a kind that is read.
    pub fn dtype(&self) -> Option<Dtype> {
        let name = self.type_name();
        let found = DTYPES.iter().find(
            |(storage, dtype, _)| {
                if self.dtype.is_some() { *dtype == name } else { *storage == name }
            },
        );
        found.map(|&(_, _, dtype)| dtype)
    }

    /// Bytes of its storage, if the pickle gives a number that can be.
    pub fn storage_bytes(&self, dtype: Dtype) -> Option<u64> {
        let size = if self.dtype.is_some() { 1 } else { dtype.size() as u64 };
        u64::try_from(self.storage.count).ok()?.checked_mul(size)
    }
}

/// What a pickle holds.
pub struct Unpickled<'p> {
    pub values: Vec<PickleValue<'p>>,
    /// The value that it is about.
    pub root: Id,
}

impl<'p> Unpickled<'p> {
    /// A value by its number.
    pub fn get(&self, id: Id) -> &PickleValue<'p> {
        self.values.get(id as usize).unwrap_or(&PickleValue::Other)
    }

    /// The first thing in it that is not known here, for messages.
    pub fn first_unknown(&self) -> Option<Name<'p>> {
        self.values.iter().find_map(|value| match value {
            PickleValue::Global(Global::Unknown(name)) | PickleValue::Object(name) => Some(*name),
            _ => None,
        })
    }
}
