// What curves are drawn over: epochs, encoder steps, or the time that training and evaluation took.

import type { EpochReport } from 'splinterp/lab';
import { count, duration } from '../kit/format';
import type { LabProperties } from './settings';

export type AxisKey = LabProperties['axis']['initial'];

export interface Axis {
  name: string;
  /** Beside the axis. */
  label: string;
  /** Whether all runs have a value at the same places. */
  shared: boolean;
  /** A place in words. */
  at: (place: number) => string;
}

export const axes: Readonly<Record<AxisKey, Axis>> = {
  epoch: { name: 'epochs', label: 'epoch', shared: true, at: (place) => `Epoch ${count(place)}` },
  steps: { name: 'steps', label: 'encoder steps', shared: true, at: (place) => `${count(place)} steps` },
  seconds: { name: 'seconds', label: 'seconds', shared: false, at: (place) => `After ${duration(place)}` },
};
export const axisKeys = Object.keys(axes) as AxisKey[];

/** Where on the axis each report stands; `steps` are those of an epoch. */
export function placesOf(axis: AxisKey, reports: readonly EpochReport[], steps: number): number[] {
  if (axis === 'epoch') return reports.map(({ epoch }) => epoch);
  if (axis === 'steps') return reports.map(({ epoch }) => epoch * steps);
  let seconds = 0;
  return reports.map((report) => (seconds += report.seconds));
}

/** Encoder steps of an epoch on so many rows. */
export function stepsOf(
  rows: number,
  { batchSize, updatesPerBatch }: { batchSize: number; updatesPerBatch: number },
): number {
  return Math.ceil(rows / batchSize) * updatesPerBatch;
}
