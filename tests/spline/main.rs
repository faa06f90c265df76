//! The spline view of a trained SAE.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod data;
mod geometry;
mod golden;
mod support;
mod view;
