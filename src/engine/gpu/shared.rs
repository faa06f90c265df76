//! The one device that all rooms of a thread share: opened and tested once.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use super::device::Context;
use super::self_test::{Check, self_test, verdict};
use crate::error::{Error, Result};

/// A device and what its self-test found.
#[derive(Debug, Clone)]
pub struct Tested {
    /// The device.
    pub context: Rc<Context>,
    /// Comparisons with the CPU.
    pub checks: Rc<[Check]>,
}

impl Tested {
    /// Whether the device computes rightly.
    ///
    /// # Errors
    /// [`crate::Error::Gpu`] that says what is wrong.
    pub fn verdict(&self) -> Result<()> {
        verdict(&self.checks)
    }
}

thread_local! {
    /// Never dropped: wgpu's own thread-locals may be gone by the time this thread's are destroyed, and its destructors
    /// panic without them.
    static DEVICE: ManuallyDrop<RefCell<Option<Tested>>> = const { ManuallyDrop::new(RefCell::new(None)) };
    /// Why there is no device but software: asking again for every run would take a tenth of a second each time.
    static REFUSED: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// The device of this thread; opens it, or opens it again after a loss. `software` says whether an adapter that
/// computes on the CPU will do.
///
/// # Errors
/// [`crate::Error::Gpu`] if there is none, or it does not run the kernels.
pub async fn device(software: bool) -> Result<Tested> {
    let open = DEVICE.with(|device| device.borrow().clone());
    if let Some(tested) = open
        && tested.context.check().is_ok()
        && (software || !tested.context.adapter().software)
    {
        return Ok(tested);
    }
    if !software && let Some(error) = REFUSED.with_borrow(Option::clone) {
        return Err(error);
    }
    let context = match Context::open(software).await {
        Ok(context) => context,
        Err(error) => {
            if !software {
                REFUSED.set(Some(error.clone()));
            }
            return Err(error);
        }
    };
    let checks = self_test(&context).await?.into();
    let tested = Tested { context, checks };
    DEVICE.with(|device| device.replace(Some(tested.clone())));
    Ok(tested)
}
