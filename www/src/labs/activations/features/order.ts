// Which features a list shows, and in which order.

import type { FeatureSummary } from '../protocol';
import type { Note } from './notes';

/** How features can be sorted. */
export const sortKeys = {
  density: 'density',
  max: 'max activation',
  mean: 'mean activation',
  cosine: 'encoder–decoder cosine',
  nearest: 'cosine with another feature',
  number: 'number',
} as const;
export type SortKey = keyof typeof sortKeys;

/** Which features are shown. */
export const filters = {
  active: 'alive',
  all: 'all',
  rare: 'active on fewer than 1 % of rows',
  dense: 'active on over 10 % of rows',
  dead: 'dead',
} as const;
export type Filter = keyof typeof filters;

const RARE = 0.01;
const DENSE = 0.1;

export interface Wish {
  sort: SortKey;
  rising: boolean;
  show: Filter;
  /** Text that a feature's tokens, its name, its note or its number must hold. */
  search: string;
}

function shows(filter: Filter, density: number): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'active':
      return density > 0;
    case 'rare':
      return density > 0 && density < RARE;
    case 'dense':
      return density > DENSE;
    case 'dead':
      return density === 0;
  }
}

/** Features that pass the filter, sorted; ties by number. */
export function ordered(
  { table, words }: Pick<FeatureSummary, 'table' | 'words'>,
  { sort, rising, show, search }: Wish,
  noted: ReadonlyMap<number, Note>,
): Uint32Array {
  const wanted = search.trim().toLowerCase();
  const statistic = {
    density: table.density,
    max: table.max,
    mean: table.mean,
    cosine: table.cosine,
    nearest: table.nearestCosine,
    number: Float32Array.from(table.density.keys()),
  }[sort];
  const sign = rising ? 1 : -1;
  return Uint32Array.from(table.density.keys())
    .filter((feature) => {
      if (!shows(show, table.density[feature] ?? 0)) return false;
      if (wanted === '' || String(feature) === wanted) return true;
      const { name = '', text = '' } = noted.get(feature) ?? {};
      return [words[feature] ?? '', name, text].some((each) => each.toLowerCase().includes(wanted));
    })
    .sort((a, b) => sign * ((statistic[a] ?? 0) - (statistic[b] ?? 0)) || a - b);
}
