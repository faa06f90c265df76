//! What the geometry tests share: reference files, and the checks that every partition must pass.

use std::path::PathBuf;

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use splinterp::geometry::{Bounds, NO_CELL, Partition};

/// Areas of a partition sum to the box's up to this share.
pub const SUM_TOLERANCE: f64 = 1e-10;

pub struct Golden {
    folder: PathBuf,
    index: Value,
}

pub struct Tensors(Vec<u8>);

/// The reference values; `None`, with a line on stderr, where they are missing outside CI.
pub fn golden() -> Option<Golden> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/golden");
    match std::fs::read_to_string(folder.join("index.json")) {
        Ok(text) => Some(Golden { folder, index: serde_json::from_str(&text).unwrap() }),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{}: {error}", folder.display());
            eprintln!("SKIPPED: no reference values in {}: {error}", folder.display());
            None
        }
    }
}

impl Golden {
    pub fn cases<'a>(&'a self, what: &'a str) -> impl Iterator<Item = &'a Value> {
        self.index["cases"].as_array().unwrap().iter().filter(move |case| case["what"] == what)
    }

    pub fn read(&self, case: &Value) -> Tensors {
        Tensors(std::fs::read(self.folder.join(case["file"].as_str().unwrap())).unwrap())
    }
}

impl Tensors {
    fn words<T>(&self, name: &str, dtype: Dtype, of: fn([u8; 8]) -> T) -> Vec<T> {
        let tensors = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = tensors.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), dtype);
        tensor.data().as_chunks::<8>().0.iter().map(|word| of(*word)).collect()
    }

    pub fn f64(&self, name: &str) -> Vec<f64> {
        self.words(name, Dtype::F64, f64::from_le_bytes)
    }

    pub fn i64(&self, name: &str) -> Vec<i64> {
        self.words(name, Dtype::I64, i64::from_le_bytes)
    }
}

pub fn square(side: f64) -> Bounds {
    Bounds::new([0.0, 0.0, side, side]).unwrap()
}

/// Convex counter-clockwise cells in the box whose areas sum to it, each found at its middle, neighbours mutual where
/// they share an edge of a length, and differently coloured.
pub fn check_partition(diagram: &Partition) {
    check_cells(diagram, false);
}

/// The same where sites lie 1e-9 apart: their functions' values tie by rounding within 1e-7 of their bisector, where
/// cells of order K may overlap by a sliver.
const CLOSE_SUM_TOLERANCE: f64 = 1e-8;

/// The same; with sites as `close` as 1e-9, neighbours need not be mutual: slivers that only one side may see.
pub fn check_cells(diagram: &Partition, close: bool) {
    let [x0, y0, x1, y1] = diagram.bounds().to_array();
    let whole = diagram.bounds().area();
    let tolerance = if close { CLOSE_SUM_TOLERANCE } else { SUM_TOLERANCE };
    let sum: f64 = diagram.areas().iter().sum();
    assert!((sum - whole).abs() <= tolerance * whole, "areas sum to {sum}, box has {whole}");
    let colours = diagram.colours();
    assert_eq!(colours.len(), diagram.cells());
    assert!(colours.iter().all(|&c| c < 8), "{colours:?}");
    for cell in 0..diagram.cells() {
        let corners: Vec<&[f64]> = diagram.polygon(cell).unwrap().chunks(2).collect();
        let neighbours = diagram.neighbours(cell).unwrap();
        assert!(corners.len() >= 3 && neighbours.len() == corners.len());
        assert!(diagram.area(cell).unwrap() > 0.0);
        assert!(diagram.owners(cell).unwrap().is_sorted());
        let (mut turned, mut around) = (0.0, 0.0);
        for k in 0..corners.len() {
            let (p, q) = (corners[k], corners[(k + 1) % corners.len()]);
            assert!((x0..=x1).contains(&p[0]) && (y0..=y1).contains(&p[1]));
            turned += (p[0] - corners[0][0]) * (q[1] - corners[0][1])
                - (q[0] - corners[0][0]) * (p[1] - corners[0][1]);
            around += (p[0] - q[0]).abs() + (p[1] - q[1]).abs();
            if neighbours[k] != NO_CELL {
                let other = neighbours[k] as usize;
                assert_ne!(other, cell);
                assert_ne!(colours[other], colours[cell], "cells {cell} and {other}");
                let length = (p[0] - q[0]).abs() + (p[1] - q[1]).abs();
                if !close && length > 1e-6 * (x1 - x0) {
                    assert!(
                        diagram.neighbours(other).unwrap().contains(&(cell as u32)),
                        "{cell} knows {other}"
                    );
                }
            }
        }
        // Corners are rounded to their own size, which may be far above the cell's.
        let rounding = f64::EPSILON * x1.abs().max(y1.abs()).max(x1 - x0);
        assert!(turned >= -4.0 * rounding * around, "cell {cell} turns right");
    }
}
