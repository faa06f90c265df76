//! A device for the tests.

use std::rc::Rc;

use pollster::block_on;
use splinterp::data::Dataset;
use splinterp::engine::State;
use splinterp::engine::gpu::{GpuDevice, GpuEngine};

/// A device of its own, so that losing it disturbs no other test. Without an adapter tests fail under `CI=true`;
/// elsewhere `None` tells them to skip, and says so.
pub fn device() -> Option<Rc<GpuDevice>> {
    match block_on(GpuDevice::open(true)) {
        Ok(device) => Some(device),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{error}");
            eprintln!("SKIPPED: {error}");
            None
        }
    }
}

/// An engine whose training and test rows are the same.
pub fn engine(device: &Rc<GpuDevice>, data: &Dataset, state: &State) -> GpuEngine {
    block_on(GpuEngine::new(device.clone(), data, data, state)).expect("the engine opens")
}
