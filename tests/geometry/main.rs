//! Diagrams: Voronoi, power and order K, cells of clusterings, slices of encoders.

mod cluster;
mod diagrams;
mod properties;
mod slice_of_encoder;
mod support;
