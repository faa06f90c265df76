// The worker of large diagrams: it has a wasm module of its own.

import { expose, transfer } from 'comlink';
import { outcome } from '../../kit/failure';
import { diagramOf, loadGeometry } from './diagram';
import type { GeometryWorker } from './geometry-protocol';

const worker: GeometryWorker = {
  diagram: async (at, weights, order, box) => {
    const answer = await outcome(async () => {
      await loadGeometry();
      return diagramOf(at, weights, order, box);
    });
    if (!answer.ok) return answer;
    const { offsets, coordinates, neighbours, areas, ownerOffsets, owners, colours } = answer.value;
    const arrays = [offsets, coordinates, neighbours, areas, ownerOffsets, owners, colours];
    return transfer(
      answer,
      arrays.map((array) => array.buffer),
    );
  },
};

expose(worker);
