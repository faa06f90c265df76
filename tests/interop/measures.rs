//! Measures of a model against their formulas written out row by row, and where their values are known.

use pollster::block_on;
use splinterp::data::{Dataset, NormalisationKind, Storage};
use splinterp::engine::{Operation, apply};
use splinterp::measures::{KnownFeatures, KnownOptions, Reconstruction};
use splinterp::progress::NoObserver;
use splinterp::random::{Random, Stream};
use splinterp::sae::{Activation, Sae, Threshold, TopKBy};
use splinterp::train::{Method, TrainOptions, Trainer};

const CLOSE: f64 = 1e-5;

fn close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() <= CLOSE * (1.0 + expected.abs()),
        "{what}: {found}, expected {expected}"
    );
}

fn random(n: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed, Stream::Generator);
    (0..n).map(|_| random.normal()).collect()
}

/// The formulas as SAEBench writes them, on whole matrices.
fn assert_formulas(found: &Reconstruction, x: &[f64], fit: &[f64], cols: usize, what: &str) {
    let rows = x.chunks(cols).zip(fit.chunks(cols));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mean = |of: &dyn Fn(&[f64], &[f64]) -> f64| {
        rows.clone().map(|(x, fit)| of(x, fit)).sum::<f64>() / rows.len() as f64
    };
    let squares: f64 = x.iter().zip(fit).map(|(x, fit)| (x - fit).powi(2)).sum();
    let centre: Vec<f64> =
        (0..cols).map(|col| x.iter().skip(col).step_by(cols).sum::<f64>() / rows.len() as f64).collect();
    let variation: f64 =
        x.chunks(cols).flat_map(|row| row.iter().zip(&centre)).map(|(x, m)| (x - m).powi(2)).sum();
    close(found.mse, squares / x.len() as f64, what);
    close(found.fvu, squares / variation, what);
    close(found.cosine, mean(&|x, fit| dot(x, fit) / (dot(x, x) * dot(fit, fit)).sqrt()), what);
    close(found.l2_ratio, mean(&|x, fit| (dot(fit, fit) / dot(x, x)).sqrt()), what);
    close(found.relative_bias, mean(&|_, fit| dot(fit, fit)) / mean(&|x, fit| dot(x, fit)), what);
}

#[test]
fn quality_is_that_of_the_formulas_in_both_units() {
    let (n, d_in, d_sae) = (700, 9, 30);
    let stored: Vec<f64> =
        random(n * d_in, 3).iter().enumerate().map(|(at, v)| (1.0 + (at % d_in) as f64) * v + 5.0).collect();
    let data = Dataset::new(Storage::F32(stored.iter().map(|&v| v as f32).collect()), d_in)
        .expect("finite")
        .normalised(NormalisationKind::Standardise);
    for activation in [
        Activation::Relu,
        Activation::TopK { k: 3, by: TopKBy::Magnitude },
        Activation::JumpRelu { threshold: Threshold::Shared(0.4) },
        Activation::BatchTopK { k: 3, threshold: Some(0.3) },
    ] {
        let mut sae = Sae::random(d_in, d_sae, activation.clone(), false, 1);
        sae.w_enc.iter_mut().for_each(|w| *w *= 4.0);
        sae.w_dec.iter_mut().flatten().for_each(|w| *w *= 20.0);
        // Never, always, and rarely active.
        sae.b_enc[..3].copy_from_slice(&[-50.0, 50.0, -1.2]);
        if let Activation::TopK { .. } = activation {
            sae.w_enc[..d_in].fill(0.0);
            sae.b_enc[0] = 0.0;
        }
        let found = block_on(sae.quality(&data, &mut NoObserver)).expect("measures");
        let x = data.values();
        let z = apply(Operation::Encode, &sae, &x).expect("encodes");
        let fit = apply(Operation::Forward, &sae, &x).expect("reconstructs");
        let what = format!("{activation:?}");
        let share = |more_than: f64| {
            let count = |latent: usize| z.iter().skip(latent).step_by(d_sae).filter(|z| **z != 0.0).count();
            (0..d_sae).filter(|&latent| count(latent) as f64 > more_than * n as f64).count() as f64
                / d_sae as f64
        };
        close(found.l0, z.iter().filter(|z| **z != 0.0).count() as f64 / n as f64, &what);
        close(found.l1, z.iter().map(|&z| f64::from(z.abs())).sum::<f64>() / n as f64, &what);
        close(found.dead_share, 1.0 - share(0.0), &what);
        close(found.dense_share_1, share(0.01), &what);
        close(found.dense_share_10, share(0.1), &what);
        assert!(found.dead_share > 0.0 && found.rows == n);
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        assert_formulas(&found.normalised, &wide(&x), &wide(&fit), d_in, &what);
        let undone = |values: &[f32]| {
            let mut rows = values.to_vec();
            rows.chunks_mut(d_in).for_each(|row| data.normalisation().undo(row));
            wide(&rows)
        };
        assert_formulas(&found.stored, &stored, &undone(&fit), d_in, &what);
        assert!((found.stored.fvu - found.normalised.fvu).abs() > 1e-3);
    }
}

#[test]
fn an_imported_model_has_the_quality_of_the_one_that_was_exported() {
    let digits = Dataset::digits(400, 1).expect("draws").normalised(NormalisationKind::Standardise);
    let options = TrainOptions::new(Method::Pam, 24, Activation::TopK { k: 4, by: TopKBy::Positive }, 1);
    let mut trainer = Trainer::create(digits.clone(), digits.clone(), options).expect("valid options");
    block_on(trainer.epoch(&mut NoObserver)).expect("trains");
    let stored = trainer.sae().for_stored(digits.normalisation()).expect("folds");
    let files = splinterp::interop::write(&stored, splinterp::interop::Format::SaeLens).expect("writes");
    let imported = splinterp::interop::read(&files).expect("reads");
    let own = block_on(trainer.sae().quality(&digits, &mut NoObserver)).expect("measures");
    let raw = digits.normalised(NormalisationKind::None);
    let theirs = block_on(imported.quality(&raw, &mut NoObserver)).expect("measures");
    assert!((theirs.normalised.fvu / own.stored.fvu - 1.0).abs() < 1e-3, "{theirs:?} {own:?}");
    assert_eq!(theirs.normalised, theirs.stored);
}

fn known() -> KnownFeatures {
    let options = KnownOptions { count: 24, d_in: 16, active: 2.0, noise: 0.02 };
    KnownFeatures::draw(3000, options, 5).expect("draws")
}

/// A model whose latents are these features, in this order.
fn model_of(known: &KnownFeatures, order: &[usize]) -> Sae {
    let d_in = known.data.cols();
    let rows: Vec<f32> =
        order.iter().flat_map(|&feature| known.features[feature * d_in..][..d_in].to_vec()).collect();
    let activation = Activation::JumpRelu { threshold: Threshold::Shared(0.45) };
    let mut sae = Sae::random(d_in, order.len(), activation, false, 1);
    (sae.w_enc, sae.w_dec) = (rows.clone(), Some(rows));
    sae
}

#[test]
fn the_features_themselves_are_recovered_whole_in_any_order_and_half_of_them_by_half() {
    let known = known();
    let order: Vec<usize> = (0..24).map(|i| (7 * i + 3) % 24).collect();
    let found = model_of(&known, &order).recovery(&known).expect("compares");
    assert!((found.mcc - 1.0).abs() < 1e-6, "{found:?}");
    assert!(found.f1 > 0.55, "{found:?}");
    for (feature, latent) in found.latents.iter().enumerate() {
        assert_eq!(latent.map(|latent| order[latent as usize]), Some(feature));
    }
    let half = model_of(&known, &order[..12]).recovery(&known).expect("compares");
    assert!((half.mcc - 0.5).abs() < 1e-6 && half.f1 < 0.6 * found.f1, "{half:?}");
    assert_eq!(half.latents.iter().filter(|latent| latent.is_none()).count(), 12);
    let mut random = model_of(&known, &order);
    random.w_dec = Some(Sae::random(16, 24, Activation::Relu, true, 9).w_enc);
    let chance = random.recovery(&known).expect("compares");
    assert!(chance.mcc < 0.75, "{chance:?}");
    // The sign of a decoder row counts, unless latents have either.
    let mut turned = model_of(&known, &order);
    turned.w_dec.iter_mut().flatten().for_each(|w| *w = -*w);
    assert!(turned.recovery(&known).expect("compares").mcc < 0.7);
    turned.activation = Activation::TopK { k: 2, by: TopKBy::Magnitude };
    assert!((turned.recovery(&known).expect("compares").mcc - 1.0).abs() < 1e-6);
}

#[test]
fn every_method_recovers_more_than_a_random_model() {
    let known = known();
    let (train, test) = known.data.split(0.9, 1).expect("splits");
    let start = Sae::random(16, 24, Activation::Relu, false, 1).recovery(&known).expect("compares").mcc;
    for (method, activation) in [
        (Method::Sgd, Activation::TopK { k: 2, by: TopKBy::Positive }),
        (Method::Pam, Activation::TopK { k: 2, by: TopKBy::Positive }),
        (Method::Sgd, Activation::BatchTopK { k: 2, threshold: None }),
        (Method::Pam, Activation::BatchTopK { k: 2, threshold: None }),
    ] {
        let options = TrainOptions {
            tied: Some(false),
            lr: 0.01,
            ..TrainOptions::new(method, 24, activation.clone(), 1)
        };
        let mut trainer = Trainer::create(train.clone(), test.clone(), options).expect("valid options");
        for _ in 0..20 {
            block_on(trainer.epoch(&mut NoObserver)).expect("trains");
        }
        let found = trainer.sae().recovery(&known).expect("compares");
        assert!(
            found.mcc > start + 0.1 && found.f1 > 0.3,
            "{method:?}, {activation:?}: {found:?}, random {start}"
        );
    }
}

#[test]
fn a_model_agrees_with_itself_in_any_order_and_less_with_another() {
    let known = known();
    let (a, b) = ((0..24).collect::<Vec<_>>(), (0..24).map(|i| (5 * i + 1) % 24).collect::<Vec<_>>());
    let agreement =
        |a: &Sae, b: &Sae| block_on(a.agreement(b, &known.data, &mut NoObserver)).expect("compares");
    let same = agreement(&model_of(&known, &a), &model_of(&known, &b));
    assert!((same.cosine - 1.0).abs() < 1e-6 && (same.adjusted_rand - 1.0).abs() < 1e-9, "{same:?}");
    let other = Sae::random(16, 24, Activation::Relu, true, 3);
    let different = agreement(&model_of(&known, &a), &other);
    assert!(different.cosine < 0.8 && different.adjusted_rand < 0.5, "{different:?}");
}

/// A model that only writes: these rows.
fn writing(rows: &[[f32; 3]], activation: Activation) -> Sae {
    let mut sae = Sae::random(3, rows.len(), activation, false, 1);
    sae.w_dec = Some(rows.concat());
    sae
}

#[test]
fn latents_are_paired_whatever_their_order_length_and_number() {
    let known = known();
    let (a, b) = ((0..24).collect::<Vec<_>>(), (0..24).map(|i| (5 * i + 1) % 24).collect::<Vec<_>>());
    let mut scaled = model_of(&known, &b);
    scaled.w_dec.iter_mut().flatten().enumerate().for_each(|(at, w)| *w *= 1.0 + (at / 16) as f32);
    let found = model_of(&known, &a).pairs(&scaled).expect("compares");
    assert_eq!((found.left.len(), found.unmatched.len()), (24, 0));
    for (left, right) in found.left.iter().zip(&found.right) {
        assert_eq!(*left as usize, b[*right as usize]);
    }
    assert!(found.cosines.iter().all(|cosine| (cosine - 1.0).abs() < 1e-6));
    // The latents that a smaller model lacks are left, on whichever side.
    let half = model_of(&known, &b[..12]);
    let expected: Vec<u32> = (0..24).filter(|latent| !b[..12].contains(&(*latent as usize))).collect();
    assert_eq!(model_of(&known, &a).pairs(&half).expect("compares").unmatched, expected);
    let turned = half.pairs(&model_of(&known, &a)).expect("compares");
    assert_eq!((turned.unmatched, turned.left.len()), (expected, 12));
}

#[test]
fn pairs_come_by_cosine_and_the_sign_counts_unless_latents_have_either() {
    let rows = [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]];
    let others = [[0.0, -1.0, 0.0], [0.6, 0.0, 0.8], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]];
    let pairs = |activation: Activation| {
        writing(&rows, activation.clone()).pairs(&writing(&others, activation)).expect("compares")
    };
    let found = pairs(Activation::TopK { k: 1, by: TopKBy::Magnitude });
    assert_eq!((found.left, found.right), (vec![1, 2, 0], vec![0, 1, 2]));
    for (found, expected) in found.cosines.iter().zip([-1.0, 0.8, 0.5f64.sqrt()]) {
        assert!((found - expected).abs() < 1e-7, "{found} {expected}");
    }
    assert_eq!(found.unmatched, [3]);
    // Where the sign counts, the opposite is the worst match: the latent goes to the row of zeros.
    let found = pairs(Activation::Relu);
    assert_eq!(
        (&found.left[..], &found.right[..], &found.unmatched[..]),
        (&[2, 0, 1][..], &[1, 2, 3][..], &[0][..])
    );
    assert_eq!(found.cosines[2], 0.0);
    let wide = Sae::random(4, 3, Activation::Relu, true, 1);
    let error = writing(&rows, Activation::Relu).pairs(&wide).unwrap_err().to_string();
    assert_eq!(error, "d_in of the other model: found 4, expected 3");
}

#[test]
fn what_does_not_fit_is_named() {
    let known = known();
    let small = Sae::random(4, 8, Activation::Relu, true, 1);
    let quality = block_on(small.quality(&known.data, &mut NoObserver)).expect_err("other columns");
    assert_eq!(quality.to_string(), "columns of the data: found 16, expected 4 as the model");
    assert_eq!(small.recovery(&known).expect_err("other columns").code(), "shape");
    let fits = Sae::random(16, 8, Activation::Relu, true, 1);
    assert!(block_on(fits.agreement(&small, &known.data, &mut NoObserver)).is_err());
    let draw = |count, d_in, active, noise| {
        KnownFeatures::draw(5, KnownOptions { count, d_in, active, noise }, 1).map(drop)
    };
    assert!(draw(0, 3, 1.0, 0.0).is_err() && draw(3, 0, 1.0, 0.0).is_err());
    assert!(draw(3, 3, 4.0, 0.0).is_err() && draw(3, 3, f64::NAN, 0.0).is_err());
    assert!(draw(3, 3, 1.0, -1.0).is_err() && draw(3, 3, 3.0, 0.0).is_ok());
    assert!(KnownFeatures::draw(0, KnownOptions { count: 1, d_in: 1, active: 1.0, noise: 0.0 }, 1).is_err());
    // Nothing to reconstruct, nothing reconstructed.
    let zeros = Dataset::new(Storage::F32(vec![0.0; 32]), 16).expect("finite");
    let mut silent = Sae::random(16, 8, Activation::Relu, true, 1);
    silent.b_enc.fill(-1.0);
    let found = block_on(silent.quality(&zeros, &mut NoObserver)).expect("measures");
    assert_eq!((found.normalised.mse, found.normalised.cosine, found.dead_share), (0.0, 0.0, 1.0));
    assert!(found.normalised.relative_bias.is_nan());
}
