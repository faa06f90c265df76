// Which rows are of one text, and a feature on every token of it.

import { describe, expect, it } from 'vitest';
import { contextsOf } from '../src/labs/activations/worker/contexts';
import { Sequences, sequencesOfShape } from '../src/labs/activations/worker/sequences';
import type { Tokens } from '../src/labs/activations/worker/tokens';

const shape = (shape: number[], rows: number): Sequences | undefined => sequencesOfShape({ shape, rows });

describe('sequences', () => {
  it('are told by the shape of an array of three dimensions or more', () => {
    expect(shape([4, 8, 3], 32)?.of).toBe(8);
    expect(shape([2, 2, 8, 3], 32)?.count).toBe(4);
    // Pictures are rows by themselves, and a matrix tells nothing.
    expect(shape([200, 12, 9], 200)).toBeUndefined();
    expect(shape([32, 3], 32)).toBeUndefined();
    expect(shape([32, 1, 3], 32)).toBeUndefined();
  });

  it('of equal length reach from the first of their rows to the last', () => {
    const sequences = new Sequences(8, 20);
    expect([0, 7, 8, 19].map((row) => sequences.extent(row))).toEqual([
      [0, 8],
      [0, 8],
      [8, 16],
      [16, 20],
    ]);
    expect([...sequences.ofRows(Uint32Array.of(3, 9, 17))]).toEqual([0, 1, 2]);
  });

  it('whose rows are not neighbours have no extent', () => {
    const sequences = new Sequences(Uint32Array.of(5, 5, 9, 9, 5, 2), 6);
    expect(sequences.count).toBe(3);
    expect([0, 2, 3, 4, 5].map((row) => sequences.extent(row))).toEqual([undefined, [2, 4], [2, 4], undefined, [5, 6]]);
  });

  it('are known again, and others are others', () => {
    const of = (...names: number[]): string => new Sequences(Uint32Array.from(names), names.length).identity;
    expect(of(0, 0, 1)).toBe(of(0, 0, 1));
    expect(new Set([of(0, 0, 1), of(0, 1, 1), new Sequences(2, 3).identity, new Sequences(3, 3).identity]).size).toBe(
      4,
    );
  });
});

/** Rows of which some were left out, and a feature whose activation is the number of the row. */
function measured(sequences: Sequences, texts: readonly string[], rowNumbers: readonly number[]) {
  const tokens: Tokens = {
    count: texts.length,
    at: (row) => ({ token: texts[row] ?? '', before: '', after: '' }),
    free: () => undefined,
  };
  const asked: number[][] = [];
  const features = {
    activations: (feature: number, places: Uint32Array) => {
      asked.push([...places]);
      return Float32Array.from(places, (place) => (feature === 1 ? -1 : 1) * (rowNumbers[place] ?? NaN));
    },
  };
  return { asked, measured: { features, source: { sequences, tokens, rowNumbers: Uint32Array.from(rowNumbers) } } };
}

describe('contexts', () => {
  const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

  it('are whole sequences with the feature on every token that was measured', () => {
    const { measured: model, asked } = measured(new Sequences(4, 8), texts, [0, 1, 2, 4, 5, 6, 7]);
    const [first, second] = contextsOf(model, 0, [1, 6], 10);
    expect(first).toMatchObject({
      row: 1,
      first: 0,
      length: 4,
      from: 0,
      at: 1,
      peak: 2,
      tokens: ['a', ' b', ' c', ' d'],
    });
    expect([...(first?.values ?? [])]).toEqual([0, 1, 2, NaN]);
    expect(second).toMatchObject({ first: 4, at: 2, peak: 3 });
    expect([...(second?.values ?? [])]).toEqual([4, 5, 6, 7]);
    // One call for all, with places in the data set in the stead of rows of the file.
    expect(asked).toEqual([[0, 1, 2, 3, 4, 5, 6]]);
  });

  it('that are longer than is wanted are cut around the example', () => {
    const { measured: model } = measured(new Sequences(8, 8), texts, [0, 1, 2, 3, 4, 5, 6, 7]);
    const cut = contextsOf(model, 1, [4, 0, 7], 3).map((context) => [context?.from, context?.at, context?.peak]);
    expect(cut).toEqual([
      [3, 1, 2],
      [0, 0, 2],
      [5, 2, 2],
    ]);
  });

  it('keep the spaces that tokens bring along', () => {
    const { measured: model } = measured(new Sequences(3, 3), ['Sp', 'lines', 'Ġare'], [0, 1, 2]);
    expect(contextsOf(model, 0, [0], 9)[0]?.tokens).toEqual(['Sp', 'lines', ' are']);
  });

  it('are not made up where rows of a sequence are not neighbours', () => {
    const sequences = new Sequences(Uint32Array.of(0, 1, 0, 1, 2, 2, 2, 2), 8);
    const { measured: model } = measured(sequences, texts, [0, 1, 2, 3, 4, 5, 6, 7]);
    expect(contextsOf(model, 0, [0, 5], 9).map((context) => context?.first)).toEqual([undefined, 4]);
  });
});
