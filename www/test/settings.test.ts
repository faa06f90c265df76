import { describe, expect, it } from 'vitest';
import { isScheduled } from '../src/labs/activations/schedule';
import { settings as activations } from '../src/labs/activations/settings';
import { isScheduled as isMnistScheduled } from '../src/labs/mnist/schedule';
import { settings as mnist, type MnistState } from '../src/labs/mnist/settings';

const initial = mnist.initial();

describe('the state in the hash', () => {
  it('is empty for the defaults, which are the paper’s', () => {
    expect(mnist.write(initial)).toBe('');
    expect(initial).toMatchObject({
      source: 'mnist',
      activation: 'topk',
      k: 15,
      by: 'magnitude',
      dSae: 256,
      lr: 0.003,
      batch: 128,
    });
  });

  it('comes back as it was written, every property at once', () => {
    const data = { source: 'digits', share: 5, seed: 7, compute: 'auto' } as const;
    const model = { activation: 'jumprelu', by: 'positive', k: 3, threshold: -0.25, dSae: 64 } as const;
    const variants = 'auxk:yes,prefixes:8-16';
    const runs = ['sgd-tied', 'pam-script'] as const;
    const steps = { batch: 32, lr: 1e-4, updates: 5, l1: 0.01, decay: 1e-5, alpha: 3e-4, beta: 0.1 };
    const proximal = { muEnc: 1, nuEnc: 2, muDec: 3, nuDec: 4 };
    const view = { epochs: 20, sample: 4, digit: 9, at: 3, curve: 'fvu', scale: 'linear', filters: 'all' } as const;
    const experiment = {
      axis: 'steps',
      seeds: 3,
      shown: 'curves',
      setting: 2,
      figure: 'decay',
      figureActivation: 'relu',
    } as const;
    const plane = {
      plane: 'latents',
      picks: [3, 4, 5],
      directions: [6, 7],
      turn: 30,
      walked: 0.25,
      standing: true,
      measured: ['sgd-tied*20'],
      tilt: -20,
    } as const;
    const looked = { window: { x: -1, y: 2.5, w: 10 }, shade: 'error', explored: ['sgd-tied'] } as const;
    const explore = { ...plane, ...looked };
    const state: MnistState = {
      ...data,
      ...model,
      variants,
      runs,
      ...steps,
      ...proximal,
      ...view,
      ...experiment,
      ...explore,
    };
    for (const scope of ['run', 'plan', 'view'] as const) {
      expect(mnist.differences(state, initial, scope)).toEqual(mnist.part(state, scope).map(([key]) => key));
    }
    expect(mnist.parse(`#${mnist.write(state)}`)).toEqual({ state, notes: [] });
  });

  it('keeps the default where a value is no good, and says which', () => {
    const { state, notes } = mnist.parse('#k=three&share=7&lr=&seed=-1&latents=64&colour=red&runs=best');
    expect(state).toEqual({ ...initial, dSae: 64 });
    expect(notes).toHaveLength(6);
    expect(notes[0]).toContain('k is “three”, expected a whole number from 1 to');
    expect(notes[1]).toContain('share is “7”, expected one of 1, 5, 10, 25, 50, 100');
    expect(notes[4]).toContain('“colour”');
    expect(notes[5]).toContain('runs is “best”, expected some of sgd-tied, sgd-untied, pam-script');
  });

  it('names runs in any order, and has them in that of the catalogue', () => {
    const { state, notes } = mnist.parse('#runs=pam-script,sgd-tied,pam-script');
    expect({ runs: state.runs, notes }).toEqual({ runs: ['sgd-tied', 'pam-script'], notes: [] });
    expect(mnist.write(state)).toBe('runs=sgd-tied,pam-script');
    expect(mnist.differences(state, { ...state, runs: [...state.runs] }, 'run')).toEqual([]);
    for (const none of ['', ',', 'sgd-tied,', 'sgd-tied,best']) {
      expect(mnist.parse(`#runs=${none}`)).toMatchObject({
        state: { runs: initial.runs },
        notes: [expect.stringContaining('runs is')],
      });
    }
  });

  it('survives any text', () => {
    for (const text of ['#', '#=', '#%', '#&&&', '#k', '#k=1&k=2', '#%E0%A4%A', '#__proto__=1', '#toString=1']) {
      expect(() => mnist.parse(text)).not.toThrow();
    }
    expect(mnist.parse('#k=1&k=2').state.k).toBe(2);
  });

  it('is of the activations lab too', () => {
    expect(activations.write(activations.initial())).toBe('');
    const state = {
      ...activations.initial(),
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
    expect(activations.parse(`#${activations.write(state)}`)).toEqual({ state, notes: [] });
    expect(activations.parse('#latents=many').notes).toHaveLength(1);
  });
});

describe('typed values', () => {
  it('leave ranges of real numbers to the crate, but must be numbers', () => {
    expect(mnist.enter('lr', '-1')).toEqual({ value: -1 });
    expect(mnist.enter('lr', 'NaN')).toBe('a number');
    expect(mnist.enter('lr', '1e999')).toBe('a number');
    expect(mnist.enter('dSae', '2.5')).toMatch(/^a whole number from 1 to 1,?024$/);
  });

  it('may be empty where the program has a value of its own', () => {
    expect(mnist.enter('alpha', '')).toEqual({ value: undefined });
    expect(mnist.enter('alpha', '0')).toEqual({ value: 0 });
    expect(activations.enter('dSae', '')).toEqual({ value: undefined });
    expect(activations.enter('k', '0')).toMatch(/a whole number from 1/);
  });
});

describe('scopes', () => {
  it('a view or a longer plan leaves the run alone', () => {
    expect(mnist.differences(initial, { ...initial, scale: 'linear', epochs: 20 }, 'run')).toEqual([]);
    expect(mnist.differences(initial, { ...initial, seed: 1 }, 'run')).toEqual(['seed']);
  });

  it('the worker is told the run and nothing of the view', () => {
    expect(Object.keys(mnist.config(initial))).toEqual(mnist.part(initial, 'run').map(([key]) => key));
    expect(mnist.config(initial)).not.toHaveProperty('epochs');
    expect(mnist.config(initial)).toHaveProperty('lr');
  });

  it('another view of a state leaves its run as it is', () => {
    const state = activations.initial();
    const own = { ...state, recipe: 'own' as const };
    expect(activations.withView(own, { ...state, feature: 9 })).toEqual({ ...own, feature: 9 });
  });

  it('the epochs are a part of the run where the step size falls over them', () => {
    const state = activations.initial();
    expect(isScheduled(state)).toBe(true);
    expect(isScheduled({ ...state, recipe: 'own' })).toBe(false);
    expect(isMnistScheduled({ runs: ['sgd-tied', 'pam-plain', 'pam-script'], variants: '' })).toBe(false);
    expect(isMnistScheduled({ runs: ['sgd-tied', 'sgd-untied'], variants: '' })).toBe(true);
    expect(isScheduled({ ...state, from: 'checkpoint' })).toBe(false);
    // The presets of other programs have a warm-up by the number of steps.
    expect(isScheduled({ ...state, recipe: 'dictionary-learning' })).toBe(true);
    expect(isScheduled({ ...state, recipe: 'own', variants: 'preset:sparsify' })).toBe(true);
    expect(isMnistScheduled({ runs: ['sgd-tied'], variants: 'preset:sparsify' })).toBe(true);
  });
});
