import { describe, expect, it } from 'vitest';
import { binned, logDensities } from '../src/kit/bins';
import { ordered, type Wish } from '../src/labs/activations/features/order';

const table = {
  density: Float32Array.of(0.5, 0, 0.005, 0.05),
  mean: Float32Array.of(1, 0, 4, 2),
  max: Float32Array.of(2, 0, 9, 3),
  encoderNorm: new Float32Array(4),
  decoderNorm: new Float32Array(4),
  cosine: Float32Array.of(0.9, -0.5, 0.1, 0.9),
  nearest: new Uint32Array(4),
  nearestCosine: Float32Array.of(0.1, 0.2, 0.3, 0.4),
};
const words = ['the · a', '', 'Night · nights', 'winter'];
const wish: Wish = { sort: 'density', rising: false, show: 'all', search: '' };
const noted = new Map([[1, { name: 'Dates', text: 'years before 2000' }]]);
const order = (patch: Partial<Wish>): number[] => [...ordered({ table, words }, { ...wish, ...patch }, noted)];

describe('the list of features', () => {
  it('is sorted by any figure, falling or rising, ties by number', () => {
    expect(order({})).toEqual([0, 3, 2, 1]);
    expect(order({ sort: 'max' })).toEqual([2, 3, 0, 1]);
    expect(order({ sort: 'cosine' })).toEqual([0, 3, 2, 1]);
    expect(order({ sort: 'cosine', rising: true })).toEqual([1, 2, 0, 3]);
    expect(order({ sort: 'number', rising: true })).toEqual([0, 1, 2, 3]);
  });

  it('is searched in the reader’s names and notes too', () => {
    expect(order({ search: 'dates' })).toEqual([1]);
    expect(order({ search: 'before 2000' })).toEqual([1]);
    expect(order({ search: 'dates', show: 'active' })).toEqual([]);
  });

  it('leaves out what does not pass the filter', () => {
    expect(order({ show: 'active' })).toEqual([0, 3, 2]);
    expect(order({ show: 'dead' })).toEqual([1]);
    expect(order({ show: 'rare' })).toEqual([2]);
    expect(order({ show: 'dense' })).toEqual([0]);
  });

  it('finds words whatever their case, and numbers as a whole', () => {
    expect(order({ search: ' NIGHT ' })).toEqual([2]);
    expect(order({ search: 'w' })).toEqual([3]);
    expect(order({ search: '1' })).toEqual([1]);
    expect(order({ search: 'nothing like it' })).toEqual([]);
  });
});

describe('histograms', () => {
  it('count values between the ends, and those beyond at the ends', () => {
    const { edges, counts } = binned([0, 0.2, 0.5, 1, 7, -3], 0, 1, 4);
    expect([...counts]).toEqual([3, 0, 1, 2]);
    expect([...edges]).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  it('of densities leave out the dead', () => {
    expect([...logDensities(Float32Array.of(0, 0.1, 0, 1))].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([
      -1, 0,
    ]);
  });
});
