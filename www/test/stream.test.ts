// Rows that stay in their files: which choice the page makes, and what the worker makes of shards.

import { readFileSync, readdirSync } from 'node:fs';
import { initSync } from 'splinterp';
import { beforeAll, describe, expect, it } from 'vitest';
import { reservoirFor } from '../src/labs/activations/files/controller';
import type { Inspection } from '../src/labs/activations/protocol';
import { Files } from '../src/labs/activations/worker/files';
import { freeParts, partsOf } from '../src/labs/activations/worker/parts';
import { settings } from '../src/labs/activations/settings';

const TABLES = new URL('../../tests/fixtures/tables/', import.meta.url);

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
});

function inspected(bytes: Inspection['bytes']): Inspection {
  const tensor = { name: 'x', dtype: 'f16', shape: [1], rows: 1, cols: 1, keep: 'f16' as const };
  const statistics = { min: 0, max: 1, mean: 0.5, std: 0.1, nans: 0, infinities: 0, inspected: 1 };
  return { tensor, ...statistics, preview: [], bytes, keep: 'f16' };
}

describe('the reservoir', () => {
  it('is proposed where memory does not hold all rows, and is the user’s choice where it does', () => {
    const of = inspected({ f16: 2 ** 31 - 1, f32: 2 ** 32 });
    expect(reservoirFor(of, 'f16', undefined)).toBeUndefined();
    expect(reservoirFor(of, 'f16', 2 ** 24)).toBe(2 ** 24);
    expect(reservoirFor(of, 'f32', undefined)).toBe(2 ** 28);
    expect(reservoirFor(of, 'f32', 2 ** 24)).toBe(2 ** 24);
  });
});

/** Arrow shards that `datasets` wrote, an index beside them. */
function saved(): { path: string; file: File }[] {
  const folder = new URL('saved/', TABLES);
  return readdirSync(folder).map((name) => ({
    path: name,
    file: new File([readFileSync(new URL(name, folder))], name),
  }));
}

/** Row of the set, as it stands in its file. */
const values = (row: number): number[] => [row % 251, (row * row) % 241];

/** An array of 200 rows of bytes, the first of which has the number `from`. */
function shard(name: string, from: number): { path: string; file: File } {
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (200, 2)}";
  const start = Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0);
  const rows = Uint8Array.from(Array.from({ length: 200 }, (_, row) => values(from + row)).flat());
  return { path: name, file: new File([start, header, rows], name) };
}

describe('shards that stay in their files', () => {
  it('are split in rows to train on and rows that are held out, by their numbers in the set', async () => {
    const heard: number[] = [];
    const files = new Files((_, done, total) => heard.push(done / total));
    const given = [shard('acts_0.npy', 0), shard('acts_1.npy', 200)];
    await files.open(given);
    const info = await files.load({ tensor: 'activations', keep: 'u8', dropNonFinite: false, reservoir: 100 });
    expect(info).toMatchObject({ rows: 400, cols: 2, reservoir: 100 });
    expect(heard.at(-1)).toBe(1);
    const { data, rowNumbers, origin } = files.source();
    expect(data.rows + (origin.streamed?.train.rows ?? 0)).toBe(400);
    expect(rowNumbers).toHaveLength(data.rows);
    expect(Array.from(data.values())).toEqual(Array.from(rowNumbers).flatMap(values));
  });

  it('are normalised by the rows that are trained on', async () => {
    const files = new Files(() => undefined);
    await files.open([shard('a.npy', 0)]);
    await files.load({ tensor: 'a.npy', keep: 'u8', dropNonFinite: false, reservoir: 100 });
    const source = files.source();
    const parts = await partsOf(source, settings.config({ ...settings.initial(), standardise: true }));
    try {
      expect(parts.train.rows + parts.test.rows).toBe(200);
      expect(parts.trial.train.rows + parts.trial.test.rows).toBe(parts.test.rows);
      const normalised = parts.test.values();
      expect(Math.max(...normalised.map(Math.abs))).toBeLessThan(3);
      expect(parts.test.undoNormalisation(normalised).map(Math.round)).toEqual(source.data.values());
    } finally {
      freeParts(parts);
    }
  });

  it('that hold a few rows only are refused', async () => {
    const files = new Files(() => undefined);
    const opened = await files.open(saved());
    const tensor = opened.kind === 'tensors' ? opened.tensors[0] : undefined;
    if (!tensor) return expect.fail('no array');
    const load = files.load({ tensor: tensor.name, keep: 'f32', dropNonFinite: false, reservoir: 64 });
    await expect(load).rejects.toThrow('10 rows are too few to hold some out: keep all rows in memory');
  });
});
