//! What an adapter says of itself, and whether it computes on the CPU.

/// Names of adapters that compute on the CPU.
const SOFTWARE: [&str; 5] = ["swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render driver"];

/// What the adapter says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// Name, or vendor and architecture where a browser gives no name.
    pub name: String,
    /// Vendor, as far as it is known.
    pub vendor: String,
    /// Vulkan, Metal, Dx12 or WebGPU.
    pub backend: String,
    /// Discrete, integrated, virtual, software or unknown.
    pub device_type: String,
    /// Driver, as far as it is known.
    pub driver: String,
    /// Whether it computes on the CPU.
    pub software: bool,
}

impl Adapter {
    /// Of the adapter that a device was opened on.
    pub(super) fn new(info: &wgpu::AdapterInfo, device: &wgpu::Device) -> Self {
        let (name, vendor) = names(info, device);
        let lower = format!("{name} {} {}", info.driver, info.driver_info).to_ascii_lowercase();
        let software =
            info.device_type == wgpu::DeviceType::Cpu || SOFTWARE.iter().any(|known| lower.contains(known));
        let device_type = match info.device_type {
            _ if software => "software",
            wgpu::DeviceType::DiscreteGpu => "discrete",
            wgpu::DeviceType::IntegratedGpu => "integrated",
            wgpu::DeviceType::VirtualGpu => "virtual",
            _ => "unknown",
        };
        let backend = match info.backend {
            wgpu::Backend::BrowserWebGpu => "WebGPU".to_owned(),
            other => format!("{other:?}"),
        };
        let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
        Self { name, vendor, backend, device_type: device_type.into(), driver, software }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn names(info: &wgpu::AdapterInfo, _device: &wgpu::Device) -> (String, String) {
    let vendor = match info.vendor {
        0x1002 => "AMD",
        0x106b => "Apple",
        0x10de => "NVIDIA",
        0x1414 => "Microsoft",
        0x8086 => "Intel",
        0x10005 => "Mesa",
        _ => "",
    };
    (info.name.clone(), vendor.to_owned())
}

/// Browsers give a description at best; vendor and architecture are read from the device itself.
#[cfg(target_arch = "wasm32")]
fn names(info: &wgpu::AdapterInfo, device: &wgpu::Device) -> (String, String) {
    use js_sys::Reflect;
    let field = |name: &str| {
        let device = device.as_webgpu()?;
        let adapter = Reflect::get(device, &"adapterInfo".into()).ok()?;
        Reflect::get(&adapter, &name.into()).ok()?.as_string()
    };
    let vendor = field("vendor").unwrap_or_default();
    let architecture = field("architecture").unwrap_or_default();
    let name = if info.name.is_empty() { format!("{vendor} {architecture}") } else { info.name.clone() };
    let name = if name.trim().is_empty() { "an unnamed adapter".to_owned() } else { name.trim().to_owned() };
    (name, vendor)
}
