// Measures the graphics adapter apart from the page: a software adapter keeps its thread busy for seconds.

import init, { gpuBenchmark, gpuReport } from 'splinterp';
import { serve } from '../kit/remote';
import type { GpuWorker } from './protocol';

const ready = init();

serve<GpuWorker>({
  report: async () => {
    await ready;
    return gpuReport();
  },
  benchmark: async (onTiming) => {
    await ready;
    await gpuBenchmark({ onTiming });
  },
});
