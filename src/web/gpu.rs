//! `gpuReport`, `gpuBenchmark`.

use js_sys::Promise;
use serde::Deserialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{callback, field};
use super::error::Thrown;
use super::options::optional_from_js_without;
use super::promise::{Cancellation, Page, promise};
use super::results::to_js;
use crate::engine::gpu::{GpuReport, Workload, benchmark, shared_device};
use crate::error::Error;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The graphics adapter as it describes itself, and whether its results are correct. */
export interface GpuReport {
  adapter: string;
  vendor: string;
  backend: string;
  /** discrete, integrated, virtual, software or unknown */
  deviceType: string;
  driver: string;
  /** A software adapter, which computes on the CPU; 'auto' never takes it. */
  software: boolean;
  limits: Record<string, number>;
  features: string[];
  /** Comparisons with the CPU: ‖gpu − cpu‖ / ‖cpu‖. */
  checks: { name: string; error: number }[];
  /** What is wrong with the results; null if nothing is. */
  fault: string | null;
}

/** encode: 1 024 rows; step: untied SGD on 128 rows, TopK 15 of 256 and 320 of 4 096. */
export type Workload = 'encode-784-256' | 'encode-2304-4096' | 'step-784-256' | 'step-2304-4096';

/** Median milliseconds after a warm-up. */
export interface Timing {
  workload: Workload;
  /** With the result, of a step its loss, read back every time. */
  gpu: number;
  /** With one readback after all repetitions. */
  gpuWithoutReadback: number;
  /** On the CPU; null where it was not asked for. */
  cpu: number | null;
}

export interface BenchmarkOptions {
  /** All by default. */
  workloads?: Workload[];
  /** 5 by default. */
  repeats?: number;
  /** Whether the CPU runs too, true. */
  cpu?: boolean;
  /** Called with each result. */
  onTiming?: (timing: Timing) => void;
}
"#;

/// Opens the graphics adapter and tests every kernel against the CPU. Undefined where there is no adapter, or none
/// that runs the kernels.
#[wasm_bindgen(js_name = gpuReport, unchecked_return_type = "Promise<GpuReport | undefined>")]
pub fn gpu_report() -> Promise {
    promise(|| Ok(report()))
}

async fn report() -> Result<JsValue, Thrown> {
    match shared_device(true).await {
        Ok(tested) => to_js(&GpuReport::new(&tested)),
        Err(Error::Gpu(_)) => Ok(JsValue::UNDEFINED),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BenchmarkOptions {
    workloads: Option<Vec<String>>,
    #[serde(default = "five")]
    repeats: usize,
    #[serde(default = "yes")]
    cpu: bool,
}

fn five() -> usize {
    5
}

fn yes() -> bool {
    true
}

/// Measures the GPU beside one CPU thread.
#[wasm_bindgen(js_name = gpuBenchmark, unchecked_return_type = "Promise<Timing[]>")]
pub fn gpu_benchmark(
    #[wasm_bindgen(unchecked_optional_param_type = "BenchmarkOptions")] options: &JsValue,
) -> Promise {
    promise(|| {
        let BenchmarkOptions { workloads, repeats, cpu } =
            optional_from_js_without("options", options, &["onTiming"])?;
        let on_timing = callback("options.onTiming", &field(options, "onTiming"))?;
        let workloads = match workloads {
            Some(names) => names.iter().map(|name| Workload::named(name)).collect::<Result<Vec<_>, _>>()?,
            None => Workload::ALL.to_vec(),
        };
        let mut page = Page::new(None, Cancellation::default().flag());
        Ok(async move {
            let tested = shared_device(true).await?;
            let mut timings = Vec::new();
            for workload in workloads {
                let timing = benchmark(&tested.device, workload, repeats, cpu).await?;
                if let Some(on_timing) = &on_timing {
                    let timing = to_js(&timing)?;
                    page.call(|this| on_timing.call1(this, &timing));
                    page.outcome(Ok(()))?;
                }
                timings.push(timing);
            }
            to_js(&timings)
        })
    })
}
