// How the rows of a session are split: by whole sequences where they are known, of rows in memory and of streams.

import { readFileSync } from 'node:fs';
import { initSync, type Dataset } from 'splinterp';
import { beforeAll, describe, expect, it } from 'vitest';
import { settings, type ActivationsConfig } from '../src/labs/activations/settings';
import { Files } from '../src/labs/activations/worker/files';
import { freeParts, partsOf, testBy } from '../src/labs/activations/worker/parts';
import { sampleSource, type Source } from '../src/labs/activations/worker/source';

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
});

const config = (patch: Partial<ActivationsConfig> = {}): ActivationsConfig =>
  settings.config({ ...settings.initial(), ...patch });

/** Bytes in the shape `[batch, sequence, 2]`. */
function npy(shape: readonly number[]): File {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')})}`;
  const length = shape.reduce((all, each) => all * each, 1);
  const start = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0);
  return new File([start, header, Uint8Array.from({ length }, (_, i) => (i * i) % 251)], 'acts.npy');
}

async function opened(shape: readonly number[], reservoir?: number): Promise<Source> {
  const files = new Files(() => undefined);
  await files.open([{ path: 'acts.npy', file: npy(shape) }]);
  await files.load({ tensor: 'acts.npy', keep: 'u8', dropNonFinite: false, reservoir });
  return files.source();
}

/** Sequences that rows of both are of. */
function shared(source: Source, a: Dataset, b: Dataset, numbers?: Uint32Array): number {
  const names = (part: Dataset): Set<number> =>
    new Set(Array.from(part.rowNumbers(), (row) => source.sequences?.at(numbers?.[row] ?? row) ?? -1));
  const others = names(b);
  return [...names(a)].filter((name) => others.has(name)).length;
}

function inMemory(part: Dataset | { free: () => void }): Dataset {
  if (!('rowsAt' in part)) throw new Error('these rows are in their files');
  return part;
}

describe('rows in memory', () => {
  it('of the sample are split between its sentences, and between rows where that is asked for', async () => {
    const source = sampleSource(1);
    expect(source.info.sequences).toBeGreaterThan(300);
    const parts = await partsOf(source, config());
    expect(testBy(source, config())).toBe('sequence');
    expect(shared(source, inMemory(parts.train), parts.test)).toBe(0);
    expect(inMemory(parts.train).rows + parts.test.rows).toBe(4096);
    expect(parts.test.rows).toBeGreaterThanOrEqual(410);
    expect(parts.test.rows).toBeLessThan(430);
    const again = await partsOf(source, config());
    expect(again.test.rowNumbers()).toEqual(parts.test.rowNumbers());
    const byRow = await partsOf(source, config({ testBy: 'row' }));
    expect(shared(source, inMemory(byRow.train), byRow.test)).toBeGreaterThan(100);
    // A share of the training rows is of the training rows.
    const few = await partsOf(source, config({ share: 30 }));
    expect(shared(source, inMemory(few.train), few.test)).toBe(0);
    for (const each of [parts, again, byRow, few]) freeParts(each);
  });

  it('of an array are split by its shape; one sequence, or none, is split by rows', async () => {
    const source = await opened([20, 30, 2]);
    const parts = await partsOf(source, config());
    expect([inMemory(parts.train).rows, parts.test.rows]).toEqual([540, 60]);
    expect(shared(source, inMemory(parts.train), parts.test)).toBe(0);
    for (const shape of [
      [1, 600, 2],
      [600, 2],
    ]) {
      const alone = await opened(shape);
      expect(testBy(alone, config())).toBe('row');
      const { train, test } = await partsOf(alone, config());
      expect([inMemory(train).rows, test.rows]).toEqual([540, 60]);
    }
  });
});

describe('a stream', () => {
  it('holds whole sequences out, and its experiments split these again', async () => {
    const source = await opened([200, 30, 2], 6000);
    expect(testBy(source, config())).toBe('sequence');
    const held = new Set(Array.from(source.rowNumbers, (row) => Math.floor(row / 30)));
    expect(source.rowNumbers).toHaveLength(30 * held.size);
    const parts = await partsOf(source, config());
    expect(shared(source, parts.trial.train, parts.trial.test, source.rowNumbers)).toBe(0);
    expect(parts.trial.train.rows + parts.trial.test.rows).toBe(parts.test.rows);
    freeParts(parts);
  });

  it('of no known sequences holds blocks out', async () => {
    const source = await opened([6000, 2], 6000);
    expect(testBy(source, config())).toBe('block');
  });
});
