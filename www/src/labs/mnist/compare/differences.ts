// In which settings pinned runs differ.

import type { Activation, ResolvedOptions } from 'splinterp/lab';
import { count, measured } from '../../../kit/format';
import { titleOf } from '../../../kit/runs';
import { labelOfOption, type Labels } from '../../../lab/wording';
import type { Pin } from './controller';

/** One setting by which pins differ, with the value of each. */
export interface Difference {
  name: string;
  values: string[];
}

/** What the page has no control for. */
const ownLabels: Labels = {
  dSae: 'Latents',
  activation: 'Activation',
  method: 'Method',
  tied: 'Tied weights',
  order: 'First step of an epoch',
  lrDecayEpochs: 'Epochs of falling step size',
  decoder: 'Decoder step',
  initialSolve: 'Decoder solved before the first step',
  solvesPerEpoch: 'Decoder solves per epoch',
  sweepRows: 'Rows of a decoder sweep',
  revive: 'Dead latents resampled',
  clip: 'Largest gradient norm',
  backend: 'Compute on',
  threads: 'Threads',
};

/** Options that are of no effect where the decoder is trained by SGD. */
const ofPam: ReadonlySet<string> = new Set<keyof ResolvedOptions>([
  'decoder',
  'initialSolve',
  'solvesPerEpoch',
  'sweepRows',
  'revive',
  'order',
]);

/** Settings of which not all pins have the same value, what they were trained on first. */
export function differences(pins: readonly Pin[], labels: Labels): Difference[] {
  const keys = [...new Set(pins.flatMap(({ options }) => Object.keys(options)))] as (keyof ResolvedOptions)[];
  const rows: Difference[] = [
    { name: 'Images', values: pins.map(({ data }) => data) },
    { name: 'Training images', values: pins.map(({ trainRows }) => count(trainRows)) },
    { name: 'Epochs', values: pins.map(({ epochs }) => count(epochs)) },
    ...keys.map((key) => ({
      name: ownLabels[key] ?? labelOfOption(key, labels),
      values: pins.map(({ options }) => (options.method === 'sgd' && ofPam.has(key) ? '–' : written(options[key]))),
    })),
  ];
  return rows.filter(({ values }) => new Set(values).size > 1);
}

/** An option that is not set is null. */
function written(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return measured(value);
  if (typeof value === 'string') return value === 'pam' || value === 'sgd' ? titleOf(value) : value;
  if (typeof value !== 'object' || value === null) return '–';
  return writtenKind(value as Activation | ResolvedOptions['decoder']);
}

function writtenKind(value: Activation | ResolvedOptions['decoder']): string {
  switch (value.kind) {
    case 'joint':
      return 'weights and bias together';
    case 'script':
      return `as in the paper’s script, ridge ${measured(value.ridge)}`;
    case 'relu':
      return 'ReLU';
    case 'jumprelu': {
      const { threshold } = value;
      return `JumpReLU, ${typeof threshold === 'number' ? `threshold ${measured(threshold)}` : 'a threshold per latent'}`;
    }
    case 'topk':
      return `TopK, k = ${count(value.k)} by ${value.by}`;
    case 'batchtopk':
      return `BatchTopK, k = ${count(value.k)}`;
  }
}

/** Share of the range of a byte at which the colours of a difference end; the few larger ones take the end colours. */
export const DIFFERENCE_SCALE = 0.5;

/** a − b as signed bytes for the diverging colours. */
export function differenceOf(a: Uint8ClampedArray, b: Uint8ClampedArray): Int8Array {
  const factor = 127 / (255 * DIFFERENCE_SCALE);
  return Int8Array.from(a, (value, i) => Math.max(-127, Math.min(127, Math.round((value - (b[i] ?? 0)) * factor))));
}

/** The mean of |a − b| over all pixels, as a share of the range of a byte. */
export function meanDifference(a: Uint8ClampedArray, b: Uint8ClampedArray): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / Math.max(1, a.length) / 255;
}
