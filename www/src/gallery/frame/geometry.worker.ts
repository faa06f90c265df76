// The worker of large diagrams: it has a wasm module of its own.

import { transfer } from 'comlink';
import { serve } from '../../kit/remote';
import { diagramOf, loadGeometry } from './diagram';
import type { GeometryWorker } from './geometry-protocol';

serve<GeometryWorker>({
  diagram: async (at, weights, order, box) => {
    await loadGeometry();
    const diagram = diagramOf(at, weights, order, box);
    const { offsets, coordinates, neighbours, areas, ownerOffsets, owners, colours } = diagram;
    const arrays = [offsets, coordinates, neighbours, areas, ownerOffsets, owners, colours];
    return transfer(
      diagram,
      arrays.map((array) => array.buffer),
    );
  },
});
