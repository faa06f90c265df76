//! The kernels: their sources, what a dispatch tells them, and their pipelines.

use std::num::NonZeroU64;

/// Bytes of a task in its buffer: the alignment that every device accepts.
pub const TASK_BYTES: usize = 256;
/// Bytes of a [`Task`].
pub const TASK_SIZE: usize = size_of::<Task>();

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
    pub resident_first: u32,
    pub resident_rows: u32,
    pub elements: u32,
    pub count: u32,
    pub scale: f32,
    pub l1: f32,
    pub step_size: f32,
    pub inverse_root: f32,
    pub ridge: f32,
    pub pull: f32,
    pub decay: f32,
    pub padding: u32,
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
    DecodeSparse "decode_sparse"
    DecodeDense "decode_dense"
    Residual "residual"
    EntryGradients "entry_gradients"
    EntryGradientsDense "entry_gradients_dense"
    Invert "invert"
    ByLatent "by_latent"
    ColumnSums "column_sums"
    Norm "norm"
    Clip "clip"
    Adam "adam"
}

impl Kernel {
    /// The whole source that the device compiles.
    pub fn source(self) -> String {
        let mut source = include_str!("../../../shaders/prelude.wgsl").to_owned();
        if matches!(self, Self::Norm | Self::Adam) {
            source.push_str(include_str!("../../../shaders/penalised.wgsl"));
        }
        if matches!(self, Self::Encode | Self::EntryGradientsDense) {
            source.push_str(include_str!("../../../shaders/tile.wgsl"));
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
pub struct Kernels {
    compiled: Vec<(wgpu::BindGroupLayout, wgpu::ComputePipeline)>,
}

impl Kernels {
    /// Compiles them. What fails shows in the error scope around.
    pub fn new(device: &wgpu::Device) -> Self {
        Self { compiled: Kernel::ALL.iter().map(|&kernel| compile(device, kernel)).collect() }
    }

    pub(super) fn layout(&self, kernel: Kernel) -> &wgpu::BindGroupLayout {
        &self.compiled[kernel as usize].0
    }

    pub(super) fn pipeline(&self, kernel: Kernel) -> &wgpu::ComputePipeline {
        &self.compiled[kernel as usize].1
    }
}

fn compile(device: &wgpu::Device, kernel: Kernel) -> (wgpu::BindGroupLayout, wgpu::ComputePipeline) {
    let label = Some(kernel.name());
    let task = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: true,
        min_binding_size: NonZeroU64::new(TASK_SIZE as u64),
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
        compilation_options: Default::default(),
        cache: None,
    });
    (layout, pipeline)
}
