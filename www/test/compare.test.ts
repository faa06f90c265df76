import type { ResolvedOptions } from 'splinterp/lab';
import { describe, expect, it } from 'vitest';
import { MOST_PINS, type Pin } from '../src/labs/mnist/compare/controller';
import { differenceOf, differences, meanDifference } from '../src/labs/mnist/compare/differences';
import { labels } from '../src/labs/mnist/settings';
import { settled } from './support/fakes';
import { started, trained } from './support/mnist';

const none = new Float32Array();
const model = {
  W_enc: none,
  b_enc: none,
  W_dec: none,
  b_dec: none,
  activation: { kind: 'relu' },
  dIn: 4,
  dSae: 2,
} as const;

function pin(options: object, more: Partial<Pin> = {}): Pin {
  const about = { id: 1, name: 'a', run: 'sgd-tied', data: 'MNIST', trainRows: 6000, epochs: 10, reports: [], model };
  return { ...about, options: options as ResolvedOptions, ...more };
}

describe('what differs between pinned runs', () => {
  it('is listed by the page’s names, and nothing else', () => {
    const same = { batchSize: 128, seed: 0, activation: { kind: 'topk', k: 15, by: 'magnitude' } };
    const pins = [
      pin({ ...same, method: 'sgd', lr: 0.003, weightDecay: 0, tied: true }),
      pin({ ...same, method: 'sgd', lr: 0.001, weightDecay: 1e-4, tied: false }, { trainRows: 600 }),
    ];
    expect(differences(pins, labels)).toEqual([
      { name: 'Training images', values: ['6,000', '600'] },
      { name: 'Learning rate', values: ['0.003', '0.001'] },
      { name: 'Weight decay', values: ['0', '1e−4'] },
      { name: 'Tied weights', values: ['yes', 'no'] },
    ]);
  });

  it('leaves out how the closed-form decoder is solved where none is', () => {
    const script = { kind: 'script', ridge: 1e-6 };
    const pins = [pin({ method: 'sgd', decoder: script }), pin({ method: 'sgd', decoder: { kind: 'joint' } })];
    expect(differences(pins, labels)).toEqual([]);
    expect(differences([...pins, pin({ method: 'pam', decoder: script, clip: null })], labels)).toEqual([
      { name: 'Method', values: ['SGD', 'SGD', 'PAM-SGD'] },
      { name: 'Decoder step', values: ['–', '–', 'as in the paper’s script, ridge 1e−6'] },
    ]);
  });

  it('between activations is said in words', () => {
    const of = (activation: object): Pin => pin({ activation });
    const pins = [
      of({ kind: 'relu' }),
      of({ kind: 'jumprelu', threshold: 0.1 }),
      of({ kind: 'topk', k: 5, by: 'value' }),
    ];
    expect(differences(pins, labels)[0]?.values).toEqual(['ReLU', 'JumpReLU, threshold 0.1', 'TopK, k = 5 by value']);
  });
});

describe('differences of pictures', () => {
  it('are signed, and clamped where they are larger than the scale', () => {
    expect([...differenceOf(Uint8ClampedArray.of(255, 0, 64, 7), Uint8ClampedArray.of(0, 255, 0, 7))]).toEqual([
      127, -127, 64, 0,
    ]);
  });

  it('have a mean of 0 for equal pictures and of 1 for black against white', () => {
    expect(meanDifference(Uint8ClampedArray.of(1, 2), Uint8ClampedArray.of(1, 2))).toBe(0);
    expect(meanDifference(Uint8ClampedArray.of(255, 0), Uint8ClampedArray.of(0, 255))).toBe(1);
  });
});

describe('pins', () => {
  it('outlive the session that they are of, and the worker', async () => {
    const { lab, fake } = await trained();
    const name = lab.session?.runs[0]?.name ?? '';
    await lab.pins.pin(name);
    lab.change({ k: 5 });
    await settled();
    await fake.die();
    expect(lab.pins.pins).toMatchObject([{ run: name, epochs: 3, data: 'digits', trainRows: 6000 }]);
    expect(lab.pins.pins[0]?.reports).toHaveLength(3);
  });

  it('of one run twice have names of their own, and can be given others', async () => {
    const { lab } = await trained();
    const name = lab.session?.runs[0]?.name ?? '';
    await lab.pins.pin(name);
    await lab.pins.pin(name);
    const [first, second] = lab.pins.pins;
    expect(second?.name).toBe(`${first?.name ?? ''} (2)`);
    lab.pins.rename(second?.id ?? 0, '  small k ');
    lab.pins.rename(first?.id ?? 0, '   ');
    expect(lab.pins.pins.map((each) => each.name)).toEqual([first?.name, 'small k']);
  });

  it('are no more than there is room for', async () => {
    const { lab } = await started();
    for (let i = 0; i < MOST_PINS + 2; i++) await lab.pins.pin(lab.session?.runs[0]?.name ?? '');
    expect(lab.pins.pins).toHaveLength(MOST_PINS);
    expect(lab.pins.whyFull()).toContain(`${MOST_PINS} runs are pinned`);
    lab.pins.unpin(lab.pins.pins[0]?.id ?? 0);
    expect(lab.pins.whyFull()).toBeUndefined();
  });
});
