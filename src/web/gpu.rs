//! `gpuReport`, `gpuBenchmark`.

use js_sys::Function;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::convert::{count, option_field, to_js};
use super::error::Thrown;
use crate::engine::gpu::{GpuReport, Workload, benchmark, shared_device};
use crate::error::Error;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The graphics adapter as it describes itself, and whether it gives correct results. */
export interface GpuReport {
  adapter: string;
  vendor: string;
  backend: string;
  /** discrete, integrated, virtual, software or unknown */
  deviceType: string;
  driver: string;
  /** It computes on the CPU; 'auto' never takes it. */
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
  /** Hears of each result as it comes. */
  onTiming?: (timing: Timing) => void;
}
"#;

/// Opens the graphics adapter and tests every kernel against the CPU. Undefined where there is no adapter, or none
/// that runs the kernels.
#[wasm_bindgen(js_name = gpuReport, unchecked_return_type = "GpuReport | undefined")]
pub async fn gpu_report() -> Result<JsValue, Thrown> {
    match shared_device(true).await {
        Ok(tested) => to_js(&GpuReport::new(&tested)),
        Err(Error::Gpu(_)) => Ok(JsValue::UNDEFINED),
        Err(error) => Err(error.into()),
    }
}

/// Measures the GPU beside one CPU thread.
#[wasm_bindgen(js_name = gpuBenchmark, unchecked_return_type = "Timing[]")]
pub async fn gpu_benchmark(
    #[wasm_bindgen(unchecked_optional_param_type = "BenchmarkOptions")] options: JsValue,
) -> Result<JsValue, Thrown> {
    let field = |name: &str| option_field(&options, name);
    let repeats = field("repeats").as_f64().map_or(Ok(5), |repeats| count("repeats", repeats))?;
    let with_cpu = field("cpu").as_bool().unwrap_or(true);
    let on_timing: Option<Function> = field("onTiming").dyn_into().ok();
    let workloads = match field("workloads").dyn_into::<js_sys::Array>() {
        Ok(names) => names
            .iter()
            .map(|name| Workload::named(&name.as_string().unwrap_or_default()))
            .collect::<Result<Vec<_>, _>>()?,
        Err(_) => Workload::ALL.to_vec(),
    };
    let tested = shared_device(true).await?;
    let mut timings = Vec::new();
    for workload in workloads {
        let timing = benchmark(&tested.device, workload, repeats, with_cpu).await?;
        if let (Some(on_timing), Ok(timing)) = (&on_timing, to_js(&timing)) {
            // A callback that throws is the page's mistake and no reason to stop.
            let _ = on_timing.call1(&JsValue::NULL, &timing);
        }
        timings.push(timing);
    }
    to_js(&timings)
}
