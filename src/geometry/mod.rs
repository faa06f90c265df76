//! Exact diagrams of the plane: power diagrams of order 1 and K, the partitions that an encoder cuts out of a
//! plane, and the lifting of a power diagram to Voronoi cells one dimension up.
//!
//! Everything that cuts the plane ends in one type, [`Partition`]: convex cells in flat arrays, each with its
//! owners, its area and its neighbours.
//!
//! - [`power_diagram`]: sites with weights, order 1 to n
//! - [`slice`](fn@slice): an encoder cut by a plane, for ReLU, JumpReLU and TopK
//! - [`lift`] and [`voronoi_cells`]: the sites in space whose Voronoi diagram, cut by a plane, is the power diagram
//!
//! A latent `i` with encoder column `s_i` and bias `b_i` is the site `s_i` of weight `ω_i = |s_i|² + 2 b_i`, for
//! `|x − s_i|² − ω_i = |x|² − 2 (s_i·x + b_i)`: the nearest sites are the largest pre-activations. Hence one idea
//! serves all partitions: each site is an affine function `f_i`, and a cell is where the same functions rank first.

mod candidates;
mod cells;
mod clip;
mod colouring;
mod flood;
mod frame;
mod hilbert;
mod lifting;
mod partition;
mod polyhedra;
mod power;
mod predicates;
mod slice;
mod triangulation;

pub use flood::MAX_CELLS;
pub use frame::Bounds;
pub use lifting::{lift, weights_at};
pub use partition::{NO_CELL, Partition};
pub use polyhedra::{Bounds3, NO_NEIGHBOUR, Polyhedra, voronoi_cells};
pub use power::power_diagram;
pub use slice::{Encoder, Plane, slice};
