//! Exact diagrams of the plane: power diagrams of order 1 and K, arrangements of lines, and the lifting of a power
//! diagram to Voronoi cells one dimension up.
//!
//! Everything that cuts the plane ends in one type, [`Partition`]: convex cells in flat arrays, each with its
//! owners, its area and its neighbours.
//!
//! - [`power_diagram`]: sites with weights, order 1 to n
//! - [`partition_by_rank`]: affine functions instead of sites, compared with each other and with zero
//! - [`lift`] and [`voronoi_cells`]: the sites in space whose Voronoi diagram, cut by a plane, is the power diagram
//! - [`scatter`](fn@scatter) and [`clouds`]: sites from a seed, for figures
//! - [`power_patch`], [`cell_at`](fn@cell_at) and [`clip_segments`]: what a page asks while a diagram is on show
//!
//! `|x − s_i|² − ω_i = |x|² − 2 (s_i·x + b_i)` with `ω_i = |s_i|² + 2 b_i`: the nearest sites are the largest of the
//! affine functions `s_i·x + b_i`. Hence one idea serves all partitions: a cell is where the same functions rank first.
//!
//! `order_one` starts from a regular triangulation of the sites, `order_k` fills the box cell by cell; both end in a
//! `partition`. This folder knows nothing of SAEs: `spline` above it says which functions an SAE has.

mod candidates;
mod carve;
mod cell_at;
mod clip;
mod colouring;
mod frame;
mod hilbert;
mod lifting;
mod order_k;
mod order_one;
mod owner_sets;
mod partition;
mod patch;
mod polyhedra;
mod power;
mod predicates;
mod ranking;
mod scatter;
mod segments;
mod triangulation;

pub use cell_at::cell_at;
pub use frame::Bounds;
pub use lifting::{lift, weights_at};
pub use order_k::{MAX_CELLS, partition_by_rank};
pub use partition::{NO_CELL, Partition};
pub use patch::power_patch;
pub use polyhedra::{Bounds3, NO_NEIGHBOUR, Polyhedra, voronoi_cells};
pub use power::power_diagram;
pub(crate) use scatter::uniform;
pub use scatter::{MAX_SCATTERED, Scattered, clouds, scatter};
pub use segments::clip_segments;
