// A small SAE in the plane, given by the sites of its latents as the reader moves them: latent i has the encoder row
// s_i and the bias b_i = (ω_i − |s_i|²) / 2, so that its site has the weight ω_i = |s_i|² + 2 b_i.

import { decoderStep, Sae, type Activation, type Partition } from 'splinterp/figures';
import { plain, type Diagram } from '../frame/diagram';
import type { Sites } from '../frame/sites';
import type { Box } from '../frame/view';

/** Columns and rows of the grid of points on which the decoder is fitted. */
const GRID = { columns: 24, rows: 16 };

/** Ridge on the decoder: it keeps latents that are never active on the grid at zero, and is too small to be seen. */
const RIDGE = 1e-6;

/** Float32 decides as exact numbers do where pre-activations, of size 1, differ by more than this. */
export const TIE = 1e-5;

/** The encoder's parameters: `W_enc [2, n]` and `b_enc [n]`. */
export function encoderOf({ at, weights }: Sites): { W_enc: Float32Array; b_enc: Float32Array } {
  const n = weights.length;
  const W_enc = new Float32Array(2 * n);
  const b_enc = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const [x, y] = [at[2 * i] ?? 0, at[2 * i + 1] ?? 0];
    W_enc[i] = x;
    W_enc[n + i] = y;
    b_enc[i] = ((weights[i] ?? 0) - x * x - y * y) / 2;
  }
  return { W_enc, b_enc };
}

/** The SAE with a decoder of zeros. */
export function encoderOnly(sites: Sites, activation: Activation): Sae {
  const n = sites.weights.length;
  const parts = { ...encoderOf(sites), W_dec: new Float32Array(2 * n), b_dec: new Float32Array(2), activation };
  return Sae.fromParts(parts, 2, n);
}

/** The SAE with the decoder that reconstructs a grid of points of the box best. */
export function fitted(sites: Sites, activation: Activation, box: Box): Sae {
  const dSae = sites.weights.length;
  const rows = grid(box);
  const encoder = encoderOnly(sites, activation);
  try {
    const { W_dec, b_dec } = decoderStep({
      Z: Float64Array.from(encoder.encode(rows)),
      X: Float64Array.from(rows),
      W_dec0: new Float64Array(2 * dSae),
      b_dec0: new Float64Array(2),
      n: rows.length / 2,
      dSae,
      dIn: 2,
      alpha: RIDGE,
      beta: 0,
      muDec: 0,
      nuDec: 0,
    });
    const decoder = { W_dec: Float32Array.from(W_dec), b_dec: Float32Array.from(b_dec) };
    return Sae.fromParts({ ...encoderOf(sites), ...decoder, activation }, 2, dSae);
  } finally {
    encoder.free();
  }
}

function grid([x0, y0, x1, y1]: Box): Float32Array {
  const rows: number[] = [];
  for (let row = 0; row < GRID.rows; row++) {
    for (let column = 0; column < GRID.columns; column++) {
      rows.push(x0 + ((column + 0.5) / GRID.columns) * (x1 - x0), y0 + ((row + 0.5) / GRID.rows) * (y1 - y0));
    }
  }
  return Float32Array.from(rows);
}

/** The partition of a box of the plane, by the model's activation or by another. */
export function cut(sae: Sae, box: Box, activation?: Activation): Partition {
  const [origin, u, v] = [Float32Array.of(0, 0), Float32Array.of(1, 0), Float32Array.of(0, 1)];
  return sae.slice(origin, u, v, Float64Array.from(box), activation && { activation });
}

/** What one encoder makes of a box of the plane by each of several activations. */
export function partitionsOf(sites: Sites, box: Box, activations: readonly Activation[]): readonly Diagram[] {
  const sae = encoderOnly(sites, { kind: 'relu' });
  try {
    return activations.map((activation) => {
      const partition = cut(sae, box, activation);
      try {
        return plain(partition);
      } finally {
        partition.free();
      }
    });
  } finally {
    sae.free();
  }
}

/** The places in `codes` of the active latents of one row, ascending. */
export function activeOf(codes: Float32Array): number[] {
  return [...codes.keys()].filter((i) => codes[i] !== 0);
}

/** How far pre-activations are from another active set. */
export function margin(activation: Activation, pre: Float32Array): number {
  const nearest = (at: number): number => pre.reduce((least, value) => Math.min(least, Math.abs(value - at)), Infinity);
  if (activation.kind === 'relu') return nearest(0);
  if (activation.kind === 'jumprelu') {
    return typeof activation.threshold === 'number'
      ? nearest(activation.threshold)
      : activation.threshold.reduce((least, at, i) => Math.min(least, Math.abs((pre[i] ?? 0) - at)), Infinity);
  }
  const { k, by } = activation;
  const keys = pre.map((value) => (by === 'magnitude' ? Math.abs(value) : value)).sort((a, b) => b - a);
  // A code of about 0 would not show that its latent is active.
  return Math.min((keys[k - 1] ?? 0) - (keys[k] ?? -Infinity), nearest(0));
}
