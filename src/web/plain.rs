//! Plain data for serde, whose errors say where in it they are. `serde_json::Value` with `serde_path_to_error` would do
//! the same, and make the figures' module, which has no other use for them, larger by a twentieth.

use std::fmt::Display;
use std::vec::IntoIter;

use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// What JSON can say, and numbers that are not finite.
pub enum Plain {
    Null,
    Truth(bool),
    Number(f64),
    Text(String),
    List(Vec<Plain>),
    Fields(Vec<(String, Plain)>),
}

/// What does not fit, and where.
#[derive(Debug)]
pub struct Misfit {
    /// As JavaScript writes it: `.options.lr`, `[2].seeds[0]`.
    pub path: String,
    /// What was found, and what was expected.
    pub message: String,
}

impl Misfit {
    fn within(mut self, place: &str) -> Self {
        self.path.insert_str(0, place);
        self
    }
}

impl Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: Display>(message: T) -> Self {
        Self { path: String::new(), message: message.to_string() }
    }
}

impl<'de> Deserializer<'de> for Plain {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Truth(truth) => visitor.visit_bool(truth),
            Self::Number(number) => match whole(number) {
                // What is asked for a fraction takes a whole number too, but not the reverse.
                Some(whole) => visitor.visit_u64(whole),
                None => visitor.visit_f64(number),
            },
            Self::Text(text) => visitor.visit_string(text),
            Self::List(items) => visitor.visit_seq(ListAccess { items: items.into_iter(), next: 0 }),
            Self::Fields(fields) => {
                visitor.visit_map(FieldsAccess { fields: fields.into_iter(), value: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Self::Null => visitor.visit_none(),
            given => visitor.visit_some(given),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Self::Text(text) => text.into_deserializer().deserialize_enum(name, variants, visitor),
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The number as a count, if it is one and exact.
fn whole(number: f64) -> Option<u64> {
    let whole = number as u64;
    (whole as f64 == number && whole <= 1 << f64::MANTISSA_DIGITS).then_some(whole)
}

struct ListAccess {
    items: IntoIter<Plain>,
    next: usize,
}

impl<'de> SeqAccess<'de> for ListAccess {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let at = self.next;
        self.next += 1;
        seed.deserialize(item).map(Some).map_err(|misfit| misfit.within(&format!("[{at}]")))
    }
}

struct FieldsAccess {
    fields: IntoIter<(String, Plain)>,
    /// Of the field whose name was read last.
    value: Option<(String, Plain)>,
}

impl<'de> MapAccess<'de> for FieldsAccess {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        let key = seed.deserialize(name.as_str().into_deserializer())?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let (name, value) = self.value.take().unwrap_or_else(|| (String::new(), Plain::Null));
        seed.deserialize(value).map_err(|misfit| misfit.within(&format!(".{name}")))
    }
}
