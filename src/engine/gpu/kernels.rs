//! The kernels: their sources, the sizes and constants that stand in them, what a dispatch tells them, and their
//! pipelines.

use std::num::NonZeroU64;

use crate::engine::{MOST_IDLE_ROWS, adam};

/// Threads of a workgroup of most kernels.
pub const GROUP_SIZE: usize = 64;
/// Of these, threads that share a row.
pub const LANES: usize = 8;
/// Rows of a workgroup whose rows are shared so.
pub const ROWS_PER_GROUP: usize = GROUP_SIZE / LANES;
/// Threads of a workgroup of a dense product, along the columns and along the rows.
const TILE_THREADS: (usize, usize) = (8, 4);
/// Rows, and columns, whose results such a thread keeps in registers. The kernels spell the registers out, so that
/// another number needs other kernels; buffers have a multiple of so many rows.
pub const REGISTER_TILE: usize = 8;
/// Columns of the results of a workgroup of a dense product.
pub const TILE_COLUMNS: usize = TILE_THREADS.0 * REGISTER_TILE;
/// Rows of them.
pub const TILE_ROWS: usize = TILE_THREADS.1 * REGISTER_TILE;
/// vec4 of a row that a thread of a sparse product keeps in registers, likewise spelled out; rows of data are padded to
/// a multiple of it.
pub const VECTORS_PER_THREAD: usize = 4;

/// Tasks in one submission.
pub const TASKS_PER_SUBMISSION: usize = 4096;
/// Bytes from task to task in their buffer: the alignment that every device accepts.
pub const TASK_STRIDE: usize = 256;
/// Bytes of a [`Task`].
pub const TASK_BYTES: usize = size_of::<Task>();

/// Values of the overrides that `shaders/prelude.wgsl` declares, by name.
pub const OVERRIDES: &[(&str, f64)] = &[
    ("group_size", GROUP_SIZE as f64),
    ("lanes", LANES as f64),
    ("tile_columns", TILE_THREADS.0 as f64),
    ("tile_rows", TILE_THREADS.1 as f64),
    ("register_tile", REGISTER_TILE as f64),
    ("vectors_per_thread", VECTORS_PER_THREAD as f64),
    ("beta1", adam::BETA1),
    ("beta2", adam::BETA2),
    ("one_minus_beta1", 1.0 - adam::BETA1),
    ("one_minus_beta2", 1.0 - adam::BETA2),
    ("adam_eps", adam::EPS),
    ("clip_eps", adam::CLIP_EPS),
    ("most_idle_rows", MOST_IDLE_ROWS as f64),
];

/// What a dispatch tells its kernel: `Task` of `shaders/prelude.wgsl`, field by field.
#[derive(Debug, Clone, Copy, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Task {
    pub first: u32,
    pub rows: u32,
    pub offset: u32,
    pub width: u32,
    pub latents: u32,
    pub stride: u32,
    pub k: u32,
    pub mode: u32,
    pub stored_first: u32,
    pub stored_rows: u32,
    pub elements: u32,
    pub count: u32,
    pub scale: f32,
    pub l1: f32,
    pub step_size: f32,
    pub inverse_root: f32,
    pub ridge: f32,
    pub proximal: f32,
    pub weight_decay: f32,
    pub first_latent: u32,
    pub rate: f32,
    pub dead_after: f32,
    pub bandwidth: f32,
    pub target_l0: f32,
    pub coefficient: f32,
    pub padding: [u32; 3],
}

macro_rules! kernels {
    ($($kernel:ident $file:literal)*) => {
        /// A kernel, by its file in `shaders/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each file begins with what it does")]
        pub enum Kernel { $($kernel),* }

        impl Kernel {
            /// All of them.
            pub const ALL: &[Kernel] = &[$(Kernel::$kernel),*];

            /// Name of its file.
            pub fn name(self) -> &'static str {
                match self { $(Kernel::$kernel => $file),* }
            }

            fn body(self) -> &'static str {
                match self {
                    $(Kernel::$kernel => include_str!(concat!("../../../shaders/", $file, ".wgsl"))),*
                }
            }
        }
    };
}

kernels! {
    Gather "gather"
    Encode "encode"
    TopK "topk"
    Threshold "threshold"
    Histogram "histogram"
    Narrow "narrow"
    DecodeSparse "decode_sparse"
    DecodeDense "decode_dense"
    DecodeActive "decode_active"
    Residual "residual"
    LongerPrefixes "longer_prefixes"
    EntryGradients "entry_gradients"
    EntryGradientsDense "entry_gradients_dense"
    EntryGradientsActive "entry_gradients_active"
    Invert "invert"
    ByLatent "by_latent"
    ColumnSums "column_sums"
    Near "near"
    ThresholdSums "threshold_sums"
    ThresholdGradient "threshold_gradient"
    Dead "dead"
    DeadLatents "dead_latents"
    AuxiliaryResidual "auxiliary_residual"
    Idle "idle"
    Tangent "tangent"
    Norm "norm"
    Clip "clip"
    Adam "adam"
    UnitRows "unit_rows"
    SweepGains "sweep_gains"
    SweepBias "sweep_bias"
    Sweep "sweep"
}

impl Kernel {
    /// The whole source that the device compiles, with [`OVERRIDES`].
    pub fn source(self) -> String {
        let mut source = include_str!("../../../shaders/prelude.wgsl").to_owned();
        if matches!(self, Self::Norm | Self::Adam) {
            source.push_str(include_str!("../../../shaders/penalised.wgsl"));
        }
        if matches!(self, Self::Encode | Self::EntryGradientsDense) {
            source.push_str(include_str!("../../../shaders/tile.wgsl"));
        }
        if matches!(self, Self::DecodeActive | Self::EntryGradientsActive) {
            source.push_str(include_str!("../../../shaders/active.wgsl"));
        }
        source + self.body()
    }

    /// Whether each storage buffer, in the order of its declaration, is only read.
    fn buffers(self) -> impl Iterator<Item = bool> {
        self.body().lines().filter_map(|line| {
            let (_, access) = line.split_once("var<storage, ")?;
            Some(!access.starts_with("read_write"))
        })
    }
}

/// Pipelines of all kernels.
#[derive(Debug)]
pub struct Pipelines {
    compiled: Vec<(wgpu::BindGroupLayout, wgpu::ComputePipeline)>,
}

impl Pipelines {
    /// Compiles them. A failure shows in the error scope around the call.
    pub fn new(device: &wgpu::Device) -> Self {
        Self { compiled: Kernel::ALL.iter().map(|&kernel| compile(device, kernel)).collect() }
    }

    /// What is bound to a kernel.
    pub fn layout(&self, kernel: Kernel) -> &wgpu::BindGroupLayout {
        &self.compiled[kernel as usize].0
    }

    /// A kernel, ready to be dispatched.
    pub fn pipeline(&self, kernel: Kernel) -> &wgpu::ComputePipeline {
        &self.compiled[kernel as usize].1
    }
}

fn compile(device: &wgpu::Device, kernel: Kernel) -> (wgpu::BindGroupLayout, wgpu::ComputePipeline) {
    let label = Some(kernel.name());
    let task = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: true,
        min_binding_size: NonZeroU64::new(TASK_BYTES as u64),
    };
    let storage = kernel.buffers().map(|read_only| wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Storage { read_only },
        has_dynamic_offset: false,
        min_binding_size: None,
    });
    let entries: Vec<_> = std::iter::once(task)
        .chain(storage)
        .zip(0..)
        .map(|(ty, binding)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty,
            count: None,
        })
        .collect();
    let layout =
        device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label,
        source: wgpu::ShaderSource::Wgsl(kernel.source().into()),
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label,
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions { constants: OVERRIDES, ..Default::default() },
        cache: None,
    });
    (layout, pipeline)
}
