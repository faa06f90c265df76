// Sites of a figure: those it starts with, made from a seed or given, and what the reader has changed, which alone is
// written in the link.

import type { Property } from '../../kit/properties';

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

/** No sites: what there is before the module that makes them. */
export const NONE: Sites = { ids: new Uint32Array(), at: new Float64Array(), weights: new Float64Array() };

/** Sites with the ids 0, 1, … */
export function numbered(at: Float64Array, weights: Float64Array): Sites {
  return { ids: Uint32Array.from(weights.keys()), at, weights };
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

/** The first id that no site has or had; the figure starts with the ids below `count`. */
export function freeId(count: number, edits: Edits): number {
  let next = count;
  for (const id of edits.keys()) next = Math.max(next, id + 1);
  return next;
}

/** How many sites there are. */
export function sizeOf(count: number, edits: Edits): number {
  let size = count;
  for (const [id, site] of edits) size += (site ? 1 : 0) - (id < count ? 1 : 0);
  return size;
}

/** Edits with one more; a `site` of `undefined` removes. */
export function edit(edits: Edits, id: number, site: Site | undefined): Edits {
  return new Map(edits).set(id, site);
}
