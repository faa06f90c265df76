//! The SAE as a spline: its encoder cuts the input space in cells, and on each cell it is one affine map (the paper's
//! reading of SAEs).
//!
//! - [`slice`](fn@slice): the cells of an encoder in a plane through its input space
//! - [`PlaneAxes`], [`PlaneView`]: planes through rows that turn, and all that a view of one shows
//! - [`Reading`]: what a view says of one point
//! - [`AffineMap`], [`LocalMap`]: what a model is on one cell, written out, and in terms of its active features
//! - [`Margin`]: how far a row is from the border of its cell; [`Path`]: every border between two inputs
//! - [`Census`]: which cells the rows of a data set lie in
//! - [`CellBounds`]: the model between the means of its cells and local PCA in them
//! - [`DeadLatents`]: which latents no row reaches, and which no input near them does
//! - [`Audit`]: what a better decoder, better amplitudes, a better selection would gain
//!
//! A latent `i` with encoder column `s_i` and bias `b_i` is the site `s_i` of weight `ω_i = |s_i|² + 2 b_i`, or the line
//! on which its pre-activation is its threshold. This folder turns models into such sites and lines, by their
//! [`Selection`](crate::sae::Selection); what cuts the plane is [`geometry`](crate::geometry). What concerns one point is
//! in `cell`, `encoder` and `products` in float64 throughout; what concerns the rows of a data set takes the codes of the
//! CPU engine, since these are what the model gives, and computes in float64 from there.

mod affine_map;
mod audit;
mod bounds;
mod cell;
mod cell_fit;
mod census;
mod certificate;
mod dictionary;
mod encoder;
mod local_map;
mod margin;
mod path;
mod peers;
mod plane;
mod products;
mod reading;
mod refit;
mod rows;
mod sets;
mod slice;
mod spectrum;
mod view;

pub use affine_map::AffineMap;
pub use audit::Audit;
pub use bounds::{BoundsOptions, CellBounds};
pub use census::Census;
pub use certificate::DeadLatents;
pub use local_map::LocalMap;
pub use margin::Margin;
pub use path::{Breakpoint, Path};
pub use peers::Peers;
pub use plane::{Angles, PlaneAxes, PlaneChoice};
pub use reading::{ActiveLatent, Reading};
pub use slice::{Encoder, Plane, slice};
pub use view::{PlaneView, Projection, View, Wanted};
