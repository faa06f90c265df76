import { describe, expect, it } from 'vitest';
import { stepped } from '../src/lab/steps';

/** The numbers that the arrow keys give one after another. */
function walk(from: number, direction: 1 | -1, steps: number): number[] {
  const out = [];
  for (let value = from, i = 0; i < steps; i++) out.push((value = stepped(value, direction)));
  return out;
}

describe('steps of numbers that span decades', () => {
  it('multiply and divide', () => {
    expect(walk(0.003, 1, 5)).toEqual([0.005, 0.01, 0.02, 0.05, 0.1]);
    expect(walk(0.003, -1, 5)).toEqual([0.002, 0.001, 0.0005, 0.0002, 0.0001]);
    expect(walk(128, 1, 2)).toEqual([200, 500]);
  });

  it('reach 0 from both sides, and leave it', () => {
    expect(walk(0, 1, 3)).toEqual([1e-6, 2e-6, 5e-6]);
    expect(walk(2e-6, -1, 5)).toEqual([1e-6, 0, -1e-6, -2e-6, -5e-6]);
    expect(walk(-0.1, 1, 2)).toEqual([-0.05, -0.02]);
  });

  it('go up and down the same rungs', () => {
    const up = walk(1e-6, 1, 40);
    const top = up.at(-1) ?? 0;
    expect(walk(top, -1, 39)).toEqual(up.slice(0, -1).reverse());
  });
});
