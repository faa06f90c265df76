import { describe, expect, it } from 'vitest';
import {
  initialState,
  parseHash,
  parseValue,
  runConfig,
  samePlan,
  sameRun,
  withView,
  writeHash,
} from '../src/labs/activations/state';
import { experimentsOf, scaledK } from '../src/labs/activations/worker/ablations';
import { proposedSizes, tableOptions } from '../src/labs/activations/worker/options';
import type { Ablation } from '../src/labs/activations/protocol';

describe('the address of the activations lab', () => {
  it('is empty for the defaults and comes back as it was written', () => {
    expect(writeHash(initialState())).toBe('');
    const state = {
      ...initialState(),
      method: 'pam',
      recipe: 'own',
      k: 32,
      dSae: 1536,
      alpha: 0.1,
      epochs: 5,
      feature: 7,
      search: 'night & day',
      sort: 'cosine',
      model: 'sgd',
    } as const;
    expect(parseHash(`#${writeHash(state)}`)).toEqual({ state, notes: [] });
  });

  it('leaves sizes to the data where they are not given', () => {
    expect(parseValue('dSae', '')).toEqual({ value: undefined });
    expect(parseValue('k', '0')).toMatch(/k is “0”, expected a whole number from 1/);
    expect(parseHash('#latents=many').notes).toHaveLength(1);
  });

  it('tells a new run from another plan and from another view', () => {
    const state = initialState();
    expect(samePlan(state, { ...state, feature: 3, search: 'a' })).toBe(true);
    expect(sameRun(state, { ...state, seed: 1 })).toBe(false);
    // The recommended step size depends on the number of epochs.
    expect(sameRun(state, { ...state, epochs: 7 })).toBe(false);
    const own = { ...state, recipe: 'own' as const };
    expect(sameRun(own, { ...own, epochs: 7 })).toBe(true);
    expect(samePlan(own, { ...own, epochs: 7 })).toBe(false);
    expect(withView(own, { ...state, feature: 9 })).toEqual({ ...own, feature: 9 });
  });
});

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
  const config = { ...runConfig(initialState()), dSae: 256 };
  const list = (ablation: Ablation): ReturnType<typeof experimentsOf> =>
    experimentsOf(ablation, config, 3, (method) => tableOptions(config, method, 144));

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
  ] as const)('of %s run each of their settings by both methods', (ablation, settings) => {
    const runs = list(ablation);
    expect(runs).toHaveLength(2 * settings);
    for (const method of ['sgd', 'pam']) {
      expect(new Set(runs.filter(({ options }) => options.method === method).map(({ label }) => label)).size).toBe(
        settings,
      );
    }
    expect(
      runs.every(({ epochs, preset, seeds }) => epochs === 3 && preset === 'recommended' && seeds.length === 1),
    ).toBe(true);
  });

  it('change what they are about and nothing else', () => {
    const [first, second] = list('updates');
    expect(first?.options).toEqual({ ...second?.options, updatesPerBatch: 1 });
    expect(list('share').map(({ share }) => share)).toContain(0.45);
  });
});
