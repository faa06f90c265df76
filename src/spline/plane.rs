//! Planes through an input space: two orthonormal vectors at an origin, and two directions beyond, towards which the
//! plane can be turned. Lengths on the plane are then those of the input space.

use serde::Deserialize;

use super::encoder::direction;
use crate::cluster::{Components, orthonormal};
use crate::error::{Error, Result};
use crate::sae::Sae;

/// Directions towards which a plane turns: its first vector towards one, its second towards the other.
pub(super) const BEYOND: usize = 2;

/// What a plane goes through.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum PlaneChoice {
    /// Three rows, given by their numbers; the origin is their mean.
    Rows {
        /// Their numbers.
        rows: [usize; 3],
    },
    /// The mean of the rows, along the first two principal components.
    Components,
    /// A row, along the decoder rows of two latents.
    Latents {
        /// Its number.
        row: usize,
        /// The latents.
        latents: [usize; 2],
    },
}

/// A plane with the directions towards which it turns. All four vectors are orthonormal.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaneAxes {
    /// The point (0, 0).
    pub origin: Vec<f64>,
    /// The first axis.
    pub u: Vec<f64>,
    /// The second axis.
    pub v: Vec<f64>,
    /// At most two directions that are orthogonal to the plane.
    pub beyond: Vec<Vec<f64>>,
}

/// How far a plane is turned about its origin, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Angles {
    /// Of the first axis towards the first direction beyond the plane.
    pub turn: f64,
    /// Of the second axis towards the second.
    pub tilt: f64,
}

impl PlaneAxes {
    /// The plane that a choice among `rows [n, d_in]` names, which turns towards the principal components that it does not
    /// hold.
    ///
    /// # Errors
    /// If a row or a latent does not exist, or what the plane shall go along is zero, parallel or not finite.
    pub fn new(choice: &PlaneChoice, sae: &Sae, rows: &[f32], components: &Components) -> Result<Self> {
        let row = |number: usize| {
            let count = rows.len() / sae.d_in;
            rows.chunks_exact(sae.d_in)
                .nth(number)
                .map(|row| row.iter().map(|&value| f64::from(value)).collect::<Vec<_>>())
                .ok_or_else(|| Error::option("row", number, format!("below {count}, the number of rows")))
        };
        let axes = match choice {
            PlaneChoice::Rows { rows: [p, q, r] } => {
                let (p, q, r) = (row(*p)?, row(*q)?, row(*r)?);
                let way = |to: &[f64]| to.iter().zip(&p).map(|(to, from)| to - from).collect::<Vec<_>>();
                let middle = p.iter().zip(&q).zip(&r).map(|((p, q), r)| (p + q + r) / 3.0).collect();
                let names = ["first row to the second", "first row to the third"];
                Self::along(
                    middle,
                    [&way(&q), &way(&r)],
                    names.map(|name| format!("the way from the {name}")),
                )?
            }
            PlaneChoice::Components => {
                let component =
                    |place: usize| components.directions.get(place).map_or(&[][..], Vec::as_slice);
                let names = ["first", "second"].map(|name| format!("the {name} principal component"));
                Self::along(components.mean.clone(), [component(0), component(1)], names)?
            }
            PlaneChoice::Latents { row: number, latents } => {
                for &latent in latents {
                    if latent >= sae.d_sae {
                        return Err(Error::option("latent", latent, format!("below {}", sae.d_sae)));
                    }
                }
                let decoder = latents.map(|latent| {
                    direction(sae, latent).iter().map(|&value| f64::from(value)).collect::<Vec<_>>()
                });
                let names = latents.map(|latent| format!("the decoder row of latent {latent}"));
                Self::along(row(*number)?, [&decoder[0], &decoder[1]], names)?
            }
        };
        if axes.origin.len() != sae.d_in {
            return Err(Error::shape("columns of the components", axes.origin.len(), sae.d_in));
        }
        Ok(axes.turning_towards(&components.directions))
    }

    /// The plane through a point along two vectors, which have names for messages.
    fn along(origin: Vec<f64>, vectors: [&[f64]; 2], names: [String; 2]) -> Result<Self> {
        let expected = "two directions that span a plane";
        let [first, second] = names;
        let u = orthonormal(vectors[0], &[]).ok_or_else(|| {
            Error::option("plane", format!("laid along {first}, which is 0 or not finite"), expected)
        })?;
        let axes = [u];
        let v = orthonormal(vectors[1], &axes).ok_or_else(|| {
            let found = format!("laid along {second}, which is 0, not finite or parallel to {first}");
            Error::option("plane", found, expected)
        })?;
        let [u] = axes;
        Ok(Self { origin, u, v, beyond: Vec::new() })
    }

    /// The same plane, which turns towards the first of some directions that leave it.
    fn turning_towards(mut self, directions: &[Vec<f64>]) -> Self {
        let mut axes = vec![self.u.clone(), self.v.clone()];
        for direction in directions {
            if axes.len() < 2 + BEYOND {
                axes.extend(orthonormal(direction, &axes));
            }
        }
        self.beyond = axes.split_off(2);
        self
    }

    /// The point (x, y) of the turned plane, as the SAE reads it.
    ///
    /// # Errors
    /// If a number is not finite.
    pub fn point(&self, angles: Angles, [x, y]: [f64; 2]) -> Result<Vec<f32>> {
        if !(x.is_finite() && y.is_finite()) {
            return Err(Error::option("point", format!("({x}, {y})"), "finite numbers"));
        }
        let [turn, tilt] = self.weights(angles)?;
        let axis = |axis: &[f64], beyond: usize, [cos, sin]: [f64; 2], i: usize| {
            cos * axis[i] + self.beyond.get(beyond).map_or(0.0, |direction| sin * direction[i])
        };
        let value = |i: usize| self.origin[i] + x * axis(&self.u, 0, turn, i) + y * axis(&self.v, 1, tilt, i);
        Ok((0..self.origin.len()).map(|i| value(i) as f32).collect())
    }

    /// Cosine and sine of each angle; an axis with nothing to turn towards stays.
    ///
    /// # Errors
    /// If an angle is not finite.
    pub(super) fn weights(&self, Angles { turn, tilt }: Angles) -> Result<[[f64; 2]; 2]> {
        let weights = |name: &'static str, degrees: f64, beyond: usize| {
            if !degrees.is_finite() {
                return Err(Error::option(name, degrees, "a finite number of degrees"));
            }
            let radians = degrees.to_radians();
            Ok(if beyond < self.beyond.len() { [libm::cos(radians), libm::sin(radians)] } else { [1.0, 0.0] })
        };
        Ok([weights("turn", turn, 0)?, weights("tilt", tilt, 1)?])
    }
}
