//! What happens after a panic or a trap. Either leaves values half written, so from then on the whole module counts as
//! broken: the call or promise in which it happened fails with code `broken`, and so does every later one.

use std::panic::PanicHookInfo;
use std::sync::OnceLock;

use js_sys::Array;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::error::Thrown;

/// What broke the module; set once.
static CAUSE: OnceLock<String> = OnceLock::new();

/// # Errors
/// If the module is broken.
pub fn intact() -> Result<(), Thrown> {
    match CAUSE.get() {
        None => Ok(()),
        Some(cause) => Err(Thrown::new(
            &format!("internal error, load the module again: {cause}. This is a bug of splinterp"),
            "broken",
        )),
    }
}

#[wasm_bindgen]
extern "C" {
    /// Calls a closure from JavaScript, which can catch what the closure throws, traps included.
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = apply)]
    fn apply(closure: &mut dyn FnMut(), this: &JsValue, arguments: &Array) -> Result<JsValue, JsValue>;
}

/// Runs a closure that may panic or trap (out of memory, stack overflow).
///
/// # Errors
/// If it did. What it was working on must be leaked, not dropped.
pub fn attempt(closure: &mut dyn FnMut()) -> Result<(), Thrown> {
    intact()?;
    let Err(value) = apply(&mut || closure(), &JsValue::UNDEFINED, &Array::new()) else { return Ok(()) };
    // A panic has left its message already; a trap is an Error of the engine's.
    let message = value.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    let _ = CAUSE.set(message.unwrap_or_else(|| format!("{value:?}")));
    intact()
}

/// Writes a panic with its stack to the console, and throws its message. A panic would otherwise end in a trap, whose
/// only message is "unreachable".
fn on_panic(info: &PanicHookInfo<'_>) {
    console_error_panic_hook::hook(info);
    let _ = CAUSE.set(info.to_string());
    if let Err(thrown) = intact() {
        wasm_bindgen::throw_val(thrown.into());
    }
}

#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(on_panic));
}
