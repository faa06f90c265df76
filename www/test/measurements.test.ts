// Measurements of where models stand, without a browser: one at a time, and again where a link holds them.

import { describe, expect, it } from 'vitest';
import { Failure, messageOf } from '../src/kit/failure';
import { Measurements, type Measured } from '../src/labs/explorer/measurements';
import type { ExplorerService, Stand } from '../src/labs/explorer/protocol';
import { settled } from './support/fakes';

/** An explorer whose measurements the test answers. */
function explorer(measured: readonly string[] = []) {
  const epochs = new Map([['pam', '3 1']]);
  const shown = new Map<string, { stand?: Stand }>();
  const asked: { name: string; tell: (share: number, step: string) => void; answer: () => void; refuse: () => void }[] =
    [];
  const state = { measured };
  let cancelled = 0;
  const stand: ExplorerService['stand'] = (name, tell) =>
    new Promise((resolve, reject) =>
      asked.push({
        name,
        tell,
        answer: () => resolve({ epoch: Number.parseInt(epochs.get(name) ?? '', 10) } as Stand),
        refuse: () => reject(new Failure('out of memory', 'memory')),
      }),
    );
  const place = (name: string): { stand?: Stand } => {
    const known = shown.get(name) ?? {};
    shown.set(name, known);
    return known;
  };
  const measuring: Measured = {
    state,
    set: (patch) => void Object.assign(state, patch),
    changed: () => undefined,
    epochOf: (name) => epochs.get(name),
    shown: place,
    service: {
      cancelStand: () => {
        cancelled++;
        return Promise.resolve();
      },
    },
    attempt: async (name, work) => {
      try {
        await work({ stand } as ExplorerService, place(name));
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
  };
  return { measurements: new Measurements(measuring), asked, state, epochs, shown, cancelled: () => cancelled };
}

describe('a measurement', () => {
  it('tells of its progress and is held by the address with its epoch', async () => {
    const { measurements, asked, state, shown } = explorer();
    const done = measurements.measure('pam');
    await settled();
    asked[0]?.tell(0.5, 'the audit');
    expect(measurements.of('pam').progress).toEqual({ share: 0.5, step: 'the audit' });
    asked[0]?.answer();
    await done;
    expect(measurements.of('pam').progress).toBeUndefined();
    expect(shown.get('pam')?.stand?.epoch).toBe(3);
    expect(state.measured).toEqual(['pam*3']);
  });

  it('waits for the one before, and can be taken back while it waits', async () => {
    const { measurements, asked, epochs, cancelled } = explorer();
    for (const name of ['sgd', 'tied']) epochs.set(name, '3 1');
    const all = [measurements.measure('pam'), measurements.measure('sgd'), measurements.measure('tied')];
    await settled();
    expect(asked.map(({ name }) => name)).toEqual(['pam']);
    expect(measurements.of('sgd').progress?.step).toBe('waiting');
    measurements.cancel('sgd');
    expect(cancelled()).toBe(0);
    asked[0]?.answer();
    await settled();
    expect(asked.map(({ name }) => name)).toEqual(['pam', 'tied']);
    measurements.cancel('tied');
    expect(cancelled()).toBe(1);
    asked[1]?.answer();
    await Promise.all(all);
  });

  it('that fails says why, leaves what was measured before, and lets the next one begin', async () => {
    const { measurements, asked, state } = explorer();
    const first = measurements.measure('pam');
    await settled();
    asked[0]?.answer();
    await first;
    const second = measurements.measure('pam');
    await settled();
    asked[1]?.refuse();
    await second;
    expect(measurements.of('pam').failure).toContain('out of memory');
    expect(state.measured).toEqual(['pam*3']);
    void measurements.measure('pam');
    await settled();
    expect(asked).toHaveLength(3);
  });
});

describe('a link', () => {
  it('that holds a measurement begins it once the model is as far, and only once', async () => {
    const { measurements, asked, epochs, shown } = explorer(['other*1', 'pam*5']);
    measurements.restore('pam');
    epochs.delete('pam');
    measurements.restore('pam');
    await settled();
    expect(asked).toHaveLength(0);
    epochs.set('pam', '5 1');
    measurements.restore('pam');
    measurements.restore('pam');
    await settled();
    expect(asked.map(({ name }) => name)).toEqual(['pam']);
    asked[0]?.answer();
    await settled();
    // The run was reset and trains again.
    shown.delete('pam');
    measurements.restore('pam');
    await settled();
    expect(asked).toHaveLength(1);
  });

  it('of another model, or of none, begins nothing', async () => {
    const { measurements, asked } = explorer(['other*1', 'pam', '*', 'pam*']);
    for (const name of ['pam', '']) measurements.restore(name);
    await settled();
    expect(asked).toHaveLength(0);
  });
});
