//! What a run does with input that is wrong or degenerate: an error before any training, or finite and correct
//! figures.

use pollster::block_on;
use splinterp::data::{Dataset, Storage};
use splinterp::engine::{Operation, apply};
use splinterp::progress::NoObserver;
use splinterp::sae::{Activation, TopKBy};
use splinterp::train::{
    Backend, EpochReport, Experiment, Method, Preset, TrainOptions, Trainer, run_experiments, summarise,
    to_csv,
};
use splinterp::{Error, Result};

const COLS: usize = 6;
const TOPK: Activation = Activation::TopK { k: 3, by: TopKBy::Magnitude };

fn rows(n: usize, value: impl Fn(usize) -> f32) -> Dataset {
    Dataset::new(Storage::F32((0..n * COLS).map(value).collect()), COLS).expect("finite rows")
}

/// Rows that no small model reproduces.
fn noise(n: usize) -> Dataset {
    rows(n, |at| ((at * 7919 + 13) % 101) as f32 / 50.0 - 1.0)
}

fn options(method: Method) -> TrainOptions {
    TrainOptions { batch_size: 16, lr: 0.01, ..TrainOptions::new(method, 24, TOPK, 1) }
}

fn every_kind() -> Vec<TrainOptions> {
    let untied = TrainOptions { tied: Some(false), ..options(Method::Sgd) };
    let pam = Preset::Recommended.apply(options(Method::Pam), 40, 3);
    vec![options(Method::Sgd), untied, options(Method::Pam), pam]
}

fn train(data: &Dataset, options: TrainOptions) -> Result<EpochReport> {
    let mut trainer: Trainer = Trainer::create(data.clone(), data.clone(), options)?;
    let mut last = block_on(trainer.epoch(&mut NoObserver))?;
    for _ in 0..2 {
        last = block_on(trainer.epoch(&mut NoObserver))?;
    }
    // The report is of the model that is handed out.
    let fit = apply(Operation::Forward, trainer.sae(), &data.values())?;
    let squares: f64 =
        fit.iter().zip(data.values()).map(|(fit, x)| (f64::from(*fit) - f64::from(x)).powi(2)).sum();
    let mse = squares / fit.len() as f64;
    assert!((mse - last.test_mse).abs() <= 1e-5 * (1e-3 + mse), "{mse} {}", last.test_mse);
    Ok(last)
}

fn assert_finite(report: &EpochReport) {
    for figure in [report.train_mse, report.test_mse, report.objective, report.test_l0] {
        assert!(figure.is_finite(), "{report:?}");
    }
}

#[test]
fn weights_that_are_negative_or_no_numbers_are_refused_by_name_before_any_training() {
    type Set = fn(&mut TrainOptions, f64);
    let weights: [(&str, Set); 9] = [
        ("l1", |o, v| o.l1 = v),
        ("weightDecay", |o, v| o.weight_decay = v),
        ("clip", |o, v| o.clip = Some(v)),
        ("alpha", |o, v| o.alpha = Some(v)),
        ("beta", |o, v| o.beta = v),
        ("muEnc", |o, v| o.mu_enc = v),
        ("nuEnc", |o, v| o.nu_enc = v),
        ("muDec", |o, v| o.mu_dec = v),
        ("nuDec", |o, v| o.nu_dec = v),
    ];
    for (name, set) in weights {
        for value in [-1e-6, f64::NAN, f64::INFINITY] {
            for mut options in every_kind() {
                set(&mut options, value);
                let error = Trainer::create(noise(40), noise(40), options).expect_err(name);
                assert_eq!(error.code(), "option");
                assert!(error.to_string().starts_with(&format!("{name} is ")), "{error}");
            }
        }
    }
}

#[test]
fn rows_that_are_not_finite_are_named_by_row_and_column() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut values = noise(40).values();
        values[17 * COLS + 4] = value;
        let error = Dataset::new(Storage::F32(values), COLS).expect_err("not finite");
        assert!(matches!(error, Error::NotFinite { row: 17, col: 4, .. }), "{error}");
        assert!(error.to_string().starts_with("row 17, column 4 is "), "{error}");
    }
}

#[test]
fn fewer_rows_than_latents_train() {
    for n in [1, 2, 5] {
        for options in every_kind() {
            assert_finite(&train(&noise(n), options).expect("trains"));
        }
    }
}

#[test]
fn constant_data_are_reproduced_by_the_decoder_half() {
    for value in [0.0, 1.0, -3e4, 1e-20] {
        for alpha in [None, Some(0.0)] {
            for options in every_kind() {
                let pam = options.method == Method::Pam;
                let data = rows(40, |_| value);
                let report = train(&data, TrainOptions { alpha, ..options.clone() })
                    .unwrap_or_else(|error| panic!("{value} {alpha:?} {options:?}: {error}"));
                assert!(report.test_mse.is_finite() && report.objective.is_finite(), "{report:?}");
                if pam {
                    // The bias alone gives the constant; float32 rounding of one value is what is left.
                    let limit = (f64::from(value) * 1e-5).powi(2);
                    assert!(report.test_mse <= limit, "{value}: {report:?}");
                }
            }
        }
    }
}

#[test]
fn codes_that_are_all_zero_leave_the_mean() {
    // No pre-activation passes a threshold of 1e6, so every code is 0 and the best decoder is the mean of the data.
    let threshold = serde_json::json!({"kind": "jumprelu", "threshold": 1e6});
    let activation: Activation = serde_json::from_value(threshold).expect("an activation");
    let data = noise(40);
    let variance = data.moments().total_sum_of_squares / (40 * COLS) as f64;
    for alpha in [None, Some(0.0)] {
        for preset in [None, Some(Preset::Recommended), Some(Preset::PaperMnist)] {
            let options = TrainOptions { activation: activation.clone(), ..options(Method::Pam) };
            let options = preset.map_or(options.clone(), |preset| preset.apply(options, 40, 3));
            let report = train(&data, TrainOptions { alpha, ..options }).expect("trains");
            assert_eq!((report.test_l0, report.dead_share), (0.0, 1.0));
            assert!((report.test_mse - variance).abs() < 1e-6 * variance, "{} {variance}", report.test_mse);
        }
    }
}

#[test]
fn scales_far_from_one_train_to_finite_figures() {
    for scale in [1e-15, 1e-6, 1e6, 1e12] {
        let values = noise(40).values().iter().map(|v| v * scale).collect();
        let data = Dataset::new(Storage::F32(values), COLS).expect("finite rows");
        for options in every_kind() {
            match train(&data, options) {
                Ok(report) => assert_finite(&report),
                Err(error) => assert_eq!(error.code(), "diverged", "{error}"),
            }
        }
    }
}

fn experiment(label: &str, options: TrainOptions) -> Experiment {
    let options = TrainOptions { backend: Backend::Cpu, threads: Some(1), ..options };
    Experiment { label: label.into(), options, preset: None, share: 0.5, epochs: 2, seeds: vec![1, 2] }
}

#[test]
fn a_run_that_fails_leaves_a_row_and_the_others_go_on() {
    let data = noise(40);
    let list = [
        experiment("bad", TrainOptions { alpha: Some(-1.0), ..options(Method::Pam) }),
        experiment("good, \"quoted\"", options(Method::Pam)),
    ];
    let rows = block_on(run_experiments((&data, &data), &list, &mut NoObserver)).expect("a table");
    assert_eq!(rows.len(), 4);
    let error = rows[0].error.as_deref().expect("why it failed");
    assert!(error.starts_with("alpha is -1"), "{error}");
    assert_eq!((rows[0].report, rows[0].epochs), (None, 0));
    let good = rows[2].report.expect("figures");
    assert_eq!((rows[2].epochs, good.epoch, &rows[2].error), (2, 2, &None));

    let csv = to_csv(&rows);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(
        lines[1].starts_with("bad,pam,topk-3,0.5,1,0,0,0,0,0,0,1,0,,,,,,,0,\"alpha is -1, expected"),
        "{}",
        lines[1]
    );
    assert!(
        lines[3].starts_with("\"good, \"\"quoted\"\"\",pam,topk-3,0.5,1,0,0,0,0,0,0,1,2,\"CPU, 1 thread\","),
        "{}",
        lines[3]
    );

    let table = summarise(&rows);
    assert_eq!((table.len(), table[0].runs, table[0].failed, table[0].test_mse.mean), (2, 0, 2, None));
    let (a, b) = (good.test_mse, rows[3].report.expect("figures").test_mse);
    let (mean, deviation) = (table[1].test_mse.mean.expect("two runs"), table[1].test_mse.deviation);
    assert!((mean - (a + b) / 2.0).abs() < 1e-12);
    let expected = (a - b).abs() / 2f64.sqrt();
    assert!(deviation.is_some_and(|found| (found - expected).abs() < 1e-12), "{deviation:?} {expected}");
}

#[test]
fn a_list_without_epochs_or_seeds_is_refused_before_any_run() {
    let data = noise(40);
    let run = |experiment| {
        let list = [experiment];
        block_on(run_experiments((&data, &data), &list, &mut NoObserver)).expect_err("refused")
    };
    let good = experiment("good", options(Method::Sgd));
    assert_eq!(run(Experiment { epochs: 0, ..good.clone() }).to_string(), "epochs is 0, expected at least 1");
    let error = run(Experiment { seeds: vec![], ..good });
    assert_eq!(error.to_string(), "seeds is an empty list, expected at least one seed");
}
