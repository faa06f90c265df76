// The SAE in the plane of "TopK is a power diagram": fitted to a box, cut exactly, and asked at a point.

import type { Sae } from 'splinterp/figures';
import { plain, type Diagram } from '../frame/diagram';
import type { Place } from '../frame/probe';
import type { Sites } from '../frame/sites';
import type { Box } from '../frame/view';
import { activeOf, cut, encoderOnly, fitted } from './plane-sae';
import type { Subject } from './tally';

export const BOX: Box = [-1.5, -1, 1.5, 1];

export const orders = ['value', 'magnitude', 'positive'] as const;
export type Order = (typeof orders)[number];

export const orderNames: Readonly<Record<Order, string>> = {
  value: 'value',
  magnitude: 'magnitude',
  positive: 'value, then ReLU',
};

/** All that follows from the sites. */
export interface Model extends Subject {
  readonly diagram: Diagram;
}

export function modelOf(sites: Sites, k: number, by: Order, bias: number): Model {
  const shifted = { ...sites, weights: sites.weights.map((weight) => weight + 2 * bias) };
  const sae = fitted(shifted, { kind: 'topk', k, by }, BOX);
  let open: Sae | undefined;
  try {
    open = encoderOnly(shifted, { kind: 'topk', k: sites.ids.length, by: 'value' });
    const partition = cut(sae, BOX);
    return { sae, open, partition, diagram: plain(partition) };
  } catch (error) {
    sae.free();
    open?.free();
    throw error;
  }
}

export function freeModel({ sae, open, partition }: Model): void {
  for (const each of [sae, open, partition]) each.free();
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

export function answerAt({ sae, open }: Subject, x: Place): Answer {
  const row = Float32Array.of(x.x, x.y);
  const active = activeOf(sae.encode(row));
  const [outX = 0, outY = 0] = sae.forward(row);
  return { x, pre: open.encode(row), active, out: [outX, outY], ...sae.affineMap(Uint32Array.from(active)) };
}
