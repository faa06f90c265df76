// Two SAEs side by side: figures over the pairs, and the table of them.

import { expect, it } from 'vitest';
import { largerOf, overallOf, pairsCsv } from '../src/labs/activations/compare/figures';

const of = (...values: number[]): Float32Array => Float32Array.from(values);
const found = {
  left: { title: 'a', words: ['one', 'two, 2'], density: of(0.5, 0.25), max: of(1, 2) },
  right: { title: 'b', words: ['x', 'y', 'z'], density: of(0.125, 0, 1), max: of(4, 0, 8) },
  pairs: { left: Uint32Array.of(1, 0), right: Uint32Array.of(0, 2), cosines: Float64Array.of(-0.95, 0.75) },
  unmatched: Uint32Array.of(1),
};

it('opposite features count by the size of their cosine', () => {
  const { pairs, mean, same, alike } = overallOf(found);
  expect([pairs, mean, same, alike]).toEqual([2, 0.85, 0.5, 1]);
  expect(overallOf({ pairs: { ...found.pairs, cosines: new Float64Array() } })).toEqual({
    ...{ pairs: 0, mean: 0, same: 0, alike: 0 },
  });
});

it('CSV has a line for each pair and for each feature without a partner', () => {
  expect(largerOf(found)).toBe('right');
  expect(pairsCsv(found).split('\r\n')).toEqual([
    'cosine,left,leftWords,leftDensity,leftMax,right,rightWords,rightDensity,rightMax',
    '-0.95,1,"two, 2",0.25,2,0,x,0.125,4',
    '0.75,0,one,0.5,1,2,z,1,8',
    ',,,,,1,y,0,0',
    '',
  ]);
});
