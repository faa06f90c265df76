import { describe, expect, it, vi } from 'vitest';
import { fromHalf, toHalf } from '../src/labs/mnist/worker/half';
import { Thinned } from '../src/labs/mnist/worker/history';

vi.mock('splinterp', () => ({}));

describe('half precision', () => {
  it('gives back every finite half', () => {
    const halves = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((half) => (half & 0x7c00) !== 0x7c00);
    const back = toHalf(fromHalf(halves));
    // The negative zero is written as 0.
    expect([...back].filter((half, i) => half !== halves[i] && halves[i] !== 0x8000)).toEqual([]);
  });

  it('has the values of IEEE 754', () => {
    expect([...fromHalf(Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff))]).toEqual([
      1,
      -2,
      Math.fround(0.333251953125),
      2 ** -24,
      65_504,
    ]);
  });

  it('rounds to the nearest, ties to even, and keeps what is too large finite', () => {
    const ulp = 2 ** -10;
    expect([...toHalf(Float32Array.of(1 + ulp / 2, 1 + (3 * ulp) / 2, 1 + 0.51 * ulp, 1e9, -1e9))]).toEqual([
      0x3c00, 0x3c02, 0x3c01, 0x7bff, 0xfbff,
    ]);
  });
});

describe('the models of the past', () => {
  const size = 10;
  const kept = (most: number) => new Thinned<{ epoch: number }>(most, () => size);

  it('are all kept while there is room', () => {
    const history = kept(40 * size);
    for (let epoch = 0; epoch <= 19; epoch++) for (const run of ['a', 'b']) history.add(run, { epoch });
    expect(history.epochs).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(history.at('a', 7)).toEqual({ epoch: 7 });
  });

  it('never take more than the bound, and stay evenly spaced from the first to the newest', () => {
    const most = 16;
    const history = kept(most * size);
    for (let epoch = 0; epoch <= 200; epoch++) {
      for (const run of ['a', 'b']) history.add(run, { epoch });
      const { epochs } = history;
      expect(2 * epochs.length).toBeLessThanOrEqual(most);
      expect(epochs[0]).toBe(0);
      expect(epochs.at(-1)).toBe(epoch);
      const gaps = new Set(epochs.slice(1, -1).map((at, i) => at - (epochs[i] ?? 0)));
      expect(gaps.size, epochs.join()).toBeLessThanOrEqual(1);
      if (epoch > 8) expect(epochs.length).toBeGreaterThan(most / 4);
    }
  });

  it('that are not kept are answered by the last before them', () => {
    const history = kept(4 * size);
    for (let epoch = 0; epoch <= 9; epoch++) history.add('a', { epoch });
    expect(history.epochs).toEqual([0, 4, 8, 9]);
    expect(history.at('a', 6)).toEqual({ epoch: 4 });
    expect(history.at('a', 99)).toEqual({ epoch: 9 });
    expect(history.at('b', 1)).toBeUndefined();
  });

  it('of a run that was taken up begin where it was', () => {
    const history = kept(4 * size);
    history.add('a', { epoch: 5 });
    history.add('a', { epoch: 6 });
    expect(history.at('a', 0)).toEqual({ epoch: 5 });
  });

  it('keep the first and the newest where even these are too many', () => {
    const history = kept(size);
    for (let epoch = 0; epoch <= 9; epoch++) history.add('a', { epoch });
    expect(history.epochs).toEqual([0, 9]);
  });
});
