// The part of a large diagram around a site that moves, cut on the page's thread: it stands in where the last diagram
// of the worker is out of date.

import { powerPatch } from 'splinterp/figures';
import { ownersOf, spent, type Diagram } from './diagram';
import type { Sites } from './sites';
import type { Box } from './view';

/** Part of a diagram: exact but near the window's edge, where sites far outside may matter. */
export interface Patch {
  readonly diagram: Diagram;
  /** The sites whose diagram it is a part of. */
  readonly sites: Sites;
  readonly window: Box;
}

/** The box around all sites that differ between two lists; `undefined` if none does. */
export function changedBox(before: Sites, after: Sites): Box | undefined {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  const take = ({ at }: Sites, i: number): void => {
    const [x, y] = [at[2 * i] ?? 0, at[2 * i + 1] ?? 0];
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  };
  // Both lists are in the order of the same base, so that one that came or went shifts the rest by one.
  let [i, j] = [0, 0];
  while (i < before.ids.length || j < after.ids.length) {
    if (before.ids[i] === after.ids[j]) {
      const same =
        before.at[2 * i] === after.at[2 * j] &&
        before.at[2 * i + 1] === after.at[2 * j + 1] &&
        before.weights[i] === after.weights[j];
      if (!same) {
        take(before, i);
        take(after, j);
      }
      i++;
      j++;
    } else if (before.ids.length - i > after.ids.length - j) take(before, i++);
    else take(after, j++);
  }
  return box[0] <= box[2] ? box : undefined;
}

/**
 * The diagram of `after` where it may differ from `whole`, that of `before`; `undefined` where nothing does or where
 * too many sites would be needed. Owners are places in the list `after`; cells keep the colours that they had.
 */
export function patchOf(whole: Diagram, before: Sites, after: Sites, order: number, box: Box): Patch | undefined {
  const changed = changedBox(before, after);
  if (!changed) return undefined;
  const partition = powerPatch(after.at, after.weights, order, Float64Array.from(box), Float64Array.from(changed));
  if (!partition) return undefined;
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = partition.box;
  const diagram = spent(partition);
  const palette = paletteOf(whole, before);
  const colours = diagram.colours.map((own, cell) => palette.get(nameOf(diagram, after, cell)) ?? own);
  return { diagram: { ...diagram, colours }, sites: after, window: [x0, y0, x1, y1] };
}

/** What owns a cell, as one word. */
function nameOf(diagram: Diagram, sites: Sites, cell: number): string {
  return ownersOf(diagram, cell)
    .map((i) => sites.ids[i] ?? 0)
    .join(' ');
}

/** Colours of a whole diagram by its cells' owners, kept as long as the diagram: it stays while a site moves. */
const palettes = new WeakMap<Diagram, ReadonlyMap<string, number>>();

function paletteOf(diagram: Diagram, sites: Sites): ReadonlyMap<string, number> {
  const kept = palettes.get(diagram);
  if (kept) return kept;
  const palette = new Map<string, number>();
  for (let cell = 0; cell < diagram.cells; cell++) {
    palette.set(nameOf(diagram, sites, cell), diagram.colours[cell] ?? 0);
  }
  palettes.set(diagram, palette);
  return palette;
}
