//! Features against naive figures from dense codes.

use std::ops::ControlFlow;

use pollster::block_on;
use proptest::prelude::*;
use splinterp::data::{Dataset, Storage};
use splinterp::engine::{Operation, apply};
use splinterp::features::{Feature, FeatureOptions, Features, Ranked};
use splinterp::progress::{NoObserver, Observer};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};

/// float32 sums of a few dozen products against float64.
const CLOSE: f64 = 1e-5;

fn measure(sae: &Sae, data: &Dataset, options: FeatureOptions) -> Features {
    block_on(Features::measure(sae, data, options, &mut NoObserver)).expect("the model fits the data")
}

/// Row numbers and values of a latent's non-zero activations.
fn active(z: &[f32], d_sae: usize, latent: usize) -> Vec<(u32, f32)> {
    let column = z.chunks_exact(d_sae).map(|row| row[latent]).enumerate();
    column.filter(|(_, z)| *z != 0.0).map(|(row, z)| (row as u32, z)).collect()
}

fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |a: &[f64], b: &[f64], mean_a: f64, mean_b: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
    };
    let spread = |x: &[f64], mean| product(x, x, mean, mean);
    let varies = |x: &[f64], mean| spread(x, mean) > 1e-9 * x.iter().map(|x| x * x).sum::<f64>();
    (varies(a, mean_a) && varies(b, mean_b))
        .then(|| product(a, b, mean_a, mean_b) / (spread(a, mean_a) * spread(b, mean_b)).sqrt())
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms == 0.0 { 0.0 } else { dot(a, b) / norms }
}

/// The list holds the greatest scores in falling order. Equal but for rounding counts as equal.
fn assert_ranked(ranked: &Ranked, mut expected: Vec<(usize, f64)>, what: &str) {
    let given: std::collections::HashMap<usize, f64> = expected.iter().copied().collect();
    expected.sort_by(|a, b| b.1.total_cmp(&a.1));
    assert_eq!(ranked.numbers.len(), expected.len().min(10), "{what}");
    for ((number, value), (_, best)) in ranked.numbers.iter().zip(&ranked.values).zip(&expected) {
        assert!((f64::from(*value) - best).abs() < CLOSE, "{what}: {value} at {number}, expected {best}");
        assert!((given[&(*number as usize)] - best).abs() < 2.0 * CLOSE, "{what}: {number}");
    }
    let mut numbers = ranked.numbers.clone();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), ranked.numbers.len(), "{what} lists each once");
}

fn check_feature(feature: &Feature, z: &[f32], sae: &Sae, latent: usize, options: &FeatureOptions) {
    let mut active = active(z, sae.d_sae, latent);
    let strongest = active.iter().map(|(_, z)| z.abs()).fold(0.0, f32::max);

    let (low, high) = active.iter().fold((0.0f32, 0.0f32), |(low, high), (_, z)| (low.min(*z), high.max(*z)));
    if active.is_empty() {
        assert!(feature.histogram.edges.is_empty() && feature.histogram.counts.is_empty());
        assert!(feature.intervals.is_empty() && feature.top.rows.is_empty());
        assert!(feature.by_correlation.numbers.is_empty());
    } else {
        let edges = &feature.histogram.edges;
        assert_eq!((edges[0], edges[options.bins]), (low, high));
        assert!(edges.is_sorted() && edges.len() == options.bins + 1);
        let counts = (0..options.bins).map(|bin| {
            let inside = |z: f32| {
                let place = (f64::from(z) - f64::from(low)) * options.bins as f64
                    / (f64::from(high) - f64::from(low));
                (place.floor() as usize).min(options.bins - 1) == bin
            };
            active.iter().filter(|(_, z)| inside(*z)).count() as u32
        });
        assert!(counts.eq(feature.histogram.counts.iter().copied()));
        let share: f32 = feature.intervals.iter().map(|interval| interval.share).sum();
        assert!((f64::from(share) - 1.0).abs() < CLOSE);
    }

    let n = options.intervals;
    for (i, interval) in feature.intervals.iter().enumerate() {
        let place =
            |z: f32| ((f64::from(z.abs()) * n as f64 / f64::from(strongest)).floor() as usize).min(n - 1);
        let members: Vec<_> = active.iter().filter(|(_, z)| place(*z) == i).copied().collect();
        assert!((f64::from(interval.share) - members.len() as f64 / active.len() as f64).abs() < CLOSE);
        assert_eq!(interval.examples.rows.len(), members.len().min(options.per_interval));
        let examples = interval.examples.rows.iter().copied().zip(interval.examples.values.iter().copied());
        assert!(examples.clone().all(|example| members.contains(&example)));
        assert!(examples.map(|(_, z)| -z.abs()).is_sorted());
        let mut rows = interval.examples.rows.clone();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), interval.examples.rows.len());
        assert!(interval.from < interval.to);
    }

    active.sort_by(|(row, a), (other, b)| b.abs().total_cmp(&a.abs()).then(row.cmp(other)));
    active.truncate(options.top_rows);
    assert!(
        active.iter().copied().eq(feature.top.rows.iter().copied().zip(feature.top.values.iter().copied()))
    );

    let decoder = |latent: usize| decoder_of(sae, latent);
    let others = || (0..sae.d_sae).filter(|&other| other != latent);
    let cosines = others().map(|other| (other, cosine(decoder(latent), decoder(other)))).collect();
    assert_ranked(&feature.by_cosine, cosines, "cosine");
    let column =
        |latent: usize| -> Vec<f64> { z.chunks_exact(sae.d_sae).map(|row| f64::from(row[latent])).collect() };
    let own = column(latent);
    let correlations: Vec<_> =
        others().filter_map(|other| Some((other, pearson(&own, &column(other))?))).collect();
    assert_ranked(&feature.by_correlation, correlations, "correlation");

    let norm = decoder(latent).iter().map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt();
    let norm = if norm == 0.0 { 1.0 } else { norm };
    for (&dim, &value) in feature.inputs.numbers.iter().zip(&feature.inputs.values) {
        assert!((f64::from(value) - f64::from(decoder(latent)[dim as usize]) / norm).abs() < CLOSE);
    }
    let components = decoder(latent).iter().map(|&w| (f64::from(w) / norm).abs()).enumerate().collect();
    let sizes = feature.inputs.values.iter().map(|v| v.abs()).collect();
    assert_ranked(&Ranked { values: sizes, ..feature.inputs.clone() }, components, "inputs");
}

fn check(sae: &Sae, data: &Dataset, options: FeatureOptions) {
    let z = apply(Operation::Encode, sae, &data.values()).expect("encodes");
    let features = measure(sae, data, options.clone());
    assert_eq!((features.count(), features.rows() as usize), (sae.d_sae, data.rows()));
    assert_eq!(features.sampled_rows(), data.rows());
    let table = features.table();
    for (latent, encoder) in sae.w_enc.chunks_exact(sae.d_in).enumerate() {
        let active = active(&z, sae.d_sae, latent);
        let strengths: Vec<f64> = active.iter().map(|(_, z)| f64::from(z.abs())).collect();
        let mean = strengths.iter().sum::<f64>() / strengths.len().max(1) as f64;
        let others = (0..sae.d_sae).filter(|&other| other != latent);
        let nearest = others.map(|other| cosine(decoder_of(sae, latent), decoder_of(sae, other)));
        let nearest = nearest.fold(f64::NEG_INFINITY, f64::max);
        let norm = |row: &[f32]| row.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt();
        for (found, expected, what) in [
            (table.density[latent], active.len() as f64 / data.rows() as f64, "density"),
            (table.mean[latent], mean, "mean"),
            (table.max[latent], strengths.iter().copied().fold(0.0, f64::max), "max"),
            (table.encoder_norm[latent], norm(encoder), "encoder norm"),
            (table.decoder_norm[latent], norm(decoder_of(sae, latent)), "decoder norm"),
            (table.cosine[latent], cosine(encoder, decoder_of(sae, latent)), "cosine"),
            (table.nearest_cosine[latent], nearest, "nearest cosine"),
        ] {
            let error = (f64::from(found) - expected).abs();
            assert!(error <= CLOSE * expected.abs().max(1.0), "{what} of {latent}: {found}, {expected}");
        }
        let own = cosine(decoder_of(sae, latent), decoder_of(sae, table.nearest[latent] as usize));
        assert!(table.nearest[latent] as usize != latent && (own - nearest).abs() < CLOSE);
        let feature = features.feature(latent).expect("it exists");
        assert_eq!(feature.by_cosine.numbers[0], table.nearest[latent]);
        check_feature(&feature, &z, sae, latent, &options);
    }
}

fn decoder_of(sae: &Sae, latent: usize) -> &[f32] {
    &sae.decoder()[latent * sae.d_in..(latent + 1) * sae.d_in]
}

fn activations() -> impl Strategy<Value = Activation> {
    let by = prop_oneof![Just(TopKBy::Magnitude), Just(TopKBy::Value), Just(TopKBy::Positive)];
    prop_oneof![
        Just(Activation::Relu),
        (-0.2f32..0.5).prop_map(|t| Activation::JumpRelu { threshold: Threshold::Shared(t) }),
        (1usize..4, by).prop_map(|(k, by)| Activation::TopK { k, by }),
    ]
}

fn rows(n: usize, d_in: usize, seed: u64) -> Dataset {
    let model = Sae::random(n, d_in, Activation::Relu, true, seed);
    // Repeated rows make ties.
    let values = model.w_enc.iter().map(|v| 10.0 * v).chain(model.w_enc.iter().take(d_in).copied()).collect();
    Dataset::new(Storage::F32(values), d_in).expect("finite")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_figure_is_that_of_the_dense_codes(
        (n, d_in, d_sae) in (1usize..60, 1usize..12, 4usize..20),
        activation in activations(),
        (tied, seed, twin, dead) in (any::<bool>(), any::<u64>(), 0usize..3, 0usize..4),
        (top_rows, per_interval, intervals, bins) in (1usize..8, 1usize..4, 1usize..12, 1usize..50),
    ) {
        let mut sae = Sae::random(d_in, d_sae, activation, tied, seed);
        // Two latents alike and one that does nothing: ties, correlation 1, and a zero direction.
        let (first, second) = sae.w_enc.split_at_mut((d_sae - 1) * d_in);
        second.copy_from_slice(&first[twin * d_in..(twin + 1) * d_in]);
        sae.w_enc[dead * d_in..(dead + 1) * d_in].fill(0.0);
        let options =
            FeatureOptions { top_rows, per_interval, intervals, bins, seed, ..FeatureOptions::default() };
        check(&sae, &rows(n, d_in, seed ^ 1), options);
    }
}

#[test]
fn a_sample_of_rows_leaves_exact_figures_exact() {
    let data = rows(3000, 6, 5);
    let sae = Sae::random(6, 40, Activation::Relu, false, 5);
    let all = measure(&sae, &data, FeatureOptions::default());
    let options = FeatureOptions { keep: 10_000, seed: 3, ..FeatureOptions::default() };
    let some = measure(&sae, &data, options.clone());
    assert!((200..1500).contains(&some.sampled_rows()), "{}", some.sampled_rows());
    assert_eq!(all.table(), some.table());
    for latent in 0..40 {
        let (all, some) = (all.feature(latent).unwrap(), some.feature(latent).unwrap());
        assert_eq!((&all.top, &all.histogram.edges), (&some.top, &some.histogram.edges));
        let count = |feature: &Feature| feature.histogram.counts.iter().sum::<u32>();
        assert!(count(&some) < count(&all) / 2);
        // A share p of a sample of about 300 active rows strays by sqrt(p(1 − p)/300) = 0.03 at most: five of these.
        for (all, some) in all.intervals.iter().zip(&some.intervals) {
            assert!((all.share - some.share).abs() < 0.15, "{} {}", all.share, some.share);
        }
    }
    let again = measure(&sae, &data, options);
    assert_eq!(again.feature(7).unwrap(), some.feature(7).unwrap());
}

#[test]
fn activations_on_rows_are_those_of_the_codes_whether_they_were_kept_or_not() {
    let data = rows(900, 6, 5);
    for activation in [Activation::Relu, Activation::TopK { k: 3, by: TopKBy::Magnitude }] {
        let sae = Sae::random(6, 40, activation, false, 5);
        let z = apply(Operation::Encode, &sae, &data.values()).expect("encodes");
        let all = measure(&sae, &data, FeatureOptions::default());
        let some = measure(&sae, &data, FeatureOptions { keep: 1000, ..FeatureOptions::default() });
        assert!(all.keeps_all() && !some.keeps_all());
        let asked: Vec<u32> = (0..900).rev().step_by(7).chain([5, 5]).collect();
        for latent in 0..40 {
            let expected: Vec<f32> = asked.iter().map(|&row| z[row as usize * 40 + latent]).collect();
            assert_eq!(all.kept_activations(latent, &asked).expect("kept"), expected);
            assert_eq!(some.activations_on(&sae, &data, latent, &asked).expect("encoded"), expected);
        }
        assert!(
            some.kept_activations(0, &asked)
                .unwrap_err()
                .to_string()
                .starts_with("rows whose codes were kept")
        );
        let error = all.kept_activations(0, &[901]).unwrap_err().to_string();
        assert_eq!(error, "rows is 901, expected row numbers below 901");
        assert_eq!(all.kept_activations(40, &[]).unwrap_err().code(), "option");
        let other = Sae::random(6, 41, Activation::Relu, false, 5);
        assert!(some.activations_on(&other, &data, 0, &asked).is_err());
    }
}

#[test]
fn a_model_of_one_latent_has_no_neighbour() {
    let sae = Sae::random(3, 1, Activation::Relu, true, 1);
    let features = measure(&sae, &rows(5, 3, 1), FeatureOptions::default());
    assert_eq!((features.table().nearest[0], features.table().nearest_cosine[0]), (0, 0.0));
    assert!(features.feature(0).unwrap().by_cosine.numbers.is_empty());
}

#[test]
fn what_does_not_fit_is_an_error_that_says_why() {
    let sae = Sae::random(3, 4, Activation::Relu, true, 1);
    let error = |data: &Dataset, options| {
        block_on(Features::measure(&sae, data, options, &mut NoObserver)).unwrap_err().to_string()
    };
    let options = FeatureOptions::default;
    assert_eq!(error(&rows(5, 2, 1), options()), "columns of the data: found 2, expected 3 as the model");
    let none = FeatureOptions { bins: 0, ..options() };
    assert_eq!(error(&rows(5, 3, 1), none), "bins is 0, expected from 1 to 1000");
    let features = measure(&sae, &rows(5, 3, 1), options());
    assert_eq!(features.feature(4).unwrap_err().to_string(), "feature is 4, expected a number below 4");
    let mut huge = sae.clone();
    huge.w_enc.fill(f32::MAX);
    let data = Dataset::new(Storage::F32(vec![1.0; 6]), 3).unwrap();
    let error = block_on(Features::measure(&huge, &data, options(), &mut NoObserver)).unwrap_err();
    assert_eq!(error.to_string(), "activation of latent 0 on row 0: found inf, expected a finite number");
}

struct Impatient(u64);

impl Observer for Impatient {
    async fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        assert!(done <= total && total == 1001 + 64);
        self.0 = done;
        if done > 600 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_measurement_can_be_cancelled() {
    let sae = Sae::random(8, 64, Activation::Relu, true, 1);
    let mut observer = Impatient(0);
    let measured =
        block_on(Features::measure(&sae, &rows(1000, 8, 1), FeatureOptions::default(), &mut observer));
    assert_eq!(measured.unwrap_err().code(), "cancelled");
    assert!(observer.0 < 1065);
}
