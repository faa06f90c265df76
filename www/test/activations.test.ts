import { describe, expect, it } from 'vitest';
import { settings } from '../src/labs/activations/settings';
import { planOf, scaledK } from '../src/labs/activations/worker/ablations';
import type { Plan, Rows, Setting } from '../src/lab/worker/experiments';
import { proposedSizes, tableOptions } from '../src/labs/activations/worker/sizes';

describe('sizes', () => {
  it('are in the proportions of the paper’s experiment', () => {
    expect(proposedSizes(2304, undefined)).toEqual({ dSae: 4096, k: 320 });
    expect(proposedSizes(384, undefined)).toEqual({ dSae: 688, k: 54 });
    expect(proposedSizes(384, 1536)).toEqual({ dSae: 1536, k: 120 });
    expect(proposedSizes(3, undefined)).toEqual({ dSae: 16, k: 1 });
    expect(proposedSizes(64, undefined, 2.6)).toEqual({ dSae: 112, k: 3 });
  });
});

describe('the paper’s ablations', () => {
  const config = { ...settings.config(settings.initial()), dSae: 256 };
  const data: Rows = { rows: 0, rowsAt: () => new Float32Array() };
  const plan = (figure: string): Plan<Rows> =>
    planOf({ figure, activation: undefined, seeds: 2, epochs: 3 }, config, {
      ...{ name: 'rows', train: data, list: () => expect.fail('nothing is trained') },
      optionsOf: (method) => tableOptions(config, method, 144),
    });
  const settingsOf = (figure: string): readonly Setting[] => plan(figure).settings;

  it('scale k to the dictionary', () => {
    expect(scaledK(4096)).toEqual([15, 20, 40, 80, 160, 320, 640, 1280]);
    expect(scaledK(256)).toEqual([1, 3, 5, 10, 20, 40, 80]);
  });

  it.each([
    ['updates', 4],
    ['share', 11],
    ['activation', 4],
    ['decay', 5],
    ['proximal', 6],
    ['k', 7],
  ] as const)('of %s run each of their settings by both methods', (figure, count) => {
    const { settings: all, contestants, epochs, seeds } = plan(figure);
    expect(new Set(all.map(({ label }) => label)).size).toBe(count);
    expect(contestants.map(({ run, options }) => [run, options.method])).toEqual([
      ['sgd', 'sgd'],
      ['pam', 'pam'],
    ]);
    expect(contestants.every(({ preset }) => preset === 'recommended')).toBe(true);
    expect([epochs, seeds]).toEqual([3, [0, 1]]);
  });

  it('change what they are about and nothing else', () => {
    expect(settingsOf('updates').map(({ options, share }) => [options, share])).toContainEqual([
      { updatesPerBatch: 5 },
      undefined,
    ]);
    expect(settingsOf('share').map(({ share }) => share)).toContain(0.45);
    expect(() => plan('colour')).toThrow(/no ablation/);
  });
});
