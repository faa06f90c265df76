// Runs that are kept in the browser: the database and its bounds, files of them, and how a lab loads them.

import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { zipSync } from 'fflate';
import { readRunFile, recordOf, writeRunFile } from '../src/lab/worker/run-file';
import { MOST_UNNAMED, Store, type Kept, type SavedRun } from '../src/lab/worker/store';
import { keptRun, report, runState, settled } from './support/fakes';
import { makeLab, trained } from './support/mnist';

const saved = (size = 10, epoch = 3): SavedRun[] => [
  { name: 'sgd-tied', checkpoint: new Uint8Array(size).fill(7), reports: [report(epoch)] },
  { name: 'pam-script', checkpoint: new Uint8Array(size).fill(8), reports: [report(epoch + 1)] },
];

function kept(id: string, savedAt: number, more: { size?: number; name?: string; lab?: string } = {}): Kept {
  const runs = saved(more.size);
  const { lab = 'mnist', name = '' } = more;
  return { record: recordOf({ id, lab, name, address: 'k=9', identity: '', key: 'key', savedAt }, runs), runs };
}

describe('the database', () => {
  const complaints: string[] = [];
  const store = new Store('mnist', (reason) => complaints.push(reason));
  const put = (id: string, savedAt: number, more = {}): Promise<void> => {
    const { record, runs } = kept(id, savedAt, more);
    return store.save(record, runs);
  };
  const ids = async (): Promise<string[]> => (await store.list()).map(({ id }) => id);

  beforeEach(async () => {
    for (const id of await ids()) await store.remove(id);
    complaints.length = 0;
  });

  it('gives back what it was given, and lists the newest first', async () => {
    await put('a', 1);
    await put('b', 2);
    expect(await ids()).toEqual(['b', 'a']);
    const { record, runs } = (await store.load('a')) ?? kept('', 0);
    expect(record).toMatchObject({ epoch: 3, bytes: 20, address: 'k=9' });
    expect(runs).toEqual(saved());
    expect(await store.load('c')).toBeUndefined();
  });

  it('keeps the name that a run was given while it is trained and saved again', async () => {
    await put('a', 1);
    await store.rename('a', 'best so far');
    await put('a', 2);
    expect(await store.list()).toMatchObject([{ name: 'best so far', savedAt: 2 }]);
    await store.rename('gone', 'nothing');
    expect(await ids()).toEqual(['a']);
  });

  it('lets the oldest unnamed runs go, by number and by bytes, and never named ones', async () => {
    await put('named', 0);
    await store.rename('named', 'mine');
    for (let i = 1; i <= MOST_UNNAMED + 3; i++) await put(`run ${i}`, i);
    expect(await ids()).toHaveLength(MOST_UNNAMED + 1);
    expect(await ids()).toContain('named');
    expect((await ids()).at(-2)).toBe('run 4');
    expect(await store.load('run 3')).toBeUndefined();
    // 120 MB each: two are more than unnamed runs may take.
    const large = kept('large', 100, {});
    await store.save({ ...large.record, bytes: 120e6 }, large.runs);
    expect((await ids())[0]).toBe('large');
    await store.save({ ...large.record, id: 'larger', savedAt: 101, bytes: 120e6 }, large.runs);
    expect(await ids()).toEqual(['larger', 'named']);
  });

  it('lists no run of another lab', async () => {
    const { record, runs } = kept('theirs', 5, { lab: 'activations' });
    await store.save(record, runs);
    expect(await ids()).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe('a file of a run', () => {
  const { record, runs } = kept('a', 1, { name: 'mine' });
  const diverged = { ...report(3), testMse: NaN, decoderBefore: null };
  const written = async (): Promise<Uint8Array<ArrayBuffer>> =>
    writeRunFile({ record, runs: [{ ...runs[0], reports: [report(1), diverged] } as SavedRun, ...runs.slice(1)] });
  const read = (bytes: Uint8Array<ArrayBuffer>, lab = 'mnist'): Promise<Kept> =>
    readRunFile(new File([bytes], 'run.zip'), lab, 'new');
  const zip = (description: unknown): Uint8Array<ArrayBuffer> =>
    new Uint8Array(zipSync({ 'run.json': new TextEncoder().encode(JSON.stringify(description)) }));
  const whole = { format: 'SplInterp run', version: 1, lab: 'mnist', name: '', address: '', identity: '', key: '' };

  it('comes back as it was, under another number', async () => {
    const back = await read(await written());
    expect(back.record).toMatchObject({ id: 'new', name: 'mine', address: 'k=9', key: 'key', savedAt: 1 });
    expect(back.runs[0]?.reports[1]).toEqual(diverged);
    expect(back.runs.map(({ checkpoint }) => checkpoint)).toEqual(runs.map(({ checkpoint }) => checkpoint));
  });

  it('that is cut short, of another version or of something else is refused in a sentence', async () => {
    const bytes = await written();
    for (const length of [0, 30, bytes.length >> 1, bytes.length - 1]) {
      await expect(read(bytes.slice(0, length))).rejects.toThrow(/run\.zip is cut short or damaged|holds no run\.json/);
    }
    await expect(read(bytes, 'activations')).rejects.toThrow('is a run of the mnist lab');
    await expect(read(zip({ ...whole, version: 2 }))).rejects.toThrow('is of version 2, expected 1');
    await expect(read(zip({ format: 'else' }))).rejects.toThrow('does not describe a run');
    await expect(read(zip(null))).rejects.toThrow('does not describe a run');
    await expect(read(zip(whole))).rejects.toThrow('lacks a part');
    for (const reports of [[{}], 3, [null], [{ ...report(1), testMse: 'low' }]]) {
      const run = { name: 'sgd-tied', file: 'x', reports };
      await expect(read(zip({ ...whole, savedAt: 1, runs: [run] }))).rejects.toThrow('lacks a part');
    }
    const run = { name: 'sgd-tied', file: 'x', reports: [report(1)] };
    await expect(read(zip({ ...whole, savedAt: 1, runs: [run] }))).rejects.toThrow(
      'lacks x, the checkpoint of sgd-tied',
    );
  });
});

describe('a lab', () => {
  it('shows a kept run with its settings, at rest, and Undo brings the one before back', async () => {
    const { lab, fake, address } = await trained();
    fake.prompt = false;
    lab.loadKept(keptRun('old', { address: 'share=5&k=9&epochs=4' }));
    await settled();
    expect(fake.asked[1]?.request).toMatchObject({ kept: 'old', config: { k: 9, share: 5 } });
    await fake.asked[1]?.stand({ resumed: true, runs: [runState('sgd-tied', 2), runState('pam-script', 2)] });
    expect(lab.epoch).toBe(2);
    expect(lab.phase).toBe('resting');
    expect(lab.interrupted).toEqual({ epoch: 2, target: 4 });
    expect(address.read()).toBe('#share=5&epochs=4&k=9');
    lab.undo();
    await settled();
    expect(lab.state.k).toBe(15);
    expect(lab.epoch).toBe(3);
  });

  it('shows a kept run of the very settings that stand', async () => {
    const { lab, fake } = await trained();
    lab.loadKept(keptRun('old'));
    await settled();
    expect(fake.asked[1]?.request.kept).toBe('old');
    lab.change({ k: 4 });
    await settled();
    expect(fake.asked[2]?.request.kept).toBeUndefined();
  });

  it('goes on with what stands where a kept run cannot be loaded, and says why', async () => {
    const { lab, fake, address } = await trained();
    fake.prompt = false;
    lab.loadKept(keptRun('old', { address: 'k=9' }));
    await settled();
    await fake.asked[1]?.refuse('This saved run is no longer there', 'kept');
    expect(lab.alert).toBe('This saved run is no longer there.');
    expect(lab.state.k).toBe(15);
    expect(lab.epoch).toBe(3);
    expect(address.read()).toBe('#');
  });

  it('lists what is kept, and follows it', async () => {
    const { lab, fakes } = makeLab('', false, (fake) => (fake.keptRuns = [keptRun('one')]));
    await lab.start();
    await settled();
    expect(lab.keptRuns.list.map(({ id }) => id)).toEqual(['one']);
    const [fake] = fakes;
    if (fake) fake.keptRuns = [keptRun('two'), keptRun('one')];
    await fake?.emit({ type: 'kept' });
    expect(lab.keptRuns.list.map(({ id }) => id)).toEqual(['two', 'one']);
  });

  it('takes the file of a run by its content, and leaves others to the data', async () => {
    const { lab, fake } = await trained();
    const { record, runs } = kept('a', 1);
    const file = new File([await writeRunFile({ record, runs })], 'renamed.bin');
    expect(await lab.keptRuns.take([file])).toBe(true);
    await settled();
    expect(fake.asked.at(-1)?.request.kept).toBe('renamed.bin');
    for (const other of [new File(['PK'], 'run.json'), new File([], 'empty'), new File(['x'.repeat(99)], 'run.zip')]) {
      expect(await lab.keptRuns.take([other])).toBe(false);
    }
    expect(await lab.keptRuns.take([file, file])).toBe(false);
  });
});
