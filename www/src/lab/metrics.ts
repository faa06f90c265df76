// The metrics by which runs are shown, one table for curves, figures and claims.

import type { EpochReport, ExperimentSummary, Spread } from 'splinterp/lab';
import { measured, percent } from '../kit/format';
import type { LabProperties } from './settings';

export type MetricKey = LabProperties['curve']['initial'];

export interface Metric {
  name: string;
  /** What it is, where no run is ahead by it. */
  meaning: string;
  /** What is lowest where a run is ahead; not of metrics that are neither good nor bad. */
  lowest?: string;
  test: (report: EpochReport) => number;
  train?: (report: EpochReport) => number;
  /** Over the seeds of an experiment, where the crate tells it. */
  spread?: (summary: ExperimentSummary) => Spread;
  show: (value: number) => string;
}

export const metrics: Readonly<Record<MetricKey, Metric>> = {
  mse: {
    name: 'MSE',
    meaning: 'Mean squared error over all elements of the test rows',
    lowest: 'Lowest test MSE',
    test: ({ testMse }) => testMse,
    train: ({ trainMse }) => trainMse,
    spread: ({ testMse }) => testMse,
    show: measured,
  },
  fvu: {
    name: 'FVU',
    meaning: 'Fraction of the test rows’ variance that is not explained',
    lowest: 'Least test variance unexplained',
    test: ({ testFvu }) => testFvu,
    spread: ({ testFvu }) => testFvu,
    show: measured,
  },
  l0: {
    name: 'L0',
    meaning: 'Mean number of active latents',
    test: ({ testL0 }) => testL0,
    spread: ({ testL0 }) => testL0,
    show: measured,
  },
  l1: { name: 'L1', meaning: 'Mean of Σ|z|', test: ({ testL1 }) => testL1, show: measured },
  dead: {
    name: 'Dead',
    meaning: 'Share of latents that no training row activated in the epoch',
    test: ({ deadShare }) => deadShare,
    spread: ({ deadShare }) => deadShare,
    show: percent,
  },
};
export const metricKeys = Object.keys(metrics) as MetricKey[];
