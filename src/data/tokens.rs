//! Sidecar tokens, `NAME.tokens.json`: a list with the token that each row of `NAME` stands for, as a string or as
//! `{token, before, after, sequence}` with its context and the text that it is of; other fields are passed over.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, Result};

/// The token of a row and the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// The token itself.
    pub token: &'a str,
    /// Text before it; empty if the file has none.
    pub before: &'a str,
    /// Text after it; empty if the file has none.
    pub after: &'a str,
}

/// A token for each row of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    text: String,
    /// Where the token, the text before it and the text after it end; three numbers per row.
    ends: Vec<u32>,
    /// The sequence of each row, numbered in the order in which they appear; empty if the file says none.
    sequences: Vec<u32>,
}

impl Tokens {
    /// Reads the tokens of a file that has `rows` rows.
    ///
    /// # Errors
    /// If the bytes are not such a list, or its length is not `rows`.
    pub fn read(bytes: &[u8], file_name: &str, rows: usize) -> Result<Self> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Error::format(file_name, format!("is not UTF-8 text: {error}")))?;
        let mut tokens = Self::default();
        let mut json = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
        let list = TokenList { tokens: &mut tokens, rows };
        list.deserialize(&mut json).and_then(|()| json.end()).map_err(|error| {
            let expected = "expected a list of strings or of objects with token, before, after and sequence";
            Error::format(file_name, format!("{error}; {expected}, one for each of {rows} rows"))
        })?;
        if tokens.rows() != rows {
            let what = format!("has tokens for {} rows, expected {rows}", tokens.rows());
            return Err(Error::format(file_name, what));
        }
        let of_sequences = tokens.sequences.len();
        if of_sequences != 0 && of_sequences != rows {
            let what =
                format!("says the sequence of {of_sequences} of {rows} rows, expected of all or of none");
            return Err(Error::format(file_name, what));
        }
        Ok(tokens)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.ends.len() / 3
    }

    /// The token of a row of the file and its context, if the row exists. For a row of a data set, look up its
    /// number in [`crate::data::Dataset::row_numbers`].
    pub fn token(&self, row: usize) -> Option<Token<'_>> {
        let at = row.checked_mul(3)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or(0));
        let &[token, before, after] = self.ends.get(at..at.checked_add(3)?)? else { return None };
        let part = |from: u32, to: u32| self.text.get(from as usize..to as usize).unwrap_or_default();
        Some(Token { token: part(start, token), before: part(token, before), after: part(before, after) })
    }

    /// Which sequence (a text, a document, a context window) each row of the file is of, numbered in the order in which
    /// they appear, if the file says so.
    pub fn sequences(&self) -> Option<&[u32]> {
        (!self.sequences.is_empty()).then_some(&self.sequences)
    }

    /// Appends a row; `false` once the text is longer than 32 bits can count.
    fn push(&mut self, parts: [&str; 3]) -> bool {
        for part in parts {
            self.text.push_str(part);
            match u32::try_from(self.text.len()) {
                Ok(end) => self.ends.push(end),
                Err(_) => return false,
            }
        }
        true
    }
}

/// The list, read into `tokens`.
struct TokenList<'t> {
    tokens: &'t mut Tokens,
    rows: usize,
}

impl<'de> DeserializeSeed<'de> for TokenList<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for TokenList<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        use serde::de::Error;
        let mut numbers: HashMap<String, u32> = HashMap::new();
        while let Some(entry) = list.next_element::<TokenEntry>()? {
            // Too many rows are reported at once, without reading the rest of the file.
            if self.tokens.rows() == self.rows {
                return Err(S::Error::custom(format!("has tokens for more than {} rows", self.rows)));
            }
            if !self.tokens.push([&entry.0, &entry.1, &entry.2]) {
                return Err(S::Error::custom("has more than 4 GB of text"));
            }
            if let Some(SequenceName(name)) = entry.3 {
                let next = numbers.len() as u32;
                let number = match numbers.get(&*name) {
                    Some(&number) => number,
                    None => *numbers.entry(name.into_owned()).or_insert(next),
                };
                self.tokens.sequences.push(number);
            }
        }
        Ok(())
    }
}

/// One row: the token, the text before and after it, and its sequence.
#[derive(Default)]
struct TokenEntry<'de>(Cow<'de, str>, Cow<'de, str>, Cow<'de, str>, Option<SequenceName<'de>>);

/// What a file calls a sequence: a text, or a whole number, which counts as the text of its digits.
struct SequenceName<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for SequenceName<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl<'de> Visitor<'de> for Name {
            type Value = SequenceName<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or a text as the sequence")
            }

            fn visit_u64<E>(self, number: u64) -> Result<SequenceName<'de>, E> {
                Ok(SequenceName(number.to_string().into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<SequenceName<'de>, E> {
                Ok(SequenceName(number.to_string().into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<SequenceName<'de>, E> {
                Ok(SequenceName(text.to_owned().into()))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<SequenceName<'de>, E> {
                Ok(SequenceName(text.into()))
            }
        }

        deserializer.deserialize_any(Name)
    }
}

impl<'de> Deserialize<'de> for TokenEntry<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokenEntryVisitor)
    }
}

struct TokenEntryVisitor;

impl<'de> Visitor<'de> for TokenEntryVisitor {
    type Value = TokenEntry<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an object with token")
    }

    fn visit_str<E>(self, token: &str) -> Result<TokenEntry<'de>, E> {
        Ok(TokenEntry(token.to_owned().into(), "".into(), "".into(), None))
    }

    fn visit_borrowed_str<E>(self, token: &'de str) -> Result<TokenEntry<'de>, E> {
        Ok(TokenEntry(token.into(), "".into(), "".into(), None))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<TokenEntry<'de>, M::Error> {
        let mut entry = TokenEntry::default();
        let mut named = false;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "token" => {
                    entry.0 = map.next_value()?;
                    named = true;
                }
                "before" => entry.1 = map.next_value()?,
                "after" => entry.2 = map.next_value()?,
                "sequence" => entry.3 = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if named { Ok(entry) } else { Err(serde::de::Error::missing_field("token")) }
    }
}
