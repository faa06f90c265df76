// What is measured, in words.

import type { Timing, Workload } from 'splinterp';

/** In the order in which they are measured. */
export const workloads: Readonly<Record<Workload, { name: string; about: string }>> = {
  'encode-784-256': { name: 'Encode, MNIST', about: '1,024 rows of 784 into 256 latents' },
  'encode-2304-4096': { name: 'Encode, language model', about: '1,024 rows of 2,304 into 4,096 latents' },
  'step-784-256': { name: 'Training step, MNIST', about: '128 rows of 784, TopK 15 of 256' },
  'step-2304-4096': { name: 'Training step, language model', about: '128 rows of 2,304, TopK 320 of 4,096' },
};

/** Where a workload runs, and how its colour is named. */
export const places = [
  { key: 'gpu', name: 'GPU, result read back', colour: 'var(--sgd)' },
  { key: 'gpuWithoutReadback', name: 'GPU, result not read back', colour: 'var(--pam)' },
  { key: 'cpu', name: 'CPU, one thread', colour: 'var(--muted)' },
] as const satisfies readonly { key: keyof Timing; name: string; colour: string }[];

/** One line a workload, for a spreadsheet. */
export function toCsv(adapter: string, timings: readonly Timing[]): string {
  const quoted = `"${adapter.replaceAll('"', '""')}"`;
  const lines = timings.map((timing) =>
    [quoted, timing.workload, timing.gpu, timing.gpuWithoutReadback, timing.cpu ?? ''].join(','),
  );
  return ['adapter,workload,gpu_ms,gpu_without_readback_ms,cpu_ms', ...lines, ''].join('\n');
}
