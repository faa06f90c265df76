//! Any bytes under any name: an error that names the file, or a data set whose numbers agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use splinterp::data::read_tensors;

/// One name for each reader that a name can ask for, and one that asks for none.
const NAMES: [&str; 2] = ["a-ubyte.gz", "a"];

fuzz_target!(|bytes: &[u8]| {
    for name in NAMES {
        match read_tensors(bytes, name) {
            Err(error) => assert!(error.to_string().starts_with(&format!("{name}: "))),
            Ok(file) => {
                for info in file.tensors() {
                    if let Ok(dataset) = file.dataset(Some(&info.name)) {
                        assert_eq!(dataset.rows() * dataset.cols(), info.shape.iter().product::<usize>());
                        assert_eq!(dataset.values().len(), dataset.rows() * dataset.cols());
                    }
                }
            }
        }
    }
});
