//! The bytes of a pickle, read forwards.

/// A pickle, and how far it has been read.
pub struct PickleBytes<'p> {
    bytes: &'p [u8],
    at: usize,
}

impl<'p> PickleBytes<'p> {
    pub fn new(bytes: &'p [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The byte that is read next.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn take(&mut self, length: usize) -> Result<&'p [u8], String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken =
            rest.get(..length).ok_or_else(|| format!("ends at byte {} of its pickle", self.bytes.len()))?;
        self.at += length;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, String> {
        self.array().map(|[byte]| byte)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N).map(|bytes| bytes.first_chunk().copied().unwrap_or([0; N]))
    }

    /// Bytes preceded by their number, a field of `width` bytes.
    pub fn counted(&mut self, width: usize) -> Result<&'p [u8], String> {
        let digits = self.take(width)?;
        let length = digits.iter().rev().fold(0u64, |length, &digit| length << 8 | u64::from(digit));
        // A length that this machine cannot count lies past the end of the pickle too.
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// The text up to the end of a line.
    pub fn line(&mut self) -> Result<&'p str, String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or("a name has no end")?;
        let line = self.take(length)?;
        self.at += 1;
        std::str::from_utf8(line).map_err(|_| "holds a name that is not UTF-8".to_owned())
    }
}

/// A whole number, little-endian, in two's complement, unless it has more than 8 bytes.
pub fn whole_number(digits: &[u8]) -> Option<i64> {
    if digits.len() > 8 {
        return None;
    }
    let negative = digits.last().is_some_and(|&digit| digit >= 0x80);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole.iter_mut().zip(digits).for_each(|(to, &from)| *to = from);
    Some(i64::from_le_bytes(whole))
}
