// Sites of a figure: those it starts with, made from a seed or given, and what the reader has changed, which alone is
// written in the link.

import type { Property } from '../../kit/properties';
import type { Box } from './view';

export interface Site {
  x: number;
  y: number;
  weight: number;
}

/** Sites in flat arrays, as the diagrams take them. A site keeps its id for life, whatever comes or goes. */
export interface Sites {
  readonly ids: Uint32Array;
  /** x0 y0 x1 y1 … */
  readonly at: Float64Array;
  readonly weights: Float64Array;
}

/** Sites by id as the reader left them; `undefined` for one that was removed. */
export type Edits = ReadonlyMap<number, Site | undefined>;

/** Digits after the point that a link keeps of places, far below a pixel in boxes about 1 wide, and of weights. */
const DIGITS = 4;
const WEIGHT_DIGITS = 8;

/** Most edits that a link may hold, so that a made-up one does not stop the page. */
const MOST_EDITS = 20_000;

/** The decimal without zeros at its end, and never with an exponent. */
function short(value: number, digits: number): string {
  return value
    .toFixed(digits)
    .replace(/\.?0+$/, '')
    .replace(/^-0$/, '0');
}

/** `7*0.31*0.5*0.02` puts site 7, `8` removes site 8; `_` stands between: letters that a URL leaves as they are. */
export function editsProperty(key: string): Property<Edits> {
  return {
    key,
    scope: 'sites',
    initial: new Map(),
    expected: 'entries such as 7*0.31*0.5*0.02 (number, x, y, weight) or 8 (removed), with _ between',
    parse: (text) => {
      const edits = new Map<number, Site | undefined>();
      for (const entry of text === '' ? [] : text.split('_')) {
        const [id = NaN, x = NaN, y = NaN, weight = NaN, ...more] = entry
          .split('*')
          .map((part) => (/^-?\d+(\.\d+)?$/.test(part) ? Number(part) : NaN));
        if (!Number.isInteger(id) || id < 0 || id > 1e6 || more.length > 0 || edits.size >= MOST_EDITS)
          return undefined;
        const removed = !entry.includes('*');
        if (!removed && ![x, y, weight].every(Number.isFinite)) return undefined;
        edits.set(id, removed ? undefined : { x, y, weight });
      }
      return { value: edits };
    },
    write: (edits) =>
      [...edits]
        .sort(([a], [b]) => a - b)
        .map(([id, site]) =>
          site ? [id, short(site.x, DIGITS), short(site.y, DIGITS), short(site.weight, WEIGHT_DIGITS)].join('*') : id,
        )
        .join('_'),
  };
}

/** The sites that the figure starts with, as the reader changed them; new ones come last. */
export function applyEdits(base: Sites, edits: Edits): Sites {
  if (edits.size === 0) return base;
  const count = base.ids.length;
  const [ids, at, weights]: number[][] = [[], [], []];
  const put = (id: number, x = 0, y = 0, weight = 0): void => {
    ids?.push(id);
    at?.push(x, y);
    weights?.push(weight);
  };
  for (let i = 0; i < count; i++) {
    const id = base.ids[i] ?? i;
    if (!edits.has(id)) {
      put(id, base.at[2 * i], base.at[2 * i + 1], base.weights[i]);
      continue;
    }
    const site = edits.get(id);
    if (site) put(id, site.x, site.y, site.weight);
  }
  const own = new Set(base.ids);
  for (const [id, site] of edits) if (site && !own.has(id)) put(id, site.x, site.y, site.weight);
  return {
    ids: Uint32Array.from(ids ?? []),
    at: Float64Array.from(at ?? []),
    weights: Float64Array.from(weights ?? []),
  };
}

/** The first id that no site has or had. */
export function freeId(base: Sites, edits: Edits): number {
  let next = 0;
  for (const id of base.ids) next = Math.max(next, id + 1);
  for (const id of edits.keys()) next = Math.max(next, id + 1);
  return next;
}

/** Edits with one more; a `site` of `undefined` removes. */
export function edit(edits: Edits, id: number, site: Site | undefined): Edits {
  return new Map(edits).set(id, site);
}

/** Numbers in 0 … 1 from a seed: mulberry32, which is enough to scatter points on a page. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers of the normal distribution (Box and Muller). */
export function normal(next: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** A value reflected at `margin` from the ends of low … high. */
export function within(value: number, low: number, high: number, margin: number): number {
  const [least, most] = [low + margin, high - margin];
  const reflected = value < least ? 2 * least - value : value > most ? 2 * most - value : value;
  return Math.min(Math.max(reflected, least), most);
}

/** Steps of the plastic-number sequence (Roberts 2018): points that keep apart, one by one, for any count. */
const STEP_X = 0.7548776662466927;
const STEP_Y = 0.5698402909980532;
/** Part of the width that few sites keep from the sides, so that a finger can take them. */
const MARGIN = 0.02;
/** Of the space of one site: enough to look scattered, too little to clump. */
const JITTER = 0.7;

/**
 * `count` sites spread over the box, weights between ± `spread` times the area that falls to one site. Site `i` of a
 * seed changes with `count` only by its jitter and weight, which shrink as sites get denser.
 */
export function scatter(count: number, seed: number, [x0, y0, x1, y1]: Box, spread: number): Sites {
  const next = random(seed);
  const [startX, startY] = [next(), next()];
  const [width, height] = [x1 - x0, y1 - y0];
  const space = Math.sqrt((width * height) / count);
  const margin = Math.min(MARGIN * width, space / 4);
  const at = new Float64Array(2 * count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const [u, v] = [(startX + i * STEP_X) % 1, (startY + i * STEP_Y) % 1];
    at[2 * i] = within(x0 + u * width + (next() - 0.5) * JITTER * space, x0, x1, margin);
    at[2 * i + 1] = within(y0 + v * height + (next() - 0.5) * JITTER * space, y0, y1, margin);
    weights[i] = (2 * next() - 1) * spread * space * space;
  }
  return { ids: Uint32Array.from({ length: count }, (_, i) => i), at, weights };
}
