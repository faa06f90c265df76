//! Models in other programs' files, and the view of features.

#![cfg(feature = "files")]

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod features;
mod measures;
mod models;
mod other_programs;
mod support;
