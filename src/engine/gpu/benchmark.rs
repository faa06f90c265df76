//! What the page shows of the device: its properties, its self-test, and how fast it is beside the CPU.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;
use web_time::Instant;

use super::device::{Context, Memory};
use super::dispatch::Recorder;
use super::forward::Batch;
use super::gpu_engine::GpuEngine;
use super::layout::Layout;
use super::self_test::Check;
use super::shared::Tested;
use crate::data::{Dataset, Storage};
use crate::engine::{CpuEngine, Engine, Operation, Optimiser, State, StepOptions, apply};
use crate::error::{Error, Result};
use crate::random::{Random, Stream};
use crate::sae::{Activation, Penalties, Sae, TopKBy};

/// A device as it describes itself, and whether it computes rightly.
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
    pub fn new(tested: &Tested) -> Self {
        let (adapter, limits) = (tested.context.adapter().clone(), tested.context.limits());
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
            features: tested.context.features(),
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

/// Measures a workload in both rooms, `repeats` times each.
///
/// # Errors
/// If the device fails.
pub async fn benchmark(
    context: &Rc<Context>,
    workload: Workload,
    repeats: usize,
    with_cpu: bool,
) -> Result<Timing> {
    let repeats = repeats.max(1);
    let state = workload.state();
    let x = workload.rows();
    match workload.k {
        None => {
            let mut product = Product::new(context, &state, &x).await?;
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
            let mut room = GpuEngine::new(context.clone(), &data, &data, &state).await?;
            let gpu = steps(&mut room, workload.rows, repeats, 1).await?;
            let gpu_without_readback = steps(&mut room, workload.rows, 1, repeats).await?;
            let cpu = if with_cpu {
                let mut room = CpuEngine::new(data.clone(), data, state);
                Some(steps(&mut room, workload.rows, repeats, 1).await?)
            } else {
                None
            };
            Ok(Timing { workload: workload.id, gpu, gpu_without_readback, cpu })
        }
    }
}

/// Median milliseconds of a step over `calls` calls of `batches` steps each, after one that warms up.
async fn steps(room: &mut impl Engine, batch: usize, calls: usize, batches: usize) -> Result<f64> {
    let options = StepOptions {
        batch_size: batch,
        updates_per_batch: 1,
        lr: 1e-3,
        lr_slope: 0.0,
        weight_decay: 0.0,
        clip: None,
        penalties: Penalties::default(),
    };
    let rows: Vec<u32> = (0..batch as u32).cycle().take(batch * batches).collect();
    room.begin_epoch();
    room.steps(&rows[..batch], &options).await?;
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let start = Instant::now();
        room.steps(&rows, &options).await?;
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
struct Product {
    context: Rc<Context>,
    batch: Batch,
    recorder: Recorder,
    _theta: Memory,
}

impl Product {
    async fn new(context: &Rc<Context>, state: &State, x: &[f32]) -> Result<Self> {
        let layout = Layout::new(state)?;
        let (theta, batch, recorder) = context
            .allocate(|| {
                let theta = context.storage("parameters", layout.bytes())?;
                let batch = Batch::new(context, &layout, &state.sae.activation, &theta)?;
                Ok((theta, batch, Recorder::new(context.clone())?))
            })
            .await?;
        context.queue.write_buffer(&theta, 0, bytemuck::cast_slice(&layout.parameters(&state.sae)));
        let mut padded = vec![0.0; batch.rows * 4 * layout.width];
        layout.pad(x, &mut padded);
        context.queue.write_buffer(&batch.x, 0, bytemuck::cast_slice(&padded));
        Ok(Self { context: context.clone(), batch, recorder, _theta: theta })
    }

    /// Milliseconds with and without the readback of the result.
    async fn measure(&mut self, rows: usize, repeats: usize) -> Result<(f64, f64)> {
        let rows = rows.min(self.batch.rows);
        let bytes = 4 * (rows * self.batch.layout.stride) as u64;
        let mut with = Vec::new();
        for _ in 0..=repeats {
            let start = Instant::now();
            self.batch.record_product(&mut self.recorder, rows);
            self.recorder.submit();
            self.context.read(&[(&self.batch.z, 0, bytes)]).await?;
            with.push(milliseconds(start));
        }
        // The first warmed up.
        with.swap_remove(0);
        let start = Instant::now();
        for _ in 0..repeats {
            self.batch.record_product(&mut self.recorder, rows);
            self.recorder.submit();
        }
        self.context.read(&[(&self.batch.z, 0, 16)]).await?;
        Ok((middle(with), milliseconds(start) / repeats as f64))
    }
}
