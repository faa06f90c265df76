// A random SAE with random rows, as the explorer's worker holds them.

import type { Activation } from 'splinterp';
import type { Model } from '../../src/labs/explorer/protocol';
import { Rows } from '../../src/labs/explorer/worker/rows';
import { Subject } from '../../src/labs/explorer/worker/subject';
import { noRows } from './rows';

/** Random numbers in −0.5 … 0.5 from a seed, the same everywhere (Park and Miller). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
}

/** Values in a row, unless others are asked for. */
export const dIn = 6;

interface Sizes {
  activation: Activation;
  dSae?: number;
  rows?: number;
  /** Values in a row, where they are not those that the model reads. */
  cols?: number;
}

export function subjectOf({ activation, dSae = 20, rows = 50, cols = dIn }: Sizes): Subject {
  const next = randomOf(7);
  const some = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * next());
  const model: Model = {
    W_enc: some(dIn * dSae),
    b_enc: some(dSae),
    W_dec: some(dSae * dIn),
    b_dec: some(dIn),
    ...{ activation, dIn, dSae },
  };
  const shown = some(rows * cols);
  const given = { ...noRows, cols, shown, numbers: Uint32Array.from({ length: rows }, (_, i) => i) };
  return new Subject(model, new Rows(given), 1);
}
