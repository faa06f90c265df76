// Rows for the explorer where a test looks at none.

import type { GivenRows } from '../../src/labs/explorer/protocol';

export const noRows: GivenRows = {
  cols: 0,
  shown: new Float32Array(),
  numbers: new Uint32Array(),
  labels: [],
  tokens: undefined,
  image: undefined,
  train: new Float32Array(),
  test: new Float32Array(),
  trainTotal: 0,
  testTotal: 0,
};
