//! Whole runs on the GPU: PAM-SGD against the CPU, a lost device, checkpoints from engine to engine, bad input.
use std::borrow::Cow;
use std::ops::ControlFlow;
use std::rc::Rc;

use crate::support::device;
use pollster::block_on;
use splinterp::data::{Dataset, NormalisationKind, RowStream, Storage, StreamFile, StreamOptions};
use splinterp::engine::gpu::{GpuDevice, GpuEngine, shared_device};
use splinterp::engine::{Backend, Inference, Operation, Optimiser, State, apply};
use splinterp::progress::{NoObserver, Observer};
use splinterp::sae::{Activation, Sae, TopKBy};
use splinterp::train::{Method, TrainOptions, Trainer};

fn digits() -> (Dataset, Dataset) {
    let data = |n, seed| Dataset::digits(n, seed).expect("draws").normalised(NormalisationKind::Mnist);
    (data(1500, 1), data(300, 2))
}

fn options(method: Method, backend: Backend) -> TrainOptions {
    let activation = Activation::TopK { k: 8, by: TopKBy::Magnitude };
    TrainOptions { backend, ..TrainOptions::new(method, 64, activation, 1) }
}

#[test]
fn three_epochs_of_pam_sgd_end_within_half_a_percent_of_the_cpu() {
    let Some(_) = device() else { return };
    let (train, test) = digits();
    let on = |backend| {
        let options = options(Method::Pam, backend);
        let mut trainer =
            block_on(Trainer::open(train.clone(), test.clone(), options, &mut NoObserver)).expect("opens");
        let reports: Vec<_> =
            (0..3).map(|_| block_on(trainer.epoch(&mut NoObserver)).expect("trains")).collect();
        (trainer.backend(), reports[2])
    };
    let (cpu_name, cpu) = on(Backend::Cpu);
    let (gpu_name, gpu) = on(Backend::Gpu);
    assert!(cpu_name.starts_with("CPU") && gpu_name.starts_with("GPU: "), "{cpu_name} {gpu_name}");
    assert!((gpu.test_mse / cpu.test_mse - 1.0).abs() < 0.005, "{} {}", gpu.test_mse, cpu.test_mse);
    assert!((gpu.train_mse / cpu.train_mse - 1.0).abs() < 0.005, "{} {}", gpu.train_mse, cpu.train_mse);
    assert_eq!(gpu.test_l0, cpu.test_l0);
}

#[test]
fn a_software_adapter_is_never_chosen_by_itself() {
    let Some(device) = device() else { return };
    if !device.adapter().software {
        return;
    }
    let (train, test) = digits();
    let trainer = block_on(Trainer::open(train, test, options(Method::Sgd, Backend::Auto), &mut NoObserver))
        .expect("opens");
    assert!(trainer.backend().starts_with("CPU, "), "{}", trainer.backend());
    let reason = trainer.backend_reason();
    assert!(reason.contains(&device.adapter().name) && reason.contains("computes on the CPU"), "{reason}");
}

/// Ends the device, as a driver would, once so many rows are done.
struct Saboteur {
    at: u64,
    device: Option<Rc<GpuDevice>>,
}

impl Observer for Saboteur {
    async fn progress(&mut self, done: u64, _total: u64) -> ControlFlow<()> {
        if done >= self.at
            && let Some(device) = self.device.take()
        {
            device.destroy();
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn a_run_on_the_gpu_survives_one_loss_and_ends_in_words_at_the_second() {
    let Some(_) = device() else { return };
    let (train, test) = digits();
    let open = |backend| {
        block_on(Trainer::open(train.clone(), test.clone(), options(Method::Pam, backend), &mut NoObserver))
            .expect("opens")
    };
    let (mut undisturbed, mut trainer) = (open(Backend::Gpu), open(Backend::Gpu));
    assert_eq!(trainer.backend_reason(), "The options ask for the GPU.");
    let mut next = || block_on(undisturbed.epoch(&mut NoObserver)).expect("trains").test_mse;
    let expected = [next(), next(), next()];
    let same = |found: f64, expected: f64| {
        assert!((found / expected - 1.0).abs() < 0.005, "{found} {expected}");
    };
    same(block_on(trainer.epoch(&mut NoObserver)).expect("trains").test_mse, expected[0]);

    let sabotage = |trainer: &mut Trainer| {
        let device = trainer.engine().device().cloned();
        block_on(trainer.epoch(&mut Saboteur { at: 700, device }))
    };
    same(sabotage(&mut trainer).expect("is repeated").test_mse, expected[1]);
    assert_eq!(trainer.epochs(), 2);
    assert!(trainer.backend().starts_with("GPU: "), "{}", trainer.backend());
    let reason = trainer.backend_reason();
    assert!(reason.contains("repeated") && reason.contains("lost"), "{reason}");

    // The options asked for the GPU, so the run does not move to the CPU by itself.
    let before = trainer.sae().clone();
    assert_eq!(sabotage(&mut trainer).expect_err("is lost for good").code(), "gpu-lost");
    assert_eq!((trainer.epochs(), trainer.sae()), (2, &before));
    let bytes = trainer.checkpoint().expect("writes");
    let mut resumed =
        block_on(Trainer::reopen(&bytes, train.clone(), test.clone(), Some(Backend::Cpu), &mut NoObserver))
            .expect("resumes");
    same(block_on(resumed.epoch(&mut NoObserver)).expect("trains").test_mse, expected[2]);
}

#[test]
fn a_checkpoint_goes_from_engine_to_engine() {
    let Some(_) = device() else { return };
    let (train, test) = digits();
    for method in [Method::Sgd, Method::Pam] {
        let resume = |bytes: &[u8], backend| {
            block_on(Trainer::reopen(bytes, train.clone(), test.clone(), Some(backend), &mut NoObserver))
                .expect("resumes")
        };
        let mut whole =
            Trainer::create(train.clone(), test.clone(), options(method, Backend::Cpu)).expect("is made");
        let mut trainer = block_on(Trainer::open(
            train.clone(),
            test.clone(),
            options(method, Backend::Cpu),
            &mut NoObserver,
        ))
        .expect("opens");
        for backend in [Backend::Gpu, Backend::Cpu, Backend::Gpu] {
            let expected = block_on(whole.epoch(&mut NoObserver)).expect("trains").test_mse;
            let found = block_on(trainer.epoch(&mut NoObserver)).expect("trains").test_mse;
            assert!((found / expected - 1.0).abs() < 0.005, "{method:?} {found} {expected}");
            let bytes = trainer.checkpoint().expect("writes");
            let before = trainer.sae().clone();
            trainer = resume(&bytes, backend);
            assert_eq!(trainer.sae(), &before);
        }
    }
}

#[test]
fn a_checkpoint_of_a_gpu_resumes_where_there_is_none() {
    let Some(_) = device() else { return };
    let (train, test) = digits();
    let mut trainer = block_on(Trainer::open(
        train.clone(),
        test.clone(),
        options(Method::Sgd, Backend::Gpu),
        &mut NoObserver,
    ))
    .expect("opens");
    block_on(trainer.epoch(&mut NoObserver)).expect("trains");
    let bytes = trainer.checkpoint().expect("writes");
    let resumed = Trainer::resume(&bytes, train, test).expect("resumes");
    assert_eq!((resumed.sae(), resumed.epochs()), (trainer.sae(), 1));
}

#[test]
fn what_the_device_cannot_hold_is_refused_in_words() {
    let Some(device) = device() else { return };
    let data = Dataset::new(Storage::F32(vec![0.5; 40]), 20).expect("rows");
    let limit = device.largest_binding() as usize;
    // Two matrices of parameters together above one binding; their memory is never touched.
    let d_sae = limit / 4 / 20;
    let sae = Sae {
        d_in: 20,
        d_sae,
        activation: Activation::Relu,
        w_enc: vec![0.0; 20 * d_sae],
        b_enc: vec![0.0; d_sae],
        w_dec: None,
        b_dec: vec![0.0; 20],
    };
    let state = State { optimiser: Optimiser::new(&sae, false), sae };
    let error = block_on(GpuEngine::new(device, &data, &data, &state)).expect_err("is too large");
    assert_eq!(error.code(), "gpu");
    assert!(error.to_string().contains("MB") || error.to_string().contains("too large"), "{error}");
}

#[test]
fn bad_rows_are_refused_before_any_work_and_no_rows_are_no_work() {
    let Some(_) = device() else { return };
    let sae = Sae::random(4, 8, Activation::TopK { k: 2, by: TopKBy::Magnitude }, true, 1);
    let run = |rows: &[f32]| {
        block_on(Inference::default().run(
            Operation::Forward,
            &sae,
            rows,
            Backend::Gpu,
            async |_: usize, _: usize| Ok(()),
        ))
    };
    let error = run(&[0.0, 1.0, 2.0, 3.0, 4.0, f32::NAN, 6.0, 7.0]).expect_err("has a NaN");
    assert_eq!(error.to_string(), "row 1, column 1 is NaN, expected a finite number");
    assert_eq!(run(&[1.0; 5]).expect_err("is no whole row").code(), "shape");
    assert_eq!(run(&[]), Ok(Vec::new()));
}

#[test]
fn a_lost_device_fails_bulk_work_over_to_the_cpu() {
    let Some(_) = device() else { return };
    let sae = Sae::random(16, 32, Activation::Relu, true, 1);
    let rows: Vec<f32> = (0..16 * 3000).map(|i| ((i * 31) % 17) as f32 - 8.0).collect();
    let mut device = block_on(shared_device(true)).ok().map(|tested| tested.device);
    let destroy = async |_: usize, _: usize| {
        if let Some(device) = device.take() {
            device.destroy();
        }
        Ok(())
    };
    let found = block_on(Inference::default().run(Operation::Forward, &sae, &rows, Backend::Gpu, destroy))
        .expect("goes on");
    let expected = apply(Operation::Forward, &sae, &rows).expect("works");
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-3));
}

/// The digits in a file of bytes, of which the reservoir holds a part.
fn streamed_digits() -> RowStream {
    let (train, _) = digits();
    let (rows, cols) = (train.rows(), train.cols());
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({rows}, {cols})}}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend((0..rows).filter_map(|row| train.bytes(row)).flatten());
    let file = StreamFile { name: "digits.npy".into(), source: Box::new(Cow::<[u8]>::Owned(bytes)) };
    let options = StreamOptions { reservoir: 400_000, ..StreamOptions::default() };
    let go_on = &mut |_, _| ControlFlow::Continue(());
    let opened = block_on(RowStream::open(vec![file], options)).expect("opens");
    block_on(opened.normalised(NormalisationKind::Mnist, go_on)).expect("is read")
}

#[test]
fn a_stream_passes_through_the_gpu_as_through_the_cpu() {
    let Some(_) = device() else { return };
    let (_, test) = digits();
    for method in [Method::Sgd, Method::Pam] {
        let on = |backend| {
            let options = options(method, backend);
            let run = block_on(Trainer::open(streamed_digits(), test.clone(), options, &mut NoObserver));
            let mut run = run.expect("opens");
            let reports: Vec<_> =
                (0..2).map(|_| block_on(run.epoch(&mut NoObserver)).expect("trains")).collect();
            reports[1]
        };
        let (cpu, gpu) = (on(Backend::Cpu), on(Backend::Gpu));
        assert!((gpu.test_mse / cpu.test_mse - 1.0).abs() < 0.005, "{} {}", gpu.test_mse, cpu.test_mse);
        assert!((gpu.train_mse / cpu.train_mse - 1.0).abs() < 0.005, "{} {}", gpu.train_mse, cpu.train_mse);
    }
}
