// The SAE in the plane of "TopK is a power diagram": fitted to a box, cut exactly, and asked at a point.

import { Sae, type Partition } from 'splinterp/figures';
import { plain, type Diagram } from '../frame/diagram';
import type { Place } from '../frame/probe';
import type { Sites } from '../frame/sites';
import type { Box } from '../frame/view';
import { cut } from './plane-sae';

export const BOX: Box = [-1.5, -1, 1.5, 1];

export const orders = ['value', 'magnitude', 'positive'] as const;
export type Order = (typeof orders)[number];

export const orderNames: Readonly<Record<Order, string>> = {
  value: 'value',
  magnitude: 'magnitude',
  positive: 'value, then ReLU',
};

/** All that follows from the sites. */
export interface Model {
  readonly sae: Sae;
  readonly partition: Partition;
  readonly diagram: Diagram;
}

export function modelOf({ at, weights }: Sites, k: number, by: Order, bias: number): Model {
  // Weights are |s|² + 2b.
  const shifted = weights.map((weight) => weight + 2 * bias);
  const sae = Sae.ofSites(at, shifted, { kind: 'topk', k, by }, Float64Array.from(BOX));
  try {
    const partition = cut(sae, BOX);
    return { sae, partition, diagram: plain(partition) };
  } catch (error) {
    sae.free();
    throw error;
  }
}

export function freeModel({ sae, partition }: Model): void {
  for (const each of [sae, partition]) each.free();
}

/** What the SAE makes of one point. */
export interface Answer {
  readonly x: Place;
  readonly pre: Float32Array;
  readonly active: readonly number[];
  readonly out: readonly [number, number];
  readonly matrix: Float64Array;
  readonly offset: Float64Array;
}

export function answerAt({ sae }: Model, x: Place): Answer {
  const row = Float32Array.of(x.x, x.y);
  const codes = sae.encode(row);
  const active = [...codes.keys()].filter((i) => codes[i] !== 0);
  const [outX = 0, outY = 0] = sae.forward(row);
  return { x, pre: sae.preActivations(row), active, out: [outX, outY], ...sae.affineMap(Uint32Array.from(active)) };
}
