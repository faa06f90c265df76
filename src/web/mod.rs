//! The JavaScript surface: converts and delegates, no mathematics. DESIGN: `init`, `initSync`, and the names below.
//!
//! An exported function takes its arguments as JavaScript gives them and reads them by [`convert`], [`options`] or
//! [`content`], which name the argument that does not fit; it looks at its object through [`content::Content`]. One that
//! returns a promise makes it by [`promise`].

// A page's module has a part of the features, and needs a part of the conversions.
#![cfg_attr(
    not(all(
        feature = "figures",
        feature = "files",
        feature = "gpu",
        feature = "spline",
        feature = "training"
    )),
    allow(dead_code)
)]

mod broken;
#[cfg(feature = "bulk")]
mod bulk;
#[cfg(feature = "figures")]
mod cluster;
mod content;
mod convert;
mod dataset;
#[cfg(feature = "files")]
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
#[cfg(all(feature = "files", feature = "spline"))]
mod measures;
mod options;
#[cfg(feature = "figures")]
mod plane;
mod promise;
mod results;
mod sae;
#[cfg(all(feature = "files", feature = "training"))]
mod sequences;
#[cfg(feature = "figures")]
mod sites;
#[cfg(feature = "spline")]
mod spline;
#[cfg(feature = "spline")]
mod spline_data;
#[cfg(all(feature = "files", feature = "training"))]
mod stream;
#[cfg(target_feature = "atomics")]
mod threads;
#[cfg(feature = "figures")]
mod toy;
#[cfg(feature = "training")]
mod trainer;
#[cfg(all(feature = "figures", feature = "spline"))]
mod view;
