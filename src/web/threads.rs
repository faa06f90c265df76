//! Workers as threads, in the build with shared memory: a page's worker compiles the module and starts others with it,
//! each of which starts the module on the same memory and calls `announceThread`, then `runThread`.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::threads;

/// The compiled module and its memory, for a worker that is to be a thread.
#[wasm_bindgen(js_name = sharedParts, unchecked_return_type = "[WebAssembly.Module, WebAssembly.Memory]")]
pub fn shared_parts() -> JsValue {
    [wasm_bindgen::module(), wasm_bindgen::memory()].into_iter().collect::<js_sys::Array>().into()
}

/// The worker that calls it will be a thread.
#[wasm_bindgen(js_name = announceThread, skip_typescript)]
pub fn announce_thread() {
    threads::announce();
}

/// The worker that calls it is a thread from now on: it never returns.
#[wasm_bindgen(js_name = runThread, skip_typescript)]
pub fn run_thread() {
    threads::help();
}

/// A thread that has trapped says so.
#[wasm_bindgen(js_name = threadDied, skip_typescript)]
pub fn thread_died() {
    threads::leave_dead();
}
