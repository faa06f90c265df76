import { describe, expect, it } from 'vitest';
import { editable, edited, rangeOf, strongest } from '../src/labs/mnist/editing/edits';
import { settled } from './support/fakes';
import { started } from './support/mnist';

const codes = Float32Array.of(0, -3, 0, 1, 2, 0);

describe('an edited code', () => {
  it('has the values that latents were given, and leaves the code as it was', () => {
    const edits = new Map([
      [1, 0],
      [5, 4],
      [99, 1],
    ]);
    expect([...edited(codes, edits)]).toEqual([0, 0, 0, 1, 2, 4]);
    expect([...codes]).toEqual([0, -3, 0, 1, 2, 0]);
  });

  it('is shown by its strongest latents and by all that were changed', () => {
    expect(strongest(codes)).toEqual([1, 4, 3]);
    expect(editable(codes, new Map([[5, 1]]), 2)).toEqual([1, 4, 5]);
    expect(editable(codes, new Map([[4, 0]]), 2)).toEqual([1, 4]);
  });

  it('may be turned up beyond its strongest, and below 0 only where it has values below', () => {
    expect(rangeOf(codes, new Map())).toEqual({ least: -4.5, most: 4.5 });
    expect(rangeOf(Float32Array.of(0, 2), new Map())).toEqual({ least: 0, most: 3 });
    expect(rangeOf(Float32Array.of(0, 0), new Map())).toEqual({ least: 0, most: 1 });
  });
});

describe('editing', () => {
  it('keeps the changes through an epoch and drops them with the image or the run', async () => {
    const { lab, fake } = await started();
    lab.show({}, 'images');
    await settled();
    lab.editing.watch(true);
    lab.editing.set(3, 1);
    await fake.epochs(1, 1, 1);
    lab.editing.follow();
    expect([...lab.editing.edits]).toEqual([[3, 1]]);
    lab.change({ digit: 4 });
    await settled();
    expect(lab.editing.edits.size).toBe(0);
    lab.editing.set(3, 1);
    lab.editing.choose(lab.session?.runs[0]?.name ?? '');
    expect(lab.editing.edits.size).toBe(0);
  });
});
