// Cells as pixels, while the plane moves: thousands of paths with smooth edges take a canvas longer than a frame lasts,
// and no eye follows the edges of what moves. Cells are filled line by line, each pixel from the cell of its centre, and
// faces laid over them as lines of one device pixel.

import { NO_CELL } from '../../gallery/frame/diagram';
import type { View } from '../../gallery/frame/view';
import type { Slice } from './protocol';

type Diagram = Pick<Slice['diagram'], 'cells' | 'offsets' | 'coordinates' | 'neighbours'>;

/** Parts of a colour. */
const FULL = 256;

/** A picture's pixels, RGBA words row by row, and how the plane lies on them. */
export interface Raster {
  readonly words: Uint32Array;
  readonly width: number;
  readonly height: number;
  readonly view: View;
}

/** A plain colour, `rgb(…)` or `#…` with two digits a part, as an opaque word in the byte order of `ImageData`. */
export function wordOf(colour: string): number {
  const hex = /^#(..)(..)(..)$/.exec(colour)?.slice(1);
  const [red = 0, green = 0, blue = 0] = hex
    ? hex.map((part) => Number.parseInt(part, 16))
    : (colour.match(/[\d.]+/g) ?? []).map(Number);
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Device pixels for each unit of the plane. */
function scaleOf({ width, view }: Raster): number {
  return width / (view.box[2] - view.box[0]);
}

/** Fills each cell with the word of its group. */
export function fillCells(raster: Raster, diagram: Diagram, groups: Uint8Array, fills: Uint32Array): void {
  const { words, width, height, view } = raster;
  const { cells, offsets, coordinates } = diagram;
  const scale = scaleOf(raster);
  const [left, , , top] = view.box;
  /** For each line of pixels between which places the cell at hand lies. */
  const [starts, ends] = [new Float64Array(height), new Float64Array(height)];
  for (let cell = 0; cell < cells; cell++) {
    const [from, to] = [offsets[cell] ?? 0, offsets[cell + 1] ?? 0];
    if (from === to) continue;
    let [first, last] = [height, 0];
    let x0 = ((coordinates[2 * to - 2] ?? 0) - left) * scale;
    let y0 = (top - (coordinates[2 * to - 1] ?? 0)) * scale;
    for (let k = from; k < to; k++) {
      const x1 = ((coordinates[2 * k] ?? 0) - left) * scale;
      const y1 = (top - (coordinates[2 * k + 1] ?? 0)) * scale;
      // Corners go round counter-clockwise: the cell lies to the right of an edge that goes down the picture.
      const sides = y1 > y0 ? starts : ends;
      const begin = Math.max(0, Math.ceil(Math.min(y0, y1) - 0.5));
      const end = Math.min(height, Math.ceil(Math.max(y0, y1) - 0.5));
      if (begin < end) {
        const slope = (x1 - x0) / (y1 - y0);
        for (let y = begin; y < end; y++) sides[y] = x0 + (y + 0.5 - y0) * slope;
        first = Math.min(first, begin);
        last = Math.max(last, end);
      }
      [x0, y0] = [x1, y1];
    }
    const fill = fills[groups[cell] ?? 0] ?? 0;
    for (let y = first; y < last; y++) {
      const begin = Math.max(0, Math.ceil((starts[y] ?? 0) - 0.5));
      const end = Math.min(width, Math.ceil((ends[y] ?? 0) - 0.5));
      for (let at = y * width + begin; at < y * width + end; at++) words[at] = fill;
    }
  }
}

/** What lines are drawn with: a colour, and how much of it, up to 1. */
interface Ink {
  readonly word: number;
  readonly opacity: number;
}

/** Along an axis there are so many places, so many words apart. */
interface Axis {
  readonly most: number;
  readonly stride: number;
}

/** Lays a line of one device pixel over each border between cells. */
export function drawBorders(raster: Raster, diagram: Diagram, ink: Ink): void {
  const { words, width, height, view } = raster;
  const { cells, offsets, coordinates, neighbours } = diagram;
  const scale = scaleOf(raster);
  const [left, , , top] = view.box;
  const [across, down]: [Axis, Axis] = [
    { most: width, stride: 1 },
    { most: height, stride: width },
  ];
  for (let cell = 0; cell < cells; cell++) {
    const [from, to] = [offsets[cell] ?? 0, offsets[cell + 1] ?? 0];
    for (let k = from; k < to; k++) {
      const other = neighbours[k] ?? NO_CELL;
      if (other === NO_CELL || other < cell) continue;
      const next = k + 1 < to ? k + 1 : from;
      // A pixel is where its centre is.
      const x0 = ((coordinates[2 * k] ?? 0) - left) * scale - 0.5;
      const y0 = (top - (coordinates[2 * k + 1] ?? 0)) * scale - 0.5;
      const x1 = ((coordinates[2 * next] ?? 0) - left) * scale - 0.5;
      const y1 = (top - (coordinates[2 * next + 1] ?? 0)) * scale - 0.5;
      if (Math.abs(x1 - x0) >= Math.abs(y1 - y0)) drawLine(words, ink, [across, down], [x0, y0], [x1, y1]);
      else drawLine(words, ink, [down, across], [y0, x0], [y1, x1]);
    }
  }
}

/** A line along its longer axis, each step shared by the two pixels beside it (Wu 1991). */
function drawLine(
  words: Uint32Array,
  { word, opacity }: Ink,
  [along, aside]: readonly [Axis, Axis],
  [from, fromAside]: readonly [number, number],
  [to, toAside]: readonly [number, number],
): void {
  const slope = to === from ? 0 : (toAside - fromAside) / (to - from);
  const begin = Math.max(0, Math.ceil(Math.min(from, to)));
  const end = Math.min(along.most - 1, Math.floor(Math.max(from, to)));
  for (let at = begin; at <= end; at++) {
    const exact = fromAside + (at - from) * slope;
    const low = Math.floor(exact);
    const share = Math.round(FULL * opacity * (exact - low));
    const place = at * along.stride + low * aside.stride;
    if (low >= 0 && low < aside.most) blend(words, place, word, Math.round(FULL * opacity) - share);
    if (low + 1 >= 0 && low + 1 < aside.most) blend(words, place + aside.stride, word, share);
  }
}

/** Lays a share of a colour over an opaque pixel; where nothing was drawn nothing is laid. */
function blend(words: Uint32Array, place: number, ink: number, share: number): void {
  const ground = words[place] ?? 0;
  if (ground === 0) return;
  const rest = FULL - share;
  // Red and blue at once, with green between them: no sum reaches 2^32.
  const redBlue = Math.imul(ground & 0xff00ff, rest) + Math.imul(ink & 0xff00ff, share);
  const green = Math.imul(ground & 0xff00, rest) + Math.imul(ink & 0xff00, share);
  words[place] = (0xff000000 | ((redBlue >>> 8) & 0xff00ff) | ((green >>> 8) & 0xff00)) >>> 0;
}
