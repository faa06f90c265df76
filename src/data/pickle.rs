//! The part of Python's pickle in which PyTorch describes tensors: a stack machine that builds plain values. Nothing
//! is executed: of all functions that a pickle can name only those of [`Global::parse`] are known, and they
//! do no more than name a tensor's parts. Values live in one list and name each other by number, so that nesting of
//! any depth is dropped without recursion.

use std::collections::HashMap;

use super::pickled::{Global, Id, Storage, Unpickled, Value, View};

/// Values that a pickle may make: state dictionaries of large models have some ten thousand.
const MOST_VALUES: usize = 500_000;

/// Reads a pickle; errors say at which byte, what was found and what was expected.
pub fn unpickle(bytes: &[u8]) -> Result<Unpickled<'_>, String> {
    let mut machine = Machine { bytes, at: 0, values: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
    loop {
        let at = machine.at;
        let opcode = machine.byte()?;
        if opcode == b'.' {
            let root = machine.pop()?;
            return Ok(Unpickled { values: machine.values, root });
        }
        machine.step(opcode).map_err(|what| format!("{what} (byte {at} of its pickle)"))?;
    }
}

struct Machine<'p> {
    bytes: &'p [u8],
    at: usize,
    values: Vec<Value<'p>>,
    stack: Vec<Id>,
    memo: HashMap<u32, Id>,
}

impl<'p> Machine<'p> {
    fn step(&mut self, opcode: u8) -> Result<(), String> {
        match opcode {
            // PROTO and FRAME say nothing about values.
            0x80 => self.take(1).map(drop),
            0x95 => self.take(8).map(drop),
            b'N' | 0x88 | 0x89 => self.push(Value::Other),
            b'G' => {
                self.take(8)?;
                self.push(Value::Other)
            }
            b'K' => {
                let value = self.byte()?;
                self.push(Value::Int(value.into()))
            }
            b'M' => {
                let value = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(value.into()))
            }
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(value.into()))
            }
            0x8a => self.long(),
            b'X' => {
                let length = u32::from_le_bytes(self.array()?);
                self.text(length as usize)
            }
            0x8c => {
                let length = self.byte()?;
                self.text(length.into())
            }
            b'(' => self.push(Value::Mark),
            b')' | b']' => self.push(Value::Sequence(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Sequence(items))
            }
            0x85..=0x87 => {
                let from = self.stack.len().checked_sub(usize::from(opcode - 0x84)).ok_or(EMPTY)?;
                let items = self.stack.split_off(from);
                self.push(Value::Sequence(items))
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.extend(items)
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[key, value])
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.set(&items)
            }
            b'q' => {
                let slot = self.byte()?;
                self.remember(slot.into())
            }
            b'r' => {
                let slot = u32::from_le_bytes(self.array()?);
                self.remember(slot)
            }
            0x94 => self.remember(self.memo.len() as u32),
            b'h' => {
                let slot = self.byte()?;
                self.recall(slot.into())
            }
            b'j' => {
                let slot = u32::from_le_bytes(self.array()?);
                self.recall(slot)
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.value(module), self.value(name)) {
                    (&Value::Text(module), &Value::Text(name)) => self.global(module, name),
                    _ => Err("names a function by what is no text".to_owned()),
                }
            }
            b'Q' => self.storage(),
            b'R' => self.reduce(),
            b'b' => self.build(),
            other => {
                Err(format!("holds the pickle opcode {other:02x}, which a file of tensors does not need"))
            }
        }
    }

    fn push(&mut self, value: Value<'p>) -> Result<(), String> {
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

    fn value(&self, id: Id) -> &Value<'p> {
        self.values.get(id as usize).unwrap_or(&Value::Other)
    }

    fn top(&mut self) -> Result<&mut Value<'p>, String> {
        let id = self.stack.last().copied().ok_or(EMPTY)?;
        Ok(self.values.get_mut(id as usize).ok_or(EMPTY)?)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.stack.iter().rposition(|&id| matches!(self.value(id), Value::Mark)).ok_or(EMPTY)?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    fn take(&mut self, length: usize) -> Result<&'p [u8], String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken =
            rest.get(..length).ok_or_else(|| format!("ends at byte {} of its pickle", self.bytes.len()))?;
        self.at += length;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N).map(|bytes| bytes.first_chunk().copied().unwrap_or([0; N]))
    }

    /// A whole number of up to 8 bytes, little-endian, in two's complement.
    fn long(&mut self) -> Result<(), String> {
        let length = self.byte()?;
        let bytes = self.take(length.into())?;
        if bytes.len() > 8 {
            return Err(format!("holds a whole number of {length} bytes, expected at most 8"));
        }
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut whole = [if negative { 0xff } else { 0 }; 8];
        whole.iter_mut().zip(bytes).for_each(|(to, &from)| *to = from);
        self.push(Value::Int(i64::from_le_bytes(whole)))
    }

    fn text(&mut self, length: usize) -> Result<(), String> {
        let bytes = self.take(length)?;
        let text = std::str::from_utf8(bytes).map_err(|_| "holds text that is not UTF-8".to_owned())?;
        self.push(Value::Text(text))
    }

    fn line(&mut self) -> Result<&'p str, String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or("a name has no end")?;
        let line = self.take(length)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|_| "holds a name that is not UTF-8".to_owned())
    }

    fn extend(&mut self, items: Vec<Id>) -> Result<(), String> {
        match self.top()? {
            Value::Sequence(list) => list.extend(items),
            _ => return Err("appends to what is no list".to_owned()),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), String> {
        let (pairs, rest) = items.as_chunks::<2>();
        match self.top()? {
            Value::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)))
            }
            _ => return Err("sets entries of what is no dictionary".to_owned()),
        }
        Ok(())
    }

    fn remember(&mut self, slot: u32) -> Result<(), String> {
        let id = self.stack.last().copied().ok_or(EMPTY)?;
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

    fn global(&mut self, module: &str, name: &'p str) -> Result<(), String> {
        let known = Global::parse(module, name).ok_or_else(|| {
            format!(
                "names {}.{}, which is never executed: expected tensors in dictionaries and lists, saved by \
                 torch.save(…)",
                short(module),
                short(name)
            )
        })?;
        self.push(Value::Global(known))
    }

    /// `('storage', torch.FloatStorage, '0', 'cpu', 98304)`
    fn storage(&mut self) -> Result<(), String> {
        let id = self.pop()?;
        let Value::Sequence(items) = self.value(id) else { return Err(NO_STORAGE.to_owned()) };
        let &[tag, kind, key, _, count] = items.as_slice() else { return Err(NO_STORAGE.to_owned()) };
        match (self.value(tag), self.value(kind), self.value(key), self.value(count)) {
            (
                Value::Text("storage"),
                &Value::Global(Global::Storage(kind)),
                &Value::Text(key),
                &Value::Int(count),
            ) => self.push(Value::Storage(Storage { kind, key, count })),
            _ => Err(NO_STORAGE.to_owned()),
        }
    }

    fn reduce(&mut self) -> Result<(), String> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Value::Sequence(arguments) = self.value(arguments) else {
            return Err("calls without a tuple of arguments".to_owned());
        };
        match (self.value(function), arguments.as_slice()) {
            (Value::Global(Global::OrderedDict), []) => self.push(Value::Dict(Vec::new())),
            (Value::Global(Global::RebuildTensor), &[storage, offset, shape, strides, ..]) => {
                let tensor = match (self.value(storage), self.value(offset)) {
                    (&Value::Storage(storage), &Value::Int(offset)) => {
                        let (shape, strides) = (self.ints(shape)?, self.ints(strides)?);
                        Value::Tensor(Box::new(View { storage, offset, shape, strides }))
                    }
                    _ => return Err("rebuilds a tensor of what is no storage".to_owned()),
                };
                self.push(tensor)
            }
            (Value::Global(Global::RebuildParameter), &[tensor, ..]) => {
                self.stack.push(tensor);
                Ok(())
            }
            (Value::Global(global), _) => Err(format!("calls {global:?} with {} arguments", arguments.len())),
            _ => Err("calls what is no function".to_owned()),
        }
    }

    fn ints(&self, id: Id) -> Result<Vec<i64>, String> {
        const NO_SIZES: &str = "rebuilds a tensor whose sizes are no tuple of whole numbers";
        let Value::Sequence(items) = self.value(id) else { return Err(NO_SIZES.to_owned()) };
        if items.len() > MOST_DIMENSIONS {
            return Err(format!("rebuilds a tensor of {} dimensions", items.len()));
        }
        let int = |&id: &Id| match self.value(id) {
            &Value::Int(value) => Ok(value),
            _ => Err(NO_SIZES.to_owned()),
        };
        items.iter().map(int).collect()
    }

    /// Sets attributes, which state dictionaries have (`_metadata`) and nothing here reads.
    fn build(&mut self) -> Result<(), String> {
        self.pop()?;
        match self.top()? {
            Value::Dict(_) => Ok(()),
            _ => Err("sets attributes of what is no dictionary".to_owned()),
        }
    }
}

/// Dimensions that a tensor may have, as in PyTorch.
const MOST_DIMENSIONS: usize = 64;
const EMPTY: &str = "takes a value from an empty stack";
const NO_STORAGE: &str = "refers to what is no storage of a tensor";

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}
