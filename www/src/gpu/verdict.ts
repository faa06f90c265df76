// What there is to say of the adapter, in a sentence and in a second one.

import type { GpuReport } from 'splinterp';

/** `undefined` until the adapter has answered, `null` if there is none. */
export type Report = GpuReport | null | undefined;

/** `failed`: the worker that asks stopped. */
export function verdict(report: Report, failed: boolean): string {
  if (failed && !report) return 'The graphics adapter could not be tested';
  if (report === undefined) return 'Looking for a graphics adapter and testing every kernel …';
  if (report === null) return 'No graphics adapter found: everything runs on the CPU';
  if (report.fault !== null) return `Results of ${report.adapter} are wrong: everything runs on the CPU`;
  if (report.software) return `${report.adapter} is a software adapter: the CPU by itself is faster`;
  return `Results of ${report.adapter} are correct`;
}

export function advice(report: Report, failed: boolean): string {
  if (failed && !report) return 'The labs test it for themselves before they train on it.';
  if (report === undefined) return 'This takes a few seconds, on a software adapter up to a minute.';
  if (report === null) {
    return 'This browser has no WebGPU, or it is switched off, or the browser blocks this adapter. The whole site works without it.';
  }
  if (report.fault !== null) return report.fault;
  if (report.software) return 'The labs train on the CPU instead. You can still measure the adapter below.';
  return 'Before each run the labs race the adapter against the CPU on the data at hand and use the faster one.';
}
