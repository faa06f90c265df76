// The part of a large diagram around a site that moves, cut on the page's thread: it stands in where the last diagram
// of the worker is out of date.

import { diagramOf, ownersOf, type Diagram } from './diagram';
import type { Sites } from './sites';
import type { Box } from './view';

/** Part of a diagram: exact but near the window's edge, where sites far outside may matter. */
export interface Patch {
  readonly diagram: Diagram;
  /** The sites whose diagram it is a part of. */
  readonly sites: Sites;
  readonly window: Box;
}

/** Sites × order² that a patch may take: a few milliseconds' worth. */
const MOST_WORK = 3000;

/** Sites beyond this many are not near: a drag over half the stage is left to the worker. */
const MOST_SITES = 700;

/**
 * How far the window reaches beyond the change, and a ring whose sites count too beyond the window, in widths of the
 * square that falls to K sites: a site is among the K nearest up to about half of it away, and more where weights
 * favour it.
 */
const reachOf = (order: number): { window: number; ring: number } =>
  order === 1 ? { window: 3, ring: 3 } : { window: 1, ring: 1.2 };

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
  const area = (box[2] - box[0]) * (box[3] - box[1]);
  const spacing = Math.sqrt((area * order) / after.ids.length);
  const grow = (by: number): Box => [changed[0] - by, changed[1] - by, changed[2] + by, changed[3] + by];
  const reach = reachOf(order);
  const wide = grow(reach.window * spacing);
  const window: Box = [
    Math.max(box[0], wide[0]),
    Math.max(box[1], wide[1]),
    Math.min(box[2], wide[2]),
    Math.min(box[3], wide[3]),
  ];
  const [x0, y0, x1, y1] = grow((reach.window + reach.ring) * spacing);
  const near: number[] = [];
  for (let i = 0; i < after.ids.length; i++) {
    const [x, y] = [after.at[2 * i] ?? 0, after.at[2 * i + 1] ?? 0];
    if (x >= x0 && x <= x1 && y >= y0 && y <= y1) near.push(i);
  }
  if (near.length < order || near.length > MOST_SITES || near.length * order * order > MOST_WORK) return undefined;
  const at = Float64Array.from(near.flatMap((i) => [after.at[2 * i] ?? 0, after.at[2 * i + 1] ?? 0]));
  const weights = Float64Array.from(near, (i) => after.weights[i] ?? 0);
  const cut = diagramOf(at, weights, order, window);
  const diagram = { ...cut, owners: cut.owners.map((place) => near[place] ?? 0) };
  const palette = paletteOf(whole, before);
  const colours = cut.colours.map((own, cell) => palette.get(nameOf(diagram, after, cell)) ?? own);
  return { diagram: { ...diagram, colours }, sites: after, window };
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
