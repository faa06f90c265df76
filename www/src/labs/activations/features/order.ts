// Which features a list shows, and in which order.

import type { FeatureSummary } from '../protocol';

/** How features can be sorted. */
export const sortKeys = {
  density: 'how often',
  max: 'greatest strength',
  mean: 'mean strength',
  cosine: 'encoder · decoder',
  nearest: 'nearest other',
  number: 'number',
} as const;
export type SortKey = keyof typeof sortKeys;

/** Which features are shown. */
export const filters = {
  active: 'that are ever active',
  all: 'all',
  rare: 'on fewer than 1 % of rows',
  dense: 'on over 10 % of rows',
  dead: 'that are never active',
} as const;
export type Filter = keyof typeof filters;

const RARE = 0.01;
const DENSE = 0.1;

export interface Wish {
  sort: SortKey;
  rising: boolean;
  show: Filter;
  /** Text that a feature's words, or its number, must hold. */
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
): Uint32Array {
  const wanted = search.trim().toLowerCase();
  const figures = {
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
      return wanted === '' || String(feature) === wanted || (words[feature] ?? '').toLowerCase().includes(wanted);
    })
    .sort((a, b) => sign * ((figures[a] ?? 0) - (figures[b] ?? 0)) || a - b);
}
