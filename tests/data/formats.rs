//! Files that NumPy, PyTorch and safetensors wrote (tests/fixtures/write.py) and the shared activations: the same
//! values in every format and type.

use std::ops::ControlFlow;

use crate::common::{fixture, shared};
use half::f16;
use pollster::block_on;
use splinterp::data::{
    Dataset, Dtype, LoadOptions, NormalisationKind, Storage, StorageKind, TensorFile, read_tensors,
};
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, TopKBy};
use splinterp::train::{Method, TrainOptions, Trainer};

/// What the fixtures hold: `(6 row + col − 14) / 4`, or `6 row + col` where numbers are whole.
fn values() -> Vec<f32> {
    (0..30u8).map(|at| (f32::from(at) - 14.0) / 4.0).collect()
}

fn whole() -> Vec<f32> {
    (0..30u8).map(f32::from).collect()
}

fn odd() -> Vec<f32> {
    (0..30u8).map(|at| f32::from(at % 2)).collect()
}

fn open(name: &str) -> TensorFile<'static> {
    read_tensors(fixture(name), name).unwrap_or_else(|error| panic!("{error}"))
}

fn read(name: &str, tensor: &str) -> Dataset {
    open(name).dataset(Some(tensor)).unwrap_or_else(|error| panic!("{error}"))
}

/// The message of a file, or of one of its tensors, that cannot be read.
fn refusal(name: &str, tensor: Option<&str>) -> String {
    let error =
        read_tensors(fixture(name), name).and_then(|file| file.dataset(tensor)).expect_err("an error");
    assert!(error.to_string().starts_with(name), "{error}");
    error.to_string()
}

fn names(file: &TensorFile) -> Vec<String> {
    file.tensors().map(|info| info.name.clone()).collect()
}

#[test]
fn npy() {
    for name in ["f2", "f4", "f4_big", "f8_fortran", "f8_big_fortran", "version_2", "version_3"] {
        let name = format!("{name}.npy");
        let dataset = open(&name).dataset(None).expect("an array");
        assert_eq!((dataset.rows(), dataset.cols()), (5, 6), "{name}");
        assert_eq!(dataset.values(), values(), "{name}");
    }
    let three = read("three_dimensions.npy", "three_dimensions.npy");
    assert_eq!((three.rows(), three.cols(), three.values()), (10, 3, values()));
    for (name, expected) in [("i8.npy", whole()), ("u1.npy", whole()), ("bool.npy", odd())] {
        assert_eq!(read(name, name).values(), expected, "{name}");
    }
    assert!(refusal("words.npy", None).contains("the type '<U2', expected numbers"));
    assert!(refusal("objects.npy", None).contains("Python objects, which are never loaded"));
}

#[test]
fn npz() {
    for name in ["stored.npz", "compressed.npz"] {
        let file = open(name);
        assert_eq!(names(&file), ["activations", "labels", "half"]);
        assert_eq!(read(name, "activations").values(), values());
        assert_eq!(read(name, "half").values(), values());
        assert_eq!(read(name, "labels").values(), [0.0, 6.0, 12.0, 18.0, 24.0]);
        let error = file.dataset(None).expect_err("which of the three?").to_string();
        assert!(error.ends_with("has 3 tensors, name one of 'activations', 'labels', 'half'"), "{error}");
    }
    assert_eq!(open("one.npz").dataset(None).expect("the only array").values(), values());
    // One that cannot be read leaves the others, and says why when asked for.
    assert_eq!(names(&open("words.npz")), ["activations"]);
    assert!(refusal("words.npz", Some("words")).contains("words.npy: the type '<U2', expected numbers"));
    assert!(refusal("objects.npz", None).contains("Python objects"));
}

#[test]
fn safetensors() {
    let name = "types.safetensors";
    for info in open(name).tensors() {
        let expected = match info.dtype {
            Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64 => values(),
            Dtype::Bool => odd(),
            _ => whole(),
        };
        assert_eq!(info.name.to_lowercase(), info.dtype.name());
        assert_eq!(read(name, &info.name).values(), expected, "{}", info.name);
    }
    assert_eq!(names(&open(name)).len(), 13);
    assert_eq!(read("two.safetensors", "activations").values(), values());
    assert_eq!(read("two.safetensors", "layer").values(), [3.0]);
    assert_eq!(names(&open("f8.safetensors")), ["activations"]);
    assert!(refusal("f8.safetensors", Some("f8")).contains("tensor 'f8' is of type F8_E4M3, expected"));
}

#[test]
fn pytorch() {
    for name in ["bare.pt", "protocol_4.pt", "big_deflated.pt"] {
        assert_eq!(names(&open(name)), [name]);
        assert_eq!(read(name, name).values(), values(), "{name}");
    }
    assert_eq!(names(&open("nested.pt")), ["a.b", "a.c.0", "a.c.1.0", "7"]);
    for (tensor, dtype) in
        [("a.b", Dtype::F64), ("a.c.0", Dtype::F16), ("a.c.1.0", Dtype::BF16), ("7", Dtype::F32)]
    {
        let file = open("nested.pt");
        assert!(file.tensors().any(|info| info.name == tensor && info.dtype == dtype), "{tensor}");
        assert_eq!(read("nested.pt", tensor).values(), values(), "{tensor}");
    }
    for tensor in ["transposed", "every_second_column", "rows_3_to_7"] {
        assert_eq!(read("views.pt", tensor).values(), values(), "{tensor}");
    }
    let permuted = read("views.pt", "permuted");
    assert_eq!((permuted.rows(), permuted.cols(), permuted.values()), (10, 3, values()));
    for view in ["expanded", "overlapping"] {
        assert!(refusal("views.pt", Some(view)).contains("its elements overlap in the file"));
    }
    assert_eq!(read("shared.pt", "shared").values(), values());
    assert_eq!(read("shared.pt", "again").values(), values());
    assert_eq!(read("shared.pt", "row").values(), values()[12..18]);
    assert_eq!(read("state_dict.pt", "weight").values(), values());
    assert_eq!(read("state_dict.pt", "bias").values(), [-3.5, -2.0, -0.5, 1.0, 2.5]);
    assert_eq!(read("parameter.pt", "w").values(), values());
    assert_eq!(read("types.pt", "whole").values(), whole());
    assert_eq!(read("types.pt", "bool").values(), odd());
    assert!(refusal("types.pt", Some("complex")).contains("is of type torch.ComplexFloatStorage, expected"));
    assert_eq!(names(&open("odd_shapes.pt")), ["kept"]);
    assert!(refusal("odd_shapes.pt", Some("empty")).contains("has dimension 0 of size 0"));
    // A single number is no rows to offer, but a model's k or threshold is read by its name.
    assert_eq!(read("odd_shapes.pt", "single").values(), [1.0]);
}

#[test]
fn nothing_in_a_pickle_is_executed() {
    // `os.system` pickles under the name of the module that it is from.
    assert!(refusal("system.pt", None).contains("names posix.system, which is never executed"));
    // Not even beside a tensor, which could be read without it: no honest file holds such a thing.
    assert!(refusal("system_beside.pt", None).contains("names posix.system, which is never executed"));
    assert!(refusal("numpy_within.pt", None).contains("names numpy"), "{}", refusal("numpy_within.pt", None));
    let legacy = refusal("legacy.pt", None);
    assert!(legacy.contains("looks like a PyTorch file from before version 1.6 (load it and save it again"));
}

#[test]
fn tables() {
    for name in [
        "plain.csv",
        "header.csv",
        "bom_crlf_quoted.csv",
        "semicolons.csv",
        "tabs.tsv",
        "savetxt.txt",
        "label_column.csv",
        "words.csv",
        "pandas.csv",
    ] {
        let file = open(name);
        assert_eq!(file.tensors().next().map(|info| info.shape.clone()), Some(vec![5, 6]), "{name}");
        assert_eq!(read(name, name).values(), values(), "{name}");
    }
    let labels = |name| {
        let dataset = read(name, name);
        (0..5).map(|row| dataset.label(row)).collect::<Option<Vec<_>>>()
    };
    assert_eq!(labels("label_column.csv"), Some(vec![0, 3, 6, 9, 12]));
    assert_eq!(labels("words.csv"), Some(vec![0, 1, 0, 1, 0]));
    assert_eq!(labels("plain.csv"), None);
    assert_eq!(refusal("ragged.csv", None), "ragged.csv: line 4 has 5 cells, expected 6 as line 1 has");
    let error = open("missing.csv").dataset(None).expect_err("a missing value").to_string();
    assert_eq!(error, "missing.csv: row 4, column 0 is NaN, expected a finite number");
}

#[test]
fn the_shared_activations_are_the_same_in_every_format() {
    let Some(folder) = shared("data/activations") else { return };
    let read = |name: &str, tensor: Option<&str>| {
        let bytes = std::fs::read(folder.join(name)).expect("the file is there");
        let dataset = read_tensors(bytes, name).and_then(|file| file.dataset(tensor)).expect("a tensor");
        assert_eq!(dataset.cols(), 384);
        dataset.values()
    };
    let exact = read("small_f32.npy", None);
    assert_eq!(exact.len(), 256 * 384);
    for (name, tensor) in [
        ("small_f64_fortran.npy", None),
        ("small.npz", None),
        ("small_compressed.npz", Some("activations")),
        ("small_f32.safetensors", None),
        ("small.pt", None),
        ("small_dict.pt", Some("activations")),
    ] {
        assert!(read(name, tensor) == exact, "{name}");
    }
    for (name, tensor, precision) in [
        ("small_f16.npy", None, 1.0 / 2048.0),
        ("small_bf16.safetensors", Some("activations"), 1.0 / 256.0),
        ("small.csv", None, 1e-5),
    ] {
        let values = read(name, tensor);
        assert_eq!(values.len(), if name == "small.csv" { 64 * 384 } else { exact.len() });
        // Below half precision's smallest normal number its steps are 2⁻²⁴.
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= b.abs() * precision + 6e-8;
        assert!(values.iter().zip(&exact).all(close), "{name}");
    }
}

#[test]
fn half_precision_is_kept_at_its_size_and_gives_the_same_rows_as_the_same_values_in_f32() {
    let keep = |keep| LoadOptions { keep, ..LoadOptions::default() };
    let half = open("f2.npy").dataset_with(None, keep(None)).expect("kept as it came");
    let full = open("f2.npy").dataset_with(None, keep(Some(StorageKind::F32))).expect("widened");
    assert!(matches!(half.storage(), Storage::F16(_)) && matches!(full.storage(), Storage::F32(_)));
    let standardised = |dataset: &Dataset| dataset.normalised(NormalisationKind::Standardise);
    assert_eq!(standardised(&half).values(), standardised(&full).values());
    assert_eq!(standardised(&half).moments(), standardised(&full).moments());

    let kept = |name: &str, keep: Option<StorageKind>| {
        let options = LoadOptions { keep, ..LoadOptions::default() };
        open("types.safetensors").dataset_with(Some(name), options).map(|dataset| dataset.storage().kind())
    };
    for (name, expected) in [
        ("F16", StorageKind::F16),
        ("BF16", StorageKind::F32),
        ("F64", StorageKind::F32),
        ("U8", StorageKind::U8),
        ("BOOL", StorageKind::U8),
    ] {
        assert_eq!(kept(name, None), Ok(expected), "{name}");
    }
    for name in ["BF16", "I64", "U8"] {
        assert_eq!(kept(name, Some(StorageKind::F16)), Ok(StorageKind::F16), "{name}");
    }
    assert_eq!(kept("I32", Some(StorageKind::U8)), Ok(StorageKind::U8));
    let error = kept("F32", Some(StorageKind::U8)).expect_err("no bytes").to_string();
    assert_eq!(
        error,
        "types.safetensors: tensor 'F32': row 0, column 0 is -3.5, which u8, whole numbers from 0 to 255, cannot hold: \
         keep the values as f16 or f32"
    );
}

#[test]
fn training_on_half_precision_is_training_on_the_same_values_in_f32() {
    let halves: Vec<f16> =
        (0..400u16).map(|at| f16::from_f32(f32::from(at * 37 % 101) / 16.0 - 3.0)).collect();
    let floats = halves.iter().map(|half| half.to_f32()).collect();
    let checkpoint = |storage| {
        let rows = Dataset::new(storage, 8).expect("rows").normalised(NormalisationKind::Standardise);
        let activation = Activation::TopK { k: 2, by: TopKBy::Magnitude };
        let options = TrainOptions::new(Method::Pam, 16, activation, 1);
        let mut trainer = Trainer::create(rows.clone(), rows, options).expect("options");
        block_on(trainer.epoch(&mut NoObserver)).expect("an epoch");
        (trainer.sae().w_enc.clone(), trainer.sae().b_dec.clone())
    };
    assert_eq!(checkpoint(Storage::F16(halves)), checkpoint(Storage::F32(floats)));
}

#[test]
fn numbers_that_half_precision_cannot_hold_are_named() {
    let csv = "1,2\n3,-70000\n";
    let file = read_tensors(csv.as_bytes(), "a.csv").expect("a table");
    let options = LoadOptions { keep: Some(StorageKind::F16), ..LoadOptions::default() };
    let error = file.dataset_with(None, options).expect_err("too large").to_string();
    assert_eq!(
        error,
        "a.csv: row 1, column 1 is -70000, which f16, numbers up to 65504, cannot hold: keep the values as f32"
    );
}

#[test]
fn rows_that_are_not_finite_can_be_dropped_and_the_others_keep_their_numbers() {
    let options = LoadOptions { drop_non_finite: true, ..LoadOptions::default() };
    let csv = "nan,1\n2,3\n4,inf\n5,-inf\n6,7\n";
    for keep in [StorageKind::F16, StorageKind::F32] {
        let file = read_tensors(csv.as_bytes(), "a.csv").expect("a table");
        let dataset = file.dataset_with(None, LoadOptions { keep: Some(keep), ..options }).expect("two rows");
        assert_eq!((dataset.rows(), dataset.dropped()), (2, 3));
        assert_eq!(dataset.values(), [2.0, 3.0, 6.0, 7.0]);
        assert_eq!(dataset.row_numbers(), [1, 4]);
        assert_eq!(dataset.select(&[1]).row_numbers(), [4]);
    }
    let all = read_tensors(b"nan\nnan\n", "a.csv").and_then(|file| file.dataset_with(None, options));
    assert!(all.expect_err("no row is left").to_string().contains("found none of 2, expected at least 1"));
    let labelled = "label,x\n7,nan\n8,1\n";
    let dataset =
        read_tensors(labelled.as_bytes(), "a.csv").and_then(|file| file.dataset_with(None, options));
    assert_eq!(dataset.expect("one row").label(0), Some(8));
}

#[test]
fn an_inspection_counts_and_previews() {
    let inspect = |bytes: &[u8], rows| {
        let file = read_tensors(bytes, "a.csv").expect("a table");
        block_on(file.inspect(None, rows, &mut |_, _| ControlFlow::Continue(()))).expect("statistics")
    };
    let all = inspect(b"1,nan\n3,inf\n5,7\n", None);
    assert_eq!((all.rows, all.cols, all.rows_read, all.dtype), (3, 2, 3, Dtype::F32));
    assert_eq!((all.min, all.max, all.mean), (1.0, 7.0, 4.0));
    assert!((all.std - 5f64.sqrt()).abs() < 1e-12);
    assert_eq!((all.nans, all.infinities, all.preview_shape), (1, 1, (3, 2)));
    assert_eq!(all.preview[4..], [5.0, 7.0]);
    let one = inspect(b"1,nan\n3,inf\n5,7\n", Some(1));
    assert_eq!((one.rows, one.rows_read, one.max, one.preview_shape), (3, 1, 1.0, (1, 2)));

    // In every order the preview is the first rows and columns, and the statistics are the same.
    for name in ["f4.npy", "f8_big_fortran.npy", "bare.pt", "compressed.npz"] {
        let name_of = (name == "compressed.npz").then_some("activations");
        let file = open(name);
        let about = block_on(file.inspect(name_of, None, &mut |_, _| ControlFlow::Continue(())));
        let about = about.expect("statistics");
        assert_eq!(about.preview, values(), "{name}");
        assert_eq!((about.min, about.max), (-3.5, 3.75), "{name}");
        assert!(
            (about.mean - 0.125).abs() < 1e-12 && (about.std - (899f64 / 12.0).sqrt() / 4.0).abs() < 1e-12
        );
    }
}

#[test]
fn what_a_pytorch_file_holds_beside_its_tensors_is_passed_over() {
    for protocol in [2, 4, 5] {
        let name = format!("metadata_{protocol}.pt");
        assert_eq!(names(&open(&name)), ["metadata.default.activations", "activations"], "{name}");
        assert_eq!(read(&name, "activations").values(), values(), "{name}");
        assert_eq!(read(&name, "metadata.default.activations").values(), values(), "{name}");
    }
    // Parameters and tensors with attributes of their own, as newer versions of PyTorch write them.
    assert_eq!(names(&open("attributes.pt")), ["tagged", "parameter", "buffer"]);
    for tensor in ["tagged", "parameter", "buffer"] {
        assert_eq!(read("attributes.pt", tensor).values(), values(), "{tensor}");
    }
    // Types that have no storage of their own.
    for tensor in ["uint16", "uint32", "uint64"] {
        assert_eq!(read("unsigned.pt", tensor).values(), whole(), "{tensor}");
    }
    assert_eq!(read("unsigned.pt", "view").values(), whole()[12..24]);
    assert!(refusal("unsigned.pt", Some("f8")).contains("is of type torch.float8_e4m3fn, expected"));
    // A tensor that is not dense is refused by name, and the others can be read.
    assert_eq!(names(&open("sparse.pt")), ["activations"]);
    assert_eq!(
        refusal("sparse.pt", Some("sparse")),
        "sparse.pt: tensor 'sparse' is made by torch._utils._rebuild_sparse_tensor, expected a dense tensor"
    );
    // PyTorch can be told to compute no checksums.
    assert_eq!(read("no_checksum.pt", "no_checksum.pt").values(), values());
    let module = refusal("module.pt", None);
    assert!(
        module.starts_with(
            "module.pt: holds no tensor, but names torch.nn.modules.linear.Linear, which is never"
        ) && module.ends_with("such as model.state_dict()"),
        "{module}"
    );
}
