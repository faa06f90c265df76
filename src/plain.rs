//! Plain data for serde, whose errors say where in it they are. `serde_json::Value` with `serde_path_to_error` would do
//! the same, and make the figures' module, which has no other use for them, larger by a twentieth. Options from JavaScript
//! and from JSON are both read from it, so that what reads them is compiled once.

use std::fmt::Display;
use std::vec::IntoIter;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// What JSON can say, and numbers that are not finite.
pub enum Plain {
    Null,
    Truth(bool),
    Number(f64),
    /// A count that JSON has as such: it may be beyond those that a float64 holds.
    Count(u64),
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
            Self::Count(count) => visitor.visit_u64(count),
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

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Plain;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Plain, E> {
        Ok(Plain::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Plain, E> {
        Ok(Plain::Truth(truth))
    }

    fn visit_u64<E>(self, count: u64) -> Result<Plain, E> {
        Ok(Plain::Count(count))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Plain, E> {
        Ok(Plain::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Plain, E> {
        Ok(Plain::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Plain, E> {
        Ok(Plain::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Plain, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Plain::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Plain, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = access.next_entry()? {
            fields.push(field);
        }
        Ok(Plain::Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Read {
        count: u64,
        numbers: Vec<f64>,
        text: Option<String>,
        missing: Option<bool>,
    }

    #[test]
    fn what_json_says_is_read_to_the_last_digit() {
        let text = r#"{"count": 18446744073709551615, "numbers": [-3, 0.1, 1e-300, 2], "text": "a", "missing": null}"#;
        let plain: Plain = serde_json::from_str(text).expect("is JSON");
        let read = Read::deserialize(plain).expect("fits");
        let numbers = vec![-3.0, 0.1, 1e-300, 2.0];
        assert_eq!(read, Read { count: u64::MAX, numbers, text: Some("a".into()), missing: None });
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        let text = r#"{"count": 1, "numbers": [1, "two"], "text": null, "missing": true}"#;
        let plain: Plain = serde_json::from_str(text).expect("is JSON");
        let misfit = Read::deserialize(plain).expect_err("a text is no number");
        assert_eq!(misfit.path, ".numbers[1]");
        assert!(misfit.message.contains("two"), "{misfit}");
    }
}
