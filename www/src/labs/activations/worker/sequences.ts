// Which rows of a file are of one sequence: a text, a document, a context window.

import type { TensorInfo } from 'splinterp';
import { hashOf } from '../../../lab/worker/fingerprint';

export class Sequences {
  /** How many there are. */
  readonly count: number;
  /** Those whose rows are not all neighbours. */
  private readonly scattered = new Set<number>();

  /** `of`: rows in one, or the sequence of each of the `rows` rows of the file. */
  constructor(
    readonly of: number | Uint32Array,
    private readonly rows: number,
  ) {
    if (typeof of === 'number') {
      this.count = Math.ceil(rows / of);
      return;
    }
    const seen = new Set<number>();
    let before: number | undefined;
    for (const name of of) {
      if (name !== before && seen.has(name)) this.scattered.add(name);
      seen.add(name);
      before = name;
    }
    this.count = seen.size;
  }

  /** Text by which the same sequences are known again. */
  get identity(): string {
    const { of } = this;
    return typeof of === 'number'
      ? `sequences of ${of}`
      : `sequences ${hashOf(new Float32Array(of.buffer, of.byteOffset, of.length))}`;
  }

  /** The sequence of a row of the file. */
  at(row: number): number {
    return typeof this.of === 'number' ? Math.floor(row / this.of) : (this.of[row] ?? 0);
  }

  /** The rows of a row's sequence, from the first to before the last; nothing where they are not neighbours. */
  extent(row: number): readonly [from: number, to: number] | undefined {
    const { of, rows } = this;
    if (typeof of === 'number') {
      const from = row - (row % of);
      return [from, Math.min(rows, from + of)];
    }
    const name = of[row];
    if (name === undefined || this.scattered.has(name)) return undefined;
    let [from, to] = [row, row + 1];
    while (from > 0 && of[from - 1] === name) from -= 1;
    while (to < rows && of[to] === name) to += 1;
    return [from, to];
  }

  /** For some rows of the file, as the crate takes them of rows that are counted anew. */
  ofRows(numbers: Uint32Array): Uint32Array {
    return numbers.map((row) => this.at(row));
  }
}

/** `[batch, sequence, width]` tells the rows of a sequence, where it makes a row for each place of one. */
export function sequencesOfShape({ shape, rows }: Pick<TensorInfo, 'shape' | 'rows'>): Sequences | undefined {
  const length = shape.at(-2) ?? 0;
  const places = shape.slice(0, -1).reduce((all, each) => all * each, 1);
  return shape.length >= 3 && length > 1 && places === rows ? new Sequences(length, rows) : undefined;
}
