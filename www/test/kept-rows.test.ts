// Runs of experiments in a browser's database.

import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { KeptRows } from '../src/lab/worker/kept-rows';
import { rowOf } from './support/experiments';

const kept = (testMse: number, savedAt = 1) => ({ row: rowOf('SGD tied', testMse), reports: [], savedAt });

describe('runs that have ended', () => {
  it('are found again by a later worker of the same build, and not by another build', async () => {
    await new KeptRows('build 1', () => undefined).keep('a', kept(0.5));
    const later = new KeptRows('build 1', () => undefined);
    expect((await later.find(['b', 'a'])).map((each) => each?.row.report?.testMse)).toEqual([undefined, 0.5]);
    expect(await new KeptRows('build 2', () => undefined).find(['a'])).toEqual([undefined]);
  });

  it('make way when there are too many, the oldest first', async () => {
    const rows = new KeptRows('many', () => undefined);
    for (let i = 0; i < 2001; i++) await rows.keep(`${i}`, kept(i, 10 + i));
    const later = new KeptRows('many', () => undefined);
    const [oldest, newest] = await later.find(['0', '2000']);
    expect(oldest).toBeUndefined();
    expect(newest?.row.report?.testMse).toBe(2000);
  });

  it('are kept in the worker where the browser refuses, and the reason is told once', async () => {
    const reasons: string[] = [];
    const open = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new Error('denied');
    });
    try {
      const rows = new KeptRows('refused', (reason) => reasons.push(reason));
      await rows.keep('a', kept(0.5));
      await rows.keep('b', kept(0.25));
      expect((await rows.find(['a', 'b', 'c'])).map((each) => each?.row.report?.testMse)).toEqual([
        0.5,
        0.25,
        undefined,
      ]);
      expect(reasons).toEqual(['denied']);
    } finally {
      open.mockRestore();
    }
  });
});
