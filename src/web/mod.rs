//! The JavaScript surface: converts and delegates, no mathematics. DESIGN: `init`, `initSync`, and the names below.

#[cfg(feature = "training")]
mod bulk;
#[cfg(feature = "figures")]
mod cluster;
mod convert;
mod dataset;
mod decoder;
mod error;
#[cfg(feature = "training")]
mod experiments;
#[cfg(all(feature = "files", feature = "training"))]
mod features;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "figures")]
mod geometry;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "files")]
mod interop;
mod sae;
#[cfg(feature = "figures")]
mod toy;
#[cfg(feature = "training")]
mod trainer;

use wasm_bindgen::prelude::wasm_bindgen;

/// Panics become readable errors on the console.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}
