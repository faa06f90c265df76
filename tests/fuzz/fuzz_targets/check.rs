//! What holds for any bytes under any name: an error that names the file, or data sets whose numbers agree.

use std::ops::ControlFlow;

use splinterp::data::{StorageKind, LoadOptions, read_tensors};

/// Reads every tensor of the file in every way.
pub fn check(bytes: &[u8], name: &str) {
    let file = match read_tensors(bytes, name) {
        Err(error) => return assert!(error.to_string().starts_with(name), "{error}"),
        Ok(file) => file,
    };
    // A file may hold many tensors: a few show what there is to show.
    for info in file.tensors().take(8) {
        let name = Some(info.name.as_str());
        let (rows, cols) = file.rows_and_cols(name).expect("it has the name");
        assert_eq!(rows * cols as u64, info.shape.iter().product::<usize>() as u64);
        for keep in [None, Some(StorageKind::U8), Some(StorageKind::F16), Some(StorageKind::F32)] {
            for drop_non_finite in [false, true] {
                let Ok(dataset) = file.dataset_with(name, LoadOptions { keep, drop_non_finite }) else { continue };
                assert_eq!((dataset.rows() + dataset.dropped()) as u64, rows);
                assert_eq!(dataset.cols(), cols);
                assert!(dataset.values().iter().all(|value| value.is_finite()));
            }
        }
        let inspection = pollster::block_on(file.inspect(name, None, &mut |_, _| ControlFlow::Continue(())));
        if let Ok(inspection) = inspection {
            assert_eq!(inspection.rows_read, rows);
            assert!(inspection.nans + inspection.infinities <= rows * cols as u64);
        }
    }
}
