// A small SAE in the plane, given by the sites of its latents as the reader moves them, and the cells that it cuts.

import { Sae, type Activation, type Partition } from 'splinterp/figures';
import { spent, type Diagram } from '../frame/diagram';
import type { Sites } from '../frame/sites';
import type { Box } from '../frame/view';

/** The partition of a box of the plane, by the model's activation or by another. */
export function cut(sae: Sae, box: Box, activation?: Activation): Partition {
  const [origin, u, v] = [Float32Array.of(0, 0), Float32Array.of(1, 0), Float32Array.of(0, 1)];
  return sae.slice(origin, u, v, Float64Array.from(box), activation && { activation });
}

/** What one encoder makes of a box of the plane by each of several activations. */
export function partitionsOf(sites: Sites, box: Box, activations: readonly Activation[]): readonly Diagram[] {
  const sae = Sae.ofSites(sites.at, sites.weights, { kind: 'relu' });
  try {
    return activations.map((activation) => spent(cut(sae, box, activation)));
  } finally {
    sae.free();
  }
}
