//! The SAE as a spline: its encoder cuts the input space in cells, and on each cell it is one affine map (the paper's
//! reading of SAEs).
//!
//! - [`slice`](fn@slice): the cells of an encoder in a plane through its input space
//! - [`AffineMap`]: what a model is on one cell
//!
//! A latent `i` with encoder column `s_i` and bias `b_i` is the site `s_i` of weight `ω_i = |s_i|² + 2 b_i`, or the line
//! on which its pre-activation is its threshold. This folder turns models into such sites and lines, by their
//! [`Selection`](crate::sae::Selection); what cuts the plane is [`geometry`](crate::geometry).

mod affine_map;
mod slice;

pub use affine_map::AffineMap;
pub use slice::{Encoder, Plane, slice};
