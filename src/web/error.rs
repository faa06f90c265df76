//! Errors as JavaScript sees them: an `Error` whose `message` is for people and whose `code` is for programs.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::Error;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What every method throws: a sentence for people, a stable code for programs. */
export interface SplinterpError extends Error {
  code: string;
}
"#;

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

    /// What a callback of the caller's threw, to be thrown on as it is.
    pub fn passed_on(value: JsValue) -> Self {
        Self(value)
    }
}

impl From<Thrown> for JsValue {
    fn from(thrown: Thrown) -> Self {
        thrown.0
    }
}
