//! Errors as JavaScript sees them: an `Error` whose `message` is for people and whose `code` is for programs.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::error::Error;

/// What a method of the surface throws.
pub struct Thrown(JsValue);

impl From<Error> for Thrown {
    fn from(error: Error) -> Self {
        Self::new(&error.to_string(), error.code())
    }
}

impl Thrown {
    /// An `Error` with a message and a code.
    pub fn new(message: &str, code: &str) -> Self {
        let error = js_sys::Error::new(message);
        // Setting a property of a fresh Error cannot fail; if it did, the message would still arrive.
        let _ = Reflect::set(&error, &"code".into(), &code.into());
        Self(error.into())
    }
}

impl From<Thrown> for JsValue {
    fn from(thrown: Thrown) -> Self {
        thrown.0
    }
}
