//! Results for JavaScript: plain objects and typed arrays.

use js_sys::{Float32Array, Float64Array, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::JsValue;

use super::error::Thrown;

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
