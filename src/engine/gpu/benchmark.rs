//! What the page shows of the device: its properties, its self-test, and how fast it is beside the CPU.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;
use web_time::Instant;

use super::device::{GpuBuffer, GpuDevice};
use super::dispatch::DispatchQueue;
use super::forward::ForwardPass;
use super::gpu_engine::GpuEngine;
use super::layout::Layout;
use super::self_test::Check;
use super::shared::TestedDevice;
use crate::data::{Dataset, Storage};
use crate::engine::{CpuEngine, Engine, Operation, Optimiser, State, StepOptions, Variants, apply};
use crate::error::{Error, Result};
use crate::random::{Random, Stream};
use crate::sae::{Activation, Penalties, Sae, TopKBy};

/// A device as it describes itself, and whether its results are correct.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GpuReport {
    /// Name of the adapter.
    pub adapter: String,
    /// Vendor, as far as it is known.
    pub vendor: String,
    /// Vulkan, Metal, Dx12 or WebGPU.
    pub backend: String,
    /// discrete, integrated, virtual, software or unknown.
    pub device_type: String,
    /// Driver, as far as it is known.
    pub driver: String,
    /// Whether it computes on the CPU; such an adapter is never chosen by itself.
    pub software: bool,
    /// Limits of the device, by their names in WebGPU.
    pub limits: BTreeMap<&'static str, f64>,
    /// Features that the device has.
    pub features: Vec<String>,
    /// Comparisons with the CPU.
    pub checks: Vec<Check>,
    /// What is wrong with the results, if anything is.
    pub fault: Option<String>,
}

impl GpuReport {
    /// Of a device that was opened.
    pub fn new(tested: &TestedDevice) -> Self {
        let (adapter, limits) = (tested.device.adapter().clone(), tested.device.limits());
        let limits = [
            ("maxBufferSize", limits.max_buffer_size as f64),
            ("maxStorageBufferBindingSize", limits.max_storage_buffer_binding_size as f64),
            ("maxStorageBuffersPerShaderStage", f64::from(limits.max_storage_buffers_per_shader_stage)),
            ("maxComputeWorkgroupStorageSize", f64::from(limits.max_compute_workgroup_storage_size)),
            ("maxComputeInvocationsPerWorkgroup", f64::from(limits.max_compute_invocations_per_workgroup)),
            ("maxComputeWorkgroupsPerDimension", f64::from(limits.max_compute_workgroups_per_dimension)),
        ];
        Self {
            adapter: adapter.name,
            vendor: adapter.vendor,
            backend: adapter.backend,
            device_type: adapter.device_type,
            driver: adapter.driver,
            software: adapter.software,
            limits: limits.into(),
            features: tested.device.features(),
            checks: tested.checks.to_vec(),
            fault: tested.verdict().err().map(|error| error.to_string()),
        }
    }
}

/// A thing whose speed can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Its name for programs.
    pub id: &'static str,
    rows: usize,
    d_in: usize,
    d_sae: usize,
    /// Of TopK, for a training step; an encode has none.
    k: Option<usize>,
}

impl Workload {
    /// All of them: encodes of 1 024 rows, and steps of untied SGD on 128.
    pub const ALL: [Self; 4] = [
        Self { id: "encode-784-256", rows: 1024, d_in: 784, d_sae: 256, k: None },
        Self { id: "encode-2304-4096", rows: 1024, d_in: 2304, d_sae: 4096, k: None },
        Self { id: "step-784-256", rows: 128, d_in: 784, d_sae: 256, k: Some(15) },
        Self { id: "step-2304-4096", rows: 128, d_in: 2304, d_sae: 4096, k: Some(320) },
    ];

    /// The one of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(id: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|workload| workload.id == id).ok_or_else(|| {
            let known = Self::ALL.map(|workload| workload.id).join(", ");
            Error::option("workload", format!("'{id}'"), format!("one of {known}"))
        })
    }

    fn state(&self) -> State {
        let activation = self.k.map_or(Activation::Relu, |k| Activation::TopK { k, by: TopKBy::Magnitude });
        let sae = Sae::random(self.d_in, self.d_sae, activation, false, 1);
        State { optimiser: Optimiser::new(&sae, true), sae }
    }

    fn rows(&self) -> Vec<f32> {
        let mut random = Random::new(1, Stream::Generator);
        (0..self.rows * self.d_in).map(|_| random.normal() as f32).collect()
    }
}

/// Milliseconds of a workload: medians after a warm-up.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    /// See [`Workload::id`].
    pub workload: &'static str,
    /// On the GPU, with the result (of a step: its loss) read back every time.
    pub gpu: f64,
    /// On the GPU, with one readback after all repetitions.
    pub gpu_without_readback: f64,
    /// On the CPU; null where it was not asked for.
    pub cpu: Option<f64>,
}

/// Measures a workload on both engines, `repeats` times each.
///
/// # Errors
/// If the device fails.
pub async fn benchmark(
    device: &Rc<GpuDevice>,
    workload: Workload,
    repeats: usize,
    with_cpu: bool,
) -> Result<Timing> {
    let repeats = repeats.max(1);
    let state = workload.state();
    let x = workload.rows();
    match workload.k {
        None => {
            let mut product = EncoderProduct::new(device, &state, &x).await?;
            let (gpu, gpu_without_readback) = product.measure(workload.rows, repeats).await?;
            let cpu = with_cpu.then(|| {
                median(repeats, || {
                    // The rows are whole and finite.
                    let _ = apply(Operation::Encode, &state.sae, &x);
                })
            });
            Ok(Timing { workload: workload.id, gpu, gpu_without_readback, cpu })
        }
        Some(_) => {
            let data = Dataset::new(Storage::F32(x), workload.d_in)?;
            let mut engine = GpuEngine::new(device.clone(), &data, &data, &state).await?;
            let gpu = steps(&mut engine, workload.rows, repeats, 1).await?;
            let gpu_without_readback = steps(&mut engine, workload.rows, 1, repeats).await?;
            let cpu = if with_cpu {
                let mut engine = CpuEngine::new(data.clone(), data, state);
                Some(steps(&mut engine, workload.rows, repeats, 1).await?)
            } else {
                None
            };
            Ok(Timing { workload: workload.id, gpu, gpu_without_readback, cpu })
        }
    }
}

/// Median milliseconds of a step over `calls` calls of `batches` steps each, after one that warms up.
async fn steps(engine: &mut impl Engine, batch: usize, calls: usize, batches: usize) -> Result<f64> {
    let options = StepOptions {
        batch_size: batch,
        updates_per_batch: 1,
        lr: 1e-3,
        lr_slope: 0.0,
        weight_decay: 0.0,
        clip: None,
        penalties: Penalties::default(),
        variants: Variants::NONE,
        sweep: None,
    };
    let rows: Vec<u32> = (0..batch as u32).cycle().take(batch * batches).collect();
    engine.begin_epoch();
    engine.steps(&rows[..batch], &options).await?;
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let start = Instant::now();
        engine.steps(&rows, &options).await?;
        times.push(milliseconds(start) / batches as f64);
    }
    Ok(middle(times))
}

fn median(repeats: usize, mut work: impl FnMut()) -> f64 {
    work();
    let times = (0..repeats).map(|_| {
        let start = Instant::now();
        work();
        milliseconds(start)
    });
    middle(times.collect())
}

fn milliseconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The encoder's product alone.
struct EncoderProduct {
    device: Rc<GpuDevice>,
    forward: ForwardPass,
    queue: DispatchQueue,
    _theta: GpuBuffer,
}

impl EncoderProduct {
    async fn new(device: &Rc<GpuDevice>, state: &State, x: &[f32]) -> Result<Self> {
        let layout = Layout::new(state)?;
        let made = device.allocate(|| {
            let theta = device.storage("parameters", layout.bytes())?;
            let forward = ForwardPass::new(device, &layout, &state.sae.activation, &theta)?;
            Ok((theta, forward, DispatchQueue::new(device.clone())?))
        });
        let (theta, forward, queue) = made.await?;
        device.queue.write_buffer(&theta, 0, bytemuck::cast_slice(&layout.parameters(&state.sae)));
        let mut padded = vec![0.0; forward.chunk.rows * 4 * layout.width];
        layout.pad(x, &mut padded);
        device.queue.write_buffer(&forward.chunk.x, 0, bytemuck::cast_slice(&padded));
        Ok(Self { device: device.clone(), forward, queue, _theta: theta })
    }

    /// Milliseconds with and without the readback of the result.
    async fn measure(&mut self, rows: usize, repeats: usize) -> Result<(f64, f64)> {
        let rows = rows.min(self.forward.chunk.rows);
        let bytes = 4 * (rows * self.forward.chunk.layout.stride) as u64;
        let mut with = Vec::new();
        for _ in 0..=repeats {
            let start = Instant::now();
            self.forward.record_product(&mut self.queue, rows);
            self.queue.submit();
            self.device.read(&[(&self.forward.chunk.z, 0, bytes)]).await?;
            with.push(milliseconds(start));
        }
        // The first warmed up.
        with.swap_remove(0);
        let start = Instant::now();
        for _ in 0..repeats {
            self.forward.record_product(&mut self.queue, rows);
            self.queue.submit();
        }
        self.device.read(&[(&self.forward.chunk.z, 0, 16)]).await?;
        Ok((middle(with), milliseconds(start) / repeats as f64))
    }
}
