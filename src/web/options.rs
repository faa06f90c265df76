//! Objects of options, read by serde into the crate's own types.
//!
//! They are first copied to [`Plain`] data: so typed arrays count as lists, and a field that a type does not know is
//! seen and refused, where serde_wasm_bindgen asks objects only for the fields that it expects.

use js_sys::{Array, ArrayBuffer, JsString, Object};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

use super::convert::{array, field, found, object};
use super::error::Thrown;
use crate::error::Error;
use crate::plain::{Misfit, Plain};

/// Reads an object of options. A field that does not fit is named.
pub fn from_js<T: DeserializeOwned>(name: &'static str, value: &JsValue) -> Result<T, Thrown> {
    from_js_without(name, value, &[])
}

/// Reads a list of such objects.
pub fn list_from_js<T: DeserializeOwned>(name: &'static str, value: &JsValue) -> Result<Vec<T>, Thrown> {
    read(name, plain(name, array(name, value, "an array")?, &[])?)
}

/// Reads an object of options that may be left out, as all its fields may.
pub fn optional_from_js<T: DeserializeOwned>(name: &'static str, value: &JsValue) -> Result<T, Thrown> {
    optional_from_js_without(name, value, &[])
}

/// The same without some fields that are no data: functions and signals.
pub fn optional_from_js_without<T: DeserializeOwned>(
    name: &'static str,
    value: &JsValue,
    without: &[&str],
) -> Result<T, Thrown> {
    if value.is_null_or_undefined() {
        return from_js(name, &Object::new());
    }
    from_js_without(name, value, without)
}

fn from_js_without<T: DeserializeOwned>(
    name: &'static str,
    value: &JsValue,
    without: &[&str],
) -> Result<T, Thrown> {
    object(name, value)?;
    match plain(name, value, without)? {
        fields @ Plain::Fields(_) => read(name, fields),
        _ => Err(Error::option(name, found(value), "an object").into()),
    }
}

fn read<T: DeserializeOwned>(name: &str, plain: Plain) -> Result<T, Thrown> {
    let misfit = |Misfit { path, message }| Thrown::new(&format!("{name}{path}: {message}"), "option");
    T::deserialize(plain).map_err(misfit)
}

/// A copy of a value, at a place for messages. `undefined` fields count as left out.
fn plain(place: &str, value: &JsValue, without: &[&str]) -> Result<Plain, Thrown> {
    if value.is_null() {
        return Ok(Plain::Null);
    }
    if let Some(truth) = value.as_bool() {
        return Ok(Plain::Truth(truth));
    }
    if let Some(text) = value.as_string() {
        return Ok(Plain::Text(text));
    }
    if let Some(number) = value.as_f64() {
        return Ok(Plain::Number(number));
    }
    if Array::is_array(value) || ArrayBuffer::is_view(value) {
        let items = Array::from(value);
        let item = |(at, item)| plain(&format!("{place}[{at}]"), &item, &[]);
        return items.iter().enumerate().map(item).collect::<Result<_, _>>().map(Plain::List);
    }
    let Some(object) = value.dyn_ref::<Object>().filter(|_| !value.is_function()) else {
        let message = format!("{place} is {}, expected plain data", found(value));
        return Err(Thrown::new(&message, "option"));
    };
    let mut fields = Vec::new();
    for key in Object::keys(object).iter() {
        let key = String::from(JsString::from(key));
        let item = field(value, &key);
        if !item.is_undefined() && !without.contains(&key.as_str()) {
            let item = plain(&format!("{place}.{key}"), &item, &[])?;
            fields.push((key, item));
        }
    }
    Ok(Plain::Fields(fields))
}
