//! A room of the engine against float64 reference values: loss, gradients, clipping, and Adam's steps.

use super::{Case, narrow, relative_error};
use pollster::block_on;
use splinterp::data::{Dataset, Storage};
use splinterp::engine::{Engine, Moments, Optimiser, Split, State, StepOptions, Variants};
use splinterp::sae::{Activation, Parts, Penalties, Sae, Threshold, TopKBy};

/// float32 against float64, as the reference values ask.
pub const FORWARD: f64 = 1e-5;
/// After six Adam steps.
const ADAM: f64 = 1e-4;

/// ρ of a case.
pub fn activation(case: &Case) -> Activation {
    let k = case.number("k") as usize;
    match case.about["kind"].as_str().unwrap_or_default() {
        "relu" => Activation::Relu,
        "jumprelu" => Activation::JumpRelu { threshold: Threshold::PerLatent(case.float32("threshold")) },
        "topk_magnitude" => Activation::TopK { k, by: TopKBy::Magnitude },
        "topk_value" => Activation::TopK { k, by: TopKBy::Value },
        "topk_positive" => Activation::TopK { k, by: TopKBy::Positive },
        other => panic!("unknown kind {other}"),
    }
}

/// A model from public parts; tied if the case is.
pub fn model(case: &Case, w_enc: &str, b_enc: &str, w_dec: &str, b_dec: &str) -> Sae {
    let w_enc = case.tensor(w_enc);
    let (d_sae, d_in) = (case.tensor(b_enc).len(), case.tensor(b_dec).len());
    let w_dec = case.get(w_dec).unwrap_or_else(|| transposed(&w_enc, d_in, d_sae));
    let parts = Parts {
        w_enc: narrow(&w_enc),
        b_enc: case.float32(b_enc),
        w_dec: narrow(&w_dec),
        b_dec: case.float32(b_dec),
    };
    let mut sae = Sae::from_parts(parts, activation(case), d_in, d_sae).expect("the case is valid");
    if tied(case) {
        sae.w_dec = None;
    }
    sae
}

pub fn tied(case: &Case) -> bool {
    case.about["tied"].as_bool().expect("the case says whether it is tied")
}

fn transposed(matrix: &[f64], rows: usize, cols: usize) -> Vec<f64> {
    (0..cols * rows).map(|i| matrix[(i % rows) * cols + i / rows]).collect()
}

fn room<E>(case: &Case, state: State, make: &impl Fn(Dataset, State) -> E) -> E {
    let data = Dataset::new(Storage::F32(case.float32("x")), state.sae.d_in).expect("the rows are valid");
    make(data, state)
}

fn step_options(penalties: Penalties, lr: f64, weight_decay: f64, batch_size: usize) -> StepOptions<'static> {
    StepOptions {
        batch_size,
        updates_per_batch: 1,
        lr,
        lr_slope: 0.0,
        weight_decay,
        clip: None,
        penalties,
        variants: Variants::NONE,
        sweep: None,
    }
}

/// The mse of every case's model.
pub fn losses_agree<E: Engine>(make: impl Fn(Dataset, State) -> E) {
    for case in Case::all("forward_") {
        let sae = model(&case, "W_enc", "b_enc", "W_dec", "b_dec");
        let x = case.tensor("x");
        let rows = (x.len() / sae.d_in) as u32;
        let mut room = room(&case, State { optimiser: Optimiser::new(&sae, true), sae }, &make);
        let sums = block_on(room.evaluate(Split::Test, 0..rows)).expect("evaluates");
        let mse = sums.squares / x.len() as f64;
        assert!((mse / case.tensor("mse")[0] - 1.0).abs() < FORWARD, "mse of {}", case.name());
        let active = case.tensor("z").iter().filter(|z| **z != 0.0).count() as u64;
        assert_eq!(sums.active, active, "active latents of {}", case.name());
    }
}

/// Adam's first moments after one step from zero are `(1 − β₁)` times the gradient: the step itself shows it.
fn gradient(moments: &Moments) -> Vec<f32> {
    moments.m.iter().map(|m| m / 0.1).collect()
}

/// Gradients of the mse alone and of F.
pub fn gradients_agree<E: Engine>(make: impl Fn(Dataset, State) -> E) {
    for case in Case::all("forward_") {
        let sae = model(&case, "W_enc", "b_enc", "W_dec", "b_dec");
        let (d_in, d_sae) = (sae.d_in, sae.d_sae);
        let mut previous = sae.clone();
        previous.w_enc = narrow(&transposed(&case.tensor("W_prev"), d_in, d_sae));
        previous.b_enc = case.float32("b_prev");
        let penalties = Penalties {
            l1: case.number("l1"),
            mu_enc: case.number("mu_enc"),
            nu_enc: case.number("nu_enc"),
            ..Penalties::default()
        };
        for (prefix, penalties) in [("mse", Penalties::default()), ("loss", penalties)] {
            let start = State { optimiser: Optimiser::new(&sae, true), sae: sae.clone() };
            // The epoch starts at W_prev; then the parameters move to where the gradient is wanted.
            let mut room = room(&case, State { sae: previous.clone(), ..start.clone() }, &make);
            room.begin_epoch();
            room.load(&start).expect("loads");
            let rows: Vec<u32> = (0..case.tensor("x").len() as u32 / d_in as u32).collect();
            let options = step_options(penalties, 1e-3, 0.0, rows.len());
            let sums = block_on(room.steps(&rows, &options)).expect("steps");
            let loss = sums.mse + penalties.l1 * sums.l1 + penalties.of(&sae, &previous);
            let close = |found: &[f32], name: &str| {
                let expected = case.tensor(&format!("{prefix}_d{name}"));
                let error = relative_error(found, &expected);
                assert!(error < FORWARD, "{prefix}_d{name} of {}: {error:e}", case.name());
            };
            assert!((loss / case.tensor(prefix)[0] - 1.0).abs() < FORWARD, "{prefix} of {}", case.name());
            let optimiser = block_on(room.state()).expect("reads back").optimiser;
            let w_enc: Vec<f64> = gradient(&optimiser.w_enc).iter().map(|&g| f64::from(g)).collect();
            close(&narrow(&transposed(&w_enc, d_sae, d_in)), "W_enc");
            close(&gradient(&optimiser.b_enc), "b_enc");
            close(&gradient(optimiser.b_dec.as_ref().expect("trained")), "b_dec");
            if let Some(w_dec) = &optimiser.w_dec {
                close(&gradient(w_dec), "W_dec");
            }
        }
    }
}

/// All of the gradient that `room` takes its first step with, clipped.
fn first_gradient<E: Engine>(
    case: &Case,
    sae: &Sae,
    clip: Option<f64>,
    make: &impl Fn(Dataset, State) -> E,
) -> Vec<f64> {
    let state = State { optimiser: Optimiser::new(sae, true), sae: sae.clone() };
    let mut room = room(case, state, make);
    room.begin_epoch();
    let rows: Vec<u32> = (0..(case.tensor("x").len() / sae.d_in) as u32).collect();
    let options = StepOptions { clip, ..step_options(Penalties::default(), 1e-3, 0.0, rows.len()) };
    block_on(room.steps(&rows, &options)).expect("steps");
    let optimiser = block_on(room.state()).expect("reads back").optimiser;
    let parts =
        [Some(&optimiser.w_enc), Some(&optimiser.b_enc), optimiser.w_dec.as_ref(), optimiser.b_dec.as_ref()];
    parts.into_iter().flatten().flat_map(gradient).map(f64::from).collect()
}

/// Clipping bounds the norm and keeps the direction.
pub fn clipping_agrees<E: Engine>(make: impl Fn(Dataset, State) -> E) {
    for case in Case::all("forward_") {
        let sae = model(&case, "W_enc", "b_enc", "W_dec", "b_dec");
        let names = if tied(&case) {
            vec!["W_enc", "b_enc", "b_dec"]
        } else {
            vec!["W_enc", "b_enc", "W_dec", "b_dec"]
        };
        let whole: f64 = names
            .iter()
            .flat_map(|name| case.tensor(&format!("mse_d{name}")))
            .map(|g| g * g)
            .sum::<f64>()
            .sqrt();
        let free = first_gradient(&case, &sae, None, &make);
        let half = whole / 2.0;
        let clipped = first_gradient(&case, &sae, Some(half), &make);
        let norm = clipped.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert!((norm / half - 1.0).abs() < FORWARD, "{}: norm {norm}, clipped to {half}", case.name());
        let ratio = half / whole;
        let off = free.iter().zip(&clipped).map(|(free, clipped)| (free * ratio - clipped).abs());
        assert!(off.fold(0.0, f64::max) < FORWARD * half, "direction of {}", case.name());
        assert_eq!(
            first_gradient(&case, &sae, Some(2.0 * whole), &make),
            free,
            "{} below the bound",
            case.name()
        );
    }
}

/// Six steps of Adam.
pub fn adam_agrees<E: Engine>(make: impl Fn(Dataset, State) -> E) {
    for case in Case::all("adam_") {
        let sae = model(&case, "W_enc0", "b_enc0", "W_dec0", "b_dec0");
        let (d_in, d_sae) = (sae.d_in, sae.d_sae);
        let optimiser = Optimiser::new(&sae, tied(&case));
        let mut room = room(&case, State { sae, optimiser }, &make);
        room.begin_epoch();
        let rows: Vec<u32> = (0..case.tensor("x").len() as u32 / d_in as u32).collect();
        let decay = case.number("weight_decay_on_W_enc");
        let options = step_options(Penalties::default(), case.number("lr"), decay, rows.len());
        for (step, expected) in case.tensor("losses").into_iter().enumerate() {
            let mse = block_on(room.steps(&rows, &options)).expect("steps").mse;
            assert!((mse / expected - 1.0).abs() < ADAM, "{} step {step}: {mse} {expected}", case.name());
        }
        let sae = block_on(room.state()).expect("reads back").sae;
        let w_enc: Vec<f64> = sae.w_enc.iter().map(|&w| f64::from(w)).collect();
        let error = relative_error(&narrow(&transposed(&w_enc, d_sae, d_in)), &case.tensor("W_enc"));
        assert!(error < ADAM, "W_enc of {}: {error:e}", case.name());
        assert!(relative_error(&sae.b_enc, &case.tensor("b_enc")) < ADAM, "b_enc of {}", case.name());
        assert!(relative_error(&sae.b_dec, &case.tensor("b_dec")) < ADAM, "b_dec of {}", case.name());
    }
}
