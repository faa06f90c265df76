// What a comparison comes to: figures over all pairs, and a table of them.

import { csvOf } from '../../../kit/csv';
import type { ComparedSide, Comparison } from '../protocol';

/** Cosines from which a feature counts as the same, or as much alike. */
export const SAME = 0.9;
export const ALIKE = 0.7;

export interface Overall {
  pairs: number;
  mean: number;
  /** Shares of the pairs. */
  same: number;
  alike: number;
}

/** By the size of cosines: one below 0 is of features that are each other turned round, and are the same as well. */
export function overallOf({ pairs: { cosines } }: Pick<Comparison, 'pairs'>): Overall {
  const sizes = Array.from(cosines, Math.abs);
  const share = (least: number): number =>
    sizes.length > 0 ? sizes.filter((cosine) => cosine > least).length / sizes.length : 0;
  const mean = sizes.length > 0 ? sizes.reduce((sum, cosine) => sum + cosine, 0) / sizes.length : 0;
  return { pairs: sizes.length, mean, same: share(SAME), alike: share(ALIKE) };
}

/** Which side has features that have no partner. */
export function largerOf({ left, right }: Pick<Comparison, 'left' | 'right'>): 'left' | 'right' {
  return left.density.length >= right.density.length ? 'left' : 'right';
}

/** A line for each pair, best first, then one for each feature without a partner. */
export function pairsCsv(found: Pick<Comparison, 'left' | 'right' | 'pairs' | 'unmatched'>): string {
  const { left, right, pairs, unmatched } = found;
  const larger = largerOf(found);
  const matched = Array.from(pairs.cosines, (cosine, i) => ({
    cosine,
    ...columns('left', left, pairs.left[i]),
    ...columns('right', right, pairs.right[i]),
  }));
  const others = Array.from(unmatched, (feature) => ({
    cosine: undefined,
    ...columns('left', left, larger === 'left' ? feature : undefined),
    ...columns('right', right, larger === 'right' ? feature : undefined),
  }));
  return csvOf([...matched, ...others]);
}

function columns(
  which: 'left' | 'right',
  { words, density, max }: ComparedSide,
  feature: number | undefined,
): Record<string, unknown> {
  const of = <T>(values: ArrayLike<T>): T | undefined => (feature === undefined ? undefined : values[feature]);
  return {
    [which]: feature,
    [`${which}Words`]: of(words),
    [`${which}Density`]: of(density),
    [`${which}Max`]: of(max),
  };
}
