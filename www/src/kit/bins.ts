// Histograms of figures that the page has at hand.

export interface Bins {
  /** One more than counts, ascending. */
  edges: Float32Array;
  counts: Uint32Array;
}

/** Counts of values in `count` bins of equal width from `low` to `high`; what lies outside counts at the ends. */
export function binned(values: Iterable<number>, low: number, high: number, count: number): Bins {
  const counts = new Uint32Array(count);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * count);
    const at = Math.max(0, Math.min(count - 1, bin));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return { edges: Float32Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count), counts };
}

/** log10 of the densities that are not 0. */
export function logDensities(density: Float32Array): Float32Array {
  return density.filter((share) => share > 0).map((share) => Math.log10(share));
}
