import { describe, expect, it } from 'vitest';
import {
  differ,
  initialState,
  keys,
  parseHash,
  parseValue,
  properties,
  runConfig,
  writeHash,
  type LabState,
} from '../src/labs/mnist/state';

describe('the state in the hash', () => {
  it('is empty for the defaults, which are the paper’s', () => {
    expect(writeHash(initialState())).toBe('');
    expect(initialState()).toMatchObject({
      activation: 'topk',
      k: 15,
      by: 'magnitude',
      dSae: 256,
      lr: 0.003,
      batch: 128,
    });
  });

  it('comes back as it was written, every property at once', () => {
    const data = { source: 'mnist', share: 5, seed: 7, compute: 'auto' } as const;
    const model = { activation: 'jumprelu', by: 'positive', k: 3, threshold: -0.25, dSae: 64, tied: false } as const;
    const steps = { batch: 32, lr: 1e-4, updates: 5, l1: 0.01, decay: 1e-5, alpha: 3e-4, beta: 0.1 };
    const proximal = { muEnc: 1, nuEnc: 2, muDec: 3, nuDec: 4 };
    const view = { epochs: 20, sample: 4, digit: 9, scale: 'linear', filters: 'all' } as const;
    const state: LabState = { ...data, ...model, ...steps, ...proximal, ...view };
    expect(keys.filter((key) => state[key] === properties[key].initial)).toEqual([]);
    expect(parseHash(`#${writeHash(state)}`)).toEqual({ state, notes: [] });
  });

  it('keeps the default where a value is no good, and says which', () => {
    const { state, notes } = parseHash('#k=three&share=7&lr=&seed=-1&latents=64&colour=red&tied=1');
    expect(state).toEqual({ ...initialState(), dSae: 64 });
    expect(notes).toHaveLength(6);
    expect(notes[0]).toBe('k is “three”, expected a whole number from 0 to 1,024');
    expect(notes[1]).toBe('share is “7”, expected one of 1, 5, 10, 25, 50, 100');
    expect(notes[4]).toBe('“colour” is not a setting here');
  });

  it('survives any text', () => {
    for (const text of ['#', '#=', '#%', '#&&&', '#k', '#k=1&k=2', '#%E0%A4%A', '#__proto__=1', '#toString=1']) {
      expect(() => parseHash(text)).not.toThrow();
    }
    expect(parseHash('#k=1&k=2').state.k).toBe(2);
  });

  it('tells a link of nonsense in a short note', () => {
    const nonsense = Array.from({ length: 60_000 }, (_, i) => `key${i}=1`).join('&');
    const { state, notes } = parseHash(`#${nonsense}&k=${'x'.repeat(10_000)}&k=y&latents=64`);
    expect(state.dSae).toBe(64);
    expect(notes).toEqual([
      '“key0” is not a setting here',
      '“key1” is not a setting here',
      '“key2” is not a setting here',
      expect.stringMatching(/^k is “y”, expected a whole number/),
      '59,997 more names are not settings here',
    ]);
    expect(parseHash(`#k=${'x'.repeat(10_000)}`).notes.join().length).toBeLessThan(120);
  });

  it('has one name for each property', () => {
    const names = keys.map((key) => properties[key].key);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('typed values', () => {
  it('leaves ranges to the crate, but refuses what is no number', () => {
    expect(parseValue('lr', '-1')).toEqual({ value: -1 });
    expect(parseValue('lr', 'NaN')).toBe('lr is “NaN”, expected a number');
    expect(parseValue('lr', '1e999')).toBe('lr is “1e999”, expected a number');
    expect(parseValue('dSae', '2.5')).toBe('latents is “2.5”, expected a whole number from 0 to 1,024');
  });

  it('takes an empty α for the crate’s own', () => {
    expect(parseValue('alpha', '')).toEqual({ value: undefined });
    expect(parseValue('alpha', '0')).toEqual({ value: 0 });
  });
});

describe('scopes', () => {
  it('a view or a longer plan leaves the run alone', () => {
    const state = initialState();
    expect(differ(state, { ...state, scale: 'linear', epochs: 20 }, 'run')).toBe(false);
    expect(differ(state, { ...state, seed: 1 }, 'run')).toBe(true);
  });

  it('the worker is told the run and nothing of the view', () => {
    expect(Object.keys(runConfig(initialState()))).toEqual(keys.filter((key) => properties[key].scope === 'run'));
    expect(runConfig(initialState())).not.toHaveProperty('epochs');
  });
});
