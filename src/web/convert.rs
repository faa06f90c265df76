//! Arguments from JavaScript, which may be values of any kind: each conversion names the argument that does not fit.
//!
//! Exported functions take `js_sys`' types by reference. wasm-bindgen declares them for TypeScript and passes on
//! whatever it is given; a parameter of type `&[f32]` or `f64` it would read unchecked.

use js_sys::{
    Array, Float32Array, Float64Array, Function, JsString, Number, Reflect, Uint8Array, Uint32Array,
};
use wasm_bindgen::{JsCast, JsValue};

use super::broken::intact;
use super::error::Thrown;
use crate::error::Error;
use crate::memory::zeros;

/// Checks that a value is what its type says.
fn checked<'a, T: JsCast>(name: &'static str, value: &'a JsValue, expected: &str) -> Result<&'a T, Thrown> {
    intact()?;
    value.dyn_ref().ok_or_else(|| Error::option(name, found(value), expected).into())
}

/// A value in words, for messages.
pub fn found(value: &JsValue) -> String {
    if let Some(text) = value.as_string() {
        return format!("'{text}'");
    }
    if let Some(number) = value.as_f64() {
        return number.to_string();
    }
    if let Some(truth) = value.as_bool() {
        return truth.to_string();
    }
    let name = match value {
        value if value.is_null() => return "null".to_owned(),
        value if value.is_undefined() => return "undefined".to_owned(),
        value if value.is_object() => field(&field(value, "constructor"), "name"),
        value => value.js_typeof(),
    };
    let name = name.as_string().unwrap_or_else(|| "Object".to_owned());
    let article = if name.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
    format!("{article} {name}")
}

/// A number.
pub fn number(name: &'static str, value: &Number) -> Result<f64, Thrown> {
    Ok(checked::<Number>(name, value, "a number")?.value_of())
}

/// A number that must be a whole number from 0 to 2^53.
pub fn whole(name: &'static str, value: &Number) -> Result<u64, Thrown> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let value = number(name, value)?;
    if value.fract() == 0.0 && (0.0..=LARGEST).contains(&value) {
        Ok(value as u64)
    } else {
        Err(Error::option(name, value, "a whole number, 0 or above").into())
    }
}

/// The same, where it is stored in fewer bits.
pub fn count<T: TryFrom<u64>>(name: &'static str, value: &Number) -> Result<T, Thrown> {
    let whole = whole(name, value)?;
    let most = 8 * size_of::<T>();
    T::try_from(whole).map_err(|_| Error::option(name, whole, format!("below 2^{most}")).into())
}

/// A string.
pub fn text(name: &'static str, value: &JsString) -> Result<String, Thrown> {
    Ok(checked::<JsString>(name, value, "a string")?.into())
}

/// A string that may be left out.
pub fn optional_text(name: &'static str, value: &JsValue) -> Result<Option<String>, Thrown> {
    let given = !value.is_null_or_undefined();
    given.then(|| text(name, value.unchecked_ref())).transpose()
}

/// A function that may be left out.
pub fn callback(name: &'static str, value: &JsValue) -> Result<Option<Function>, Thrown> {
    let given = !value.is_null_or_undefined();
    given.then(|| checked::<Function>(name, value, "a function").cloned()).transpose()
}

/// An array.
pub fn array<'a>(name: &'static str, value: &'a JsValue, expected: &str) -> Result<&'a Array, Thrown> {
    checked(name, value, expected)
}

/// An object of a class of the browser's.
pub fn instance<T: JsCast + Clone>(name: &'static str, value: &T, expected: &str) -> Result<T, Thrown> {
    checked::<T>(name, value.as_ref(), expected).cloned()
}

/// Reads typed arrays of one kind.
macro_rules! typed_array {
    ($function:ident, $array:ident, $number:ty, $expected:literal) => {
        /// A typed array, copied.
        pub fn $function(name: &'static str, value: &JsValue) -> Result<Vec<$number>, Thrown> {
            let array = checked::<$array>(name, value, $expected)?;
            let mut values = zeros(name, &[array.length() as usize])?;
            array.copy_to(&mut values);
            Ok(values)
        }
    };
}

typed_array!(float32s, Float32Array, f32, "a Float32Array");
typed_array!(float64s, Float64Array, f64, "a Float64Array");
typed_array!(uint32s, Uint32Array, u32, "a Uint32Array");
typed_array!(bytes, Uint8Array, u8, "a Uint8Array");

/// Numbers as a Float64Array or as an array.
pub fn numbers(name: &'static str, value: &JsValue) -> Result<Vec<f64>, Thrown> {
    match value.dyn_ref::<Array>() {
        Some(array) => items(name, array, number),
        None => float64s(name, value),
    }
}

/// Whole numbers as a Uint32Array or as an array.
pub fn whole_numbers(name: &'static str, value: &JsValue) -> Result<Vec<u32>, Thrown> {
    match value.dyn_ref::<Array>() {
        Some(array) => items(name, array, count),
        None => uint32s(name, value),
    }
}

fn items<T>(
    name: &'static str,
    array: &Array,
    read: impl Fn(&'static str, &Number) -> Result<T, Thrown>,
) -> Result<Vec<T>, Thrown> {
    array.iter().map(|item| read(name, item.unchecked_ref())).collect()
}

/// The numbers of a box.
pub fn box_numbers<const N: usize>(name: &'static str, value: &JsValue) -> Result<[f64; N], Thrown> {
    let numbers = numbers(name, value)?;
    let length = numbers.len();
    let wrong = |_| Error::option(name, format!("{length} numbers"), format!("{N} numbers")).into();
    numbers.try_into().map_err(wrong)
}

/// Checks that a value is an object, before its fields are read.
pub fn object(name: &'static str, value: &JsValue) -> Result<(), Thrown> {
    intact()?;
    if value.is_object() { Ok(()) } else { Err(Error::option(name, found(value), "an object").into()) }
}

/// A field of an object, `undefined` where there is none.
pub fn field(from: &JsValue, name: &str) -> JsValue {
    Reflect::get(from, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
