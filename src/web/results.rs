//! Results for JavaScript: plain objects and typed arrays.

use std::borrow::Cow;

use js_sys::{Array, Float32Array, Float64Array, Function, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use super::error::Thrown;
use super::promise::Page;
use crate::error::Error;
use crate::progress::Observer;

/// Writes a plain object.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, Thrown> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| Thrown::new(&error.to_string(), "internal"))
}

/// Builds an object of typed arrays and numbers.
pub fn object(fields: impl IntoIterator<Item = (&'static str, JsValue)>) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of a fresh plain object cannot fail.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

/// A typed array on JavaScript's side.
pub fn float32(values: &[f32]) -> JsValue {
    Float32Array::from(values).into()
}

/// A typed array on JavaScript's side.
pub fn float64(values: &[f64]) -> JsValue {
    Float64Array::from(values).into()
}

/// A typed array on JavaScript's side.
pub fn uint32(values: &[u32]) -> JsValue {
    js_sys::Uint32Array::from(values).into()
}

/// Latents on JavaScript's side, −1 where there is none.
pub fn latents(latents: impl Iterator<Item = Option<u32>>) -> JsValue {
    let numbers: Vec<i32> = latents.map(|latent| latent.map_or(-1, |latent| latent as i32)).collect();
    js_sys::Int32Array::from(&numbers[..]).into()
}

/// Bytes that are copied to JavaScript at once, which takes a few milliseconds.
const COPIED_AT_ONCE: usize = 4 << 20;

/// Parts that follow one another as one Uint8Array; `what` is for messages. Others may run in between.
///
/// # Errors
/// If JavaScript has no memory for it.
pub async fn joined(what: &str, parts: &[Cow<'_, [u8]>]) -> Result<Uint8Array, Thrown> {
    let joined = uint8_array(what, parts.iter().map(|part| part.len()).sum())?;
    let mut page = Page::silent();
    let mut end = 0;
    for piece in parts.iter().flat_map(|part| part.chunks(COPIED_AT_ONCE)) {
        let start = end;
        end += piece.len() as u32;
        joined.subarray(start, end).copy_from(piece);
        // It cannot be cancelled.
        let _ = page.progress(u64::from(end), u64::from(joined.length())).await;
    }
    Ok(joined)
}

/// `new Uint8Array(bytes)`, which throws where memory ends.
fn uint8_array(what: &str, bytes: usize) -> Result<Uint8Array, Thrown> {
    let constructor = Reflect::get(&js_sys::global(), &"Uint8Array".into());
    let made = constructor.and_then(|constructor| {
        Reflect::construct(constructor.unchecked_ref::<Function>(), &Array::of1(&bytes.into()))
    });
    let made = made.map(JsCast::unchecked_into);
    made.map_err(|_| Error::OutOfMemory { what: what.to_owned(), bytes: bytes as u64 }.into())
}
