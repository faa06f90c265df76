// Measures the graphics adapter apart from the page: a software adapter keeps its thread busy for seconds.

import { expose } from 'comlink';
import init, { gpuBenchmark, gpuReport } from 'splinterp';
import type { GpuWorker } from './protocol';
import { outcome } from '../kit/failure';

const ready = init();

const worker: GpuWorker = {
  report: () =>
    outcome(async () => {
      await ready;
      return gpuReport();
    }),
  benchmark: (onTiming) =>
    outcome(async () => {
      await ready;
      await gpuBenchmark({ onTiming });
      return undefined;
    }),
};

expose(worker);
