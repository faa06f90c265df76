// This crate's GPU engine. It times itself, from the call to the moment at which the result is there, and computes on
// rows and parameters of its own: that its results are right is for tests/gpu_*.rs and tests/browser/gpu.spec.ts.
import init, { gpuBenchmark, gpuReport, Sae } from '/pkg/splinterp.js';

export const name = 'splinterp';

export async function start() {
  await init();
  const report = await gpuReport();
  if (!report) throw new Error('has no WebGPU device');
  if (report.fault) throw new Error(report.fault);
}

function timed(workload) {
  const measure = async () => (await gpuBenchmark({ workloads: [workload], repeats: 1, cpu: false }))[0];
  return {
    wait: async () => (await measure()).gpuWithoutReadback,
    read: async () => (await measure()).gpu,
    free() {},
  };
}

export const encoder = ({ dIn, dSae }) => timed(`encode-${dIn}-${dSae}`);
export const step = ({ dIn, dSae }) => timed(`step-${dIn}-${dSae}`);

/** What the encoder's product should be, by the CPU: where the threshold lets it through. */
export function reference({ dIn, dSae }, { x, wEnc, bEnc, wDec, bDec }) {
  const parts = { W_enc: wEnc, b_enc: bEnc, W_dec: wDec, b_dec: bDec, activation: { kind: 'relu' } };
  const sae = Sae.fromParts(parts, dIn, dSae);
  const z = sae.encode(x);
  sae.free();
  return z;
}
