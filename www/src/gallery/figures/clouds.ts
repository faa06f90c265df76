// Points in clouds, one for each class, and what k-means starts from and leaves: for the figure on its way from
// Voronoi to power diagrams.

import { normal, random, scatter, within, type Sites } from '../frame/sites';
import type { Box } from '../frame/view';

/** Standard deviation of a cloud, as a part of the side of the square that falls to one class. */
const SPREAD = 0.3;
/** Part of the width that points keep from the sides, so that a finger can take them. */
const MARGIN = 0.02;
/** By how much of it clouds differ, either way. */
const SPREAD_RANGE = 0.5;

/** `count` points of which point `i` belongs to cloud `i mod classes`. */
export function clouds(count: number, classes: number, seed: number, box: Box): Sites {
  const [x0, y0, x1, y1] = box;
  const next = random(seed + 1);
  const draw = normal(next);
  const middles = scatter(classes, seed, box, 0).at;
  const side = Math.sqrt(((x1 - x0) * (y1 - y0)) / classes);
  const spreads = Array.from({ length: classes }, () => side * SPREAD * (1 + SPREAD_RANGE * (2 * next() - 1)));
  const margin = MARGIN * (x1 - x0);
  const at = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const cloud = i % classes;
    const spread = spreads[cloud] ?? 0;
    at[2 * i] = within((middles[2 * cloud] ?? 0) + spread * draw(), x0, x1, margin);
    at[2 * i + 1] = within((middles[2 * cloud + 1] ?? 0) + spread * draw(), y0, y1, margin);
  }
  return { ids: Uint32Array.from({ length: count }, (_, i) => i), at, weights: new Float64Array(count) };
}

/** The mean of each class, `[classes, 2]`; of an empty class the middle of the box. */
export function classMeans(points: Sites, labels: Uint32Array, classes: number, box: Box): Float64Array {
  const means = new Float64Array(2 * classes);
  const counts = new Uint32Array(classes);
  labels.forEach((label, i) => {
    counts[label] = (counts[label] ?? 0) + 1;
    means[2 * label] = (means[2 * label] ?? 0) + (points.at[2 * i] ?? 0);
    means[2 * label + 1] = (means[2 * label + 1] ?? 0) + (points.at[2 * i + 1] ?? 0);
  });
  return means.map((sum, k) => {
    const number = counts[k >> 1] ?? 0;
    const [low, high] = k % 2 === 0 ? [box[0], box[2]] : [box[1], box[3]];
    return number === 0 ? (low + high) / 2 : sum / number;
  });
}

/** The mean squared distance of each cluster's points from its centre; 0 for an empty one. */
export function meanSquares(at: Float64Array, labels: Uint32Array, centres: Float64Array): Float64Array {
  const sums = new Float64Array(centres.length / 2);
  const counts = new Uint32Array(sums.length);
  labels.forEach((label, i) => {
    const dx = (at[2 * i] ?? 0) - (centres[2 * label] ?? 0);
    const dy = (at[2 * i + 1] ?? 0) - (centres[2 * label + 1] ?? 0);
    counts[label] = (counts[label] ?? 0) + 1;
    sums[label] = (sums[label] ?? 0) + dx * dx + dy * dy;
  });
  return sums.map((sum, k) => (counts[k] ? sum / (counts[k] ?? 1) : 0));
}

/** The share of places in which two lists agree. */
export function shareAlike(a: Uint32Array, b: Uint32Array): number {
  return a.length === 0 ? 1 : a.reduce((same, value, i) => same + (value === b[i] ? 1 : 0), 0) / a.length;
}
