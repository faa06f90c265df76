// The recipes of other programs: their text in a link, the options that they become, and the module that trains them.

import { readFileSync } from 'node:fs';
import { initSync, type TrainOptions } from 'splinterp';
import { beforeAll, describe, expect, it } from 'vitest';
import { settings } from '../src/labs/mnist/settings';
import { enterVariant, readVariants, writeVariants, type Variants } from '../src/lab/variants/options';
import { withVariants } from '../src/lab/worker/variants';
import { settled } from './support/fakes';
import { makeLab } from './support/mnist';

beforeAll(() => {
  initSync({ module: readFileSync(new URL('../../pkg/splinterp_bg.wasm', import.meta.url)) });
});

const none = readVariants('');

describe('the text of variants', () => {
  it('is empty where none is chosen', () => {
    expect(writeVariants(none)).toBe('');
  });

  it('comes back as it was written, every option at once', () => {
    const chosen: Variants = {
      ...{
        preset: 'sparsify' as const,
        lr: 0.01,
        warmupSteps: 20,
        revive: true,
        auxk: true,
        auxkK: 8,
        auxkCoefficient: 0.5,
      },
      ...{
        auxkDeadAfter: 100,
        decoderNorm: 'unit' as const,
        decoderStart: 'transposed' as const,
        biasStart: 'median' as const,
      },
      ...{ targetL0: 15, bandwidth: 1e-3, coefficient: 2, prefixes: [8, 16] },
    };
    expect(Object.keys(chosen).sort()).toEqual(Object.keys(none).sort());
    expect(readVariants(writeVariants(chosen))).toEqual(chosen);
    expect(writeVariants({ ...none, auxk: true, prefixes: [8, 16] })).toBe('auxk:yes,prefixes:8-16');
  });

  it('stands in an address as it is', () => {
    const variants = 'auxk:yes,warmupSteps:20';
    expect(settings.write({ ...settings.initial(), variants })).toBe(`variants=${variants}`);
  });

  it.each([
    ['colour:red', /variants names “colour”, expected some of preset, lr, warmupSteps/],
    ['lr:fast', /lr is “fast”, expected a number/],
    ['prefixes:8-many', /prefixes is “8-many”, expected whole numbers/],
    ['auxk', /auxk is “”, expected yes or no/],
    ['constructor:1', /variants names “constructor”/],
    [`${'x'.repeat(500)}:1`, /variants names “x{40}…”/],
  ])('%s is refused by name', (text, message) => {
    expect(() => readVariants(text)).toThrow(message);
  });

  it('takes prefixes as people type them', () => {
    expect(enterVariant('prefixes', ' 8, 16  64 ')).toEqual({ value: [8, 16, 64] });
    expect(enterVariant('prefixes', '')).toEqual({ value: [] });
    expect(enterVariant('prefixes', 'eight')).toMatch(/whole numbers/);
    expect(enterVariant('warmupSteps', '1.5')).toMatch(/whole number/);
  });
});

describe('options with variants', () => {
  const options = (more: Partial<TrainOptions>): TrainOptions => ({
    ...{ dSae: 256, activation: { kind: 'topk', k: 15, by: 'positive' }, method: 'sgd', tied: false, lr: 0.003 },
    ...{ batchSize: 128, lrDecayEpochs: 10, seed: 1 },
    ...more,
  });

  it('are those of the form where none is chosen', () => {
    expect(withVariants(options({}), '', 600, 10)).toEqual(options({}));
  });

  it('have what is chosen, over the form', () => {
    const text =
      'lr:0.01,warmupSteps:2,revive:yes,auxk:yes,auxk.k:4,decoderNorm:unit,decoderStart:transposed,biasStart:median';
    expect(withVariants(options({}), text, 600, 10)).toEqual({
      ...options({ lr: 0.01, warmupSteps: 2, revive: true, auxk: { k: 4 } }),
      ...{ decoderNorm: 'unit', decoderStart: 'transposed', biasStart: 'median' },
    });
  });

  it('leave out what a method cannot have', () => {
    const text = 'decoderNorm:unit,decoderStart:transposed,biasStart:mean,preset:dictionary-learning';
    const tied = withVariants(options({ tied: true }), text, 600, 10);
    expect(tied).toEqual(options({ tied: true, biasStart: 'mean' }));
    const pam = withVariants(options({ method: 'pam' }), 'decoderNorm:unit,decoderStart:transposed', 600, 10);
    expect(pam).toEqual(options({ method: 'pam', decoderStart: 'transposed' }));
    // A target is of trained thresholds, which only JumpReLU has.
    expect(withVariants(options({}), 'jumprelu.targetL0:15', 600, 10)).toEqual(options({}));
  });

  it('train thresholds of JumpReLU where a target is given', () => {
    const jumprelu = options({ activation: { kind: 'jumprelu', threshold: 1 } });
    expect(withVariants(jumprelu, 'jumprelu.targetL0:15,jumprelu.bandwidth:0.5', 600, 10).jumprelu).toEqual({
      targetL0: 15,
      bandwidth: 0.5,
      coefficient: 1,
    });
    expect(withVariants(jumprelu, 'jumprelu.bandwidth:0.5', 600, 10)).toEqual(jumprelu);
  });

  it('begin with a preset, whose schedule takes the place of the one before, and go on from there', () => {
    const preset = withVariants(options({}), 'preset:dictionary-learning,warmupSteps:7', 600, 10);
    expect(preset).toMatchObject({
      ...{ decoderNorm: 'unit', decoderStart: 'transposed', biasStart: 'median', warmupSteps: 7 },
      ...{ auxk: { coefficient: 1 / 32 } },
    });
    expect(preset.lr).toBeCloseTo(2e-4 / Math.sqrt(256 / 2 ** 14), 12);
    expect(preset.lrDecayEpochs).toBeNull();
    expect(withVariants(options({}), 'preset:sparsify', 600, 20).lrDecayEpochs).toBe(20);
  });
});

describe('where they train', () => {
  it('is the whole crate, for which the worker is exchanged', async () => {
    const { lab, fakes } = makeLab('');
    await lab.start();
    expect(fakes.map(({ whole }) => whole)).toEqual([false]);
    lab.change({ variants: 'auxk:yes' });
    await settled();
    expect(fakes.map(({ whole }) => whole)).toEqual([false, true]);
    expect(fakes[0]?.told.at(-1)).toBe('close');
    expect(fakes[1]?.asked[0]?.request.config.variants).toBe('auxk:yes');
    lab.change({ variants: '', activation: 'batchtopk' });
    await settled();
    expect(fakes).toHaveLength(2);
    lab.change({ activation: 'relu' });
    await settled();
    expect(fakes.map(({ whole }) => whole)).toEqual([false, true, false]);
  });

  it('is the module before where the whole crate refuses them, and the run goes on from what was kept of it', async () => {
    const { lab, fakes, address } = makeLab('#k=9', false, (fake) => (fake.prompt = fakes.length !== 1));
    await lab.start();
    await fakes[0]?.epochs(1, 1, 3);
    lab.change({ variants: 'prefixes:16-8' });
    await settled();
    await fakes[1]?.asked[0]?.refuse('prefixes is [16, 8], expected numbers of latents that rise');
    await settled();
    expect(lab.alert).toBe('prefixes is [16, 8], expected numbers of latents that rise.');
    expect(address.read()).toBe('#k=9');
    expect(fakes.map(({ whole }) => whole)).toEqual([false, true, false]);
    expect(fakes[2]?.asked[0]?.request).toMatchObject({ resume: true, config: { k: 9, variants: '' } });
  });

  it('is the whole crate too where the last run, which a page without an address goes on with, had them', async () => {
    const { lab, fakes } = makeLab('', true, (fake) => (fake.lastAddress = 'variants=auxk:yes'));
    await lab.start();
    expect(fakes.map(({ whole }) => whole)).toEqual([false, true]);
    expect(fakes[1]?.asked[0]?.request.config.variants).toBe('auxk:yes');
    expect(fakes[0]?.asked).toHaveLength(0);
  });
});
