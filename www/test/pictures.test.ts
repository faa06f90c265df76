import { describe, expect, it, vi } from 'vitest';
import { byActivity, colourScale, toBytes, transposed } from '../src/labs/mnist/worker/pictures';
import { paintTile, SIGNED } from '../src/kit/paint';

vi.mock('splinterp', () => ({}));

describe('pictures of weights', () => {
  it('turns [2, 3] into [3, 2]', () => {
    expect([...transposed(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('spreads −scale … scale over the bytes and clamps what lies beyond', () => {
    expect([...toBytes(Float32Array.of(-1, -0.5, 0, 0.25, 0.5, 9), 0.5)]).toEqual([-127, -127, 0, 64, 127, 127]);
  });

  it('draws weights that are all zero as zeros', () => {
    const zeros = new Float32Array(8);
    expect([...toBytes(zeros, colourScale(zeros))]).toEqual([...zeros]);
  });

  it('lets a single wild weight not wash out the others', () => {
    const weights = Float32Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1e6 : -0.1));
    expect(colourScale(weights)).toBeCloseTo(0.1);
  });

  it('orders latents by falling activity, ties by number', () => {
    expect([...byActivity(Float32Array.of(0.1, 0.5, 0.5, 0, 0.9))]).toEqual([4, 1, 2, 0, 3]);
  });
});

describe('painting', () => {
  it('puts a tile in its place, through the table', () => {
    const words = new Uint32Array(4 * 3);
    const table = Uint32Array.from({ length: 2 * SIGNED + 1 }, (_, i) => i);
    paintTile(words, 4, 1, 1, Int8Array.of(-127, 0, 127, 1), 2, table, SIGNED);
    expect([...words]).toEqual([0, 0, 0, 0, 0, 0, 127, 0, 0, 254, 128, 0]);
  });
});
