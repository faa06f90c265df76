//! An open device with its kernels: buffers, readback, and what went wrong.

use std::ops::Deref;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot;
use wgpu::BufferUsages;

use super::adapter::Adapter;
use super::kernels::{Kernel, Pipelines, TASK_BYTES, TASK_STRIDE, TASKS_PER_SUBMISSION};
use crate::error::{Error, Result};

/// A device, its queue and its kernels.
#[derive(Debug)]
pub struct GpuDevice {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) pipelines: Pipelines,
    /// The tasks of a submission.
    pub(super) tasks: GpuBuffer,
    adapter: Adapter,
    failure: Arc<Mutex<Option<Error>>>,
}

/// A buffer that is freed when it is dropped, on the web too, where only the garbage collector would free it.
#[derive(Debug)]
pub struct GpuBuffer(wgpu::Buffer);

impl GpuBuffer {
    /// All of it, to bind.
    pub fn whole(&self) -> wgpu::BufferBinding<'_> {
        self.as_entire_buffer_binding()
    }
}

impl Deref for GpuBuffer {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.0
    }
}

impl Drop for GpuBuffer {
    fn drop(&mut self) {
        self.0.destroy();
    }
}

impl GpuDevice {
    /// Opens the best adapter with all that it offers, and compiles every kernel. `software` says whether an adapter
    /// that computes on the CPU is accepted.
    ///
    /// # Errors
    /// [`Error::Gpu`] if there is no adapter, or it refuses the device or a kernel.
    pub async fn open(software: bool) -> Result<Rc<Self>> {
        Self::open_within(software, u64::MAX).await
    }

    /// As [`GpuDevice::open`], with at most so many bytes in a buffer, as on a smaller device.
    ///
    /// # Errors
    /// As [`GpuDevice::open`].
    pub async fn open_within(software: bool, largest: u64) -> Result<Rc<Self>> {
        if !available() {
            return Err(Error::Gpu("this browser or program offers no WebGPU".into()));
        }
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance
            .request_adapter(&options)
            .await
            .map_err(|_| Error::Gpu("there is no graphics adapter".into()))?;
        let mut limits = adapter.limits();
        limits.max_storage_buffer_binding_size = limits.max_storage_buffer_binding_size.min(largest);
        limits.max_buffer_size = limits.max_buffer_size.min(largest);
        let descriptor = wgpu::DeviceDescriptor { required_limits: limits, ..Default::default() };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|error| Error::Gpu(format!("the graphics adapter offers no device: {error}")))?;
        let adapter = Adapter::new(&adapter.get_info(), &device);
        if adapter.software && !software {
            return Err(Error::Gpu(format!(
                "the only graphics adapter is {}, which computes on the CPU",
                adapter.name
            )));
        }
        let failure = watch(&device);
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let pipelines = Pipelines::new(&device);
        let tasks = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("tasks"),
            size: (TASKS_PER_SUBMISSION * TASK_STRIDE) as u64,
            usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        if let Some(error) = scope.pop().await {
            return Err(Error::Gpu(format!("a kernel does not compile: {error}")));
        }
        Ok(Rc::new(Self { device, queue, pipelines, tasks: GpuBuffer(tasks), adapter, failure }))
    }

    /// What the adapter says of itself.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Limits of the device.
    pub fn limits(&self) -> wgpu::Limits {
        self.device.limits()
    }

    /// Features that the device has, by name.
    pub fn features(&self) -> Vec<String> {
        self.device.features().iter_names().map(|(name, _)| name.to_owned()).collect()
    }

    /// Ends the device as if it were lost; every engine on it fails from here on.
    pub fn destroy(&self) {
        self.device.destroy();
    }

    /// The first thing that went wrong, if anything did.
    ///
    /// # Errors
    /// [`Error::GpuLost`] after the loss of the device, [`Error::Gpu`] after any other failure.
    pub fn check(&self) -> Result<()> {
        match &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Most bytes of a buffer that a kernel can bind.
    pub fn largest_binding(&self) -> u64 {
        let limits = self.device.limits();
        limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
    }

    /// Storage of `bytes`, zero at first.
    ///
    /// # Errors
    /// [`Error::Gpu`] if it is above what one binding may hold. Whether memory suffices is known only later: see
    /// [`GpuDevice::allocate`].
    pub(super) fn storage(&self, what: &str, bytes: u64) -> Result<GpuBuffer> {
        let bytes = bytes.max(16).next_multiple_of(16);
        let limit = self.largest_binding();
        if bytes > limit {
            let (needed, limit) = (bytes >> 20, limit >> 20);
            return Err(Error::Gpu(format!(
                "{what} needs {needed} MB in one piece, and {} allows {limit} MB",
                self.adapter.name
            )));
        }
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        Ok(GpuBuffer(self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(what),
            size: bytes,
            usage,
            mapped_at_creation: false,
        })))
    }

    /// Runs `make`, which creates buffers, and fails if the device has no memory for them.
    ///
    /// # Errors
    /// Those of `make`, and [`Error::Gpu`] if memory ran out or the device refused something.
    pub(super) async fn allocate<T>(&self, make: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check()?;
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = make();
        // Both scopes end before anything is awaited: scopes nest, and meanwhile another task may open its own.
        let (refused, exhausted) = (validation.pop(), memory.pop());
        let (refused, exhausted) = (refused.await, exhausted.await);
        let made = made?;
        self.check()?;
        if exhausted.is_some() {
            return Err(Error::Gpu(format!("{} does not have enough memory", self.adapter.name)));
        }
        match refused {
            Some(error) => Err(Error::Gpu(format!("{} refuses a buffer: {error}", self.adapter.name))),
            None => Ok(made),
        }
    }

    /// Binds buffers to a kernel, in the order in which its source declares them after the task.
    pub(super) fn bind(&self, kernel: Kernel, buffers: &[wgpu::BufferBinding<'_>]) -> wgpu::BindGroup {
        let task = wgpu::BufferBinding {
            buffer: &self.tasks,
            offset: 0,
            size: std::num::NonZeroU64::new(TASK_BYTES as u64),
        };
        let entries: Vec<_> = std::iter::once(&task)
            .chain(buffers)
            .zip(0..)
            .map(|(buffer, binding)| wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::Buffer(buffer.clone()),
            })
            .collect();
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.name()),
            layout: self.pipelines.layout(kernel),
            entries: &entries,
        })
    }

    /// Reads parts of buffers back, `(buffer, first byte, bytes)` each: all at once, or one after the other where one
    /// buffer cannot hold them together.
    ///
    /// # Errors
    /// [`Error::GpuLost`] or [`Error::Gpu`] if that or anything before it failed.
    pub(super) async fn read(&self, parts: &[(&wgpu::Buffer, u64, u64)]) -> Result<Vec<Vec<u8>>> {
        let total: u64 = parts.iter().map(|(_, _, bytes)| bytes).sum();
        if total <= self.device.limits().max_buffer_size {
            return self.read_at_once(parts, total).await;
        }
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            out.extend(self.read_at_once(std::slice::from_ref(part), part.2).await?);
        }
        Ok(out)
    }

    async fn read_at_once(&self, parts: &[(&wgpu::Buffer, u64, u64)], total: u64) -> Result<Vec<Vec<u8>>> {
        self.check()?;
        if total == 0 {
            return Ok(vec![Vec::new(); parts.len()]);
        }
        let staging = GpuBuffer(self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: total,
            usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        }));
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut at = 0;
        for &(buffer, first, bytes) in parts {
            encoder.copy_buffer_to_buffer(buffer, first, &staging, at, bytes);
            at += bytes;
        }
        self.queue.submit([encoder.finish()]);
        let (sender, receiver) = oneshot::channel();
        staging.map_async(wgpu::MapMode::Read, .., |mapped| {
            // The receiver is gone only if the future was dropped.
            let _ = sender.send(mapped.is_ok());
        });
        let mapped = self.wait(receiver).await;
        self.check()?;
        let lost = || Error::GpuLost(format!("{} no longer answers", self.adapter.name));
        if !mapped {
            return Err(lost());
        }
        let view = staging.get_mapped_range(..).map_err(|_| lost())?;
        let mut rest: &[u8] = &view;
        let mut out = Vec::with_capacity(parts.len());
        for &(_, _, bytes) in parts {
            let (part, after) = rest.split_at_checked(bytes as usize).ok_or_else(lost)?;
            out.push(part.to_vec());
            rest = after;
        }
        Ok(out)
    }

    #[cfg(not(target_arch = "wasm32"))]
    async fn wait(&self, mut receiver: oneshot::Receiver<bool>) -> bool {
        // A failed poll leaves the callback uncalled, which reads as not mapped.
        let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
        receiver.try_recv().ok().flatten().unwrap_or(false)
    }

    #[cfg(target_arch = "wasm32")]
    async fn wait(&self, receiver: oneshot::Receiver<bool>) -> bool {
        receiver.await.unwrap_or(false)
    }
}

/// Values of a part that was read back.
pub fn values<T: bytemuck::Pod>(bytes: &[u8]) -> Vec<T> {
    bytemuck::pod_collect_to_vec(bytes)
}

/// The error of a readback that returned fewer parts than were asked for.
pub fn incomplete_readback() -> Error {
    Error::Gpu("a readback from the GPU is incomplete".into())
}

/// Remembers the first error, or the loss of the device, which outweighs what came before.
fn watch(device: &wgpu::Device) -> Arc<Mutex<Option<Error>>> {
    let failure: Arc<Mutex<Option<Error>>> = Arc::default();
    let heard = failure.clone();
    device.set_device_lost_callback(move |_, message| {
        let message = if message.is_empty() { "no reason given".into() } else { message };
        *heard.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Error::GpuLost(format!("the GPU was lost: {message}")));
    });
    let heard = failure.clone();
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(|| Error::Gpu(format!("the GPU reports: {error}")));
    }));
    failure
}

#[cfg(not(target_arch = "wasm32"))]
fn available() -> bool {
    true
}

/// Whether `navigator.gpu` is there, in a page or a worker.
#[cfg(target_arch = "wasm32")]
fn available() -> bool {
    use js_sys::Reflect;
    let global = js_sys::global();
    let has = |name: &str| Reflect::has(&global, &name.into()).unwrap_or(false);
    if !(has("Window") || has("WorkerGlobalScope")) {
        return false;
    }
    Reflect::get(&global, &"navigator".into())
        .and_then(|navigator| Reflect::get(&navigator, &"gpu".into()))
        .is_ok_and(|gpu| gpu.is_object())
}
