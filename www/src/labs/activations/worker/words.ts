// Tokens that came in a table beside its rows: each row's, with those around it in its sequence.

import type { Words } from './tables/table';
import type { Tokens } from './tokens';

/** Tokens to each side that a row is shown with. */
const CONTEXT = 8;
/** How tokenizers write the space before a word. */
const SPACES = /^[Ġ▁]/;

/** The tokens of `rows` rows, if there are as many. */
export function tokensOf({ sequences, nested }: Words, rows: number): Tokens | undefined {
  const texts = sequences.flat().map((text) => text.replace(SPACES, ' '));
  if (texts.length !== rows) return undefined;
  // Tokens that bring their spaces along are joined as they are.
  const between = texts.some((text) => text.startsWith(' ')) ? '' : ' ';
  const starts = new Float64Array(sequences.length + 1);
  sequences.forEach(({ length }, i) => (starts[i + 1] = (starts[i] ?? 0) + length));
  return {
    count: rows,
    sequences: nested
      ? Uint32Array.from(sequences.flatMap(({ length }, i) => Array<number>(length).fill(i)))
      : undefined,
    at: (row) => {
      const token = texts[row];
      if (token === undefined) return undefined;
      const sequence = lastAtMost(starts, row);
      const [from, to] = [starts[sequence] ?? 0, starts[sequence + 1] ?? rows];
      return {
        token,
        before: texts.slice(Math.max(from, row - CONTEXT), row).join(between),
        after: texts.slice(row + 1, Math.min(to, row + 1 + CONTEXT)).join(between),
      };
    },
    free: () => undefined,
  };
}

/** Index of the last of rising numbers that is at most `value`. */
function lastAtMost(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rising[middle] ?? Infinity) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
