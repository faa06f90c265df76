//! An encoder cut by a plane through its input space.
//!
//! On the plane `x = o + p·u + q·v` each pre-activation is an affine function of (p, q):
//! `(s_i·u) p + (s_i·v) q + s_i·o + b_i`. The largest of these functions, or their signs, cut the plane.

use super::products::dot;
use crate::error::{Error, Result};
use crate::geometry::{Bounds, Partition, partition_by_rank};
use crate::sae::{Activation, Sae, Selection, TopK, TopKOrder};

/// The encoder's parameters as they are stored.
#[derive(Debug, Clone, Copy)]
pub struct Encoder<'a> {
    /// W_enc transposed, `[d_sae, d_in]` row-major: row `i` is the column s_i of latent `i`.
    pub weights: &'a [f32],
    /// b_enc, `[d_sae]`.
    pub bias: &'a [f32],
    /// Width of the input.
    pub d_in: usize,
}

impl<'a> From<&'a Sae> for Encoder<'a> {
    fn from(sae: &'a Sae) -> Self {
        Self { weights: &sae.w_enc, bias: &sae.b_enc, d_in: sae.d_in }
    }
}

/// The plane `origin + p·u + q·v`; the vectors have `d_in` values. With u and v orthonormal, lengths and areas in
/// (p, q) are those of the input space.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// The point (0, 0).
    pub origin: &'a [f32],
    /// The first axis.
    pub u: &'a [f32],
    /// The second axis.
    pub v: &'a [f32],
}

/// The partition of the box `[p0, q0, p1, q1]` of a plane by which latents are active; the owners of a cell are its
/// active latents.
///
/// ReLU and JumpReLU give the arrangement of the lines pre = threshold. TopK by value gives the power diagram of order
/// k, by magnitude that of the 2·d_sae signed sites ±s_i, positive the first cut by ReLU. Ties go to the lower index.
/// Cells of TopK by magnitude on which the same latents are active with other signs stay apart.
///
/// # Errors
/// If lengths do not match, the activation does not fit the number of latents, a number is NaN or infinite (named by
/// its place), or the box holds more than [`MAX_CELLS`](crate::geometry::MAX_CELLS) cells.
pub fn slice(
    encoder: Encoder<'_>,
    activation: &Activation,
    plane: Plane<'_>,
    bounds: Bounds,
) -> Result<Partition> {
    let Encoder { weights, bias, d_in } = encoder;
    check(&encoder, &plane)?;
    activation.validate(bias.len())?;
    let functions: Vec<[f64; 3]> = weights
        .chunks_exact(d_in)
        .zip(bias)
        .map(|(s, &b)| [dot(s, plane.u), dot(s, plane.v), dot(s, plane.origin) + f64::from(b)])
        .collect();
    partition_of(&functions, activation, bounds)
}

/// The partition of a box by which of the latents with these pre-activations `[a, b, c]`, for a·p + b·q + c, are active.
/// The activation fits their number.
pub(super) fn partition_of(
    functions: &[[f64; 3]],
    activation: &Activation,
    bounds: Bounds,
) -> Result<Partition> {
    let d_sae = functions.len();
    let owner = |i| i % d_sae as u32;
    match activation.selection(d_sae) {
        Selection::Above(thresholds) => {
            let above = functions.iter().zip(&*thresholds).map(|([a, b, c], t)| [*a, *b, c - f64::from(*t)]);
            partition_by_rank(above, d_sae, true, bounds, owner)
        }
        Selection::Largest(TopK { k, order, positive_only }) => {
            let own = functions.iter().copied();
            match order {
                TopKOrder::Value => partition_by_rank(own, k, positive_only, bounds, owner),
                TopKOrder::Magnitude => {
                    let signed = own.chain(functions.iter().map(|f| f.map(|v| -v)));
                    partition_by_rank(signed, k, positive_only, bounds, owner)
                }
            }
        }
    }
}

fn check(encoder: &Encoder<'_>, plane: &Plane<'_>) -> Result<()> {
    let Encoder { weights, bias, d_in } = *encoder;
    if d_in == 0 || bias.is_empty() {
        return Err(Error::shape(
            "encoder",
            format!("{} latents of {d_in} inputs", bias.len()),
            "at least one of each",
        ));
    }
    // Signed sites are numbered in 32 bits.
    if bias.len() > 1 << 28 {
        return Err(Error::shape("latents", bias.len(), "at most 2^28"));
    }
    if Some(weights.len()) != bias.len().checked_mul(d_in) {
        return Err(Error::shape(
            "number of encoder weights",
            weights.len(),
            format!("{} latents times {d_in} inputs", bias.len()),
        ));
    }
    finite("W_enc", weights)?;
    finite("b_enc", bias)?;
    for (name, vector) in [("origin", plane.origin), ("u", plane.u), ("v", plane.v)] {
        if vector.len() != d_in {
            return Err(Error::shape(
                format!("length of {name}"),
                vector.len(),
                format!("{d_in}, the inputs of the encoder"),
            ));
        }
        finite(name, vector)?;
    }
    Ok(())
}

fn finite(name: &'static str, values: &[f32]) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(Error::option(name, format!("{} at {at}", values[at]), "finite numbers")),
        None => Ok(()),
    }
}
