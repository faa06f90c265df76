//! The one device that all engines of a thread share: opened and tested once.

use std::mem::ManuallyDrop;
use std::rc::Rc;

use futures_util::lock::Mutex;

use super::device::GpuDevice;
use super::self_test::{Check, self_test, verdict};
use crate::error::{Error, Result};

/// A device and what its self-test found.
#[derive(Debug, Clone)]
pub struct TestedDevice {
    /// The device.
    pub device: Rc<GpuDevice>,
    /// Comparisons with the CPU.
    pub checks: Rc<[Check]>,
}

impl TestedDevice {
    /// Whether the results of the device are correct.
    ///
    /// # Errors
    /// [`crate::Error::Gpu`] that says what is wrong.
    pub fn verdict(&self) -> Result<()> {
        verdict(&self.checks)
    }
}

/// What was opened, and what was found not to open.
#[derive(Debug, Default)]
struct Opened {
    tested: Option<TestedDevice>,
    /// Why there is no device but software: asking again for every run would take a tenth of a second each time.
    refused: Option<Error>,
}

thread_local! {
    /// Locked while a device is being opened, so that whoever asks meanwhile waits for it instead of opening another.
    ///
    /// Never dropped: wgpu's own thread-locals may be gone by the time this thread's are destroyed, and its destructors
    /// panic without them.
    static OPENED: ManuallyDrop<Rc<Mutex<Opened>>> = ManuallyDrop::new(Rc::default());
}

/// The device of this thread; opens it, or opens it again after a loss. `software` says whether an adapter that
/// computes on the CPU is accepted.
///
/// # Errors
/// [`crate::Error::Gpu`] if there is none, or it does not run the kernels.
pub async fn shared_device(software: bool) -> Result<TestedDevice> {
    let opened = OPENED.with(|opened| Rc::clone(opened));
    let mut opened = opened.lock().await;
    if let Some(tested) = &opened.tested
        && tested.device.check().is_ok()
        && (software || !tested.device.adapter().software)
    {
        return Ok(tested.clone());
    }
    if !software && let Some(error) = &opened.refused {
        return Err(error.clone());
    }
    let device = match GpuDevice::open(software).await {
        Ok(device) => device,
        Err(error) => {
            if !software {
                opened.refused = Some(error.clone());
            }
            return Err(error);
        }
    };
    let checks = self_test(&device).await?.into();
    let tested = TestedDevice { device, checks };
    opened.tested = Some(tested.clone());
    Ok(tested)
}
