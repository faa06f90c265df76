// What the page about the graphics adapter and its worker say to each other. Types only: nothing here runs.

import type { GpuReport, Timing } from 'splinterp';

/** The worker, as the page sees it. */
export interface GpuWorker {
  /** Opens the adapter and tests every kernel; undefined where none answers. */
  report(): Promise<GpuReport | undefined>;
  /** Measures one workload after another and tells of each as it comes. */
  benchmark(onTiming: (timing: Timing) => void): Promise<void>;
}
