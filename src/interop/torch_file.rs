//! A state dict as `torch.save` writes one: a zip archive of a pickle, which names the tensors, and of a file for the values
//! of each. `torch.load` reads it with `weights_only`.

use super::named_file::NamedFile;
use super::zip_files::zip_files;
use crate::error::Result;
use crate::memory::reserve;

/// A tensor, row-major.
pub struct TorchTensor<'a> {
    pub name: &'static str,
    pub shape: Vec<usize>,
    pub values: Values<'a>,
}

/// Values of a tensor.
pub enum Values<'a> {
    F32(&'a [f32]),
    I32(i32),
}

impl Values<'_> {
    /// Its class of storage in the module `torch`.
    fn storage(&self) -> &'static str {
        match self {
            Self::F32(_) => "FloatStorage",
            Self::I32(_) => "IntStorage",
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::I32(_) => 1,
        }
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = reserve("values of a tensor", &[4, self.len()])?;
        match self {
            Self::F32(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Self::I32(value) => bytes.extend(value.to_le_bytes()),
        }
        Ok(bytes)
    }
}

/// Writes the file.
///
/// # Errors
/// If memory has no room for it.
pub fn write(name: &str, tensors: &[TorchTensor<'_>]) -> Result<NamedFile> {
    let stem = name.split('.').next().unwrap_or(name);
    let entry = |path: &str, bytes: Vec<u8>| NamedFile { name: format!("{stem}/{path}"), bytes };
    let mut files = vec![
        entry("data.pkl", Pickle::of(tensors)),
        entry("byteorder", b"little".to_vec()),
        entry("version", b"3\n".to_vec()),
    ];
    for (index, tensor) in tensors.iter().enumerate() {
        files.push(entry(&format!("data/{index}"), tensor.values.bytes()?));
    }
    Ok(NamedFile { name: name.to_owned(), bytes: zip_files(&files)? })
}

/// A pickle of protocol 2; opcodes by the names of Python's `pickletools`.
struct Pickle(Vec<u8>);

impl Pickle {
    /// A dict of tensors.
    fn of(tensors: &[TorchTensor<'_>]) -> Vec<u8> {
        let mut pickle = Self(b"\x80\x02".to_vec()); // PROTO 2
        pickle.0.extend(b"}("); // EMPTY_DICT, MARK
        for (index, tensor) in tensors.iter().enumerate() {
            pickle.text(tensor.name);
            pickle.tensor(index, tensor);
        }
        pickle.0.extend(b"u."); // SETITEMS, STOP
        pickle.0
    }

    /// `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)`
    fn tensor(&mut self, index: usize, TorchTensor { shape, values, .. }: &TorchTensor<'_>) {
        self.global("torch._utils", "_rebuild_tensor_v2");
        self.0.push(b'('); // MARK
        self.0.push(b'(');
        self.text("storage");
        self.global("torch", values.storage());
        self.text(&index.to_string());
        self.text("cpu");
        self.whole(values.len());
        self.0.extend(b"tQ"); // TUPLE, BINPERSID
        self.whole(0);
        self.tuple(shape.iter().copied());
        self.tuple((1..=shape.len()).map(|from| shape[from..].iter().product()));
        self.0.push(0x89); // NEWFALSE
        self.global("collections", "OrderedDict");
        self.0.extend(b")R"); // EMPTY_TUPLE, REDUCE
        self.0.extend(b"tR"); // TUPLE, REDUCE
    }

    fn global(&mut self, module: &str, name: &str) {
        self.0.extend(format!("c{module}\n{name}\n").bytes()); // GLOBAL
    }

    fn text(&mut self, text: &str) {
        self.0.push(b'X'); // BINUNICODE
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.bytes());
    }

    fn tuple(&mut self, values: impl Iterator<Item = usize>) {
        self.0.push(b'('); // MARK
        values.for_each(|value| self.whole(value));
        self.0.push(b't'); // TUPLE
    }

    fn whole(&mut self, value: usize) {
        match i32::try_from(value) {
            Ok(value) => {
                self.0.push(b'J'); // BININT
                self.0.extend(value.to_le_bytes());
            }
            Err(_) => {
                self.0.extend(b"\x8a\x09"); // LONG1 of nine bytes, so that the sign's is 0
                self.0.extend((value as u64).to_le_bytes());
                self.0.push(0);
            }
        }
    }
}
