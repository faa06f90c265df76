// From what cells are coloured by to groups of cells that are painted alike, and from jumps to groups of faces.

import type { Shade, Slice } from './protocol';

/** Steps of a sequential scale, and of the width of faces. */
export const STEPS = 10;
const WIDTHS = 6;
/** Pixels of a face without a jump, and of one with the largest: where cells are small, a part of their size. */
const THINNEST = 0.4;
const THICKEST = 3.5;
const PART_OF_CELL = 0.14;
/** The jump at this share of the faces counts as the largest: a few may stand out by far. */
const LARGEST = 0.98;

/** Viridis at even steps, for numbers that have an order: told apart in grey and by colour-blind eyes alike. */
export const sequential: readonly string[] = [
  '#440154',
  '#482878',
  '#3e4989',
  '#31688e',
  '#26828e',
  '#1f9e89',
  '#35b779',
  '#6ece58',
  '#b5de2b',
  '#fde725',
];

/** The least and the largest of some values; 0 where there are none. */
export function rangeOf(values: Float64Array): [number, number] {
  if (values.length === 0) return [0, 0];
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

/** For each cell the number of its colour: one of `hues` that are told apart, or a step of the sequential scale. */
export function groupsOf(
  { diagram, values }: Pick<Slice, 'diagram' | 'values'>,
  shade: Shade,
  hues: number,
): Uint8Array {
  if (shade === 'identity' || values.length === 0) return diagram.colours;
  if (shade === 'leading') return Uint8Array.from(values, (latent) => (latent < 0 ? hues - 1 : latent % (hues - 1)));
  const [low, high] = rangeOf(values);
  return Uint8Array.from(values, (value) => stepOf(value, low, high));
}

function stepOf(value: number, low: number, high: number): number {
  return high > low ? Math.min(STEPS - 1, Math.floor((STEPS * (value - low)) / (high - low))) : 0;
}

export interface FaceWidths {
  /** Of each group, in pixels. */
  readonly widths: readonly number[];
  /** For each edge the number of its group. */
  readonly groups: Uint8Array;
  /** The jump that is drawn at the full width. */
  readonly largest: number;
}

/** Faces as wide as their jump, between cells of about so many pixels. */
export function faceWidths(jumps: Float64Array, cell: number): FaceWidths {
  const sorted = jumps.filter((jump) => jump > 0).sort();
  const largest = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * LARGEST))] ?? 0;
  const thickest = Math.max(2 * THINNEST, Math.min(THICKEST, PART_OF_CELL * cell));
  const widths = Array.from({ length: WIDTHS }, (_, i) => THINNEST + ((thickest - THINNEST) * i) / (WIDTHS - 1));
  const groups = Uint8Array.from(jumps, (jump) =>
    largest > 0 ? Math.min(WIDTHS - 1, Math.round(((WIDTHS - 1) * jump) / largest)) : 0,
  );
  return { widths, groups, largest };
}
