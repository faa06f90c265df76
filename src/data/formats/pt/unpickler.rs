//! The part of Python's pickle in which PyTorch describes tensors: a stack machine that builds plain values. Nothing
//! is executed: of all functions that a pickle can name only those of [`Global::of`] are known, and they do no more
//! than name a tensor's parts; whatever another would make becomes an object that is passed over. Values live in one list and
//! name each other by number, so that dropping deeply nested values needs no recursion.

use std::collections::HashMap;

use super::opcode;
use super::pickle_bytes::{PickleBytes, whole_number};
use super::pickle_value::{Global, Id, Name, PickleValue, StorageRef, TensorRef, Unpickled};

/// Values that a pickle may make: state dictionaries of large models have some ten thousand.
const MOST_VALUES: usize = 500_000;
/// Dimensions that a tensor may have, as in PyTorch.
const MOST_DIMENSIONS: usize = 64;
const EMPTY: &str = "takes a value from an empty stack";
const NO_STORAGE: &str = "refers to something that is not the storage of a tensor";

/// Reads a pickle; errors say at which byte, what was found and what was expected.
pub fn unpickle(bytes: &[u8]) -> Result<Unpickled<'_>, String> {
    let mut machine = Unpickler {
        bytes: PickleBytes::new(bytes),
        values: Vec::new(),
        stack: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        let at = machine.bytes.at();
        let opcode = machine.bytes.byte()?;
        if opcode == opcode::STOP {
            let root = machine.pop()?;
            return Ok(Unpickled { values: machine.values, root });
        }
        machine.step(opcode).map_err(|what| format!("{what} (byte {at} of its pickle)"))?;
    }
}

struct Unpickler<'p> {
    bytes: PickleBytes<'p>,
    values: Vec<PickleValue<'p>>,
    stack: Vec<Id>,
    memo: HashMap<u32, Id>,
}

impl<'p> Unpickler<'p> {
    fn step(&mut self, opcode: u8) -> Result<(), String> {
        match opcode {
            // These describe the stream, not values.
            opcode::PROTO => self.bytes.take(1).map(drop),
            opcode::FRAME => self.bytes.take(8).map(drop),

            opcode::NONE | opcode::NEWTRUE | opcode::NEWFALSE | opcode::EMPTY_SET => {
                self.push(PickleValue::Other)
            }
            opcode::BININT1 => {
                let value = self.bytes.byte()?;
                self.push(PickleValue::Int(value.into()))
            }
            opcode::BININT2 => {
                let value = u16::from_le_bytes(self.bytes.array()?);
                self.push(PickleValue::Int(value.into()))
            }
            opcode::BININT => {
                let value = i32::from_le_bytes(self.bytes.array()?);
                self.push(PickleValue::Int(value.into()))
            }
            opcode::LONG1 | opcode::LONG4 => {
                let digits = self.bytes.counted(if opcode == opcode::LONG1 { 1 } else { 4 })?;
                // One that needs more bytes is not a size of a tensor.
                self.push(whole_number(digits).map_or(PickleValue::Other, PickleValue::Int))
            }
            opcode::BINFLOAT => {
                self.bytes.take(8)?;
                self.push(PickleValue::Other)
            }

            opcode::SHORT_BINUNICODE | opcode::SHORT_BINSTRING => self.text(1),
            opcode::BINUNICODE | opcode::BINSTRING => self.text(4),
            opcode::BINUNICODE8 => self.text(8),
            opcode::SHORT_BINBYTES => self.skipped_bytes(1),
            opcode::BINBYTES => self.skipped_bytes(4),
            opcode::BINBYTES8 | opcode::BYTEARRAY8 => self.skipped_bytes(8),

            opcode::MARK => self.push(PickleValue::Mark),
            opcode::EMPTY_TUPLE | opcode::EMPTY_LIST => self.push(PickleValue::Sequence(Vec::new())),
            opcode::TUPLE => {
                let items = self.pop_to_mark()?;
                self.push(PickleValue::Sequence(items))
            }
            opcode::TUPLE1..=opcode::TUPLE3 => {
                let length = usize::from(opcode - opcode::TUPLE1) + 1;
                let from = self.stack.len().checked_sub(length).ok_or(EMPTY)?;
                let items = self.stack.split_off(from);
                self.push(PickleValue::Sequence(items))
            }
            opcode::APPEND => {
                let item = self.pop()?;
                self.extend(vec![item])
            }
            opcode::APPENDS => {
                let items = self.pop_to_mark()?;
                self.extend(items)
            }
            opcode::EMPTY_DICT => self.push(PickleValue::Dict(Vec::new())),
            opcode::SETITEM => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[key, value])
            }
            opcode::SETITEMS => {
                let items = self.pop_to_mark()?;
                self.set(&items)
            }
            // The items of a set are ignored.
            opcode::ADDITEMS => self.pop_to_mark().map(drop),
            opcode::FROZENSET => {
                self.pop_to_mark()?;
                self.push(PickleValue::Other)
            }

            opcode::POP => self.pop().map(drop),
            opcode::POP_MARK => self.pop_to_mark().map(drop),
            opcode::DUP => {
                let top = self.top_id()?;
                self.stack.push(top);
                Ok(())
            }
            opcode::BINPUT => {
                let slot = self.bytes.byte()?;
                self.remember(slot.into())
            }
            opcode::LONG_BINPUT => {
                let slot = u32::from_le_bytes(self.bytes.array()?);
                self.remember(slot)
            }
            opcode::MEMOIZE => self.remember(self.memo.len() as u32),
            opcode::BINGET => {
                let slot = self.bytes.byte()?;
                self.recall(slot.into())
            }
            opcode::LONG_BINGET => {
                let slot = u32::from_le_bytes(self.bytes.array()?);
                self.recall(slot)
            }

            opcode::GLOBAL => {
                let (module, name) = (self.bytes.line()?, self.bytes.line()?);
                self.global(Name { module, name })
            }
            opcode::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.value(module), self.value(name)) {
                    (&PickleValue::Text(module), &PickleValue::Text(name)) => {
                        self.global(Name { module, name })
                    }
                    _ => Err("names a function by something that is not text".to_owned()),
                }
            }
            opcode::BINPERSID => self.storage(),
            opcode::REDUCE | opcode::NEWOBJ => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments)
            }
            opcode::NEWOBJ_EX => {
                self.pop()?;
                let (arguments, class) = (self.pop()?, self.pop()?);
                self.call(class, arguments)
            }
            opcode::BUILD => self.build(),
            other => Err(format!(
                "holds the pickle opcode {other:02x}, which torch.save(…) does not write in protocol 2 or later"
            )),
        }
    }

    fn push(&mut self, value: PickleValue<'p>) -> Result<(), String> {
        if self.values.len() == MOST_VALUES {
            return Err(format!("holds more than {MOST_VALUES} values, expected tensors and their names"));
        }
        self.stack.push(self.values.len() as Id);
        self.values.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, String> {
        Ok(self.stack.pop().ok_or(EMPTY)?)
    }

    fn value(&self, id: Id) -> &PickleValue<'p> {
        self.values.get(id as usize).unwrap_or(&PickleValue::Other)
    }

    fn top_id(&self) -> Result<Id, String> {
        Ok(self.stack.last().copied().ok_or(EMPTY)?)
    }

    fn top(&mut self) -> Result<&mut PickleValue<'p>, String> {
        let id = self.top_id()?;
        Ok(self.values.get_mut(id as usize).ok_or(EMPTY)?)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let is_mark = |&id: &Id| matches!(self.value(id), PickleValue::Mark);
        let mark = self.stack.iter().rposition(is_mark).ok_or(EMPTY)?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    fn skipped_bytes(&mut self, width: usize) -> Result<(), String> {
        self.bytes.counted(width)?;
        self.push(PickleValue::Other)
    }

    /// Text, unless it is not UTF-8: then no tensor is named by it.
    fn text(&mut self, width: usize) -> Result<(), String> {
        let bytes = self.bytes.counted(width)?;
        self.push(std::str::from_utf8(bytes).map_or(PickleValue::Other, PickleValue::Text))
    }

    fn extend(&mut self, items: Vec<Id>) -> Result<(), String> {
        match self.top()? {
            PickleValue::Sequence(list) => list.extend(items),
            PickleValue::Object(_) => {}
            _ => return Err("appends to something that is not a list".to_owned()),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), String> {
        let (pairs, rest) = items.as_chunks::<2>();
        match self.top()? {
            PickleValue::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)))
            }
            PickleValue::Object(_) => {}
            _ => return Err("sets entries of something that is not a dictionary".to_owned()),
        }
        Ok(())
    }

    fn remember(&mut self, slot: u32) -> Result<(), String> {
        let id = self.top_id()?;
        self.memo.insert(slot, id);
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), String> {
        let id = self
            .memo
            .get(&slot)
            .copied()
            .ok_or_else(|| format!("recalls value {slot}, which it never made"))?;
        self.stack.push(id);
        Ok(())
    }

    fn global(&mut self, name: Name<'p>) -> Result<(), String> {
        if name.runs_code() {
            return Err(format!(
                "names {name}, which is never executed: expected tensors in dictionaries and lists, saved by \
                 torch.save(…)"
            ));
        }
        self.push(PickleValue::Global(Global::of(name)))
    }

    /// `('storage', torch.FloatStorage, '0', 'cpu', 98304)`
    fn storage(&mut self) -> Result<(), String> {
        let id = self.pop()?;
        let PickleValue::Sequence(items) = self.value(id) else { return Err(NO_STORAGE.to_owned()) };
        let &[tag, kind, key, _, count] = items.as_slice() else { return Err(NO_STORAGE.to_owned()) };
        match (self.value(tag), self.value(kind), self.value(key), self.value(count)) {
            (
                PickleValue::Text("storage"),
                &PickleValue::Global(Global::Storage(kind)),
                &PickleValue::Text(key),
                &PickleValue::Int(count),
            ) => self.push(PickleValue::Storage(StorageRef { kind, key, count })),
            _ => Err(NO_STORAGE.to_owned()),
        }
    }

    /// What a function or class makes of its arguments.
    fn call(&mut self, function: Id, arguments: Id) -> Result<(), String> {
        let PickleValue::Sequence(arguments) = self.value(arguments) else {
            return Err("calls a function without a tuple of arguments".to_owned());
        };
        let function = match *self.value(function) {
            PickleValue::Global(global) => global,
            // An object that is called, or an attribute of one: as unknown as the object.
            PickleValue::Object(name) => Global::Unknown(name),
            _ => return Err("calls something that is not a function".to_owned()),
        };
        let (function, arguments) = match (function, arguments.as_slice()) {
            (Global::RebuildFromType, &[inner, _, inner_arguments, ..]) => {
                match (self.value(inner), self.value(inner_arguments)) {
                    (&PickleValue::Global(inner), PickleValue::Sequence(arguments)) => {
                        (inner, arguments.as_slice())
                    }
                    _ => return Err("rebuilds a tensor by something that is not a function".to_owned()),
                }
            }
            other => other,
        };
        match (function, arguments) {
            (Global::Dictionary, [] | [_]) => self.push(PickleValue::Dict(Vec::new())),
            (Global::RebuildTensor, &[storage, offset, shape, strides, ..]) => {
                let tensor = self.tensor(storage, offset, (shape, strides), None)?;
                self.push(tensor)
            }
            (Global::RebuildTypedTensor, &[storage, offset, shape, strides, _, _, dtype, ..]) => {
                let &PickleValue::Global(Global::Unknown(Name { module: "torch", name })) = self.value(dtype)
                else {
                    return Err("rebuilds a tensor whose type is not one of torch".to_owned());
                };
                let tensor = self.tensor(storage, offset, (shape, strides), Some(name))?;
                self.push(tensor)
            }
            (Global::RebuildParameter, &[tensor, ..]) => {
                self.stack.push(tensor);
                Ok(())
            }
            (Global::Unknown(name), _) => self.push(PickleValue::Object(name)),
            (known, arguments) => Err(format!("calls {known:?} with {} arguments", arguments.len())),
        }
    }

    fn tensor(
        &self,
        storage: Id,
        offset: Id,
        (shape, strides): (Id, Id),
        dtype: Option<&'p str>,
    ) -> Result<PickleValue<'p>, String> {
        let (&PickleValue::Storage(storage), &PickleValue::Int(offset)) =
            (self.value(storage), self.value(offset))
        else {
            return Err("rebuilds a tensor from something that is not a storage".to_owned());
        };
        let (shape, strides) = (self.ints(shape)?, self.ints(strides)?);
        Ok(PickleValue::Tensor(Box::new(TensorRef { storage, dtype, offset, shape, strides })))
    }

    fn ints(&self, id: Id) -> Result<Vec<i64>, String> {
        const NO_SIZES: &str = "rebuilds a tensor whose sizes are not a tuple of whole numbers";
        let PickleValue::Sequence(items) = self.value(id) else { return Err(NO_SIZES.to_owned()) };
        if items.len() > MOST_DIMENSIONS {
            return Err(format!("rebuilds a tensor of {} dimensions", items.len()));
        }
        let int = |&id: &Id| match self.value(id) {
            &PickleValue::Int(value) => Ok(value),
            _ => Err(NO_SIZES.to_owned()),
        };
        items.iter().map(int).collect()
    }

    /// Sets attributes, which state dictionaries have (`_metadata`) and nothing here reads.
    fn build(&mut self) -> Result<(), String> {
        self.pop()?;
        match self.top()? {
            PickleValue::Dict(_) | PickleValue::Tensor(_) | PickleValue::Object(_) => Ok(()),
            _ => Err("sets attributes of something that has none".to_owned()),
        }
    }
}
