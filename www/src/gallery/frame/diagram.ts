// Diagrams of the wasm package as plain arrays: to be drawn, searched, and sent from a worker.

import init, { powerDiagram, type Cells, type Partition } from 'splinterp/figures';
import { messageOf } from '../../kit/failure';
import { percent } from '../../kit/format';
import type { Pen } from './painter';
import type { Box, View } from './view';

/** A partition as plain arrays, which go through a worker's door; see `Cells`. */
export interface Diagram extends Cells {
  /** Number of cells. */
  readonly cells: number;
  /** A colour 0 … 5 for each cell, neighbours differing. */
  readonly colours: Uint8Array;
}

/** Behind an edge on the box there is no cell. */
export const NO_CELL = 0xffffffff;

let loading: Promise<unknown> | undefined;
let loaded = false;

/** Whether the module is there. */
export function isLoaded(): boolean {
  return loaded;
}

/** Loads the wasm module on the page's thread, once; then everything of `splinterp` may be called. */
export async function loadGeometry(): Promise<void> {
  try {
    await (loading ??= init());
    loaded = true;
  } catch (error) {
    // The next figure that asks, or the same once more, is to try again.
    loading = undefined;
    throw new Error(`The geometry module could not be loaded: ${messageOf(error)}`, { cause: error });
  }
}

/** A partition as plain arrays. */
export function plain(partition: Partition): Diagram {
  return { ...partition.all(), cells: partition.cells, colours: partition.colours() };
}

/** The power diagram of order K; throws what the package throws. */
export function diagramOf(at: Float64Array, weights: Float64Array, order: number, box: Box): Diagram {
  return spent(powerDiagram(at, weights, order, Float64Array.from(box)));
}

/** The same of a partition that nobody else needs. */
export function spent(partition: Partition): Diagram {
  try {
    return plain(partition);
  } finally {
    partition.free();
  }
}

/** Owners of a cell, as places in the list of sites. */
export function ownersOf({ owners, ownerOffsets }: Diagram, cell: number): Uint32Array {
  return owners.subarray(ownerOffsets[cell], ownerOffsets[cell + 1]);
}

/** The share of a box that an area takes: 4.1 %, 0.0093 %. */
export function shareOf(area: number, [x0, y0, x1, y1]: Box): string {
  return percent(area / ((x1 - x0) * (y1 - y0)));
}

/** Corners of a cell as text, `x y;x y;…`. */
export function corners({ offsets, coordinates }: Diagram, cell: number): string {
  const flat = coordinates.subarray(2 * (offsets[cell] ?? 0), 2 * (offsets[cell + 1] ?? 0));
  return Array.from({ length: flat.length / 2 }, (_, k) => `${flat[2 * k] ?? 0} ${flat[2 * k + 1] ?? 0}`).join(';');
}

/**
 * Traces the cells that `wanted` accepts, to be filled: a fill closes them, and `closePath` measures in Chromium all of
 * the path so far, which for thousands of cells takes longer than to paint them.
 */
export function traceCells(pen: Pen, diagram: Diagram, view: View, wanted: (cell: number) => boolean): void {
  const { cells, offsets, coordinates } = diagram;
  const { scale, box } = view;
  const [left, , , top] = box;
  for (let cell = 0; cell < cells; cell++) {
    const [from, to] = [offsets[cell] ?? 0, offsets[cell + 1] ?? 0];
    if (from === to || !wanted(cell)) continue;
    pen.moveTo(((coordinates[2 * from] ?? 0) - left) * scale, (top - (coordinates[2 * from + 1] ?? 0)) * scale);
    for (let k = from + 1; k < to; k++) {
      pen.lineTo(((coordinates[2 * k] ?? 0) - left) * scale, (top - (coordinates[2 * k + 1] ?? 0)) * scale);
    }
  }
}

/** Traces the borders between cells, each once, that `wanted` accepts. */
export function traceBorders(
  pen: Pen,
  diagram: Diagram,
  view: View,
  wanted: (cell: number, other: number) => boolean = () => true,
): void {
  const { cells, offsets, coordinates, neighbours } = diagram;
  for (let cell = 0; cell < cells; cell++) {
    const [from, to] = [offsets[cell] ?? 0, offsets[cell + 1] ?? 0];
    for (let k = from; k < to; k++) {
      const other = neighbours[k] ?? NO_CELL;
      if (other === NO_CELL || other < cell || !wanted(cell, other)) continue;
      const next = k + 1 < to ? k + 1 : from;
      pen.moveTo(view.x(coordinates[2 * k] ?? 0), view.y(coordinates[2 * k + 1] ?? 0));
      pen.lineTo(view.x(coordinates[2 * next] ?? 0), view.y(coordinates[2 * next + 1] ?? 0));
    }
  }
}
