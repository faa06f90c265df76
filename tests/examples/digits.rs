//! Writes generated digits as the two files of MNIST's format, for use in other programs:
//! `cargo run --release --example digits -- COUNT SEED FOLDER`.

use std::{env, error::Error, fs, path::Path, time::Instant};

use splinterp::data::Dataset;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [count, seed, folder] = arguments.as_slice() else {
        return Err("expected COUNT SEED FOLDER".into());
    };
    let (count, seed, folder) = (count.parse()?, seed.parse()?, Path::new(folder));
    let start = Instant::now();
    let digits = Dataset::digits(count, seed)?;
    println!("{count} digits in {:.3} s", start.elapsed().as_secs_f64());
    // IDX: two zero bytes, element type (8: unsigned byte), number of dimensions, the dimensions, the elements.
    let rows = count.to_be_bytes();
    let side = 28u32.to_be_bytes();
    let mut images = [&[0, 0, 8, 3][..], &rows, &side, &side].concat();
    let mut labels = [&[0, 0, 8, 1][..], &rows].concat();
    for row in 0..digits.rows() {
        images.extend(digits.bytes(row).into_iter().flatten());
        labels.extend(digits.label(row));
    }
    fs::write(folder.join("digits-images-idx3-ubyte"), images)?;
    fs::write(folder.join("digits-labels-idx1-ubyte"), labels)?;
    Ok(())
}
