// Rows for the explorer, and measures, where a test looks at none.

import type { Quality } from 'splinterp';
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

const nothing = { mse: 0, fvu: 0, cosine: 0, l2Ratio: 0, relativeBias: 0 };

export const noQuality: Quality = {
  ...{ rows: 0, l0: 0, l1: 0, deadShare: 0, denseShare1: 0, denseShare10: 0 },
  ...{ normalised: nothing, stored: nothing },
};
