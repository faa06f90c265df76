// What the page and the worker of large diagrams say to each other. Types only: nothing here runs.

import type { Diagram } from './diagram';
import type { Box } from './view';

/** What the worker of large diagrams does. */
export interface GeometryWorker {
  diagram(at: Float64Array, weights: Float64Array, order: number, box: Box): Promise<Diagram>;
}
