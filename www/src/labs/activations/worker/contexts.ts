// The sequence of a row, token by token, with what a feature is on each of them.

import type { Features } from 'splinterp';
import type { FeatureContext } from '../protocol';
import type { Source } from './source';

/** How tokenizers write the space before a word. */
const SPACES = /^[Ġ▁]/;

/** What was measured, as far as contexts need it. */
interface Measured {
  features: Pick<Features, 'activations'>;
  source: Pick<Source, 'sequences' | 'rowNumbers' | 'tokens'>;
}

/** Contexts of some rows of the file, of at most so many tokens; nothing for rows whose sequence is not known. */
export function contextsOf(
  { features, source }: Measured,
  feature: number,
  rows: readonly number[],
  most: number,
): (FeatureContext | undefined)[] {
  const windows = rows.map((row) => windowOf(source, row, most));
  const places = windows.map((window) => window?.shown.map((row) => placeOf(source.rowNumbers, row)));
  // All at once: rows that must be encoded again share one encoder.
  const wanted = [...new Set(places.flatMap((each) => each ?? []))].filter((place) => place >= 0);
  const found = features.activations(feature, Uint32Array.from(wanted));
  const values = new Map(wanted.map((place, i) => [place, found[i] ?? 0]));
  return windows.map((window, i) => {
    if (!window) return undefined;
    const { row, first, length, from, shown } = window;
    const z = Float32Array.from(places[i] ?? [], (place) => values.get(place) ?? Number.NaN);
    const at = row - first - from;
    let peak = at;
    z.forEach((value, place) => {
      if (Math.abs(value) > Math.abs(z[peak] ?? 0)) peak = place;
    });
    return { row, first, length, from, at, peak, tokens: textsOf(source, shown), values: z };
  });
}

interface Window {
  row: number;
  first: number;
  length: number;
  from: number;
  /** Rows of the file. */
  shown: number[];
}

/** As many rows to each side of a row as there are and as fit. */
function windowOf({ sequences }: Measured['source'], row: number, most: number): Window | undefined {
  const extent = sequences?.extent(row);
  if (!extent) return undefined;
  const [first, end] = extent;
  const length = end - first;
  const count = Math.min(length, Math.max(1, most));
  const from = Math.max(0, Math.min(length - count, row - first - Math.floor(count / 2)));
  return { row, first, length, from, shown: Array.from({ length: count }, (_, i) => first + from + i) };
}

/** Where a row of the file is among rising numbers, −1 if it is not. */
function placeOf(numbers: Uint32Array, row: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < row) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === row ? low : -1;
}

/** Tokens with the spaces between them: those that bring theirs along are left as they are. */
function textsOf({ tokens }: Measured['source'], rows: readonly number[]): string[] {
  if (!tokens) return [];
  const texts = rows.map((row) => (tokens.at(row)?.token ?? '').replace(SPACES, ' '));
  const spaced = texts.some((text) => text.startsWith(' '));
  return spaced ? texts : texts.map((text, i) => (i === 0 ? text : ` ${text}`));
}
