import { describe, expect, it } from 'vitest';
import type { Ablation } from '../src/labs/activations/protocol';
import { settings } from '../src/labs/activations/settings';
import { experimentsOf, scaledK } from '../src/labs/activations/worker/ablations';
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
  ] as const)('of %s run each of their settings by both methods', (ablation, count) => {
    const runs = list(ablation);
    expect(runs).toHaveLength(2 * count);
    for (const method of ['sgd', 'pam']) {
      expect(new Set(runs.filter(({ options }) => options.method === method).map(({ label }) => label)).size).toBe(
        count,
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
