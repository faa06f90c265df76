//! The GPU engine, on whatever adapter there is.

#![cfg(feature = "gpu")]

#[path = "../common/mod.rs"]
mod common;

mod engine;
mod golden;
mod recipes;
mod shaders;
mod support;
mod sweep;
mod training;
