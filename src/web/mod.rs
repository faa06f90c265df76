//! The JavaScript surface: converts and delegates, no mathematics. DESIGN: `init`, `initSync`, and the names below.

mod cluster;
mod convert;
mod dataset;
mod decoder;
mod error;
#[cfg(feature = "files")]
mod exchange;
mod experiments;
#[cfg(feature = "files")]
mod features;
#[cfg(feature = "files")]
mod files;
mod geometry;
mod sae;
mod toy;
mod trainer;

use wasm_bindgen::prelude::wasm_bindgen;

/// Panics become readable errors on the console.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}
